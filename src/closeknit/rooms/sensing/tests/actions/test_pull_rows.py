"""Rows are pulled from a database behind a watermark that never passes a row that is not in."""

from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.db import connection

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions import pull_rows as pulling
from closeknit.rooms.sensing.actions.open_connector import close_connector, open_hook, open_pull
from closeknit.rooms.sensing.actions.pull_rows import pull_rows
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.arriving import databases
from closeknit.rooms.sensing.contracts import PullPlan
from closeknit.rooms.sensing.models import WorkRow
from closeknit.rooms.sensing.tests.small import AT, RECIPE

pytestmark = pytest.mark.django_db

QUERY = """select id, at, calls, account, seconds, promised, kind, topic, changed from {table}
 where changed > :watermark order by changed"""


@pytest.fixture
def erp(tmp_path, monkeypatch):
    """A database of another system, with SQLite's own types: three calls, two of them changed at one moment."""
    import sqlite3

    path = tmp_path / "erp.db"
    with sqlite3.connect(path) as opened:
        opened.execute(
            "create table calls (id text, at text, calls real, account text, seconds int, promised int, kind text,"
            " topic text, changed int)"
        )
    monkeypatch.setenv("CLOSEKNIT_SOURCE_ERP", f"sqlite:///{path}")
    add(path, 1, 10)
    add(path, 2, 20)
    add(path, 3, 20)
    return path


def add(path, number: int, changed: int) -> None:
    """Add one call that was changed at a moment."""
    import sqlite3

    with sqlite3.connect(path) as opened:
        opened.execute(
            "insert into calls values (?, '2026-02-03T10:00:00', 1.5, 'A1', 90, null, '', '', ?)",
            [str(number), changed],
        )


def plan(**other) -> PullPlan:
    """Return a pull of the calls."""
    stated = {"source": "ERP", "query": QUERY.format(table="calls"), "watermark_column": "changed"}
    return PullPlan(**{**stated, "first_watermark": "0", **other})


@pytest.fixture
def pull(alice):
    """Open pulls into the small feed."""
    register_feed(RECIPE, place="small", by=alice, at=AT)
    return lambda **other: open_pull("small", "calls", plan(**other), by=alice, at=AT).connector_id


def keys() -> list[str]:
    """Return the calls that are in."""
    return sorted(WorkRow.objects.values_list("key", flat=True))


def test_a_pull_loads_what_is_new_and_then_only_what_came_since(erp, pull, alice):
    connector_id = pull()
    (batch,) = pull_rows(connector_id, by=alice, at=AT)
    assert (batch.counts.read, batch.counts.accepted) == (3, 3)
    assert reads.get_connector(connector_id, by=alice).watermark == "20"
    assert pull_rows(connector_id, by=alice, at=AT) == []
    add(erp, 4, 30)
    (batch,) = pull_rows(connector_id, by=alice, at=AT)
    assert (batch.counts.read, batch.counts.accepted) == (1, 1)
    assert keys() == ["1", "2", "3", "4"]
    assert WorkRow.objects.get(key="1").quantity == 1.5


def test_a_pull_cut_off_between_rows_of_one_moment_loses_none(erp, pull, alice, monkeypatch):
    monkeypatch.setattr(databases, "ROWS_AT_ONCE", 2)
    connector_id = pull()
    real, loads = pulling.ingest_batch, []

    def breaks(*args, **options):
        if loads:
            raise Conflict("The database went away.")
        loads.append(1)
        return real(*args, **options)

    monkeypatch.setattr(pulling, "ingest_batch", breaks)
    with pytest.raises(Conflict):
        pull_rows(connector_id, by=alice, at=AT)
    card = reads.get_connector(connector_id, by=alice)
    # Rows 2 and 3 share the moment 20: only what is before it is behind us for sure.
    assert (card.watermark, card.last_error[:12]) == ("10", "The database")
    monkeypatch.setattr(pulling, "ingest_batch", real)
    pull_rows(connector_id, by=alice, at=AT)
    assert keys() == ["1", "2", "3"]


