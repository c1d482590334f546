"""Ask a database for what is new, and load it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Conflict, Invalid, NotFound
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.arriving.databases import Row, ask, line_of_row, plain
from closeknit.rooms.sensing.arriving.inbox import note_failure, note_success
from closeknit.rooms.sensing.arriving.turns import alone_with
from closeknit.rooms.sensing.contracts import BatchCard, ConnectorKind
from closeknit.rooms.sensing.mapping.recipe import Stream, read_recipe
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.models import Connector
from closeknit.rooms.sensing.sources import of_lines


def pull_rows(connector_id: UUID, *, by: Actor, at: datetime) -> list[BatchCard]:
    """Load what a pull's source has new, as who opened it; return the batches, one for each ten thousand rows.

    The watermark moves on after each batch, never past a row that is not in: a pull that was cut off reads some rows
    again, which are duplicates then. Refuses a query that is not ordered by its watermark, and a source with columns
    missing; a failure also stays with the connector, which is tried again later.
    """
    by.require(Permission.LOAD_DATA)
    with alone_with(connector_id) as is_alone:
        row = Connector.objects.select_related("feed").filter(pk=connector_id, kind=ConnectorKind.PULL.value).first()
        if row is None:
            raise NotFound("There is no such pull.", where=str(connector_id))
        if row.closed_at:
            raise Conflict("The connector is closed.", where=str(connector_id), todo="Open another.")
        if not is_alone:
            raise Conflict("It is being pulled already.", where=str(connector_id), todo="Wait until that pull is done.")
        try:
            batches = _pull(row, at)
        except CloseknitError as failure:
            note_failure(row, failure, at)
            raise
        note_success(row, at, at + timedelta(seconds=int(row.options["every_seconds"]) or 1))
    return batches


def _pull(row: Connector, at: datetime) -> list[BatchCard]:
    feed, options = row.feed, row.options
    chosen = read_recipe(feed.recipe_text, f"recipe of {feed.name}").stream_named(row.stream)
    wanted = columns_of_stream(chosen)
    since = _reaching_back(row.watermark, int(options["overlap_seconds"]))
    requester, batches = org.get_requester(row.opened_by), []
    with ask(str(options["source"]), str(options["query"]).strip().rstrip(";"), since) as asked:
        mark = _place_of(asked.columns, wanted, str(options["watermark_column"]))
        last: Any = None
        for number, chunk in enumerate(asked.chunks(), start=1):
            last = _check_order(chunk, mark, last)
            batches.append(_load(row, chosen, asked.columns, wanted, chunk, number, requester, at))
            _move_on(row, _safe(chunk, mark))
        if last is not None:
            _move_on(row, str(plain(last)))
    return batches


def _load(
    row: Connector,
    chosen: Stream,
    columns: Sequence[str],
    wanted: Sequence[str],
    chunk: list[Row],
    number: int,
    by: Actor,
    at: datetime,
) -> BatchCard:
    places = [columns.index(name) for name in wanted]
    lines = [line_of_row(wanted, [values[place] for place in places]) for values in chunk]
    name = f"pull from {row.options['source']} since {row.watermark}, part {number}"
    return ingest_batch(row.feed.name, replace(of_lines(lines, chosen, wanted), name=name[:300]), by=by, at=at)


def _place_of(columns: Sequence[str], wanted: Sequence[str], watermark_column: str) -> int:
    missing = [name for name in (*wanted, watermark_column) if name not in columns]
    if missing:
        raise Invalid(
            f"The query gives no column {missing[0]!r}.",
            where="query",
            todo="Select every column that the recipe's stream names, and the watermark's.",
        )
    return columns.index(watermark_column)


def _check_order(chunk: list[Row], mark: int, last: Any) -> Any:
    """Return the chunk's last watermark, once it is known that none is smaller than the one before it."""
    for values in chunk:
        found = values[mark]
        if found is None:
            raise Invalid("A row has no watermark.", where="query", todo="Leave such rows out: where … is not null.")
        if last is not None and found < last:
            raise Invalid(
                "The rows are not ordered by their watermark.",
                where="query",
                kept="Batches before this one are loaded.",
                todo="End the query with: order by the watermark's column.",
            )
        last = found
    return last


def _safe(chunk: list[Row], mark: int) -> str:
    """Return the greatest watermark of a chunk that no row behind the chunk can share; "" when there is none."""
    last = chunk[-1][mark]
    earlier = next((values[mark] for values in reversed(chunk) if values[mark] != last), None)
    return "" if earlier is None else str(plain(earlier))


def _move_on(row: Connector, watermark: str) -> None:
    if watermark:
        row.watermark = watermark
        Connector.objects.filter(pk=row.pk).update(watermark=watermark)


def _reaching_back(watermark: str, seconds: int) -> str:
    if not seconds:
        return watermark
    try:
        found = datetime.fromisoformat(watermark)
    except ValueError:
        return watermark
    # Before 1970 there is nothing to reach back to, and year 1 minus a day would be no date.
    return (found - timedelta(seconds=seconds)).isoformat() if found.year >= 1970 else watermark
