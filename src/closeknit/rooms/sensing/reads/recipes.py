"""Versions of recipes, what is wrong with one, and what it would make of real rows."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.db.models import Count

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.sensing.contracts import (
    RawRow,
    RecipeCheck,
    RecipePreview,
    RecipeVersionCard,
    SourceFile,
    StreamPreview,
)
from closeknit.rooms.sensing.mapping.expressions import Known
from closeknit.rooms.sensing.mapping.previewing import preview_stream
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream, read_recipe
from closeknit.rooms.sensing.models import Batch, Feed, QuarantinedRow, RecipeVersion, SampleRows
from closeknit.rooms.sensing.reads.access import require_feeds
from closeknit.rooms.sensing.reads.feeds import file_name
from closeknit.rooms.sensing.reads.quarantine import columns_to_mend, is_unreadable, known_facts, stream_of_row
from closeknit.rooms.sensing.sources import open_path

PLACE = "recipe"
MOST_ROWS = 100
MOST_REFUSED = 50
LONGEST_TEXT = 200_000
Given = tuple[str, Sequence[str], Sequence[tuple[int, RawRow]]]


def list_recipe_versions(feed: str, *, by: Actor) -> list[RecipeVersionCard]:
    """Return every version of a feed's recipe, newest first, with how many loads were read by it."""
    require_feeds(by)
    held = _feed(feed)
    rows = RecipeVersion.objects.filter(feed=held).order_by("-saved_at", "-pk")
    loads = dict(Batch.objects.filter(feed=held).values_list("recipe_version").annotate(loads=Count("id")))
    return [_version(row, held, loads.get(row.version, 0)) for row in rows]


def get_recipe_version(feed: str, version: str = "", *, by: Actor) -> RecipeVersionCard:
    """Return one version of a feed's recipe ("": the present one), or raise NotFound."""
    require_feeds(by)
    held = _feed(feed)
    row = RecipeVersion.objects.filter(feed=held, version=version or held.recipe_version).first()
    if row is None and version not in ("", held.recipe_version):
        raise NotFound("There is no such version of this recipe.", where=version[:40])
    row = row or RecipeVersion(version=held.recipe_version, text=held.recipe_text, saved_at=held.created_at)
    return _version(row, held, Batch.objects.filter(feed=held, recipe_version=row.version).count())


def list_taken_names(feed: str, *, by: Actor) -> list[str]:
    """Return the patterns of names by which a feed's recipe takes files, in the order of its streams."""
    require_feeds(by)
    recipe = read_recipe(_feed(feed).recipe_text, PLACE)
    return list(dict.fromkeys(pattern for stream in recipe.streams for pattern in stream.patterns))


def check_recipe(text: str, *, by: Actor) -> RecipeCheck:
    """Say whether a recipe can be read; if not, what is wrong and in which line. Nothing is stored."""
    require_feeds(by)
    try:
        recipe = _read(text)
    except Invalid as failure:
        line = re.search(r"line (\d+)", failure.where or "")
        number = int(line[1]) if line else 0
        return RecipeCheck(False, "", "", (), number, failure.where or "", failure.what, failure.todo or "")
    streams = tuple(stream.name for stream in recipe.streams)
    return RecipeCheck(True, recipe.name, recipe.version, streams, 0, "", "", "")


def preview_recipe(text: str, *, files: Iterable[SourceFile] | None = None, by: Actor, at: datetime) -> RecipePreview:
    """Say what a recipe makes of real rows: those of the files, else of its feed's last load and of what waits."""
    check = check_recipe(text, by=by)
    if not check.is_valid:
        return RecipePreview(check, (), "")
    recipe = _read(text)
    feed = Feed.objects.filter(name=recipe.name).first()
    present = read_recipe(feed.recipe_text, f"recipe of {feed.name}") if feed else None
    given = _from_files(recipe, files) if files is not None else _from_feed(recipe, feed)
    streams = []
    for stream, (source_name, columns, rows) in given:
        known: Known = known_facts(feed.pk, stream) if feed else {}
        before = next((s for s in present.streams if s.name == stream.name), None) if present else None
        streams.append(preview_stream(stream, before, columns, rows, known, at, source_name))
    found = {part.stream for part in streams}
    empty = [_nothing(stream) for stream in recipe.streams if stream.name not in found]
    return RecipePreview(check, (*streams, *empty), "the sample" if files is not None else "the last load")


