"""The page of conflicts: where feeds disagree, which rule would reconcile them, and who is asked until when."""

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.find_conflicts import find_conflicts
from closeknit.rooms.sensing.actions.settle_conflict import settle_conflict
from closeknit.rooms.sensing.forms import WhyForm


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
