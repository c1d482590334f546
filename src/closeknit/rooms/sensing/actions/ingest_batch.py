"""Read a source through a feed: map, check, deduplicate; good rows in, bad rows to quarantine, counts that
balance.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import chain, islice

from django.db import transaction
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Now

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.release_waiting import release_waiting
from closeknit.rooms.sensing.contracts import (
    BatchCard,
    Counts,
    DemandObserved,
    FactKind,
    Progress,
    RowSource,
    SourceFile,
)
from closeknit.rooms.sensing.mapping.chunks import Chunk, ChunkMapper, MappedChunk
from closeknit.rooms.sensing.mapping.expressions import Known
from closeknit.rooms.sensing.mapping.recipe import Recipe, Stream, read_recipe
from closeknit.rooms.sensing.models import Batch, BatchOperation, FactRow, Feed, QuarantinedRow
from closeknit.rooms.sensing.reads.access import require_every_account
from closeknit.rooms.sensing.reads.feeds import batch_card
from closeknit.rooms.sensing.storing import (
    Place,
    Settled,
    keep_sample,
    store_assumed,
    store_facts,
    store_refused,
    store_work,
    told_by_keys,
    withdraw_assumed,
)
from closeknit.rooms.sensing.storing.loading import only_one_loader

CHUNK_ROWS = 10_000
OnProgress = Callable[[Progress], None]


def ingest_batch(
    feed_name: str, source: RowSource, *, by: Actor, at: datetime, on_progress: OnProgress | None = None
) -> BatchCard:
    """Load a source through a feed and return the balanced batch. The same source again accepts nothing new.

    Each chunk is one transaction of rows, quarantine, counts and cursor, so a load that was cut off goes on
    where it stopped. Rows that waited in quarantine for what it brings are tried again. Refuses an unknown feed, a
    source with columns missing, a feed that is being loaded by another, and who sees only some accounts: what is
    known already could not be told from what is new.
    """
    by.require(Permission.LOAD_DATA)
    require_every_account(by)
    feed = Feed.objects.filter(name=feed_name).first()
    if feed is None:
        raise NotFound(
            "There is no such feed.", where=feed_name, todo="Register its recipe: closeknit load RECIPE PATH."
        )
    recipe = read_recipe(feed.recipe_text, f"recipe of {feed.name}")
    streams = [_stream_of(recipe, file) for file in source.files]
    for stream, file in zip(streams, source.files, strict=True):
        ChunkMapper(stream, file.columns, {}, at)
    with only_one_loader(feed):
        batch, changed = _open_batch(feed, recipe, source, at)
        try:
            for number in range(batch.file_number, len(streams)):
                _load_file(batch, recipe, streams[number], source, number, on_progress)
        except CloseknitError as failure:
            failure.kept = f"{batch.accepted:,} rows of this load are kept; loading it again goes on from there."
            raise
        if release_waiting(batch, recipe, by=by, at=at):
            batch.refresh_from_db()
        return _finish(batch, changed, by)


def _stream_of(recipe: Recipe, file: SourceFile) -> Stream:
    named = getattr(file, "stream", None)
    stream = recipe.stream_named(named) if named else recipe.stream_of(file.name)
    if stream is None:
        raise NotFound(f"The recipe {recipe.name} takes no file of this name.", where=file.name)
    return stream


def _open_batch(feed: Feed, recipe: Recipe, source: RowSource, at: datetime) -> tuple[Batch, bool]:
    """Return the batch to go on with, or a new one, and whether the recipe says something new."""
    same = {"feed": feed, "source_sha256": source.sha256, "recipe_version": recipe.version}
    with transaction.atomic():
        unfinished = Batch.objects.filter(state=Batch.State.LOADING, **same).first()
        new_recipe = not Batch.objects.filter(feed=feed, recipe_version=recipe.version, state=Batch.State.DONE).exists()
        if unfinished:
            return unfinished, new_recipe
        files = [_file(recipe, file) for file in source.files]
        batch = Batch.objects.create(
            **same, source_name=source.name[:300], files=files, thread_id=ids.new_id(), started_at=at
        )
        withdrawn = withdraw_assumed(batch, recipe.assumed_facts)
        assumed = store_assumed(batch, recipe.assumed_facts)
    return batch, bool(new_recipe or withdrawn or assumed)


def _file(recipe: Recipe, file: SourceFile) -> dict[str, object]:
    found: dict[str, object] = {"name": file.name, "sha256": file.sha256}
    stream = _stream_of(recipe, file)
    if stream.into is None and not stream.key:
        # Where rows are told apart by all they say, a mended row needs the order in which they say it.
        found["columns"] = list(file.columns)
    return found


def _load_file(
    batch: Batch,
    recipe: Recipe,
    stream: Stream,
    source: RowSource,
    number: int,
    on_progress: OnProgress | None,
) -> None:
    file = source.files[number]
    everything = file.read(0, CHUNK_ROWS) if stream.one_per else ()
    mapper = ChunkMapper(stream, file.columns, _known_facts(batch, stream), batch.started_at, everything)
    place = _place(batch, recipe, stream, file, number)
    seen = _stated_so_far(batch, stream, file, mapper)
    if not batch.file_rows:
        keep_sample(batch, stream, file, recipe.private)
    chunks = file.read(batch.file_rows, CHUNK_ROWS)
    rows_estimate = sum(f.rows_estimate for f in source.files)
    for mapped in _ahead(lambda: _next_mapped(mapper, chunks)):
        settled = Settled(0, mapped.superseded, mapped.superseded, mapped.refused)
        with transaction.atomic():
            if stream.into is None:
                store_work(place, mapped.work, settled)
            else:
                store_facts(place, stream.into, mapped.facts, settled, seen)
            quarantined = store_refused(place, settled)
            _move_on(batch, mapped.read, settled, quarantined)
        if on_progress:
            on_progress(Progress(file.name, _counts(batch), rows_estimate))
    batch.file_number, batch.file_rows = number + 1, 0
    batch.save(update_fields=["file_number", "file_rows"])


def _place(batch: Batch, recipe: Recipe, stream: Stream, file: SourceFile, number: int) -> Place:
    waiting = QuarantinedRow.objects.filter(feed_id=batch.feed_id, released_at=None).exclude(batch=batch)
    loaded = Batch.objects.filter(feed_id=batch.feed_id, source_sha256=batch.source_sha256, state=Batch.State.DONE)
    key_text = KeyTextTransform(stream.key[0] if stream.key else "", "raw")
    kept = list(waiting.values_list("raw_hash", key_text))
    return Place(
        batch,
        number,
        stream.name,
        file.columns,
        recipe.private,
        waiting=frozenset(bytes(content) for content, _ in kept),
        waiting_told=told_by_keys(file.columns, stream.key, (text for _, text in kept)),
        repeats=(repeats := loaded.exists()),
        meets_known=repeats or _met_known(batch),
        says_end=stream.says_end,
    )


def _met_known(batch: Batch) -> bool:
    """Return whether the feed's load before this one brought what was there already, as the next one may."""
    before = Batch.objects.filter(feed_id=batch.feed_id, pk__lt=batch.pk).order_by("-pk")
    return bool(before.values_list("duplicate", flat=True).first())


