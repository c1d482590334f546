"""Bring records that name no account of ours to the account that they are of, by what they state."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.move_records import RecordMove, move_records
from closeknit.rooms.customers.actions.refresh_golden import refresh_golden
from closeknit.rooms.customers.compute.matching import resolve
from closeknit.rooms.customers.contracts import (
    LINK_SHARE,
    REVIEW_SHARE,
    STEWARD,
    MatchFound,
    MatchRecord,
    RecordsResolved,
    Resolution,
)
from closeknit.rooms.customers.models import Record, RecordMatch, RecordVersion
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace

CHUNK = 2000
SEED = 20260101
"""The draw of random pairs is the same for the same records: a run can be repeated."""


def resolve_records(*, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Compare all records, and give those that are nobody's to the one account that their cluster holds.

    Two accounts are never made one here: pairs of them, and pairs too unsure, wait for a person. Pairs that somebody
    judged stay as judged. Returns how many records found their account; where all have one, nothing is compared.
    """
    by.require(Permission.LOAD_DATA)
    rows = {row.pk: row for row in Record.objects.exclude(system=STEWARD).order_by("pk")}
    if all(row.account_number for row in rows.values()):
        return 0
    link, review = (
        org.get_settings(setting, [SettingPlace()], at=at, by=by)[0].value for setting in (LINK_SHARE, REVIEW_SHARE)
    )
    apart = RecordMatch.objects.filter(state="different").values_list("first_id", "second_id")
    # A comparison of many records takes a while: nothing is locked meanwhile, and what moved since is left alone.
    found = resolve(
        _records(rows),
        link_share=float(link),
        review_share=min(float(review), float(link)),
        apart=list(apart),
        rng=np.random.default_rng(SEED),
    )
    with transaction.atomic():
        moves = _still_open(_moves(rows, found, at), by)
        move_records(moves, thread_id=thread_id, by=by)
        asked = _keep(found, {move.record.pk for move in moves}, thread_id, by, at)
        changed = refresh_golden({move.account_number for move in moves}, thread_id=thread_id, by=by)
        if moves or asked:
            _record(found, moves, asked, changed, thread_id, by)
    return len(moves)


def _still_open(moves: Sequence[RecordMove], by: Actor) -> list[RecordMove]:
    """Of the moves those whose record is still nobody's, to the account that the number stands for by now."""
    wanted = {move.record.pk: move for move in moves}
    rows = Record.objects.select_for_update().filter(pk__in=wanted, account_number="").order_by("pk")
    numbers = {move.account_number for move in moves}
    golden = {number: reads.resolve_number(number, by=by) for number in sorted(numbers)}
    return [replace(wanted[row.pk], record=row, account_number=golden[wanted[row.pk].account_number]) for row in rows]


def _records(rows: Mapping[int, Record]) -> list[MatchRecord]:
    numbers = list(rows)
    fields: dict[int, dict[str, str]] = {}
    for start in range(0, len(numbers), CHUNK):
        part = RecordVersion.objects.filter(record_id__in=numbers[start : start + CHUNK], replaced_at=None)
        fields |= dict(part.values_list("record_id", "fields"))
    return [MatchRecord(pk, row.account_number, fields[pk]) for pk, row in rows.items() if fields.get(pk)]


def _moves(rows: Mapping[int, Record], found: Resolution, at: datetime) -> list[RecordMove]:
    account_of: dict[int, str] = {}
    for record_id, label in found.label_of.items():
        if rows[record_id].account_number:
            account_of[label] = rows[record_id].account_number
    why: dict[int, MatchFound] = {}
    for link in sorted(found.links, key=lambda one: one.total_bits):
        why[link.first_id] = why[link.second_id] = link
    return [
        RecordMove(rows[record_id], account_of[label], "match", _sentence(why[record_id], found.model_version), at)
        for record_id, label in sorted(found.label_of.items())
        if not rows[record_id].account_number and label in account_of
    ]


def _sentence(link: MatchFound, model: str) -> str:
    return f"Matched by {link.rule.value}: {link.total_bits} bits, chance {link.probability:.6f} (weights {model})."


def _keep(found: Resolution, moved: set[int], thread_id: UUID, by: Actor, at: datetime) -> int:
    """Keep the pairs that moved a record, and those that wait for a person; return how many wait anew."""
    made = [(link, "joined") for link in found.links if {link.first_id, link.second_id} & moved]
    pairs = [*made, *((pair, "waiting") for pair in found.to_review)]
    known = set(RecordMatch.objects.values_list("first_id", "second_id"))
    fresh = [(pair, state) for pair, state in pairs if _ends(pair) not in known]
    RecordMatch.objects.bulk_create(
        (_row(pair, state, found.model_version, thread_id, by, at) for pair, state in fresh), batch_size=CHUNK
    )
    return sum(state == "waiting" for _, state in fresh)


def _ends(pair: MatchFound) -> tuple[int, int]:
    return min(pair.first_id, pair.second_id), max(pair.first_id, pair.second_id)


def _row(pair: MatchFound, state: str, model: str, thread_id: UUID, by: Actor, at: datetime) -> RecordMatch:
    first, second = _ends(pair)
    decided = {"decided_by_key": by.key, "decided_by_name": "Matching", "decided_at": at} if state == "joined" else {}
    return RecordMatch(
        id=ids.new_id(),
        thread_id=thread_id,
        first_id=first,
        second_id=second,
        rule=pair.rule.value,
        terms=plain(list(pair.terms)),
        total_bits=pair.total_bits,
        probability=pair.probability,
        model_version=model,
        found_at=at,
        state=state,
        **decided,
    )


def _record(
    found: Resolution, moves: Sequence[RecordMove], asked: int, changed: Sequence[str], thread_id: UUID, by: Actor
) -> None:
    run_id = ids.new_id()
    record_entry(
        Entry(
            thread_id=thread_id,
            kind="records.resolved",
            subject=f"matching:{run_id}",
            sentence=f"Brought {len(moves):,} records to their accounts; {asked:,} pairs wait for a person.",
            evidence={
                "records": len(found.label_of),
                "pairs_compared": found.compared_pairs,
                "blocks_left_out": found.blocks_left_out,
                "weights": found.model_version,
                "weights_settled": found.converged,
                "linked": len(moves),
                "to_review": asked,
                "accounts_changed": len(changed),
            },
        ),
        by=by,
    )
    publish(RecordsResolved(thread_id, run_id, len(moves), asked), by=by)
