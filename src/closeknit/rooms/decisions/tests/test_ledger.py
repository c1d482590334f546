"""The ledger only grows: the database refuses to change it, whoever asks and however."""

import hashlib
import json
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.org.reads import system_actor

TABLE = "decisions_ledger_entry"
UPDATE = f"update {TABLE} set sentence = 'It was never so.'"
DELETE = f"delete from {TABLE}"
TRUNCATE = f"truncate {TABLE}"


def entry(**values: Any) -> Entry:
    """A line to be written, with what a test does not care about filled in."""
    usual: dict[str, Any] = {
        "thread_id": ids.new_id(),
        "kind": "test",
        "subject": "s",
        "sentence": "It is so.",
        "evidence": {"cost": 12, "share": 0.25},
    }
    return Entry(**usual | values)


def run(*statements: str) -> int:
    """Run statements in a transaction that is then undone; return the rows that the last one touched."""
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("set constraints all immediate")  # TRUNCATE wants no check of a key pending
        for statement in statements:
            cursor.execute(statement)
        transaction.set_rollback(True)
        return int(cursor.rowcount)


@pytest.fixture
def line(db) -> LedgerEntry:
    return LedgerEntry.objects.get(pk=record_entry(entry(), by=system_actor()))


def test_the_role_that_is_refused_may_do_everything_else(db):
    with connection.cursor() as cursor:
        cursor.execute("select usesuper from pg_user where usename = current_user")
        assert cursor.fetchone() == (True,), "the guards are meant to hold against a superuser too"


@pytest.mark.parametrize("statement", [UPDATE, DELETE, TRUNCATE, "truncate org_team cascade"])
@pytest.mark.parametrize("trick", ["select 1", "set local session_replication_role = replica"])
def test_the_database_refuses_to_change_the_ledger(line, statement, trick):
    with pytest.raises(DatabaseError, match="the ledger only grows"):
        run(trick, statement)
    line.refresh_from_db()
    assert line.sentence == "It is so."


def test_models_and_querysets_are_refused_as_well(line):
    line.sentence = "It was never so."
    with pytest.raises(IntegrityError, match="update is refused"), transaction.atomic():
        line.save()
    with pytest.raises(IntegrityError, match="delete is refused"), transaction.atomic():
        LedgerEntry.objects.all().delete()


@pytest.mark.parametrize(
    ("guard", "statement", "touched"),
    [
        ("ledger_only_grows", UPDATE, 1),
        ("ledger_only_grows", DELETE, 1),
        ("ledger_never_truncated", TRUNCATE, None),
    ],
)
def test_red_twin_without_its_guard_the_change_goes_through(line, guard, statement, touched):
    rows = run(f"drop trigger {guard} on {TABLE}", statement)
    assert touched is None or rows == touched


@pytest.mark.parametrize("change", ["content = content || '!'::bytea", r"leaf = '\x00'::bytea"])
def test_without_its_guard_the_leaf_still_betrays_a_changed_content(line, change):
    with pytest.raises(IntegrityError, match="ledger_leaf_commits"):
        run(f"drop trigger ledger_only_grows on {TABLE}", f"update {TABLE} set {change}")


def test_the_leaf_commits_to_the_content(line):
    assert bytes(line.leaf) == hashlib.sha256(b"\x00" + bytes(line.content)).digest()


def test_the_content_says_all_that_the_line_says(db):
    thread_id = ids.new_id()
    number = record_entry(entry(thread_id=thread_id, account_number="ACME"), by=system_actor())
    row = LedgerEntry.objects.get(pk=number)
    content = json.loads(bytes(row.content))
    assert UUID(content.pop("thread_id")) == row.thread_id == thread_id
    assert content.pop("recorded_at") == row.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert content == {
        "version": 2,
        "kind": row.kind,
        "subject": row.subject,
        "sentence": row.sentence,
        "account_number": "ACME",
        "team_id": None,
        "actor": "system",
        "actor_name": row.actor_name,
        "evidence": {"cost": 12, "share": 0.25},
    }


def test_the_writing_transaction_is_kept_as_the_readers_fence(line):
    with connection.cursor() as cursor:
        cursor.execute(f"select written_in = pg_current_xact_id() from {TABLE} where id = %s", [line.pk])
        assert cursor.fetchone() == (True,)


@pytest.mark.parametrize("evidence", [{"x": float("nan")}, {"x": float("inf")}, {1: "x"}, {"x": {1, 2}}])
def test_evidence_without_a_canonical_form_is_refused(db, evidence):
    with pytest.raises(Invalid):
        record_entry(entry(evidence=evidence), by=system_actor())
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_line_needs_the_transaction_of_its_change():
    with pytest.raises(RuntimeError, match="transaction"):
        record_entry(entry(), by=system_actor())
    assert not LedgerEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_line_goes_when_its_change_is_rolled_back():
    with transaction.atomic():
        record_entry(entry(), by=system_actor())
        assert LedgerEntry.objects.exists()
        transaction.set_rollback(True)
    assert not LedgerEntry.objects.exists()
