"""How a chunk of mapped rows becomes table rows. The caller holds the transaction and the feed's lock."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from closeknit.rooms.sensing.contracts import BadRow, FactKind, RawRow
from closeknit.rooms.sensing.mapping.recipe import AssumedFact
from closeknit.rooms.sensing.mapping.refusal import Refused
from closeknit.rooms.sensing.mapping.rows import WORK_COLUMNS, MappedFact, MappedWork, fact_hash, raw_hash
from closeknit.rooms.sensing.models import Batch, FactRow

_PLACE = ("feed_id", "batch_id", "file_number", "line", "key", "key_hash", "content_hash")
_COLUMNS = ", ".join((*_PLACE, *WORK_COLUMNS))
_OPERATION, _OCCURRED_AT = WORK_COLUMNS.index("operation"), WORK_COLUMNS.index("occurred_at")
_INCOMING = (
    f"create temp table if not exists sensing_incoming on commit delete rows"
    f" as select {_COLUMNS} from sensing_work with no data"
)
_INSERT = (
    f"insert into sensing_work ({_COLUMNS}) select {_COLUMNS} from sensing_incoming order by line"
    f" on conflict (feed_id, key_hash) do nothing"
)
_ALREADY_THERE = """
select i.line, i.content_hash = w.content_hash or b.recipe_version <> %s
  from sensing_incoming i
 cross join lateral (
       select batch_id, file_number, line, content_hash from sensing_work
        where feed_id = i.feed_id and key_hash = i.key_hash offset 0) w
  join sensing_batch b on b.id = w.batch_id
 where (w.batch_id, w.file_number, w.line) <> (i.batch_id, i.file_number, i.line)
"""
# `offset 0` keeps the look-up by index, one row at a time: the temporary table has no statistics to plan by.
# A row read under another version of the recipe may well differ now; it is the same row all the same, and
# stays.
_ADD_UP = """
insert into sensing_batch_operation (batch_id, operation, rows, first_at, last_at, content_sum)
values (%s, %s, %s, %s, %s, %s)
on conflict (batch_id, operation) do update set
    rows = sensing_batch_operation.rows + excluded.rows,
    first_at = least(sensing_batch_operation.first_at, excluded.first_at),
    last_at = greatest(sensing_batch_operation.last_at, excluded.last_at),
    content_sum = sensing_batch_operation.content_sum + excluded.content_sum
"""
_QUARANTINE = """
insert into sensing_quarantined (feed_id, batch_id, file_number, line, raw, raw_hash, code, reason)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
_RELEASE = """
update sensing_quarantined set released_at = now()
 where feed_id = %s and released_at is null and raw_hash = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows come from and go to: the batch, the file in it, its stream and columns, and what not to
    keep.

    `release`: rows of earlier batches wait in quarantine and may now be good. `repeats`: this source was
    loaded before.
    """

    batch: Batch
    file_number: int
    stream: str
    columns: tuple[str, ...]
    private: frozenset[str]
    release: bool
    repeats: bool


@dataclass(slots=True)
class Settled:
    """What became of a chunk's rows."""

    accepted: int = 0
    duplicate: int = 0
    superseded: int = 0
    refused: list[tuple[int, RawRow, Refused]] = field(default_factory=list)


def store_work(place: Place, rows: Sequence[tuple[int, RawRow, MappedWork]], settled: Settled) -> None:
    """Insert work that is new; count what is there already; refuse a known key with other content."""
    fresh = _once_each(rows, settled)
    if not fresh:
        return
    batch = place.batch
    feed_id, batch_id = batch.feed_id, batch.pk
    with connection.cursor() as cursor:
        cursor.execute(_INCOMING)
        cursor.execute("truncate sensing_incoming")
        with cursor.copy(f"copy sensing_incoming ({_COLUMNS}) from stdin") as copy:
            for line, _, work in fresh:
                hashes = (work.key_hash, work.content_hash)
                copy.write_row((feed_id, batch_id, place.file_number, line, work.key, *hashes, *work.values))
        cursor.execute(_INSERT)
        there: dict[int, bool] = {}
        if cursor.rowcount < len(fresh):
            cursor.execute(_ALREADY_THERE, [batch.recipe_version])
            there = dict(cursor.fetchall())
    accepted = [row for row in fresh if row[0] not in there]
    for line, raw, _ in fresh:
        if line in there:
            _settle_known(there[line], line, raw, settled)
    settled.accepted += len(accepted)
    _add_up(batch, [work for _, _, work in accepted])
    if place.release:
        _release(place, [raw for _, raw, _ in accepted])