def preview_file(text: str, path: Path, *, by: Actor, at: datetime) -> RecipePreview:
    """Say what a recipe makes of the first rows of a file, or of the files of a folder."""
    check = check_recipe(text, by=by)
    if not check.is_valid:
        return RecipePreview(check, (), "")
    return preview_recipe(text, files=open_path(path, _read(text)).files, by=by, at=at)


def _read(text: str) -> Recipe:
    if len(text) > LONGEST_TEXT:
        raise Invalid("The recipe is too long.", where=PLACE, todo=f"At most {LONGEST_TEXT:,} characters.")
    return read_recipe(text, PLACE)


def _from_files(recipe: Recipe, files: Iterable[SourceFile]) -> list[tuple[Stream, Given]]:
    found: list[tuple[Stream, Given]] = []
    for file in files:
        named = getattr(file, "stream", "")
        stream = recipe.stream_named(named) if named else recipe.stream_of(file.name)
        if stream is not None:
            rows = next(iter(file.read(0, MOST_ROWS)), [])
            found.append((stream, (file.name, file.columns, rows[:MOST_ROWS])))
    return found


def _from_feed(recipe: Recipe, feed: Feed | None) -> list[tuple[Stream, Given]]:
    """Return the first rows of each stream's last load, and those that wait in quarantine."""
    if feed is None:
        return []
    found: list[tuple[Stream, Given]] = []
    names = {stream.name: stream for stream in recipe.streams}
    for sample in SampleRows.objects.filter(feed=feed, stream__in=names).order_by("pk"):
        rows: list[tuple[int, RawRow]] = [(line, tuple(values)) for line, values in sample.rows]
        found.append((names[sample.stream], (sample.source_name, sample.columns, rows)))
    return [*found, *_waiting(recipe, feed)]


def _waiting(recipe: Recipe, feed: Feed) -> list[tuple[Stream, Given]]:
    alike: dict[tuple[str, str, tuple[str, ...]], list[tuple[int, RawRow]]] = {}
    rows = QuarantinedRow.objects.filter(feed=feed, released_at=None).select_related("batch").order_by("-pk")
    for row in rows[:MOST_REFUSED]:
        stream = stream_of_row(recipe, row)
        if stream is not None and not is_unreadable(row):
            columns = columns_to_mend(stream, row)
            where = (stream.name, f"{file_name(row.batch, row.file_number)} (refused)", columns)
            alike.setdefault(where, []).append((row.line, tuple(row.raw.get(name) for name in columns)))
    return [(recipe.stream_named(name), (source, columns, lines)) for (name, source, columns), lines in alike.items()]


def _nothing(stream: Stream) -> StreamPreview:
    into = stream.into.value if stream.into else "work"
    return StreamPreview(stream.name, into, "", 0, 0, 0, (), "No rows of this stream were loaded yet: try a sample.")


def _version(row: RecipeVersion, feed: Feed, batches: int) -> RecipeVersionCard:
    return RecipeVersionCard(
        feed=feed.name,
        version=row.version,
        text=row.text,
        saved_by=row.saved_by_name,
        saved_at=row.saved_at,
        why=row.why,
        batches=batches,
        is_current=row.version == feed.recipe_version,
    )


def _feed(name: str) -> Feed:
    row = Feed.objects.filter(name=name).first()
    if row is None:
        raise NotFound("There is no such feed.", where=name)
    return row
