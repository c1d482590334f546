"""Test events, a test wiring, and a tally table whose rows count effects one by one."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import pytest

from closeknit.kernel import events
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import Listener
from closeknit.kernel.news import Event

SOMEBODY = Actor(key="somebody", name="Somebody", permissions=frozenset({"events.replay"}))
Wire = Callable[[Mapping[type[Event], tuple[Listener, ...]]], None]


def resolve(key: str) -> Actor:
    """Find the tests' own actors."""
    from closeknit.kernel.errors import NotFound

    if key != SOMEBODY.key:
        raise NotFound("There is no such person.", where=key)
    return SOMEBODY


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A function that installs a wiring for one test; the product's own comes back afterwards."""
    kept = {f.name: getattr(events._wiring, f.name) for f in dataclasses.fields(events._wiring)}

    def install(listeners: Mapping[type[Event], tuple[Listener, ...]]) -> None:
        events.connect(listeners, resolve)

    yield install
    for name, value in kept.items():
        setattr(events._wiring, name, value)


@pytest.fixture
def sql(transactional_db: None) -> Callable[..., list[tuple[Any, ...]]]:
    """A function that runs one statement and returns its rows; tables of a test's own are made by the owner."""
    from django.db import connection
    from tests.roles import as_owner

    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        of_owner = statement.startswith(("create table", "drop table")) or "pg_terminate_backend" in statement
        with as_owner() if of_owner else nullcontext(), connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def tally(sql: Callable[..., list[tuple[Any, ...]]]) -> Iterator[Callable[[], int]]:
    """A table in which every effect adds a row, so that a doubled effect shows; call it to count them."""
    sql("create table test_tally (key text not null)")
    yield lambda: int(sql("select count(*) from test_tally")[0][0])
    sql("drop table test_tally")