def store_facts(
    place: Place,
    kind: FactKind,
    rows: Sequence[tuple[int, RawRow, MappedFact]],
    settled: Settled,
    seen: dict[str, bytes],
) -> None:
    """Insert facts that are new or changed; the version before is kept, superseded.

    `seen` holds what this file stated so far: two rows of one file that state the same fact differently are a
    conflict. In a source that was loaded before, a statement already known in any version stays as old as it
    is.
    """
    versions = _versions(place.batch, kind, [fact.key for _, _, fact in rows])
    added: list[FactRow] = []
    changed: list[int] = []
    for line, raw, fact in rows:
        if seen.setdefault(fact.key, fact.content_hash) != fact.content_hash:
            settled.refused.append((line, raw, _conflict()))
            continue
        known = versions[fact.key]
        if any(v.content_hash == fact.content_hash and (v.in_force or place.repeats) for v in known):
            settled.duplicate += 1
            continue
        changed += [v.fact_id for v in known if v.in_force]
        known[:] = [_Version(0, fact.content_hash, True, False)]
        added.append(
            _fact_row(place.batch, place.file_number, line, kind, fact.key, fact.body, fact.content_hash, False)
        )
        settled.accepted += 1
    _replace(place.batch, changed, added)


def store_assumed(batch: Batch, facts: Iterable[AssumedFact]) -> int:
    """Insert what the recipe itself states; return how much of it is new or changed.

    A source's own word stands.
    """
    by_kind: dict[FactKind, list[AssumedFact]] = defaultdict(list)
    for fact in facts:
        by_kind[fact.kind].append(fact)
    added: list[FactRow] = []
    changed: list[int] = []
    for kind, stated in by_kind.items():
        versions = _versions(batch, kind, [fact.key for fact in stated])
        for fact in stated:
            current = next((v for v in versions[fact.key] if v.in_force), None)
            content = fact_hash(dict(fact.body))
            if current and (not current.is_assumed or current.content_hash == content):
                continue
            if current:
                changed.append(current.fact_id)
            added.append(_fact_row(batch, -1, 0, kind, fact.key, dict(fact.body), content, True))
    _replace(batch, changed, added)
    return len(added)


def withdraw_assumed(batch: Batch, facts: Iterable[AssumedFact]) -> int:
    """End the feed's assumed facts that its recipe no longer states; return how many."""
    stated = {(fact.kind.value, fact.key) for fact in facts}
    rows = FactRow.objects.filter(feed_id=batch.feed_id, is_assumed=True, superseded_at=None)
    gone = [pk for pk, kind, key in rows.values_list("pk", "kind", "key") if (kind, key) not in stated]
    return FactRow.objects.filter(pk__in=gone).update(superseded_at=batch.started_at)


def store_refused(place: Place, settled: Settled) -> int:
    """Put refused rows into quarantine; return how many are new there.

    One known there already is a duplicate.
    """
    hashes = [_hash_of(place, raw) for _, raw, _ in settled.refused]
    with connection.cursor() as cursor:
        cursor.execute(
            "select raw_hash from sensing_quarantined where feed_id = %s and raw_hash = any(%s)",
            [place.batch.feed_id, hashes],
        )
        known = {bytes(row[0]) for row in cursor.fetchall()}
        new: list[tuple[Any, ...]] = []
        for (line, raw, refusal), content in zip(settled.refused, hashes, strict=True):
            if content in known:
                settled.duplicate += 1
                continue
            known.add(content)
            kept = Jsonb(_kept(place, raw))
            batch = place.batch
            new.append(
                (
                    batch.feed_id,
                    batch.pk,
                    place.file_number,
                    line,
                    kept,
                    content,
                    refusal.code[:60],
                    refusal.reason,
                )
            )
        if new:
            cursor.executemany(_QUARANTINE, new)
    return len(new)


