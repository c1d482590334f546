"""The ledger's lines, threads and proposals, as people read them."""

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.contracts import LedgerLine, ProposalCard, ProposalState, RuleVerdict, ThreadCard
from closeknit.rooms.decisions.models import LedgerEntry, Proposal
from closeknit.rooms.org.contracts import Permission


def list_entries(
    *,
    by: Actor,
    account_number: str = "",
    kind: str = "",
    actor: str = "",
    since_at: datetime | None = None,
    until_at: datetime | None = None,
    thread_id: UUID | None = None,
    before_id: int | None = None,
    limit: int = 100,
) -> list[LedgerLine]:
    """Return ledger lines that the actor may see, newest first (a thread: oldest first), after an id for paging."""
    rows = visible_entries(by)
    if account_number:
        rows = rows.filter(account_number=account_number)
    if kind:
        rows = rows.filter(kind=kind)
    if actor:
        rows = rows.filter(actor_name__icontains=actor)
    if since_at is not None:
        rows = rows.filter(recorded_at__gte=since_at)
    if until_at is not None:
        rows = rows.filter(recorded_at__lt=until_at)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    rows = rows.filter(thread_id=thread_id).order_by("id") if thread_id else rows.order_by("-id")
    return [_line(row) for row in rows[:limit]]


def get_thread(thread_id: UUID, *, by: Actor) -> list[LedgerLine]:
    """Return a thread's ledger lines, oldest first.

    Raises:
        NotFound: when there is none, or none that the actor may see.
    """
    lines = list_entries(by=by, thread_id=thread_id, limit=1000)
    if not lines:
        raise NotFound("There is no such thread.", where=str(thread_id))
    return lines


def list_threads(*, by: Actor, limit: int = 50) -> list[ThreadCard]:
    """Return the threads that moved last."""
    ends = (
        visible_entries(by)
        .values("thread_id")
        .annotate(first=Min("id"), last=Max("id"), entries=Count("id"))
        .order_by("-last")[:limit]
    )
    found = list(ends)
    rows = LedgerEntry.objects.in_bulk([e["first"] for e in found] + [e["last"] for e in found])
    return [
        ThreadCard(
            thread_id=e["thread_id"],
            first_sentence=rows[e["first"]].sentence,
            last_sentence=rows[e["last"]].sentence,
            started_at=rows[e["first"]].recorded_at,
            moved_at=rows[e["last"]].recorded_at,
            entries=e["entries"],
        )
        for e in found
    ]


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


def visible_entries(by: Actor) -> QuerySet[LedgerEntry]:
    """Return the rows that the actor may see. Refuses who may see none."""
    if by.may(Permission.READ_LEDGER) and by.scope.every_account:
        return LedgerEntry.objects.all()
    by.require(Permission.READ_ACCOUNTS)
    return LedgerEntry.objects.filter(Q(team_id__in=by.scope.team_ids))


def _line(row: LedgerEntry) -> LedgerLine:
    return LedgerLine(
        entry_id=row.pk,
        thread_id=row.thread_id,
        kind=row.kind,
        subject=row.subject,
        sentence=row.sentence,
        evidence=json.loads(bytes(row.content))["evidence"],
        account_number=row.account_number,
        actor_key=row.actor_key,
        actor_name=row.actor_name,
        recorded_at=row.recorded_at,
        leaf_sha256=bytes(row.leaf).hex(),
    )


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
