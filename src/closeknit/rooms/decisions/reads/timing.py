"""The database's clock: timers live there, so that a worker whose own clock is wrong changes nothing."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return the database's time, which stands still within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("select transaction_timestamp()")
        (now,) = cursor.fetchone()
    instant: datetime = now
    return instant
