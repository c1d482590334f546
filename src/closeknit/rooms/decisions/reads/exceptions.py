"""The exceptions register, as people read it."""

from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.kernel.keyset import Order, page_after
from closeknit.kernel.listing import BACKWARDS, refuse_sort
from closeknit.kernel.names import account_names
from closeknit.rooms.decisions.compute.exceptions import is_review_due, state_on
from closeknit.rooms.decisions.contracts import ExceptionCard, ExceptionState, ProposalState
from closeknit.rooms.decisions.models import ExceptionRow
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

EXCEPTION_ORDERS: dict[str, Order] = {
    "until": Order("until_on"),
    "from": Order("starts_on"),
    "review": Order("review_on"),
    "rule": Order("deviates_from"),
    "account": Order("account_number"),
    "owner": Order("owner_name"),
}
"""What exceptions can be sorted by, each by an index. Those of a place, which have no account, come before accounts."""
READABLE_BY = (Permission.READ_DECISIONS, Permission.READ_LEDGER)


def list_exceptions(
    *,
    by: Actor,
    at: datetime,
    state: ExceptionState | None = None,
    account_number: str = "",
    owner: str = "",
    due_only: bool = False,
    sort: str = "until",
    after: str = "",
    limit: int = 500,
) -> list[ExceptionCard]:
    """Return the exceptions that the actor may see, in an order (`EXCEPTION_ORDERS`, with "-" backwards), after one for
    paging: by default those that end first come first.

    `owner` is part of a name or an actor's key; `due_only` keeps those that someone should look at.
    """
    refuse_sort(sort, list(EXCEPTION_ORDERS))
    rows = visible_exceptions(by).select_related("proposal")
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    if owner:
        rows = rows.filter(Q(owner_name__icontains=owner.replace("\x00", "")) | Q(owner_key=owner))
    if state is not None:
        rows = rows.filter(_in_state(state, at))
    if due_only:
        rows = rows.filter(_due(at))
    order, descending = EXCEPTION_ORDERS[sort.removeprefix(BACKWARDS)], sort.startswith(BACKWARDS)
    seen = visible_exceptions(by)
    found = page_after(rows, order, key="id", after=after, of=seen, limit=limit, descending=descending)
    return [_card(row, at) for row in found]


def count_exceptions(*, by: Actor, at: datetime) -> dict[str, int]:
    """Return how many exceptions that the actor may see are in each state, and how many are due for a look ("due")."""
    rows = visible_exceptions(by)
    counts = {state.value: rows.filter(_in_state(state, at)).count() for state in ExceptionState}
    return {**counts, "due": rows.filter(_due(at)).count()}


def get_exception(exception_id: UUID, *, by: Actor, at: datetime) -> ExceptionCard:
    """Return one exception, or raise NotFound where there is none that the actor may see."""
    return _card(find_exception_row(exception_id, by), at)


def list_exceptions_to_review(*, by: Actor, at: datetime) -> list[ExceptionCard]:
    """Return the exceptions that this person should look at: its own; who decides looks at everybody's."""
    due = list_exceptions(by=by, at=at, due_only=True)
    return [card for card in due if card.owner_key == by.key or by.may(Permission.DECIDE)]


def find_exception_row(exception_id: UUID, by: Actor) -> ExceptionRow:
    """Return an exception's row, or raise NotFound where there is none that the actor may see."""
    row = visible_exceptions(by).select_related("proposal").filter(pk=exception_id).first()
    if row is None:
        raise NotFound("There is no such exception.", where=str(exception_id))
    return row


def visible_exceptions(by: Actor) -> "QuerySet[ExceptionRow]":
    """Return the rows that the actor may see. Refuses who may see none."""
    held = [permission for permission in READABLE_BY if by.may(permission)]
    if not held:
        raise Denied(
            f"{by.name} may not read exceptions.",
            where=f"permission {Permission.READ_DECISIONS}",
            todo="Ask an administrator for a role that includes it.",
        )
    if any(by.scope_of(permission).every_account for permission in held):
        return ExceptionRow.objects.all()
    condition = Q(pk__in=[])
    for permission in held:
        condition |= Q(account_number__in=org.visible_account_numbers(by, permission))
    return ExceptionRow.objects.filter(condition)


def _in_state(state: ExceptionState, at: datetime) -> Q:
    """Return the condition that `compute.state_on` states one row at a time."""
    day, granted = at.date(), Q(ended_at=None, proposal__state="approved")
    waiting = Q(proposal__state="waiting") | Q(proposal=None)
    return {
        ExceptionState.ENDED: Q(ended_at__isnull=False),
        ExceptionState.REQUESTED: Q(ended_at=None) & waiting,
        ExceptionState.REFUSED: Q(ended_at=None) & ~waiting & ~Q(proposal__state="approved"),
        ExceptionState.EXPIRED: granted & Q(until_on__lt=day),
        ExceptionState.ACTIVE: granted & Q(starts_on__lte=day, until_on__gte=day),
        ExceptionState.GRANTED: granted & Q(starts_on__gt=day),
    }[state]


def _due(at: datetime) -> Q:
    unseen = Q(reviewed_at=None) | Q(reviewed_at__date__lt=F("review_on"))
    active = _in_state(ExceptionState.ACTIVE, at) & Q(review_on__lte=at.date()) & unseen
    return _in_state(ExceptionState.EXPIRED, at) | active


def _card(row: ExceptionRow, at: datetime) -> ExceptionCard:
    day, proposal = at.date(), row.proposal
    state = state_on(
        day,
        proposal=ProposalState(proposal.state) if proposal else None,
        starts_on=row.starts_on,
        until_on=row.until_on,
        is_ended=row.ended_at is not None,
    )
    is_granted = proposal is not None and proposal.state == ProposalState.APPROVED
    return ExceptionCard(
        exception_id=row.pk,
        thread_id=row.thread_id,
        proposal_id=proposal.pk if proposal else None,
        extends_id=row.extends_id,
        state=state,
        account_number=row.account_number,
        place=row.place,
        deviates_from=row.deviates_from,
        allowed=row.allowed,
        reason=row.reason,
        money_at_stake=row.money_at_stake,
        currency=row.currency,
        starts_on=row.starts_on,
        until_on=row.until_on,
        review_on=row.review_on,
        days_left=(row.until_on - day).days,
        is_review_due=is_review_due(day, state, row.review_on, row.reviewed_at.date() if row.reviewed_at else None),
        owner=row.owner_name,
        owner_key=row.owner_key,
        requested_by=row.requested_by_name,
        requested_at=row.requested_at,
        granted_by=proposal.decided_by_name if proposal and is_granted else "",
        granted_at=proposal.decided_at if proposal and is_granted else None,
        reviewed_by=row.reviewed_by_name,
        reviewed_at=row.reviewed_at,
        review_note=row.review_note,
        ended_by=row.ended_by_name,
        ended_at=row.ended_at,
    )
