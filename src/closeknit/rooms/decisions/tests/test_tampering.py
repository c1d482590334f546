"""Someone with every right in the database, triggers off, changes the past: both checks see it and name the entry.

Each case runs in a transaction that is undone. `CLOSEKNIT_SLOW=1` runs 10,000 cases here;
test_tampering_at_scale.py runs as many every time.
"""

import base64
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.tests.sealing import build, check, leaves, outside, seal, unguarded, verify, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("owner")]
CASES = 10_000 if os.environ.get("CLOSEKNIT_SLOW") == "1" else 130
KEY = "decisions_subject_key"
BATCHES = (1, 5, 3, 8, 2, 13, 7, 9)
ENTRY, LEAF, NODE, CHECKPOINT = (f"decisions_ledger_{t}" for t in ("entry", "leaf", "node", "checkpoint"))


class Attacker:
    """Holds the rights of a superuser; each method tampers once and returns the first entry that it made bad."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.placed = leaves()

    def run(self, statement: str, *values: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def pick(self) -> tuple[int, int]:
        return self.rng.choice(self.placed)

    def content_of(self, entry: int) -> dict:
        ((content,),) = self.run(f"select content from {ENTRY} where id = %s", entry)
        return json.loads(bytes(content))

    def rewrite(self, number: int, entry: int, said: dict, *, depth: int) -> None:
        """Write other content; with more depth also its leaf, the leaf in the tree, and all nodes above."""
        content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        leaf = merkle.hash_leaf(content)
        self.run(f"update {ENTRY} set content = %s where id = %s", content, entry)
        if depth >= 1:
            self.run(f"update {ENTRY} set leaf = %s where id = %s", leaf, entry)
        if depth >= 2:
            self.run(f"update {LEAF} set leaf = %s where number = %s", leaf, number)
        if depth >= 3:
            self.recompute()

    def recompute(self) -> None:
        """Make the whole stored tree fit the leaves again."""
        tree = merkle.Tree()
        self.run(f"delete from {NODE}")
        for (leaf,) in self.run(f"select leaf from {LEAF} order by number"):
            for level, index, node in tree.append(bytes(leaf)):
                self.run(f"insert into {NODE} (level, index, hash) values (%s, %s, %s)", level, index, node)

    def payload(self) -> int:
        number, entry = self.pick()
        said = self.content_of(entry) | {"kind": f"t{self.rng.randrange(10**9)}"}
        self.rewrite(number, entry, said, depth=self.rng.randrange(4))
        return number

    def actor(self) -> int:
        number, entry = self.pick()
        if self.rng.random() < 0.5:
            self.run(f"update {ENTRY} set name_key_id = gen_random_uuid() where id = %s", entry)
            return number
        self.run(f"update {ENTRY} set actor_key = 'person:7' where id = %s", entry)
        self.rewrite(number, entry, self.content_of(entry) | {"actor": "person:7"}, depth=self.rng.randrange(4))
        return number

    def time(self) -> int:
        number, entry = self.pick()
        self.run(f"update {ENTRY} set recorded_at = recorded_at - interval '1 minute' where id = %s", entry)
        if self.rng.random() < 0.5:
            query = f"select to_json(recorded_at at time zone 'UTC')#>>'{{}}' from {ENTRY} where id = %s"
            ((text,),) = self.run(query, entry)
            self.rewrite(number, entry, self.content_of(entry) | {"recorded_at": text + "Z"}, depth=3)
        return number

    def delete(self) -> int:
        number, entry = self.pick()
        self.run(f"delete from {ENTRY} where id = %s", entry)
        if self.rng.random() < 0.5:
            self.run(f"delete from {LEAF} where number = %s", number)
            if self.rng.random() < 0.5:
                self.run(f"update {LEAF} set number = -number - 1 where number > %s", number)
                self.run(f"update {LEAF} set number = -number - 2 where number < 0")
                self.recompute()
        return number

    def copy_of(self, entry: int, written_in: str) -> int:
        """A forged entry beside this one."""
        said = self.content_of(entry) | {"kind": "approved"}
        content = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        query = (
            f"insert into {ENTRY} (thread_id, kind, actor_key, text_key_id, name_key_id, recorded_at, content, leaf,"
            " written_in) select thread_id, 'approved', actor_key, text_key_id, name_key_id, recorded_at, %s, %s,"
            f" {written_in}"
            f" from {ENTRY} where id = %s returning id"
        )
        ((forged,),) = self.run(query, content, merkle.hash_leaf(content), entry)
        return forged

    def insert_back_dated(self) -> int:
        # Beside the very last entry it would be sealed as the next one: nothing of the past is changed by that.
        number, entry = self.rng.choice(self.placed[:-1])
        forged = self.copy_of(entry, "written_in")
        if self.rng.random() < 0.5:
            return len(self.placed)  # not in the tree at all: it comes after all that is
        self.run(f"update {LEAF} set number = -number - 2 where number >= %s", number)
        self.run(f"update {LEAF} set number = -number - 1 where number < 0")
        self.run(
            f"insert into {LEAF} (number, entry_id, leaf) select %s, id, leaf from {ENTRY} where id = %s",
            number,
            forged,
        )
        if self.rng.random() < 0.5:
            self.recompute()
        return number

    def swap(self) -> int:
        (a, first), (b, second) = sorted(self.rng.sample(self.placed, 2))
        if self.rng.random() < 0.5:
            one, two = self.content_of(first), self.content_of(second)
            depth = self.rng.randrange(4)
            self.rewrite(a, first, two, depth=depth)
            self.rewrite(b, second, one, depth=depth)
            return a
        self.run(f"delete from {LEAF} where number in (%s, %s)", a, b)
        for number, entry in ((a, second), (b, first)):
            self.run(
                f"insert into {LEAF} (number, entry_id, leaf) select %s, id, leaf from {ENTRY} where id = %s",
                number,
                entry,
            )
        if self.rng.random() < 0.5:
            self.recompute()
        return a

    def truncate_tail(self) -> int:
        number, _ = self.rng.choice(self.placed[1:])
        tail = [e for n, e in self.placed if n >= number]
        self.run(f"delete from {ENTRY} where id = any(%s)", tail)
        if self.rng.random() < 0.7:
            self.run(f"delete from {LEAF} where number >= %s", number)
            self.recompute()
            if self.rng.random() < 0.7:
                self.run(f"delete from {CHECKPOINT} where size > %s", number)
        ((sealed,),) = self.run(f"select coalesce(max(size), 0) from {CHECKPOINT}")
        return min(sealed, number)

    def renumber(self) -> int:
        start = self.rng.randrange(len(self.placed) - 1)
        end = self.rng.randrange(start + 2, len(self.placed) + 1)
        ring = [e for _, e in self.placed[start:end]]
        ring = ring[1:] + ring[:1]
        self.run(f"delete from {LEAF} where number >= %s and number < %s", start, end)
        for i, entry in enumerate(ring):
            self.run(
                f"insert into {LEAF} (number, entry_id, leaf) select %s, id, leaf from {ENTRY} where id = %s",
                start + i,
                entry,
            )
        if self.rng.random() < 0.5:
            self.recompute()
        return start

    def edit_checkpoint(self) -> int:
        rows = self.run(f"select id, size, body from {CHECKPOINT} order by id")
        position = self.rng.randrange(len(rows))
        number, size, body = rows[position]
        how = self.rng.randrange(4)
        if how == 0:
            self.run(f"delete from {CHECKPOINT} where id = %s", number)
            if position == len(rows) - 1:
                return rows[-2][1]
            return size  # the next one no longer follows: what it seals is in doubt
        if how == 1:
            self.run(f"update {CHECKPOINT} set signature = sha512(signature) where id = %s", number)
        else:
            said = json.loads(body)
            name, value = self.rng.choice([("sealed_at", "2020-01-01T00:00:00.000000Z"), ("root", "00" * 32)])
            forged = json.dumps(said | {name: value}, sort_keys=True, separators=(",", ":"))
            self.run(f"update {CHECKPOINT} set body = %s where id = %s", forged, number)
        return rows[position - 1][1] if position else 0

    def ciphertext(self) -> int:
        """Change what is encrypted, and all that is stored above it to fit."""
        number, entry = self.pick()
        said = self.content_of(entry)
        part = self.rng.choice(["text", "name"])
        box = said[part] | {"ciphertext": base64.b64encode(os.urandom(40)).decode()}
        if self.rng.random() < 0.5:
            box["commitment"] = os.urandom(32).hex()
        self.rewrite(number, entry, said | {part: box}, depth=self.rng.randrange(4))
        return number

    def key_swap(self) -> int:
        """Exchange, damage or destroy the wrapped keys that open the lines; the tree itself stays as it is."""
        rows = self.run(
            f"select k.id, k.wrapped, min(l.number) from {KEY} k join {ENTRY} e on k.id in"
            f" (e.text_key_id, e.name_key_id) join {LEAF} l on l.entry_id = e.id group by 1, 2 order by 3, 1"
        )
        (one, a, first), (two, b, second) = self.rng.sample(rows, 2)
        how = self.rng.randrange(4)
        if how == 0:
            self.run(
                f"update {KEY} set wrapped = case id when %s then %s else %s end where id in (%s, %s)",
                one,
                bytes(b),
                bytes(a),
                one,
                two,
            )
            return min(first, second)
        if how == 1:
            self.run(f"update {KEY} set wrapped = %s where id = %s", os.urandom(60), one)
        elif how == 2:
            self.run(f"delete from {KEY} where id = %s", one)
        else:
            self.run(
                f"update {KEY} set wrapped = null, account_number = null, person_key = null, erased_at = now()"
                " where id = %s",
                one,
            )
        return first

    def rewrite_everything(self) -> int:
        """With the signing key in hand: change one entry and seal all again, as if it had always been so."""
        number, entry = self.pick()
        said = self.content_of(entry) | {"kind": "approved"}
        self.run(f"update {ENTRY} set kind = 'approved' where id = %s", entry)
        self.rewrite(number, entry, said, depth=1)
        for table in (LEAF, NODE, CHECKPOINT):
            self.run(f"delete from {table}")
        seal_elsewhere()
        return number

    def older_backup(self) -> int:
        """The tables as they were at an earlier checkpoint."""
        sizes = [size for (size,) in self.run(f"select size from {CHECKPOINT} order by id")]
        size = self.rng.choice(sizes[:-1])
        self.run(f"delete from {ENTRY} where id = any(%s)", [e for n, e in self.placed if n >= size])
        self.run(f"delete from {LEAF} where number >= %s", size)
        self.run(f"delete from {CHECKPOINT} where size > %s", size)
        self.recompute()
        return size


def seal_elsewhere() -> None:
    """Seal with our key, but without our checkpoints."""
    own = Path(settings.LEDGER_FOLDER)
    elsewhere = own.parent / f"{own.name}-forger"
    shutil.rmtree(elsewhere, ignore_errors=True)
    elsewhere.mkdir()
    shutil.copy(own / "signing-key", elsewhere)
    settings.LEDGER_FOLDER = elsewhere
    try:
        from closeknit.rooms.decisions.actions.seal_ledger import seal_all
        from closeknit.rooms.org.reads import system_actor

        seal_all(by=system_actor())
    finally:
        settings.LEDGER_FOLDER = own


WAYS: dict[str, Callable[[Attacker], int]] = {
    name: getattr(Attacker, name)
    for name in (
        "payload",
        "actor",
        "time",
        "delete",
        "insert_back_dated",
        "swap",
        "truncate_tail",
        "renumber",
        "edit_checkpoint",
        "ciphertext",
        "key_swap",
        "rewrite_everything",
        "older_backup",
    )
}
ONLY_BY_CHECKPOINTS_OUTSIDE = ("rewrite_everything", "older_backup")


def tampered(way: str, rng: random.Random, look: Callable[[int], None]) -> None:
    """Tamper once, look, undo."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in unguarded():
                cursor.execute(statement)
        look(WAYS[way](Attacker(rng)))
        transaction.set_rollback(True)


