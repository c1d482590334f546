"""What waits in quarantine: rows, their reasons, and one row as its recipe sees it now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.rooms.sensing.contracts import (
    FactKind,
    QuarantinedCard,
    QuarantineReason,
    RowColumn,
    RowOutcome,
    RowProblem,
    RowToMend,
)
from closeknit.rooms.sensing.mapping.explaining import problems_of, targets_of
from closeknit.rooms.sensing.mapping.expressions import Known
from closeknit.rooms.sensing.mapping.recipe import WHOLE_ROW, Recipe, Stream, read_recipe
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.models import FactRow, QuarantinedRow
from closeknit.rooms.sensing.reads.access import require_feeds
from closeknit.rooms.sensing.reads.feeds import file_name

REQUEST_FILE = ".ndjson"


def list_quarantined(
    *,
    by: Actor,
    feed: str = "",
    batch_id: int | None = None,
    code: str = "",
    also_settled: bool = False,
    limit: int = 100,
    before_id: int | None = None,
) -> list[QuarantinedCard]:
    """Return refused rows that still wait, newest first; `also_settled`: and those that do not wait any more."""
    require_feeds(by)
    rows = QuarantinedRow.objects.select_related("feed", "batch").order_by("-id")
    if not also_settled:
        rows = rows.filter(released_at=None)
    given = {"feed__name": feed, "code": code}
    rows = rows.filter(**{name: value for name, value in given.items() if value})
    if batch_id is not None:
        rows = rows.filter(batch_id=batch_id)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [quarantined_card(row) for row in rows[:limit]]


def count_quarantine_reasons(feed: str, *, by: Actor) -> list[QuarantineReason]:
    """Return for what codes rows of a feed wait, the most frequent first."""
    require_feeds(by)
    waiting = QuarantinedRow.objects.filter(feed__name=feed, released_at=None)
    counted = list(waiting.values_list("code").annotate(rows=Count("id"), newest=Max("id")).order_by("-rows", "code"))
    reasons = dict(waiting.filter(pk__in=[newest for _, _, newest in counted]).values_list("pk", "reason"))
    return [QuarantineReason(code, rows, reasons.get(newest, "")) for code, rows, newest in counted]


def get_row_to_mend(row_id: int, *, values: Mapping[str, Any] | None = None, by: Actor, at: datetime) -> RowToMend:
    """Return a refused row as the feed's recipe sees it now, with `values` in place of what it says; or NotFound."""
    require_feeds(by)
    row = QuarantinedRow.objects.select_related("feed", "batch").filter(pk=row_id).first()
    if row is None:
        raise NotFound("There is no such refused row.", where=str(row_id))
    recipe = read_recipe(row.feed.recipe_text, f"recipe of {row.feed.name}")
    stream = stream_of_row(recipe, row)
    card = quarantined_card(row)
    if stream is None:
        why = f"The recipe {recipe.name} takes no file named {card.source_name} any more."
        return RowToMend(card, "", recipe.version, (), (), why)
    columns = columns_to_mend(stream, row)
    said = {**dict.fromkeys(columns), **dict(row.mended or row.raw), **(values or {})}
    problems = _problems(stream, columns, row, [said.get(name) for name in columns], at)
    uses = targets_of(stream)
    return RowToMend(
        card=card,
        stream=stream.name,
        recipe_version=recipe.version,
        columns=tuple(
            RowColumn(name, said.get(name), uses.get(name, ()), tuple(p for p in problems if name in p.columns))
            for name in columns
        ),
        problems=problems,
        why_not=why_not(recipe, stream, row),
    )


def stream_of_row(recipe: Recipe, row: QuarantinedRow) -> Stream | None:
    """Return the stream that a refused row came through, by the name of its file; None where the recipe has none."""
    name = file_name(row.batch, row.file_number)
    sent = name.removesuffix(REQUEST_FILE) if name.endswith(REQUEST_FILE) else ""
    return next((s for s in recipe.streams if s.name == sent), None) or recipe.stream_of(name)


def columns_to_mend(stream: Stream, row: QuarantinedRow) -> tuple[str, ...]:
    """Return the columns of a refused row: in the source's order where it is known, else those used and kept."""
    files = row.batch.files
    source = files[row.file_number].get("columns") if 0 <= row.file_number < len(files) else None
    if source:
        return tuple(source)
    used = columns_of_stream(stream)
    # A row that could not be read as one has other names for its parts: they are no columns.
    kept = [] if is_unreadable(row) else [name for name in sorted(row.raw) if name not in used]
    return (*used, *kept)


def is_unreadable(row: QuarantinedRow) -> bool:
    """Tell whether a row could not even be told apart into columns."""
    return row.code in ("ragged-row", "not-csv", "not-json", "unknown-column", "not-a-value")


def why_not(recipe: Recipe, stream: Stream, row: QuarantinedRow) -> str:
    """Say why a row can only be mended in its source; "" where it can be mended here."""
    if row.released_at is not None:
        return "This row waits no more."
    if stream.one_per:
        return f"Rows of {stream.name} are states of one thing, told apart only within a whole file."
    if not stream.key and stream.into is None and not row.batch.files[row.file_number].get("columns"):
        return f"Rows of {stream.name} are told apart by all they say ({WHOLE_ROW}), and their columns are not known."
    used = set(columns_of_stream(stream)) if stream.key or stream.into else recipe.private
    private = sorted(recipe.private & used)
    return f"The column {private[0]} is private: it was not kept." if private else ""


def known_facts(feed_id: int, stream: Stream) -> Known:
    """Return the keys of facts that a stream's fields ask for."""
    kinds = {spec["known"] for spec in stream.fields.values() if isinstance(spec, dict) and "known" in spec}
    rows = FactRow.objects.filter(feed_id=feed_id, superseded_at=None)
    return {FactKind(kind): frozenset(rows.filter(kind=kind).values_list("key", flat=True)) for kind in kinds}


def quarantined_card(row: QuarantinedRow) -> QuarantinedCard:
    """Shape a refused row (with its feed and batch joined) for others."""
    came_good = row.released_at is not None and not row.outcome
    return QuarantinedCard(
        row_id=row.pk,
        feed=row.feed.name,
        source_name=file_name(row.batch, row.file_number),
        line=row.line,
        code=row.code,
        reason=row.reason,
        raw=row.raw,
        batch_id=row.batch_id,
        thread_id=row.batch.thread_id,
        quarantined_at=row.quarantined_at,
        outcome=RowOutcome.CAME_GOOD if came_good else RowOutcome(row.outcome or RowOutcome.WAITING),
        mended=row.mended,
        settled_by=row.settled_by_name,
        settled_at=row.released_at,
        settled_why=row.settled_why,
    )


def _problems(
    stream: Stream, columns: tuple[str, ...], row: QuarantinedRow, raw: list[Any], at: datetime
) -> tuple[RowProblem, ...]:
    try:
        return problems_of(stream, columns, known_facts(row.feed_id, stream), at, raw)
    except CloseknitError as failure:
        return (RowProblem("", (), "recipe", f"{failure.what} {failure.todo or ''}".strip()),)
