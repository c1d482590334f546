"""Work is open where its source says when work ends and said no end: so rows say it, so lists and the index find it."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import connection

from closeknit.rooms.org.reads import system_actor
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.mend_rows import mend_row
from closeknit.rooms.sensing.models import QuarantinedRow, WorkRow
from closeknit.rooms.sensing.tests.small import AT, load

pytestmark = pytest.mark.django_db
FIELDS = """
    into: work
    key: [id]
    fields:
      operation: {value: desk}
      service: service
      occurred_at: at
      quantity: {value: 1}
      account_number: account
      is_return: {when: {kind: back}}
"""
RECIPE = f"""
recipe: repairs
title: Repairs
time_zone: UTC
streams:
  - name: repairs
    from: repairs.csv{FIELDS}      finished_at: ended
  - name: calls
    from: calls.csv{FIELDS}
"""
HEADER = "id,service,at,ended,account,kind\n"
REPAIRS = """1,mend,2026-02-01T08:00:00,2026-02-01T09:00:00,A1,
2,mend,2026-02-02T08:00:00,,A1,
3,mend,2026-02-03T08:00:00,,A2,
4,mend,2026-02-03T09:00:00,,A2,back
5,mend,2026-02-03T10:00:00,,,
6,look,2026-02-03T11:00:00,,A1,
"""
CALLS = """7,mend,2026-02-01T08:30:00,,A1,
8,phone,2026-02-01T08:30:00,,A1,
"""
OPEN = ["2", "3", "6"]


@pytest.fixture
def loaded(tmp_path, alice):
    for name, rows in (("repairs.csv", REPAIRS), ("calls.csv", CALLS)):
        (tmp_path / name).write_text(HEADER + rows)
    load(tmp_path, alice, recipe=RECIPE)


def open_keys():
    return sorted(WorkRow.objects.filter(is_open=True).values_list("key", flat=True))


def listed(**more):
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
    return [work.key for work in reads.list_open_work(since=since, until=until, by=system_actor(), **more)]


def test_work_without_an_end_is_open_where_its_stream_says_ends(loaded):
    assert open_keys() == OPEN


def test_open_work_is_listed_for_services_of_which_some_work_ended_the_oldest_first(loaded):
    assert listed() == listed(operation="desk") == ["2", "3"]
    assert listed(account_numbers=["A1"]) == ["2"]
    assert listed(account_numbers=["A3"]) == listed(operation="yard") == []
    WorkRow.objects.filter(key="2").update(is_open=False)
    assert listed() == ["3"]


def test_a_row_mended_later_is_open_as_others_are(tmp_path, alice, loaded):
    again = tmp_path / "again"
    again.mkdir()
    (again / "repairs.csv").write_text(HEADER + "9,mend,never,,A1,\n10,mend,2026-02-05T08:00:00,,A1,\n")
    card = load(again, alice, recipe=RECIPE)
    assert (card.counts.accepted, card.counts.quarantined) == (1, 1)
    assert open_keys() == sorted([*OPEN, "10"])
    waiting = QuarantinedRow.objects.get()
    mend_row(waiting.pk, {"at": "2026-02-06T08:00:00"}, why="The workshop says so.", by=alice, at=AT)
    assert open_keys() == sorted([*OPEN, "9", "10"])


def test_the_index_of_open_work_holds_open_work_alone(loaded):
    with connection.cursor() as cursor:
        cursor.execute("select pg_get_expr(indpred, indrelid) from pg_index where indexrelid = 'work_open'::regclass")
        assert cursor.fetchone()[0] == "is_open"


def test_the_migration_opens_the_work_that_was_open_before(loaded):
    migration = import_module("closeknit.rooms.sensing.migrations.0012_work_says_it_is_open")
    WorkRow.objects.update(is_open=False)
    with connection.cursor() as cursor:
        cursor.execute(migration.FORWARD)
    # It knows services only, not which stream a row came by: a call about a service with ends stays as it counted.
    assert open_keys() == ["2", "3", "7"]