@pytest.fixture
def rng() -> random.Random:
    seed = int(os.environ.get("CLOSEKNIT_SEED", random.SystemRandom().randrange(2**32)))
    print(f"CLOSEKNIT_SEED={seed}")
    return random.Random(seed)


@pytest.mark.parametrize("way", WAYS)
def test_tampering_is_found_and_the_first_bad_entry_named(way, rng):
    build(BATCHES)
    clean()
    kept = outside()

    def look(bad: int) -> None:
        report, verdict = verify(kept), check()
        assert report.findings, f"the separate verifier missed it at {bad}"
        assert verdict.findings, f"the product's check missed it at {bad}"
        assert report.first_bad.first <= bad <= report.first_bad.last, (bad, report.findings)
        first = verdict.findings[0]
        assert first.first <= bad <= first.last, (bad, verdict.findings)

    for _ in range(-(-CASES // len(WAYS))):
        tampered(way, rng, look)
    clean()


@pytest.mark.parametrize("way", ONLY_BY_CHECKPOINTS_OUTSIDE)
def test_red_twin_without_checkpoints_outside_a_whole_rewrite_passes(way, rng):
    build(BATCHES)

    def look(bad: int) -> None:
        assert verify([]).ok
        (Path(settings.LEDGER_FOLDER) / "checkpoints.jsonl").rename(Path(settings.LEDGER_FOLDER) / "away")
        assert check().findings == ()
        (Path(settings.LEDGER_FOLDER) / "away").rename(Path(settings.LEDGER_FOLDER) / "checkpoints.jsonl")

    for _ in range(5):
        tampered(way, rng, look)


@pytest.mark.parametrize("way", sorted(set(WAYS) - {*ONLY_BY_CHECKPOINTS_OUTSIDE, "truncate_tail"}))
def test_all_else_is_found_from_the_database_alone(way, rng):
    """But for the last checkpoint taken away with all that it seals, which is an older backup by another name."""
    build(BATCHES)

    def look(bad: int) -> None:
        assert verify([]).findings, f"missed at {bad}"

    for _ in range(5):
        tampered(way, rng, look)


def test_a_rewrite_without_the_key_is_found_from_the_database_alone(rng):
    build(BATCHES)
    own = Path(settings.LEDGER_FOLDER)
    records = outside()

    def look(bad: int) -> None:
        settings.LEDGER_FOLDER = own
        assert verify([]).findings
        assert verify(records).findings

    with transaction.atomic():
        with connection.cursor() as cursor:
            for statement in unguarded(*(f"delete from {t}" for t in (LEAF, NODE, CHECKPOINT))):
                cursor.execute(statement)
        settings.LEDGER_FOLDER = own.parent / "another-key"
        from closeknit.rooms.decisions.actions.seal_ledger import seal_all
        from closeknit.rooms.org.reads import system_actor

        seal_all(by=system_actor())
        look(0)
        transaction.set_rollback(True)


def test_entries_that_wait_are_no_alarm():
    build([3])
    write(4)
    assert verify().ok
    assert verify().waiting == 4
    assert check().findings == ()
    assert seal() == 4


def clean() -> None:
    """No false alarm."""
    report, verdict = verify(), check()
    assert report.ok, report.findings
    assert verdict.findings == ()
