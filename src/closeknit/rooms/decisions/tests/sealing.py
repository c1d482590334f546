"""What the tests of sealing share: lines written in bulk, and both verdicts on the whole ledger."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.actions.seal_ledger import seal_all, seal_ledger
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.reads.tree import read_fence
from closeknit.rooms.decisions.tests.verifier import verify_ledger
from closeknit.rooms.org.reads import system_actor

TABLES = (
    "decisions_ledger_entry",
    "decisions_ledger_leaf",
    "decisions_ledger_node",
    "decisions_ledger_checkpoint",
)
ACCOUNTS = ("", "ACME", "BOLT")


def write(count: int = 1, **values: Any) -> list[int]:
    """Write lines, each in a transaction of its own."""
    numbers = []
    for i in range(count):
        usual = {"thread_id": ids.new_id(), "kind": "test", "subject": "s", "sentence": f"Line {i}.", "evidence": {}}
        with transaction.atomic():
            numbers.append(record_entry(Entry(**usual | {"evidence": {"i": i}} | values), by=system_actor()))
    return numbers


def wait_for_fence() -> None:
    """Wait until no transaction that is open now can still write a line."""
    deadline = time.monotonic() + 300
    with connection.cursor() as cursor:
        cursor.execute("select pg_current_xact_id()::text")
        (mine,) = cursor.fetchone()
    while int(read_fence()) <= int(mine):
        assert time.monotonic() < deadline, "a transaction stayed open for five minutes"
        time.sleep(0.005)


def seal() -> int:
    """Seal all that was written."""
    wait_for_fence()
    return seal_all(by=system_actor())


def build(batches: Iterable[int]) -> None:
    """Write and seal batch by batch, so that there are as many checkpoints."""
    for number, count in enumerate(batches):
        write(count, account_number=ACCOUNTS[number % len(ACCOUNTS)])
        wait_for_fence()
        seal_ledger(by=system_actor())


def outside() -> list[dict[str, Any]]:
    """The checkpoint records of the data folder's file."""
    path = Path(settings.LEDGER_FOLDER) / "checkpoints.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def verify(records: list[dict[str, Any]] | None = None, accepted: frozenset[int] = frozenset()) -> Any:
    """What the separate verifier says of an export, with these checkpoints from outside (all, unless given)."""
    kept = outside() if records is None else records
    lines = (json.dumps(line) for line in reads.list_export_lines(by=system_actor()))
    key = bytes.fromhex(reads.get_public_key(by=system_actor()))
    checkpoints = [verify_ledger.read_checkpoint(record) for record in kept]
    return verify_ledger.verify_export(lines, checkpoints, frozenset({key}), accepted)


def check() -> Any:
    """What the product says of its own ledger."""
    return reads.get_ledger_check(by=system_actor())


def leaves() -> list[tuple[int, int]]:
    """(number, entry id) of every sealed line, in order."""
    with connection.cursor() as cursor:
        cursor.execute("select number, entry_id from decisions_ledger_leaf order by number")
        return cursor.fetchall()


def unguarded(*statements: str) -> list[str]:
    """These statements with every guard of the ledger's tables taken away, as a superuser could."""
    away = [f"alter table {t} disable trigger all" for t in TABLES]
    check = "alter table decisions_ledger_entry drop constraint if exists ledger_leaf_commits"
    return ["set constraints all immediate", *away, check, *statements]


def guarded() -> list[str]:
    """The statements that put the guards back."""
    again = "add constraint ledger_leaf_commits check (leaf = sha256('\\x00'::bytea || content))"
    names = ("ledger_only_grows", "ledger_never_truncated")
    triggers = [f"alter table {table} enable always trigger {name}" for table in TABLES for name in names]
    return [*triggers, f"alter table {TABLES[0]} {again}"]