def test_the_cut_would_lose_a_row_were_the_watermark_the_last_one_seen(erp, pull, alice, monkeypatch):
    monkeypatch.setattr(databases, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(pulling, "_safe", lambda chunk, mark: str(chunk[-1][mark]))
    connector_id = pull()
    real, loads = pulling.ingest_batch, []

    def breaks(*args, **options):
        if loads:
            raise Conflict("The database went away.")
        loads.append(1)
        return real(*args, **options)

    monkeypatch.setattr(pulling, "ingest_batch", breaks)
    with pytest.raises(Conflict):
        pull_rows(connector_id, by=alice, at=AT)
    monkeypatch.setattr(pulling, "ingest_batch", real)
    pull_rows(connector_id, by=alice, at=AT)
    assert keys() == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("select id from calls where changed > :watermark order by changed", "gives no column"),
        (QUERY.format(table="calls") + " desc", "not ordered"),
        (QUERY.format(table="nowhere"), "no such table"),
        (QUERY.format(table="calls").replace("changed from", "null as changed from"), "no watermark"),
    ],
)
def test_a_query_that_cannot_be_followed_is_refused_and_stays_with_the_connector(erp, pull, alice, query, words):
    connector_id = pull(query=query)
    with pytest.raises((Invalid, Conflict), match=words):
        pull_rows(connector_id, by=alice, at=AT)
    assert words in reads.get_connector(connector_id, by=alice).last_error


def test_a_source_without_an_address_or_out_of_reach_says_so_without_its_password(pull, alice, monkeypatch):
    connector_id = pull()
    with pytest.raises(NotFound, match="CLOSEKNIT_SOURCE_ERP") as refused:
        pull_rows(connector_id, by=alice, at=AT)
    monkeypatch.setenv("CLOSEKNIT_SOURCE_ERP", "postgresql://reader:hidden@127.0.0.1:1/none")
    with pytest.raises(Conflict, match="cannot be asked") as refused:
        pull_rows(connector_id, by=alice, at=AT)
    assert "hidden" not in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_postgresql_is_asked_read_only_by_a_cursor_of_its_own(alice, monkeypatch):
    register_feed(RECIPE, place="small", by=alice, at=AT)
    found = connection.get_connection_params()
    parts = {"host": found.get("host"), "port": found.get("port"), "password": found.get("password")}
    given = urlencode({name: value for name, value in parts.items() if value})
    name = settings.DATABASES["default"]["NAME"]
    monkeypatch.setenv("CLOSEKNIT_SOURCE_ERP", f"postgresql://{found['user']}@/{name}?{given}")
    query = """with calls as (select n::text as id, timestamptz '2026-02-03 10:00+00' + n * interval '1 min' as at,
        1.0::numeric as calls, 'A1' as account, 90 as seconds, null::int as promised, '100%' as kind, '' as topic
        from generate_series(1, 12) n)
        select *, at as changed from calls where at > :watermark order by at"""
    opened = open_pull(
        "small", "calls", plan(query=query, first_watermark="2026-02-03T10:05:00Z"), by=alice, at=AT
    ).connector_id
    (batch,) = pull_rows(opened, by=alice, at=AT)
    assert batch.counts.accepted == 7
    card = reads.get_connector(opened, by=alice)
    assert card.watermark == "2026-02-03T10:12:00+00:00"
    late = open_pull(
        "small",
        "calls",
        plan(query=query, first_watermark=card.watermark, overlap_seconds=120),
        by=alice,
        at=AT,
    ).connector_id
    (batch,) = pull_rows(late, by=alice, at=AT)
    assert (batch.counts.read, batch.counts.duplicate) == (2, 2)
    writes = plan(query="with gone as (delete from sensing_work where id > :watermark returning *) select * from gone")
    writing = open_pull("small", "calls", writes, by=alice, at=AT).connector_id
    with pytest.raises(Invalid, match="refused the query"):
        pull_rows(writing, by=alice, at=AT)
    assert len(keys()) == 7


@pytest.mark.parametrize(
    "change",
    [
        {"source": "erp"},
        {"source": "../DATABASE_URL"},
        {"query": "delete from calls where :watermark"},
        {"query": "select 1; drop table calls -- :watermark"},
        {"query": "select * from calls"},
        {"watermark_column": " "},
        {"first_watermark": ""},
        {"every_seconds": 5},
        {"every_seconds": 10**9},
        {"overlap_seconds": -1},
    ],
)
def test_a_pull_that_could_not_work_is_refused_when_it_is_opened(pull, change):
    with pytest.raises(Invalid):
        pull(**change)


def test_pulls_are_due_by_their_time_and_hooks_and_closed_ones_are_not_pulled(erp, pull, alice, bob):
    connector_id = pull(every_seconds=600)
    hook = open_hook("small", "calls", by=alice, at=AT).connector_id
    assert [found for found, _ in reads.list_due_connectors(by=alice, at=AT)] == [connector_id]
    pull_rows(connector_id, by=alice, at=AT)
    assert reads.list_due_connectors(by=alice, at=AT) == []
    with pytest.raises(NotFound):
        pull_rows(hook, by=alice, at=AT)
    with pytest.raises(Denied):
        pull_rows(connector_id, by=bob, at=AT)
    close_connector(connector_id, reason="Over.", by=alice, at=AT)
    with pytest.raises(Conflict, match="closed"):
        pull_rows(connector_id, by=alice, at=AT)
