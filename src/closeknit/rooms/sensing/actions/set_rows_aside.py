"""Say of refused rows that they are rightly refused, so that they wait no more."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.mend_rows import MOST_ROWS
from closeknit.rooms.sensing.contracts import RowOutcome
from closeknit.rooms.sensing.models import Batch, QuarantinedRow
from closeknit.rooms.sensing.storing.mending import by_batch, check_why, settle


def set_rows_aside(row_ids: Sequence[int], *, why: str, by: Actor, at: datetime) -> int:
    """Say that refused rows are rightly refused: they wait no more, stay counted as quarantined, and are kept."""
    by.require(Permission.LOAD_DATA)
    check_why(why)
    if len(row_ids) > MOST_ROWS:
        raise Invalid(f"More than {MOST_ROWS:,} rows at once.", where="row_ids", todo="Set them aside in parts.")
    with transaction.atomic():
        rows = list(
            QuarantinedRow.objects.select_for_update(of=("self",))
            .select_related("batch", "feed")
            .filter(pk__in=row_ids, released_at=None)
            .order_by("pk")
        )
        if len(rows) < len(set(row_ids)):
            raise Conflict("Not all of these rows wait.", where="row_ids", todo="Look again at what waits.")
        settle(rows, RowOutcome.SET_ASIDE, why, "", by, at)
        for batch, held in by_batch(rows):
            record_entry(_aside_entry(batch, held, why), by=by)
    return len(rows)


def _aside_entry(batch: Batch, rows: Sequence[QuarantinedRow], why: str) -> Entry:
    return Entry(
        thread_id=batch.thread_id,
        kind="quarantine.set-aside",
        subject=f"batch:{batch.pk}",
        sentence=f"{{actor}} set {len(rows):,} refused rows of {batch.source_name} aside: rightly refused. {why}",
        evidence={
            "batch_id": batch.pk,
            "rows": len(rows),
            "row_ids": [row.pk for row in rows[:100]],
            "codes": sorted({row.code for row in rows}),
            "why": why,
        },
    )
