"""One process at a time through one connector."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection

NAME = "closeknit-connector"


@contextmanager
def alone_with(connector_id: UUID) -> Iterator[bool]:
    """Tell whether no other process is at this connector, and keep the others out until the end."""
    name = [NAME, str(connector_id)]
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext(%s), hashtext(%s))", name)
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("select pg_advisory_unlock(hashtext(%s), hashtext(%s))", name)
