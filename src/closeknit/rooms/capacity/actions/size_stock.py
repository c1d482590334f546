"""Size the stock that keeps an operation's promises: kept with all that it was computed from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.compute.stock import (
    STOCK_VERSION,
    StockInputs,
    StockTold,
    size_shelves,
    stock_bytes,
    stock_digest,
    stock_inputs_digest,
)
from closeknit.rooms.capacity.models import StockItemRow, StockPartRow, StockPlan
from closeknit.rooms.capacity.reads.stock_made_of import get_stock_inputs
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class _Sized:
    inputs: StockInputs
    data: bytes
    told: StockTold
    assumptions: tuple[str, ...]


def size_stock(operation: str, *, thread_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Find the pieces of each item that keep every promise, and each account's part; return the sizing's id.

    The same demand, promises and counts give the sizing that is there already. No transaction is open meanwhile.

    Raises:
        NotFound: where nothing was observed of the operation.
        Invalid: where no stock or no product is on record, or less than four weeks.
    """
    by.require(Permission.RUN_PLAN)
    inputs, assumptions = get_stock_inputs(operation, by=by, at=at)
    data = stock_bytes(inputs)
    found = _same(operation, data)
    if found is not None:
        return found
    sized = _Sized(inputs, data, size_shelves(inputs), assumptions)
    return _store(sized, thread_id or ids.new_id(), by, at)


def _same(operation: str, data: bytes) -> UUID | None:
    newest = StockPlan.objects.filter(operation=operation).order_by("-made_at", "-pk").first()
    made = (stock_inputs_digest(data), STOCK_VERSION)
    return newest.pk if newest is not None and (newest.inputs_digest, newest.code_version) == made else None


def _store(sized: _Sized, thread_id: UUID, by: Actor, at: datetime) -> UUID:
    inputs, told = sized.inputs, sized.told
    row = StockPlan(
        id=ids.new_id(),
        thread_id=thread_id,
        operation=inputs.operation,
        as_of_on=inputs.as_of_on,
        made_at=at,
        made_by_key=by.key,
        made_by_name=by.name_for(Permission.RUN_PLAN)[:120],
        items=len(told.items),
        items_short=sum((item.short_pieces or 0) > 0 for item in told.items),
        items_uncounted=sum(item.on_hand_pieces is None for item in told.items),
        weeks_seen=len(inputs.series[0].weekly_pieces),
        lead_days=max(site.lead_days for site in inputs.sites),
        review_days=max(site.review_days for site in inputs.sites),
        assumptions=list(sized.assumptions),
        inputs=sized.data,
        inputs_digest=stock_inputs_digest(sized.data),
        result_digest=stock_digest(told),
        code_version=STOCK_VERSION,
    )
    items = (
        StockItemRow(
            stock_plan=row,
            item=item.item,
            site=item.site,
            short_pieces=item.short_pieces,
            needed_pieces=item.needed_pieces,
            told=plain(item),
        )
        for item in told.items
    )
    parts = (
        StockPartRow(
            stock_plan=row,
            account_number=part.account_number,
            site=part.site,
            currency=part.currency,
            told=plain(part),
        )
        for part in told.accounts
    )
    with transaction.atomic():
        StockPartRow.objects.filter(stock_plan__operation=row.operation, superseded_at=None).update(superseded_at=at)
        row.save(force_insert=True)
        StockItemRow.objects.bulk_create(items, batch_size=ROWS_AT_ONCE)
        StockPartRow.objects.bulk_create(parts, batch_size=ROWS_AT_ONCE)
        record_entry(_entry(row), by=by)
    return row.pk


def _entry(row: StockPlan) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind="stock.sized",
        subject=f"stock:{row.pk}",
        sentence=(
            f"{{actor}} had the stock of {row.operation} sized as of {row.as_of_on}: {row.items} items, "
            f"{row.items_short} of them with less on hand than their promises need."
        ),
        evidence={
            "stock_plan_id": row.pk,
            "operation": row.operation,
            "as_of_on": row.as_of_on,
            "items": row.items,
            "items_short": row.items_short,
            "inputs_digest": row.inputs_digest,
            "result_digest": row.result_digest,
            "code_version": row.code_version,
        },
    )
