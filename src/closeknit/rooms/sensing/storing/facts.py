"""Stated facts into their table: new, changed, or known already."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from closeknit.rooms.sensing.contracts import FactKind, RawRow
from closeknit.rooms.sensing.mapping.recipe import AssumedFact
from closeknit.rooms.sensing.mapping.rows import MappedFact, fact_hash
from closeknit.rooms.sensing.models import Batch, FactRow
from closeknit.rooms.sensing.storing.place import Place, Settled, conflict
from closeknit.rooms.sensing.storing.refused import release


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
    good: list[RawRow] = []
    for line, raw, fact in rows:
        if seen.setdefault(fact.key, fact.content_hash) != fact.content_hash:
            settled.refused.append((line, raw, conflict()))
            continue
        good.append(raw)
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
    if place.waiting:
        release(place, good)


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
