"""From a number back to the files and lines it was made of."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.names import account_names
from closeknit.rooms.sensing.contracts import LineageRow
from closeknit.rooms.sensing.models import WorkRow
from closeknit.rooms.sensing.reads.access import require_feeds
from closeknit.rooms.sensing.reads.feeds import file_name


def work_lineage(
    operation: str | None,
    *,
    by: Actor,
    service: str | None = None,
    region: str | None = None,
    work_class: str | None = None,
    account_number: str | None = None,
    since_at: datetime | None = None,
    until_at: datetime | None = None,
    known_at: datetime | None = None,
    limit: int = 100,
) -> list[LineageRow]:
    """Return observed work, newest first, each row with its batch, file and line.

    A filter left out (None) means any; "" means work that states none. An account is every number that it goes
    by now. `known_at` leaves out what was loaded later.
    """
    require_feeds(by)
    given = {
        "operation": operation,
        "service": service,
        "region": region,
        "work_class": work_class,
        "account_number__in": None if account_number is None else account_names(account_number),
        "occurred_at__gte": since_at,
        "occurred_at__lt": until_at,
        "batch__started_at__lte": known_at,
    }
    rows = WorkRow.objects.filter(**{name: v for name, v in given.items() if v is not None})
    return [work_row(row) for row in rows.select_related("feed", "batch").order_by("-occurred_at", "-id")[:limit]]


def work_row(row: WorkRow) -> LineageRow:
    """Shape a row of work (with its feed and batch joined) for others."""
    return LineageRow(
        feed=row.feed.name,
        batch_id=row.batch_id,
        source_name=file_name(row.batch, row.file_number),
        line=row.line,
        key=row.key,
        operation=row.operation,
        service=row.service,
        region=row.region,
        work_class=row.work_class,
        account_number=row.account_number,
        occurred_at=row.occurred_at,
        quantity=row.quantity,
        amount=row.amount,
        currency=row.currency,
        is_return=row.is_return,
        thread_id=row.batch.thread_id,
        file_number=row.file_number,
    )
