"""Whom the tests are in the database: the application's role, as in real life, and the owner where a test must.

The owner makes the tests' database and empties it. Everything else runs under the application's role with every
account in scope, so that a test may call an action directly; HTTP, commands and jobs set the scope of who acts, as
they do in real life. A test that breaks tables open asks for the fixture `owner`.
"""

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

AS_APPLICATION = "-c role=closeknit_app -c closeknit.scope=all"


@pytest.fixture(scope="session")
def _owner_makes_the_database() -> Iterator[None]:
    from django.db import connections

    options: dict[str, Any] = connections.settings["default"]["OPTIONS"]
    kept = options.pop("options")
    yield
    options["options"] = kept


@pytest.fixture(scope="session")
def django_db_setup(_owner_makes_the_database: None, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Have the owner make the database; then work as the application."""
    from django.db import connection, connections

    from closeknit.kernel import roles

    options: dict[str, Any] = connections.settings["default"]["OPTIONS"]
    with django_db_blocker.unblock():
        roles.ensure_app_role()
        roles.ensure_grants()
        connection.close()
        options["options"] = AS_APPLICATION
    yield
    with django_db_blocker.unblock():
        connection.close()
        options.pop("options", None)
        _see_the_others_out()
        connection.close()


OTHERS = (
    "select pid, state, left(query, 200) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
LAST_PATIENCE_SECONDS = 60


def _see_the_others_out() -> None:
    """Wait for requests and processes that are ending, so that the database can go; name and end who stays."""
    from django.db import connection

    deadline = time.monotonic() + LAST_PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute(OTHERS)
            others = cursor.fetchall()
            if not others:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        warnings.warn(f"tests left connections behind, which are ended now: {others}", stacklevel=2)
        cursor.execute(f"select pg_terminate_backend(pid) from ({OTHERS}) as others")


@contextmanager
def as_owner() -> Iterator[None]:
    """Be the owner of the tables for a while, on this connection: its login is the owner's, put into a lesser role."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("set role none")
    yield
    # Where this fails, the rollback that is due takes the change of role back too.
    with connection.cursor() as cursor:
        cursor.execute("set role closeknit_app")


@pytest.fixture
def owner(db: None) -> Iterator[None]:
    """Run the whole test as the owner of the tables, a superuser, on every connection it opens."""
    from django.db import connection
    from django.db.backends.signals import connection_created

    def rise(connection: Any, **_: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set role none")

    connection.ensure_connection()
    rise(connection)
    connection_created.connect(rise)
    yield
    connection_created.disconnect(rise)
    if not connection.in_atomic_block:
        connection.close()
