"""Refused rows into quarantine, each once, without what the recipe keeps private."""

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection
from psycopg.types.json import Jsonb

from closeknit.rooms.sensing.contracts import BadRow, RawRow
from closeknit.rooms.sensing.mapping.rows import raw_hash
from closeknit.rooms.sensing.storing.place import Place, Settled

_QUARANTINE = """
insert into sensing_quarantined (feed_id, batch_id, file_number, line, raw, raw_hash, code, reason)
values (%s, %s, %s, %s, %s, %s, %s, %s)
"""
MOST_KEPT = 2000
_NAMES_ITS_COLUMN = ("unknown-column", "not-a-value", "lone-surrogate")
_RELEASE = """
update sensing_quarantined set released_at = now()
 where feed_id = %s and released_at is null and raw_hash = any(%s)
"""


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


def release(place: Place, raws: Iterable[RawRow]) -> None:
    """Mark rows as released that waited in quarantine and are good now."""
    hashes = (_hash_of(place, raw) for raw in _may_have_waited(place, raws))
    found = [content for content in hashes if content in place.waiting]
    if found:
        with connection.cursor() as cursor:
            cursor.execute(_RELEASE, [place.batch.feed_id, found])


def _may_have_waited(place: Place, raws: Iterable[RawRow]) -> Iterable[RawRow]:
    """Return the rows that could equal a waiting one: to hash every row cost a tenth of what taking it did."""
    if place.waiting_told is None:
        return raws
    at, texts = place.waiting_told
    return [raw for raw in raws if isinstance(raw, BadRow) or type(raw[at]) is not str or raw[at] in texts]


def told_by_keys(
    columns: Sequence[str], key: Sequence[str], texts: Iterable[str | None]
) -> tuple[int, frozenset[str]] | None:
    """Return where a stream's rows have the first column of their key, and its `texts` in rows kept in quarantine.

    None where that would not tell for sure: without a key, or with a row kept without that column or with it cut.
    """
    found = frozenset(texts)
    if not key or any(text is None or len(text) >= MOST_KEPT for text in found):
        return None
    return columns.index(key[0]), frozenset(text for text in found if text is not None)


def _hash_of(place: Place, raw: RawRow) -> bytes:
    if isinstance(raw, BadRow):
        return raw_hash(place.stream, [raw.code, json.dumps(raw.raw, sort_keys=True, default=str)])
    return raw_hash(place.stream, raw)


def _kept(place: Place, raw: RawRow) -> dict[str, Any]:
    """Return a refused row as kept: no private columns, nothing that JSON in the database cannot hold."""
    if isinstance(raw, BadRow):
        if place.private and raw.code not in _NAMES_ITS_COLUMN:
            return {"note": "The recipe keeps private columns out, and this row's columns cannot be told apart."}
        return {str(safe(key)): safe(value) for key, value in raw.raw.items()}
    named = zip(place.columns, raw, strict=True)
    return {name: safe(value) for name, value in named if name not in place.private}


def safe(value: Any) -> Any:
    """Return a value as JSON in the database can hold it."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    text = str(value)[:MOST_KEPT]
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
