"""Everything that waits for one person, by consequence."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied
from closeknit.rooms.decisions.compute.ranking import is_late, rank
from closeknit.rooms.decisions.contracts import ExceptionCard, Inbox, InboxItem, InboxKind, ProposalCard
from closeknit.rooms.decisions.contracts.duties import OccurrenceCard, OccurrenceState
from closeknit.rooms.decisions.contracts.escalations import EscalationCard, EscalationState
from closeknit.rooms.decisions.reads.deciders import list_to_decide
from closeknit.rooms.decisions.reads.duties import count_open_occurrences, list_occurrences
from closeknit.rooms.decisions.reads.escalations import list_escalations
from closeknit.rooms.decisions.reads.exceptions import list_exceptions_to_review
from closeknit.rooms.decisions.reads.notices import count_unread_notices
from closeknit.rooms.org.contracts import Permission

READABLE_BY = (Permission.READ_DECISIONS, Permission.DECIDE, Permission.READ_LEDGER)
UNSIGNED = (OccurrenceState.DUE, OccurrenceState.OVERDUE)
ESCALATED = (EscalationState.OPEN, EscalationState.ACKNOWLEDGED)


def get_inbox(*, by: Actor, at: datetime, kind: InboxKind | None = None, limit: int = 200) -> Inbox:
    """Return what waits for the actor: proposals to answer, escalations, duties, exceptions to review.

    Unread notices are counted, not listed: they have a page of their own. An escalation that only says a proposal waits
    is left out where the proposal itself is listed.
    """
    if not any(by.may(permission) for permission in READABLE_BY):
        raise Denied(
            f"{by.name} has no inbox.",
            where=f"permission {Permission.READ_DECISIONS}",
            todo="Ask an administrator for a role that includes it.",
        )
    items = _items(by, at)
    counts = Counter(item.kind.value for item in items)
    counts[InboxKind.NOTICE.value] = count_unread_notices(by=by)
    ranked = rank((item for item in items if kind in (None, item.kind)), at)
    return Inbox(
        items=tuple(ranked[:limit]),
        counts={known.value: counts.get(known.value, 0) for known in InboxKind},
        overdue=sum(is_late(item, at) for item in items),
    )


def _items(by: Actor, at: datetime) -> list[InboxItem]:
    proposals = list_to_decide(by=by, at=at)
    escalations = list_escalations(by=by, states=ESCALATED, mine=True, limit=500)
    listed = {f"proposal:{card.proposal_id}" for card in proposals}
    return [
        *(_of_proposal(card) for card in proposals),
        *(_of_escalation(card) for card in escalations if card.cause not in listed),
        *(_of_duty(card) for card in _duties(by) if card.may_sign),
        *(_of_exception(card) for card in list_exceptions_to_review(by=by, at=at)),
    ]


def _duties(by: Actor) -> list[OccurrenceCard]:
    waits = count_open_occurrences(by=by)
    return list_occurrences(by=by, states=UNSIGNED, only_mine=True, limit=waits) if waits else []


def _of_proposal(card: ProposalCard) -> InboxItem:
    return InboxItem(
        kind=InboxKind.PROPOSAL,
        item_id=str(card.proposal_id),
        title=card.title,
        summary=card.summary,
        link=f"/proposals/{card.proposal_id}/",
        thread_id=card.thread_id,
        account_number=card.account_number,
        tier=card.tier,
        money_at_stake=card.money_at_stake,
        currency=card.currency,
        due_at=card.due_at,
    )


def _of_escalation(card: EscalationCard) -> InboxItem:
    return InboxItem(
        kind=InboxKind.ESCALATION,
        item_id=str(card.escalation_id),
        title=card.title,
        summary=card.summary,
        link=f"/escalations/{card.escalation_id}/",
        thread_id=card.thread_id,
        account_number=card.account_number,
        tier="none",
        money_at_stake=None,
        currency="",
        due_at=card.next_level_at,
    )


def _of_duty(card: OccurrenceCard) -> InboxItem:
    return InboxItem(
        kind=InboxKind.DUTY,
        item_id=str(card.occurrence_id),
        title=card.name,
        summary=card.statement,
        link=f"/duties/{card.occurrence_id}/",
        thread_id=card.thread_id,
        account_number="",
        tier="none",
        money_at_stake=None,
        currency="",
        due_at=card.sign_by_at,
    )


def _of_exception(card: ExceptionCard) -> InboxItem:
    whom = card.account_number or card.place
    ran_out = card.days_left < 0
    due_on = card.until_on if ran_out else card.review_on
    return InboxItem(
        kind=InboxKind.EXCEPTION,
        item_id=str(card.exception_id),
        title=f"Exception from {card.deviates_from} for {whom}: {'expired' if ran_out else 'to be reviewed'}",
        summary=f"{card.allowed} Because: {card.reason}",
        link=f"/exceptions/{card.exception_id}/",
        thread_id=card.thread_id,
        account_number=card.account_number,
        tier="none",
        money_at_stake=card.money_at_stake,
        currency=card.currency,
        due_at=datetime.combine(due_on + timedelta(days=1), time(), UTC),
    )
