"""What waits for a person: the inbox tile and the answers."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal, reject_proposal
from closeknit.rooms.decisions.contracts import ProposalCard, ProposalState
from closeknit.rooms.decisions.forms import Decision
from closeknit.rooms.org.contracts import Permission


@require_GET
def show_inbox_tile(request: Request) -> HttpResponseBase:
    """What waits for a decision, most urgent first; money at stake decides among equals."""
    by: Actor = request.actor
    waiting = reads.list_proposals(by=by, states=[ProposalState.WAITING], limit=30)
    cards = [_answerable(card, by) for card in sorted(waiting, key=_consequence)]
    return render(request, "decisions/inbox_tile.html", {"cards": cards})


@require_GET
def show_proposal_tile(request: Request) -> HttpResponseBase:
    """The proposal about one subject, with what policy said of it."""
    by: Actor = request.actor
    card = reads.find_proposal_about(request.GET.get("subject", ""), by=by)
    return render(
        request,
        "decisions/proposal_tile.html",
        {"item": _answerable(card, by) if card else None, "back": request.GET.get("back", "")},
    )


@require_POST
def decide(request: Request, proposal_id: UUID) -> HttpResponseBase:
    """Approve or reject a proposal."""
    by: Actor = request.actor
    form = Decision(request.POST)
    if not form.is_valid():
        raise Invalid("The answer was not understood.", where="answer", todo="Use the buttons Approve or Reject.")
    act = approve_proposal if form.cleaned_data["answer"] == "approve" else reject_proposal
    act(proposal_id, reason=form.cleaned_data["reason"].strip(), by=by, at=clock.now())
    card = reads.get_proposal(proposal_id, by=by)
    messages.success(request, f"{card.title}: {card.state}.")
    return redirect(_back(request, card))


def _consequence(card: ProposalCard) -> tuple[object, ...]:
    return (-(card.money_at_stake or 0), card.due_at)


def _answerable(card: ProposalCard, by: Actor) -> dict[str, Any]:
    waits = card.state is ProposalState.WAITING
    may = by.may(Permission.DECIDE)
    own = card.proposed_by_key == by.key
    return {
        "card": card,
        "plan_id": card.subject.partition(":")[2] if card.kind == "plan" else "",
        "may_answer": waits and may and not own,
        "own": waits and may and own,
        "failing": [verdict for verdict in card.verdicts if not verdict.holds],
    }


def _back(request: Request, card: ProposalCard) -> str:
    back = request.POST.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return reverse("thread-detail", kwargs={"thread_id": card.thread_id})
