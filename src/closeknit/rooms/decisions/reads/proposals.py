"""Proposals, as people read them."""

from collections.abc import Iterable
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.contracts import ProposalCard, ProposalState, RuleVerdict
from closeknit.rooms.decisions.models import Proposal
from closeknit.rooms.org.contracts import Permission


def list_proposals(*, by: Actor, states: Iterable[ProposalState] = (), limit: int = 50) -> list[ProposalCard]:
    """Return proposals, most urgent first. Needs sight of the ledger or the right to decide."""
    _require_inbox(by)
    rows = Proposal.objects.order_by("due_at", "id")
    wanted = [state.value for state in states]
    if wanted:
        rows = rows.filter(state__in=wanted)
    return [_card(row, by) for row in rows[:limit]]


def get_proposal(proposal_id: UUID, *, by: Actor) -> ProposalCard:
    """Return one proposal, or raise NotFound."""
    _require_inbox(by)
    row = Proposal.objects.filter(pk=proposal_id).first()
    if row is None:
        raise NotFound("There is no such proposal.", where=str(proposal_id))
    return _card(row, by)


def find_proposal_about(subject: str, *, by: Actor) -> ProposalCard | None:
    """Return the proposal about a subject such as "plan:<id>", or None."""
    _require_inbox(by)
    row = Proposal.objects.filter(subject=subject).order_by("-proposed_at").first()
    return _card(row, by) if row else None


def _require_inbox(by: Actor) -> None:
    if not by.may(Permission.DECIDE):
        by.require(Permission.READ_LEDGER)


def _card(row: Proposal, by: Actor) -> ProposalCard:
    return ProposalCard(
        proposal_id=row.pk,
        thread_id=row.thread_id,
        kind=row.kind,
        subject=row.subject,
        title=row.title,
        summary=row.summary,
        state=ProposalState(row.state),
        proposed_by=row.proposed_by_name,
        proposed_by_key=row.proposed_by_key,
        proposed_at=row.proposed_at,
        due_at=row.due_at,
        money_at_stake=row.money_at_stake if by.may(Permission.READ_PRICES) else None,
        currency=row.currency,
        verdicts=tuple(RuleVerdict(**verdict) for verdict in row.verdicts),
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        reason=row.reason,
    )
