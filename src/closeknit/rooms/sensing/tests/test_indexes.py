"""What is asked of work often is found by an index: by batch, by account, by operation and time, newest first."""

import json
import re

import pytest
from django.db import connection

from closeknit.rooms.sensing.models import Batch, WorkRow
from closeknit.rooms.sensing.tests.small import call, load, write_calls

pytestmark = pytest.mark.django_db
ROWS = 3000
# Each with the index that has to serve it, and a condition that no index serves, as the red twin.
ASKED = {
    "work_by_batch": "select line from sensing_work where batch_id = {batch} and file_number = 0",
    "work_of_account": (
        "select operation, sum(quantity) from sensing_work where account_number = 'A7'"
        " and occurred_at < '2026-03-03' group by 1"
    ),
    "work_by_time": (
        "select sum(quantity) from sensing_work where operation = 'desk'"
        " and occurred_at >= '2026-02-03' and occurred_at < '2026-02-03 10:30'"
    ),
    "one_work_row_per_key": "select id from sensing_work where feed_id = {feed} and key_hash = '\\x00'",
    "": "select line from sensing_work where line = 7",
}


@pytest.fixture
def filled(tmp_path, alice, owner):
    for part in range(3):
        rows = [call(n, account=f"A{n % 40}") for n in range(part * ROWS, (part + 1) * ROWS)]
        load(write_calls(tmp_path, rows), alice)
    with connection.cursor() as cursor:
        cursor.execute("select brin_summarize_new_values('work_by_batch')")
        cursor.execute("analyze sensing_work")
    return Batch.objects.order_by("pk")[1]


def indexes_of(sql):
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute(f"explain (format json) {sql}")
        found = cursor.fetchone()[0]
    plan = found if isinstance(found, str) else json.dumps(found)
    return set(re.findall(r'"Index Name": "(\w+)"', plan)) & set(ASKED)


@pytest.mark.parametrize("name", ASKED)
def test_what_is_asked_often_has_its_index(filled, name):
    asked = ASKED[name].format(batch=filled.pk, feed=filled.feed_id)
    assert indexes_of(asked) == ({name} if name else set())


def test_work_is_told_apart_by_its_key_and_keeps_no_index_of_its_number():
    with connection.cursor() as cursor:
        cursor.execute(
            "select indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisreplident from pg_index"
            " where indrelid = 'sensing_work'::regclass"
        )
        found = cursor.fetchall()
    assert [name for name, _, tells_apart in found if tells_apart] == ["one_work_row_per_key"]
    assert not [name for name, text, _ in found if "(id)" in text]


def test_the_newest_come_first_without_sorting_all(filled):
    newest = WorkRow.objects.filter(operation="desk").order_by("-occurred_at", "-id").values("id")[:5]
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
    plan = newest.explain()
    assert "work_by_time" in plan
    assert "Incremental Sort" in plan
