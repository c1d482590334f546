"""The scope of a connection: set for a while, taken back whatever happens, empty on a new connection."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from tests.roles import as_owner

from closeknit.kernel import scope
from closeknit.kernel.actor import Actor, Grant, Scope
from closeknit.kernel.scope import ALL, acting_as, each_acting_as, scope_text, seeing_everything, switch_to


def reader(*grants: Grant, every: bool = False) -> Actor:
    """Someone who may read these accounts."""
    return Actor("person:1", "Reader", frozenset({"accounts.read"}), Scope(every, frozenset(grants)))


def of_account(number: str) -> Actor:
    """Someone who may read one account."""
    return reader(Grant(account_number=number))


ACME, BOLT = of_account("ACME"), of_account("BOLT")
NOBODY = Actor("nobody", "Nobody")


def now() -> str:
    """Say what the connection's scope is."""
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('closeknit.scope', true)")
        return str(cursor.fetchone()[0] or "")


@pytest.fixture
def bare(transactional_db: None) -> Iterator[None]:
    """Connections as in real life: the application's role, and no scope set."""
    options: dict[str, Any] = connections.settings["default"]["OPTIONS"]
    kept = options.get("options")
    connection.close()
    options["options"] = "-c role=closeknit_app"
    yield
    connection.close()
    options["options"] = kept


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        (NOBODY, "{}"),
        (reader(), "{}"),
        (reader(Grant()), "{}"),
        (reader(every=True), ALL),
        (reader(Grant(team_id=3)), '{"teams":[3]}'),
        (reader(Grant(region='a"b')), '{"regions":["a\\"b"]}'),
        (ACME, '{"accounts":["ACME"]}'),
        (reader(Grant(team_id=3, region="north")), '{"mixed":[{"t":3,"r":"north","a":null}]}'),
        (Actor("person:1", "X", frozenset({"capacity.read"}), Scope(True)), "{}"),
    ],
)
def test_a_scope_is_told_by_its_grants_and_only_for_reading_accounts(actor, text):
    assert scope_text(actor.scope_of("accounts.read")) == text


def test_it_ends_with_its_block_and_nests(bare):
    assert now() == ""
    with acting_as(ACME):
        assert now() == '{"accounts":["ACME"]}'
        with seeing_everything():
            assert now() == ALL
        assert now() == '{"accounts":["ACME"]}'
        with pytest.raises(ZeroDivisionError), acting_as(BOLT):
            raise ZeroDivisionError
        assert now() == '{"accounts":["ACME"]}'
    assert now() == ""


def test_inside_a_transaction_it_ends_with_the_block_and_survives_neither_commit_nor_rollback(bare):
    with acting_as(ACME):
        with transaction.atomic():
            with acting_as(BOLT):
                assert "BOLT" in now()
            assert "ACME" in now()
        assert "ACME" in now()
        with pytest.raises(ZeroDivisionError), transaction.atomic(), acting_as(BOLT):
            raise ZeroDivisionError
        assert "ACME" in now()
    with transaction.atomic(), acting_as(BOLT):
        assert "BOLT" in now()
    assert now() == ""


def test_a_failed_statement_inside_takes_the_scope_back_with_its_savepoint(bare):
    with acting_as(ACME), transaction.atomic():
        with pytest.raises(DatabaseError), transaction.atomic(), acting_as(BOLT), connection.cursor() as cursor:
            cursor.execute("select 1/0")
        assert "ACME" in now()
    with pytest.raises(DatabaseError), transaction.atomic(), acting_as(BOLT), connection.cursor() as cursor:
        cursor.execute("select 1/0")
    assert now() == ""


def test_a_connection_opened_inside_starts_with_the_scope_and_ends_without(bare):
    connection.close()
    with acting_as(ACME):
        assert "ACME" in now()
        connection.close()
        assert "ACME" in now()
        with acting_as(BOLT):
            connection.close()
            assert "BOLT" in now()
        assert "ACME" in now()
    assert now() == ""


def test_a_connection_that_cannot_be_restored_is_closed(bare, monkeypatch):
    acting = acting_as(ACME)
    acting.__enter__()
    assert "ACME" in now()
    monkeypatch.setattr(scope, "_execute", _fails)
    with pytest.raises(DatabaseError, match="cut"):
        acting.__exit__(None, None, None)
    assert connection.connection is None
    monkeypatch.undo()
    assert now() == ""


def _fails(*_: Any) -> None:
    raise DatabaseError("cut")


