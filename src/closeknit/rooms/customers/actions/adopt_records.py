"""Take over what a batch's records state of accounts: every system's word, none overwritten."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.contracts import CLAIM_FIELDS, STEWARD
from closeknit.rooms.customers.models import Account, Record, RecordVersion
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import BatchCard, FactCard, FactKind

CHUNK = 2000
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Stated:
    """What one fact says of one record."""

    key: Key
    number: str
    is_own: bool
    fields: Mapping[str, str]
    observed_at: datetime
    fact: FactCard


def adopt_records(batch_id: int, *, thread_id: UUID, by: Actor) -> int:
    """Keep what the records of a batch state, as new versions of those records; return how many stated something new.

    A record that names an account of ours belongs to it; one that names none is nobody's until it is matched. Saying
    the same again, or running again, changes nothing.

    Raises:
        Conflict: where a feed claims the name under which stewards' words are kept.
    """
    by.require(Permission.LOAD_DATA)
    batch = sensing.get_batch(batch_id, by=by)
    stated = [*_of_accounts(batch_id, batch.feed, by), *_of_records(batch_id, by)]
    if not stated:
        return 0
    if any(each.key[0] == STEWARD for each in stated):
        raise Conflict(
            f"{batch.feed} calls a system {STEWARD!r}, as stewards' own words are kept.",
            where=f"batch {batch_id}",
            todo="Give the system another name in the recipe.",
        )
    with transaction.atomic():
        records = _records(stated)
        fresh = _write_versions(stated, records)
        linked = _link_stated(stated, records, thread_id, by)
        touched = {records[each.key].account_number for each in fresh} | set(linked)
        changed = refresh_golden(touched - {""}, thread_id=thread_id, by=by)
        if any(not each.is_own for each in fresh):
            record_entry(_entry(batch, thread_id, fresh, linked, changed), by=by)
    return len(fresh)


def _of_accounts(batch_id: int, feed: str, by: Actor) -> list[_Stated]:
    facts = sensing.list_facts(FactKind.ACCOUNT, batch_id=batch_id, include_superseded=True, by=by)
    return [
        _Stated((feed[:80], number), number, True, _plain(fact.body), fact.stated_at, fact)
        for fact in facts
        if (number := fact.body["account_number"])
    ]


def _of_records(batch_id: int, by: Actor) -> list[_Stated]:
    facts = sensing.list_facts(FactKind.ACCOUNT_RECORD, batch_id=batch_id, include_superseded=True, by=by)
    return [
        _Stated(
            (fact.body["system"][:80], fact.body["record_key"]),
            fact.body["account_number"],
            False,
            _plain(fact.body),
            datetime.fromisoformat(fact.body["updated_at"]) if fact.body["updated_at"] else fact.stated_at,
            fact,
        )
        for fact in facts
    ]


def _plain(body: Mapping[str, Any]) -> dict[str, str]:
    return {name: body[name] for name in CLAIM_FIELDS if body.get(name)}


def _records(stated: Sequence[_Stated]) -> dict[Key, Record]:
    first = {each.key: each for each in reversed(stated)}
    Record.objects.bulk_create(
        (
            Record(
                system=key[0],
                record_key=key[1],
                stated_number=each.number,
                is_own=each.is_own,
                seen_at=each.fact.stated_at,
            )
            for key, each in sorted(first.items())
        ),
        batch_size=CHUNK,
        ignore_conflicts=True,
    )
    systems = {key[0] for key in first}
    rows = Record.objects.select_for_update().filter(system__in=systems).order_by("pk")
    return {key: row for row in rows.iterator(CHUNK) if (key := (row.system, row.record_key)) in first}


def _write_versions(stated: Sequence[_Stated], records: Mapping[Key, Record]) -> list[_Stated]:
    """End what stood and write what is new; return what was."""
    ids = [row.pk for row in records.values()]
    standing: dict[int, RecordVersion] = {}
    for part in _chunks(ids):
        rows = RecordVersion.objects.filter(record_id__in=part, replaced_at=None)
        standing |= {row.record_id: row for row in rows}
    last = dict(standing)
    fresh: list[_Stated] = []
    made: list[RecordVersion] = []
    for each in sorted(stated, key=lambda one: one.fact.fact_id):
        record = records[each.key]
        before = last.get(record.pk)
        if before is not None and not _is_news(each, before):
            continue
        if before is not None:
            before.replaced_at = each.fact.stated_at
        last[record.pk] = version = _version(record, each)
        made.append(version)
        fresh.append(each)
    ended = [row for row in standing.values() if row.replaced_at is not None]
    RecordVersion.objects.bulk_update(ended, ["replaced_at"], batch_size=CHUNK)
    RecordVersion.objects.bulk_create(made, batch_size=CHUNK)
    return fresh


def _is_news(each: _Stated, before: RecordVersion) -> bool:
    """Whether a statement came after what stands, and says something else or confirms it anew.

    Batches may be taken over out of their order: then what was said later stands.
    """
    same = before.fields == each.fields and before.observed_at == each.observed_at
    is_later = each.fact.fact_id > (before.fact_id or 0) and each.fact.stated_at > before.learned_at
    return is_later and not same


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))


def _version(record: Record, each: _Stated) -> RecordVersion:
    return RecordVersion(
        record=record,
        fields=dict(each.fields),
        observed_at=each.observed_at,
        learned_at=each.fact.stated_at,
        feed=each.fact.feed,
        batch_id=each.fact.batch_id,
        fact_id=each.fact.fact_id,
        source_name=each.fact.source_name,
        line=each.fact.line,
    )


def _link_stated(stated: Sequence[_Stated], records: Mapping[Key, Record], thread_id: UUID, by: Actor) -> list[str]:
    """Give records that name an account of ours to it, or to what it was merged into; return the accounts' numbers."""
    said = {each.key: each for each in stated if each.number}
    known: dict[str, str] = {}
    for part in _chunks(sorted({each.number for each in said.values()})):
        known |= dict(Account.objects.filter(account_number__in=part).values_list("account_number", "merged_into"))
    moves = []
    for key, each in said.items():
        record = records[key]
        if each.number not in known or (record.stated_number == each.number and record.account_number):
            continue
        number = reads.resolve_number(each.number, by=by) if known[each.number] else each.number
        record.stated_number = each.number
        sentence = f"{key[0]} states the number {each.number}."
        moves.append(RecordMove(record, number, "stated", sentence, each.fact.stated_at))
    move_records(moves, thread_id=thread_id, by=by)
    return sorted({move.account_number for move in moves})


def _entry(
    batch: BatchCard, thread_id: UUID, fresh: Sequence[_Stated], linked: Sequence[str], changed: Sequence[str]
) -> Entry:
    systems = sorted({each.key[0] for each in fresh})
    return Entry(
        thread_id=thread_id,
        kind="records.adopted",
        subject=f"batch:{batch.batch_id}",
        sentence=f"Kept what {len(fresh):,} records of {', '.join(systems) or batch.feed} state of accounts.",
        evidence={
            "batch_id": batch.batch_id,
            "feed": batch.feed,
            "records": len(fresh),
            "systems": systems,
            "accounts_linked": len(linked),
            "accounts_changed": len(changed),
        },
    )
