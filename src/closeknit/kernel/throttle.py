"""Slow down guessing: at most MOST_TRIES tries a minute for one key (an account, an address), over all processes.

A try is counted before it is looked at, under a lock of its key: however many processes and connections try at once,
no more get through. A try that succeeds is given back. Nobody is locked out for longer than the minute.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from django.db import connection, transaction

MOST_TRIES = 10
WINDOW_SECONDS = 60
KEEP_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a wish to try: the tries counted, or after how many seconds to come again."""

    ids: tuple[int, ...] = ()
    wait_seconds: int = 0

    @property
    def is_refused(self) -> bool:
        """Tell whether there were too many tries."""
        return self.wait_seconds > 0


def take_try(keys: Iterable[str], *, most: int = MOST_TRIES) -> Taken:
    """Count one try against every key, or refuse and count none, where one of them has had `most` within the window."""
    hashed = sorted({_hash(key) for key in keys})
    with transaction.atomic(), connection.cursor() as cursor:
        for key in hashed:
            cursor.execute("select pg_advisory_xact_lock(%s)", [int.from_bytes(key[:8], "big", signed=True)])
        # clock_timestamp: a waiting transaction's own beginning lies before the tries that it waited for.
        cursor.execute(
            "select coalesce(max(wait), 0) from ("
            " select extract(epoch from max(tried_at) - clock_timestamp()) + %s as wait"
            " from (select key_sha256, tried_at,"
            "  row_number() over (partition by key_sha256 order by tried_at desc) as nth"
            "  from kernel_try"
            "  where key_sha256 = any(%s) and tried_at > clock_timestamp() - make_interval(secs => %s)) as recent"
            " where nth = %s group by key_sha256) as full_keys",
            [WINDOW_SECONDS, hashed, WINDOW_SECONDS, most],
        )
        wait = float(cursor.fetchone()[0])
        if wait > 0:
            return Taken(wait_seconds=max(1, ceil(wait)))
        cursor.execute(
            "insert into kernel_try (key_sha256, tried_at)"
            " select key, clock_timestamp() from unnest(%s::bytea[]) as key returning id",
            [hashed],
        )
        return Taken(ids=tuple(row[0] for row in cursor.fetchall()))


def give_back(taken: Taken) -> None:
    """Take back the tries of one who succeeded: only failures count."""
    if taken.ids:
        with connection.cursor() as cursor:
            cursor.execute("delete from kernel_try where id = any(%s)", [list(taken.ids)])


def purge_tries() -> int:
    """Delete tries that no longer count, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from kernel_try where tried_at < clock_timestamp() - make_interval(secs => %s)", [KEEP_SECONDS]
        )
        return int(cursor.rowcount)


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="replace")).digest()
