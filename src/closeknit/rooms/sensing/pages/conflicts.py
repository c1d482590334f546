"""The page of conflicts: where feeds disagree, which rule would reconcile them, and who is asked until when."""

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.apply_rule import apply_rule
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict
from closeknit.rooms.sensing.contracts import ConflictState
from closeknit.rooms.sensing.forms import RuleForm, WhyForm


@require_GET
def list_conflicts(request: Request) -> HttpResponseBase:
    """Where do feeds disagree on what a field is, and who answers until when?"""
    by: Actor = request.actor
    settled = bool(request.GET.get("settled"))
    cards = reads.list_conflicts(also_settled=settled, by=by)
    if request.GET.get("format") == "csv":
        header = ("kind", "target", "field", "one_feed", "one_says", "other_feed", "other_says", "state", "due_at")
        rows = (
            (c.kind, c.target, c.field, c.one_feed, c.one_says, c.other_feed, c.other_says, c.state, c.due_at)
            for c in cards
        )
        return csv_response("feed-conflicts", header, rows)
    now = clock.now()
    context = {
        "conflicts": [(card, card.is_overdue(now)) for card in cards],
        "settled": settled,
        "may_settle": by.may(Permission.LOAD_DATA),
    }
    return render(request, "sensing/conflicts.html", context)


@require_GET
def show_conflict(request: Request, conflict_id: UUID) -> HttpResponseBase:
    """Which of two feeds is right, and what would the other one's recipe say then?"""
    return _conflict(request, conflict_id)


@require_POST
def apply_one(request: Request, conflict_id: UUID) -> HttpResponseBase:
    """Let one feed follow the other, by a rule in its recipe."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    form = RuleForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {"feed": "", "seen_version": "", "why": ""}
    try:
        card = apply_rule(conflict_id, **given, by=by, at=clock.now())
    except (Invalid, Conflict) as failure:
        words = f"{failure.what} {failure.todo or ''}".strip()
        return _conflict(request, conflict_id, words, given["feed"], failure.status)
    ended = "The feeds agree now." if card.settled_at else "The conflict ends when the newest rows agree."
    messages.success(request, f"The recipe of {given['feed']} has the rule: its next load is read by it. {ended}")
    return redirect("conflict-detail", conflict_id=conflict_id)


def _conflict(
    request: Request, conflict_id: UUID, failure: str = "", failed: str = "", status: int = 200
) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_conflict(conflict_id, by=by)
    waits = card.state is ConflictState.WAITING
    context = {
        "card": card,
        "is_late": card.is_overdue(clock.now()),
        "changes": reads.list_rule_changes(conflict_id, by=by) if waits else [],
        "may_settle": waits and by.may(Permission.LOAD_DATA),
        "failure": failure,
        "failed": failed,
    }
    return render(request, "sensing/conflict.html", context, status=status)


@require_POST
def settle(request: Request, conflict_id: UUID) -> HttpResponseBase:
    """Say that both feeds are right."""
    form = WhyForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    settle_conflict(conflict_id, why=why, by=request.actor, at=clock.now())
    messages.success(request, "Noted: both are right.")
    return redirect("conflict-list")


@require_POST
def compare(request: Request) -> HttpResponseBase:
    """Compare every feed with every other one again."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    new = sum(find_conflicts(card.feed, by=by, at=clock.now()) for card in reads.list_feeds(by=by))
    messages.success(request, f"Compared. {new} new conflicts.")
    return redirect("conflict-list")