def _once_each(
    rows: Sequence[tuple[int, RawRow, MappedWork]], settled: Settled
) -> list[tuple[int, RawRow, MappedWork]]:
    first: dict[bytes, bytes] = {}
    fresh = []
    for line, raw, work in rows:
        content = first.setdefault(work.key_hash, work.content_hash)
        if content is work.content_hash:
            fresh.append((line, raw, work))
        else:
            _settle_known(content == work.content_hash, line, raw, settled)
    return fresh


def _settle_known(same: bool, line: int, raw: RawRow, settled: Settled) -> None:
    if same:
        settled.duplicate += 1
    else:
        settled.refused.append((line, raw, _conflict()))


def _conflict() -> Refused:
    return Refused("key-conflict", "A row with this key came before with other content. Find out which one is right.")


def _add_up(batch: Batch, works: Iterable[MappedWork]) -> None:
    parts: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for work in works:
        parts[work.values[_OPERATION]].append((work.values[_OCCURRED_AT], int.from_bytes(work.content_hash)))
    with connection.cursor() as cursor:
        for operation, found in sorted(parts.items()):
            times = [at for at, _ in found]
            total = sum(number for _, number in found)
            cursor.execute(_ADD_UP, [batch.pk, operation, len(found), min(times), max(times), total])


def _release(place: Place, raws: Iterable[RawRow]) -> None:
    hashes = [_hash_of(place, raw) for raw in raws]
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, [place.batch.feed_id, hashes])


@dataclass(slots=True)
class _Version:
    fact_id: int
    content_hash: bytes
    in_force: bool
    is_assumed: bool


def _versions(batch: Batch, kind: FactKind, keys: Iterable[str]) -> dict[str, list[_Version]]:
    found: dict[str, list[_Version]] = defaultdict(list)
    rows = FactRow.objects.filter(feed_id=batch.feed_id, kind=kind.value, key__in=set(keys)).values_list(
        "key", "pk", "content_hash", "superseded_at", "is_assumed"
    )
    for key, pk, content, superseded_at, is_assumed in rows:
        found[key].append(_Version(pk, bytes(content), superseded_at is None, is_assumed))
    return found


def _fact_row(
    batch: Batch,
    file_number: int,
    line: int,
    kind: FactKind,
    key: str,
    body: dict[str, Any],
    content: bytes,
    assumed: bool,
) -> FactRow:
    return FactRow(
        feed_id=batch.feed_id,
        batch=batch,
        file_number=file_number,
        line=line,
        kind=kind.value,
        key=key,
        body=body,
        content_hash=content,
        is_assumed=assumed,
    )


def _replace(batch: Batch, changed: Sequence[int], added: Sequence[FactRow]) -> None:
    if changed:
        FactRow.objects.filter(pk__in=changed).update(superseded_at=batch.started_at)
    FactRow.objects.bulk_create(added, batch_size=2000)


def _hash_of(place: Place, raw: RawRow) -> bytes:
    if isinstance(raw, BadRow):
        return raw_hash(place.stream, [raw.code, json.dumps(raw.raw, sort_keys=True, default=str)])
    return raw_hash(place.stream, raw)


def _kept(place: Place, raw: RawRow) -> dict[str, Any]:
    """Return a refused row as kept: no private columns, nothing that JSON in the database cannot hold."""
    if isinstance(raw, BadRow):
        if place.private and raw.code in ("ragged-row", "not-csv", "not-json"):
            return {"note": "The recipe keeps private columns out, and this row's columns cannot be told apart."}
        return {key: _safe(value) for key, value in raw.raw.items()}
    named = zip(place.columns, raw, strict=True)
    return {name: _safe(value) for name, value in named if name not in place.private}


def _safe(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(value)[:2000]
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