def test_an_idle_connection_that_died_is_opened_anew(bare):
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with as_other_owner() as other:
        other.execute("select pg_terminate_backend(%s)", [pid])
    connection.health_check_done = False
    with acting_as(ACME):
        assert "ACME" in now()


def as_other_owner() -> Any:
    """Connect as the owner, beside Django's connection."""
    import psycopg

    params = {k: v for k, v in connection.get_connection_params().items() if k not in ("cursor_factory", "context")}
    return psycopg.connect(**{**params, "options": ""}, autocommit=True)


def test_going_on_as_another_needs_a_block_that_ends_it(bare):
    with acting_as(NOBODY):
        switch_to(ACME)
        assert "ACME" in now()
    assert now() == ""
    with pytest.raises(RuntimeError):
        switch_to(ACME)
    assert now() == ""


def test_a_streamed_answer_is_made_in_scope_and_leaves_nothing_between_its_parts(bare, monkeypatch):
    monkeypatch.setattr(scope, "CHUNKS_AT_ONCE", 2)
    parts = each_acting_as(ACME, (now().encode() + b";" for _ in range(3)))
    assert next(parts).count(b"ACME") == 2
    assert now() == ""
    assert next(parts).count(b"ACME") == 1
    assert list(parts) == []
    abandoned = each_acting_as(ACME, (now().encode() for _ in range(9)))
    next(abandoned)
    assert now() == ""


THREADS, ROUNDS, ACCOUNTS = 4, 250, 10


@dataclass
class Pool:
    """What threads that share nothing but the database saw that they should not."""

    foreign: int = 0
    seen: int = 0
    unset: int = 0
    troubles: int = 0


def _round(rng: random.Random, pool: Pool) -> None:
    number = f"A-{rng.randrange(ACCOUNTS)}"
    try:
        with acting_as(of_account(number)):
            _trouble(rng)
            _look(pool, {number})
            if rng.random() < 0.3:
                with transaction.atomic():
                    _look(pool, {number})
                    with acting_as(of_account("A-0")):
                        _trouble(rng)
                        _look(pool, {"A-0"})
                    _look(pool, {number})
            if rng.random() < 0.2:
                switch_to(of_account("A-1"))
                _look(pool, {"A-1"})
            _trouble(rng)
    except (DatabaseError, ZeroDivisionError):
        pool.troubles += 1
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from org_account_place")
        pool.unset += cursor.fetchone()[0]


def _look(pool: Pool, mine: set[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select account_number from org_account_place")
        found = {number for (number,) in cursor.fetchall()}
    pool.seen += len(found & mine)
    pool.foreign += len(found - mine)


def _trouble(rng: random.Random) -> None:
    draw = rng.random()
    with connection.cursor() as cursor:
        if draw < 0.05:
            raise ZeroDivisionError
        if draw < 0.10:
            cursor.execute("select 1/0")
        if draw < 0.13:
            cursor.execute("set statement_timeout = 50")
            try:
                cursor.execute("select pg_sleep(1)")
            finally:
                # A failed transaction takes it back itself.
                if not connection.in_atomic_block:
                    cursor.execute("set statement_timeout = 0")
    if draw > 0.98 and not connection.in_atomic_block:
        connection.close()


def _many(bare_setup: Callable[[], None]) -> Pool:
    from closeknit.rooms.org.models import AccountPlace

    with seeing_everything():
        AccountPlace.objects.bulk_create(AccountPlace(account_number=f"A-{n}", region="") for n in range(ACCOUNTS))
    bare_setup()
    pools = [Pool() for _ in range(THREADS)]

    def work(seed: int) -> None:
        rng = random.Random(seed)
        try:
            for _ in range(ROUNDS):
                _round(rng, pools[seed])
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Pool(*(sum(getattr(p, name) for p in pools) for name in ("foreign", "seen", "unset", "troubles")))


def test_pooled_connections_never_show_another_readers_rows(bare):
    found = _many(lambda: None)
    assert (found.foreign, found.unset) == (0, 0)
    assert found.seen > THREADS * ROUNDS // 2
    assert found.troubles > THREADS * ROUNDS // 20


def test_red_twin_a_scope_that_is_not_taken_back_leaks_to_the_next(bare, monkeypatch):
    found = _many(lambda: monkeypatch.setattr(scope, "_restore", lambda *_: None))
    assert found.unset > 0
    assert found.foreign > 0


def test_the_owner_beside_the_application_is_for_tests_only(bare):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("select current_setting('is_superuser')")
        assert cursor.fetchone() == ("on",)
