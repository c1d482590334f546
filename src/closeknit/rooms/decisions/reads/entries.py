"""The ledger's lines and threads, as people read them."""

import json
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.contracts import LedgerLine, ThreadCard
from closeknit.rooms.decisions.models import LedgerEntry
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
