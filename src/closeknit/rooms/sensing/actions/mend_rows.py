"""Try refused rows again, mended or as they are: through the very path that refused them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import DemandObserved, MendOutcome, QuarantinedCard, RowOutcome
from closeknit.rooms.sensing.mapping.chunks import ChunkMapper
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream, read_recipe
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.models import Batch, BatchOperation, FactRow, Feed, QuarantinedRow, WorkRow
from closeknit.rooms.sensing.reads.quarantine import (
    columns_to_mend,
    is_unreadable,
    known_facts,
    quarantined_card,
    stream_of_row,
    why_not,
)
from closeknit.rooms.sensing.storing import Place, Settled, store_facts, store_work
from closeknit.rooms.sensing.storing.loading import only_one_loader
from closeknit.rooms.sensing.storing.mending import by_batch, check_why, settle

MOST_ROWS = 10_000
MOST_CHARACTERS = 2000
Values = Mapping[str, Any]
Tried = tuple[QuarantinedRow, Values]


def mend_row(row_id: int, values: Mapping[str, str | None], *, why: str, by: Actor, at: datetime) -> MendOutcome:
    """Put values in place of what a refused row says and try it again.

    The row as it came is kept for good. Refuses columns that the source does not have, a row that waits no more, and
    rows that can only be mended in their source; a row that is still refused changes nothing.
    """
    row = QuarantinedRow.objects.select_related("feed").filter(pk=row_id).first()
    by.require(Permission.LOAD_DATA)
    if row is None:
        raise NotFound("There is no such refused row.", where=str(row_id))
    return _mend(row.feed, [row_id], lambda said: {**said, **values}, why, by, at)


def mend_alike(
    feed: str,
    code: str,
    *,
    column: str = "",
    was: str | None = None,
    to: str | None = None,
    why: str,
    by: Actor,
    at: datetime,
) -> MendOutcome:
    """Try every waiting row of one code again, with `to` in a column (where it said `was`); at most 10,000 at once.

    Without a column the rows are tried as they are: after a change of the recipe, or of what it asks for.
    """
    by.require(Permission.LOAD_DATA)
    held = Feed.objects.filter(name=feed).first()
    if held is None:
        raise NotFound("There is no such feed.", where=feed)
    waiting = QuarantinedRow.objects.filter(feed=held, released_at=None, code=code).order_by("pk")
    return _mend(held, list(waiting.values_list("pk", flat=True)[:MOST_ROWS]), _replacing(column, was, to), why, by, at)


def _replacing(column: str, was: str | None, to: str | None) -> Callable[[Values], Values]:
    def replace(said: Values) -> Values:
        if not column or (was is not None and _text(said.get(column)) != was):
            return said
        return {**said, column: to}

    return replace


def _mend(
    feed: Feed, row_ids: Sequence[int], change: Callable[[Values], Values], why: str, by: Actor, at: datetime
) -> MendOutcome:
    check_why(why)
    recipe = read_recipe(feed.recipe_text, f"recipe of {feed.name}")
    with only_one_loader(feed), transaction.atomic():
        rows = list(
            QuarantinedRow.objects.select_for_update(of=("self",))
            .select_related("batch", "feed")
            .filter(pk__in=row_ids)
            .order_by("pk")
        )
        total = MendOutcome(0, 0, 0, ())
        for batch, held in by_batch(rows):
            total = _plus(total, mend_batch(batch, held, recipe, change, why=why, by=by, at=at))
    return total


def mend_batch(
    batch: Batch,
    rows: Sequence[QuarantinedRow],
    recipe: Recipe,
    change: Callable[[Values], Values],
    *,
    why: str,
    by: Actor,
    at: datetime,
) -> MendOutcome:
    """Try refused rows of one load, changed, while no other loads their feed; say in the ledger what became of them.

    Called inside a transaction, with the rows locked.
    """
    by.require(Permission.LOAD_DATA)
    Batch.objects.select_for_update().get(pk=batch.pk)
    batch.refresh_from_db()
    parts: dict[tuple[int, str], list[QuarantinedRow]] = defaultdict(list)
    streams: dict[str, Stream] = {}
    for row in rows:
        stream = _mendable(recipe, row)
        streams[stream.name] = stream
        parts[row.file_number, stream.name].append(row)
    total, changed = MendOutcome(0, 0, 0, ()), set[str]()
    for (number, name), held in sorted(parts.items()):
        tried = [(row, _checked(streams[name], row, change)) for row in held]
        changed |= {column for row, values in tried for column in values if values[column] != row.raw.get(column)}
        total = _plus(total, _try(batch, number, recipe, streams[name], tried, why, by, at))
    if total.accepted or total.duplicate:
        _move(batch, total)
        record_entry(_mended_entry(batch, total, sorted(changed), recipe.version, why), by=by)
    if total.accepted:
        publish(_news(batch), by=by)
    return total


def _mendable(recipe: Recipe, row: QuarantinedRow) -> Stream:
    stream = stream_of_row(recipe, row)
    reason = why_not(recipe, stream, row) if stream else "The recipe has no stream for this row any more."
    if stream is None or reason:
        conflict = row.released_at is not None
        todo = "Look again at what waits." if conflict else "Correct it in its source and load that again."
        raise (Conflict if conflict else Invalid)(reason, where=f"row {row.pk}", todo=todo)
    return stream


def _checked(stream: Stream, row: QuarantinedRow, change: Callable[[Values], Values]) -> Values:
    columns = columns_to_mend(stream, row)
    said: Values = {} if is_unreadable(row) else row.raw
    values = change({name: said.get(name) for name in columns})
    unknown = [name for name in values if name not in columns]
    if unknown:
        raise Invalid(
            f"The source has no column {unknown[0][:80]!r}.", where="column", todo=f"Use one of {', '.join(columns)}."
        )
    for name, value in values.items():
        if isinstance(value, str) and (len(value) > MOST_CHARACTERS or "\x00" in value):
            raise Invalid("This value cannot be kept.", where=name, todo=f"Give at most {MOST_CHARACTERS} characters.")
    return values


def _try(
    batch: Batch,
    file_number: int,
    recipe: Recipe,
    stream: Stream,
    tried: Sequence[Tried],
    why: str,
    by: Actor,
    at: datetime,
) -> MendOutcome:
    """Store what is good now and settle it; say of the rest why it still is not."""
    columns = columns_to_mend(stream, tried[0][0])
    columns = tuple(dict.fromkeys((*columns, *(name for _, values in tried for name in values))))
    mapper = ChunkMapper(stream, columns, known_facts(batch.feed_id, stream), at)
    mapped = mapper.map([(row.line, tuple(values.get(name) for name in columns)) for row, values in tried])
    settled = Settled(0, 0, 0, mapped.refused)
    place = Place(
        batch, file_number, stream.name, columns, recipe.private, frozenset(), repeats=False, says_end=stream.says_end
    )
    if stream.into is None:
        store_work(place, mapped.work, settled)
    else:
        late = _said_later(batch, stream, [(line, fact.key) for line, _, fact in mapped.facts])
        settled.refused += [(line, raw, _later()) for line, raw, _ in mapped.facts if line in late]
        store_facts(place, stream.into, [part for part in mapped.facts if part[0] not in late], settled, {})
    refused = {line: refusal for line, _, refusal in settled.refused}
    stored = _stored_lines(batch, file_number, stream)
    good = [(row, values) for row, values in tried if row.line not in refused]
    for outcome in (RowOutcome.ACCEPTED, RowOutcome.DUPLICATE):
        part = [(row, values) for row, values in good if (row.line in stored) == (outcome is RowOutcome.ACCEPTED)]
        for row, values in part:
            row.mended = dict(values)
        settle([row for row, _ in part], outcome, why, recipe.version, by, at)
    left = tuple(_still(row, refused[row.line]) for row, _ in tried if row.line in refused)
    return MendOutcome(len(tried), settled.accepted, settled.duplicate, left)


def _said_later(batch: Batch, stream: Stream, keys: Iterable[tuple[int, str]]) -> set[int]:
    """Return the lines whose fact a later load states already: an old row does not unsay it."""
    lines = list(keys)
    rows = FactRow.objects.filter(
        feed_id=batch.feed_id, kind=stream.into, key__in={key for _, key in lines}, superseded_at=None, is_assumed=False
    )
    later = set(rows.filter(batch_id__gt=batch.pk).values_list("key", flat=True))
    return {line for line, key in lines if key in later}


def _later() -> Refused:
    return Refused("stated-later", "A later load states this already. Set the row aside, or correct the source.")


def _stored_lines(batch: Batch, file_number: int, stream: Stream) -> set[int]:
    table: Any = WorkRow if stream.into is None else FactRow
    return set(table.objects.filter(batch=batch, file_number=file_number).values_list("line", flat=True))


def _still(row: QuarantinedRow, refusal: Refused) -> QuarantinedCard:
    row.code, row.reason = refusal.code, refusal.reason
    return quarantined_card(row)


def _move(batch: Batch, total: MendOutcome) -> None:
    batch.quarantined -= total.accepted + total.duplicate
    batch.accepted += total.accepted
    batch.duplicate += total.duplicate
    batch.save(update_fields=["quarantined", "accepted", "duplicate"])


def _plus(one: MendOutcome, other: MendOutcome) -> MendOutcome:
    return MendOutcome(
        one.rows + other.rows,
        one.accepted + other.accepted,
        one.duplicate + other.duplicate,
        one.refused + other.refused,
    )


def _news(batch: Batch) -> DemandObserved:
    operations = sorted(BatchOperation.objects.filter(batch=batch).values_list("operation", flat=True))
    kinds = sorted(FactRow.objects.filter(batch=batch).values_list("kind", flat=True).distinct())
    return DemandObserved(batch.thread_id, batch.pk, tuple(operations), tuple(kinds))


def _mended_entry(batch: Batch, total: MendOutcome, columns: list[str], version: str, why: str) -> Entry:
    how = f"mended in {', '.join(columns)}" if columns else "as they were"
    return Entry(
        thread_id=batch.thread_id,
        kind="quarantine.mended",
        subject=f"batch:{batch.pk}",
        sentence=(
            f"{{actor}} tried {total.rows:,} refused rows of {batch.source_name} again, {how}:"
            f" {total.accepted:,} accepted + {total.duplicate:,} duplicate"
            f" + {len(total.refused):,} still refused. {why}"
        ),
        evidence={
            "batch_id": batch.pk,
            "columns": columns,
            "recipe_version": version,
            "accepted": total.accepted,
            "duplicate": total.duplicate,
            "still_refused": len(total.refused),
            "balance": [batch.read, batch.accepted, batch.quarantined, batch.duplicate],
            "why": why,
        },
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
