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
from closeknit.rooms.decisions.models import LedgerEntry, SubjectKey
from closeknit.rooms.decisions.reads.keys import find_used
from closeknit.rooms.decisions.reads.opening import open_lines
from closeknit.rooms.org.reads import system_actor

pytestmark = pytest.mark.usefixtures("owner")
TABLE = "decisions_ledger_entry"
UPDATE = f"update {TABLE} set kind = 'never'"
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


def run_and_keep(*statements: str) -> None:
    """Run statements in the test's own transaction."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture
def line(db) -> LedgerEntry:
    return LedgerEntry.objects.get(pk=record_entry(entry(), by=system_actor()))


def test_the_role_that_is_refused_may_do_everything_else(db):
    with connection.cursor() as cursor:
        cursor.execute("select usesuper from pg_user where usename = current_user")
        assert cursor.fetchone() == (True,), "the guards are meant to hold against a superuser too"


@pytest.mark.parametrize("statement", [UPDATE, DELETE, TRUNCATE])
@pytest.mark.parametrize("trick", ["select 1", "set local session_replication_role = replica"])
def test_the_database_refuses_to_change_the_ledger(line, statement, trick):
    with pytest.raises(DatabaseError, match="the ledger only grows"):
        run(trick, statement)
    line.refresh_from_db()
    assert line.kind == "test"


def test_models_and_querysets_are_refused_as_well(line):
    line.kind = "never"
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


def test_the_content_holds_all_that_the_line_says_and_nothing_of_it_in_the_clear(db):
    thread_id = ids.new_id()
    number = record_entry(entry(thread_id=thread_id, account_number="ACME"), by=system_actor())
    row = LedgerEntry.objects.get(pk=number)
    content = json.loads(bytes(row.content))
    assert UUID(content.pop("thread_id")) == row.thread_id == thread_id
    assert content.pop("recorded_at") == row.recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    text, name = content.pop("text"), content.pop("name")
    assert (UUID(text["key"]), UUID(name["key"])) == (row.text_key_id, row.name_key_id)
    assert content == {"version": 3, "kind": "test", "actor": "system"}
    assert b"It is so." not in bytes(row.content)
    (line,) = open_lines([row])
    assert (line.sentence, line.subject, line.account_number) == ("It is so.", "s", "ACME")
    assert (line.evidence, line.actor_name) == ({"cost": 12, "share": 0.25}, system_actor().name)


def test_a_line_may_name_who_acted_by_a_placeholder(db, alice):
    number = record_entry(entry(sentence="{actor} approved it."), by=alice)
    (line,) = open_lines([LedgerEntry.objects.get(pk=number)])
    assert line.sentence == "Alice Planner approved it."


def test_the_writing_transaction_is_kept_as_the_readers_fence(line):
    with connection.cursor() as cursor:
        cursor.execute(f"select written_in = pg_current_xact_id() from {TABLE} where id = %s", [line.pk])
        assert cursor.fetchone() == (True,)


def test_a_line_costs_one_statement_of_its_own(db, django_assert_num_queries):
    record_entry(entry(account_number="ACME"), by=system_actor())
    with django_assert_num_queries(1):
        record_entry(entry(account_number="ACME"), by=system_actor())


def test_a_key_destroyed_elsewhere_is_not_used_again_though_this_process_remembers_it(db, alice):
    """A process that never heard of the erasure: only the database tells."""
    record_entry(entry(account_number="ACME"), by=alice)
    gone = [find_used("ACME", None), find_used(None, alice.key)]
    assert None not in gone
    run_and_keep("update decisions_subject_key set wrapped = null")
    row = LedgerEntry.objects.get(pk=record_entry(entry(account_number="ACME"), by=alice))
    assert {row.text_key_id, row.name_key_id}.isdisjoint(key_id for key_id, _ in gone)
    (line,) = open_lines([row])
    assert (line.sentence, line.actor_name) == ("It is so.", "Alice Planner")


@pytest.mark.parametrize("lost", ["account_number = 'ACME'", "person_key is not null"])
def test_one_of_two_keys_destroyed_is_enough_to_look_again(db, alice, lost):
    record_entry(entry(account_number="ACME"), by=alice)
    run_and_keep(f"update decisions_subject_key set wrapped = null where {lost}")
    row = LedgerEntry.objects.get(pk=record_entry(entry(account_number="ACME"), by=alice))
    standing = set(SubjectKey.objects.exclude(wrapped=None).values_list("pk", flat=True))
    assert {row.text_key_id, row.name_key_id} <= standing


def test_red_twin_without_the_databases_look_a_destroyed_key_is_used(db, alice):
    record_entry(entry(account_number="ACME"), by=alice)
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_functiondef('decisions_write_line'::regproc)")
        (source,) = cursor.fetchone()
    run_and_keep("update decisions_subject_key set wrapped = null", source.replace("and k.wrapped is not null", ""))
    row = LedgerEntry.objects.get(pk=record_entry(entry(account_number="ACME"), by=alice))
    assert (row.text_key_id, row.name_key_id) == tuple(
        found[0] for found in (find_used("ACME", None), find_used(None, alice.key)) if found
    )
    assert not SubjectKey.objects.exclude(wrapped=None).exists()


def test_a_key_of_another_subject_closes_no_line(db, alice):
    record_entry(entry(account_number="ACME"), by=alice)
    record_entry(entry(account_number="BOLT"), by=alice)
    keys_of = dict(SubjectKey.objects.values_list("account_number", "pk"))
    name = SubjectKey.objects.get(person_key=alice.key).pk
    with connection.cursor() as cursor:
        for account, text_key in (("ACME", keys_of["BOLT"]), ("ACME", name), ("ACME", ids.new_id())):
            row = [ids.new_id(), "test", alice.key, account, text_key, name, '{"recorded_at":"', '"}']
            cursor.execute("select decisions_write_line(%s, %s, %s, %s, %s, %s, %s, %s)", row)
            assert cursor.fetchone() == (None,)
    assert LedgerEntry.objects.count() == 2


def test_lines_are_written_by_whom_the_account_is_hidden_from_also_under_an_owner_who_is_no_superuser(db):
    run_and_keep(
        "create role plain_owner nosuperuser nobypassrls",
        "grant select on all tables in schema public to plain_owner",
        "alter table decisions_subject_key owner to plain_owner",
        f"alter table {TABLE} owner to plain_owner",
        *(f"alter function {name} owner to plain_owner" for name in ("decisions_write_line", "decisions_find_keys")),
        "set local closeknit.scope = ''",
    )
    first, second = (record_entry(entry(account_number="ACME"), by=system_actor()) for _ in range(2))
    assert first < second
    assert SubjectKey.objects.filter(account_number="ACME").count() == 1


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