def _stated_so_far(batch: Batch, stream: Stream, file: SourceFile, mapper: ChunkMapper) -> dict[str, bytes]:
    """Return what the part of a fact file that was read before a break stated."""
    seen: dict[str, bytes] = {}
    if stream.into is None or not batch.file_rows:
        return seen
    rows = chain.from_iterable(file.read(0, CHUNK_ROWS))
    for _, _, fact in mapper.map(list(islice(rows, batch.file_rows))).facts:
        seen.setdefault(fact.key, fact.content_hash)
    return seen


def _next_mapped(mapper: ChunkMapper, chunks: Iterator[Chunk]) -> MappedChunk | None:
    chunk = next(chunks, None)
    return None if chunk is None else mapper.map(chunk)


def _ahead(produce: Callable[[], MappedChunk | None]) -> Iterator[MappedChunk]:
    """Read and map the next chunk in a thread while the database takes this one."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mapping") as executor:
        coming = executor.submit(produce)
        while (ready := coming.result()) is not None:
            coming = executor.submit(produce)
            yield ready


def _known_facts(batch: Batch, stream: Stream) -> Known:
    kinds = {spec["known"] for spec in stream.fields.values() if isinstance(spec, dict) and "known" in spec}
    return {
        FactKind(kind): frozenset(
            FactRow.objects.filter(feed_id=batch.feed_id, kind=kind, superseded_at=None).values_list("key", flat=True)
        )
        for kind in kinds
    }


def _move_on(batch: Batch, rows: int, settled: Settled, quarantined: int) -> None:
    batch.read += rows
    batch.accepted += settled.accepted
    batch.quarantined += quarantined
    batch.duplicate += settled.duplicate
    batch.superseded += settled.superseded
    batch.file_rows += rows
    batch.save(
        update_fields=[
            "read",
            "accepted",
            "quarantined",
            "duplicate",
            "superseded",
            "file_number",
            "file_rows",
        ]
    )


def _counts(batch: Batch) -> Counts:
    return Counts(batch.read, batch.accepted, batch.quarantined, batch.duplicate)


def _finish(batch: Batch, recipe_is_new: bool, by: Actor) -> BatchCard:
    with transaction.atomic():
        Batch.objects.filter(pk=batch.pk).update(state=Batch.State.DONE, finished_at=Now())
        operations = sorted(BatchOperation.objects.filter(batch=batch).values_list("operation", flat=True))
        kinds = sorted(FactRow.objects.filter(batch=batch).values_list("kind", flat=True).distinct())
        record_entry(_entry(batch, operations, kinds), by=by)
        if batch.accepted or recipe_is_new:
            publish(DemandObserved(batch.thread_id, batch.pk, tuple(operations), tuple(kinds)), by=by)
    return batch_card(Batch.objects.select_related("feed").get(pk=batch.pk))


def _entry(batch: Batch, operations: list[str], kinds: list[str]) -> Entry:
    return Entry(
        thread_id=batch.thread_id,
        kind="batch.loaded",
        subject=f"batch:{batch.pk}",
        sentence=(
            f"Loaded {batch.source_name} through {batch.feed.name}: {batch.read:,} rows read"
            f" = {batch.accepted:,} accepted + {batch.quarantined:,} quarantined"
            f" + {batch.duplicate:,} duplicate."
        ),
        evidence={
            "batch_id": batch.pk,
            "feed": batch.feed.name,
            "source": batch.source_name,
            "source_sha256": batch.source_sha256,
            "files": [{"name": file["name"], "sha256": file["sha256"]} for file in batch.files],
            "recipe_version": batch.recipe_version,
            "read": batch.read,
            "accepted": batch.accepted,
            "quarantined": batch.quarantined,
            "duplicate": batch.duplicate,
            "superseded": batch.superseded,
            "operations": operations,
            "fact_kinds": kinds,
        },
    )
