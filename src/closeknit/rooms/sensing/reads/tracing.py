"""From a number back to rows, feed, recipe and code; from a row forward to everything that it touched."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.contracts import (
    BatchLineage,
    LineageBack,
    LineageForward,
    LineageKind,
    LineageNode,
    LineagePart,
    MadeOf,
    Touched,
)
from closeknit.rooms.sensing.models import BatchOperation, QuarantinedRow, RecipeVersion, WorkRow
from closeknit.rooms.sensing.reads.access import require_feeds
from closeknit.rooms.sensing.reads.lineage import work_lineage, work_row

PARTS = "lineage"
"""What higher rooms declare of their things, by kind, in the order in which they are made: see `LineagePart`."""
MOST_LINES = 200


def trace_back(
    kind: str,
    node_id: UUID,
    *,
    by: Actor,
    service: str | None = None,
    region: str | None = None,
    account_number: str | None = None,
    limit: int = 100,
) -> LineageBack:
    """Return what a forecast, plan or other thing was made of, down to loads and rows (of one place, where given).

    An account is every number that it goes by now.

    Raises:
        Invalid: for a kind that no room declares.
        NotFound: for a thing that is not there.
    """
    require_feeds(by)
    nodes, base = _chain(kind, node_id, by)
    if base is None or base.known_at is None:
        return LineageBack(tuple(nodes), (), (), "", None, None)
    batches = _batches(base.operation, base.known_at, base.until_at)
    rows = work_lineage(
        base.operation or None,
        by=by,
        service=service,
        region=region,
        account_number=account_number,
        until_at=base.until_at,
        known_at=base.known_at,
        limit=limit,
    )
    return LineageBack(tuple(nodes), tuple(batches), tuple(rows), base.operation, base.until_at, base.known_at)


def trace_forward(feed: str, batch_id: int, line: int, *, file_number: int = 0, by: Actor) -> LineageForward:
    """Return every thing that one observed row touched: made after it was known, of the operation that it belongs to.

    Raises:
        NotFound: where that line of that load was not accepted as work.
    """
    require_feeds(by)
    rows = WorkRow.objects.select_related("feed", "batch").filter(feed__name=feed, batch_id=batch_id)
    found = rows.filter(file_number=file_number, line=line).first()
    if found is None:
        raise NotFound(
            "No accepted row of work stands there.",
            where=f"batch {batch_id}, line {line}",
            todo="Look in the feed's quarantine.",
        )
    mended = QuarantinedRow.objects.filter(
        batch_id=batch_id, file_number=file_number, line=line, outcome="accepted"
    ).first()
    known_at = mended.released_at if mended and mended.released_at else found.batch.started_at
    row = work_row(found)
    nodes = _used_by(Touched(row.operation, known_at, row.occurred_at), by)
    return LineageForward(
        row=row,
        recipe_version=mended.mended_by_version if mended else found.batch.recipe_version,
        mended_by=mended.settled_by_name if mended else "",
        nodes=tuple(nodes),
        lines=tuple(_lines([row.thread_id, *(node.thread_id for node in nodes if node.thread_id)], known_at, by)),
    )


def get_recipe_texts(batches: Iterable[BatchLineage], *, by: Actor) -> dict[str, str]:
    """Return the texts of the recipes that loads were read by, by version (which is the text's own digest)."""
    require_feeds(by)
    versions = {batch.recipe_version for batch in batches}
    return dict(RecipeVersion.objects.filter(version__in=versions).values_list("version", "text"))


def _parts() -> dict[str, LineagePart]:
    return dict(declared(PARTS))


def _chain(kind: str, node_id: UUID, by: Actor) -> tuple[list[LineageNode], MadeOf | None]:
    """Return the things from one back to what was made of work alone, and that last one."""
    parts = _parts()
    if kind not in parts:
        raise Invalid(f"Nothing is known of a {kind[:40]!r}.", where="kind", todo=f"Use one of {', '.join(parts)}.")
    nodes: list[LineageNode] = []
    base: MadeOf | None = None
    waiting = [(LineageKind(kind), node_id)]
    while waiting:
        next_kind, next_id = waiting.pop(0)
        made = parts[next_kind].made_of(next_id, by=by)
        nodes.append(made.node)
        waiting += made.parents
        base = made if made.known_at is not None else base
    return nodes, base


def _batches(operation: str, known_at: datetime, until_at: datetime | None) -> list[BatchLineage]:
    rows = BatchOperation.objects.filter(batch__started_at__lte=known_at)
    if operation:
        rows = rows.filter(operation=operation)
    if until_at is not None:
        rows = rows.filter(first_at__lt=until_at)
    return [_batch(row) for row in rows.select_related("batch__feed").order_by("batch_id", "operation")]


def _batch(row: BatchOperation) -> BatchLineage:
    return BatchLineage(
        batch_id=row.batch_id,
        feed=row.batch.feed.name,
        source_name=row.batch.source_name,
        source_sha256=row.batch.source_sha256,
        recipe_version=row.batch.recipe_version,
        operation=row.operation,
        rows=row.rows,
        first_at=row.first_at,
        last_at=row.last_at,
        started_at=row.batch.started_at,
        finished_at=row.batch.finished_at,
        thread_id=row.batch.thread_id,
    )


def _used_by(touched: Touched, by: Actor) -> list[LineageNode]:
    found: list[LineageNode] = []
    for part in _parts().values():
        given = Touched(touched.operation, touched.known_at, touched.first_at, tuple(found))
        found += part.used_by(given, by=by)
    return found


def _lines(threads: Iterable[UUID], known_at: datetime, by: Actor) -> list[LineageNode]:
    """Return the ledger's lines on these threads since the row was known, as far as the actor may read the ledger."""
    if not by.may(Permission.READ_LEDGER):
        return []
    lines = {
        line.entry_id: line
        for thread in dict.fromkeys(threads)
        for line in decisions.list_entries(thread_id=thread, by=by, limit=MOST_LINES)
        if line.recorded_at >= known_at or line.thread_id == thread
    }
    return [
        LineageNode(LineageKind.LINE, str(line.entry_id), line.sentence, line.recorded_at, line.kind, line.thread_id)
        for _, line in sorted(lines.items())
    ]
