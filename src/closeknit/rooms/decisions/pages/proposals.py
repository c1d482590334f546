"""What waits for a person: the inbox, one proposal, and the answers."""

from dataclasses import dataclass
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
from closeknit.rooms.decisions.actions.withdraw_proposal import withdraw_own_proposal
from closeknit.rooms.decisions.contracts import InboxKind, ProposalCard, ProposalState
from closeknit.rooms.decisions.forms import Decision, InboxFilter, Withdrawal

TILE_ROWS = 30


@require_GET
def show_inbox(request: Request) -> HttpResponseBase:
    """What waits for me, the most consequential first?"""
    by: Actor = request.actor
    form = InboxFilter(request.GET)
    kind = form.cleaned_data["kind"] if form.is_valid() else ""
    inbox = reads.get_inbox(by=by, at=clock.now(), kind=InboxKind(kind) if kind else None)
    return render(
        request,
        "decisions/inbox.html",
        {"inbox": inbox, "form": form, "kind": kind, "kinds": [k for k in InboxKind if k is not InboxKind.NOTICE]},
    )


@require_GET
def show_proposal(request: Request, proposal_id: UUID) -> HttpResponseBase:
    """What would change, who gains and who loses, and who decides?"""
    by: Actor = request.actor
    detail = reads.get_proposal_detail(proposal_id, by=by, at=clock.now())
    return render(
        request,
        "decisions/proposal.html",
        {"detail": detail, "card": detail.card, "item": {"card": detail.card}, "about": page_about(detail.card)},
    )


@require_GET
def show_inbox_tile(request: Request) -> HttpResponseBase:
    """What waits for a decision, most urgent first; money at stake decides among equals."""
    by: Actor = request.actor
    waiting = reads.list_proposals(by=by, states=[ProposalState.WAITING], limit=TILE_ROWS)
    mine = {card.proposal_id for card in reads.list_to_decide(by=by, at=clock.now())}
    cards = [_answerable(card, by, mine) for card in sorted(waiting, key=_consequence)]
    return render(request, "decisions/inbox_tile.html", {"cards": cards})


@require_GET
def show_proposal_tile(request: Request) -> HttpResponseBase:
    """The proposal about one subject, with what policy said of it."""
    by: Actor = request.actor
    card = reads.find_proposal_about(request.GET.get("subject", ""), by=by)
    mine = set()
    if card and card.state is ProposalState.WAITING:
        mine = {found.proposal_id for found in reads.list_to_decide(by=by, at=clock.now())}
    return render(
        request,
        "decisions/proposal_tile.html",
        {"item": _answerable(card, by, mine) if card else None, "back": request.GET.get("back", "")},
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
    waits = card.state is ProposalState.WAITING
    said = "your answer counts; another person must answer too" if waits else card.state
    messages.success(request, f"{card.title}: {said}.")
    return redirect(_back(request, card))


@require_POST
def withdraw(request: Request, proposal_id: UUID) -> HttpResponseBase:
    """Take back a proposal of one's own."""
    by: Actor = request.actor
    form = Withdrawal(request.POST)
    if not form.is_valid():
        raise Invalid("The reason is too long.", where="reason", todo="Use at most 2,000 characters.")
    withdraw_own_proposal(proposal_id, reason=form.cleaned_data["reason"], by=by, at=clock.now())
    messages.success(request, "The proposal was taken back.")
    return redirect("proposal-detail", proposal_id=proposal_id)


def _consequence(card: ProposalCard) -> tuple[object, ...]:
    return (-(card.money_at_stake or 0), card.due_at)


def _answerable(card: ProposalCard, by: Actor, mine: set[UUID]) -> dict[str, Any]:
    return {
        "card": card,
        "may_answer": card.proposal_id in mine,
        "own": card.state is ProposalState.WAITING and card.proposed_by_key == by.key,
        "failing": [verdict for verdict in card.verdicts if not verdict.holds],
    }


@dataclass(frozen=True, slots=True)
class PageAbout:
    """The page of what a proposal is about, and what its button says."""

    address: str
    label: str


ABOUT = {
    "plan": ("plan-detail", "plan_id", "Open the plan"),
    "exception": ("exception-detail", "exception_id", "Open the exception"),
    "shortage": ("shortage-detail", "shortage_id", "Open the shortage"),
}
"""By what the subject of a proposal names; a subject without a page of its own leads to the account, if it has one."""


def page_about(card: ProposalCard) -> PageAbout | None:
    """Return the page of what a proposal is about; None where it has none."""
    subject, _, about = card.subject.partition(":")
    if subject in ABOUT:
        name, argument, label = ABOUT[subject]
        return PageAbout(reverse(name, kwargs={argument: UUID(about)}), label) if _is_id(about) else None
    if not card.account_number:
        return None
    return PageAbout(reverse("account-detail", kwargs={"account_number": card.account_number}), "Open the account")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _back(request: Request, card: ProposalCard) -> str:
    back = request.POST.get("back", "")
    if back and url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        return back
    return reverse("thread-detail", kwargs={"thread_id": card.thread_id})
