"""Heavy reads beside daily work: on one core of the database each, with memory of their own, and never for long.

By itself PostgreSQL gives one large read every core that there is; what comes in and what people look at would wait.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import connection
from psycopg.pq import TransactionStatus

ONE_CORE = {"max_parallel_workers_per_gather": "0"}
LONGEST_READ = "60s"
OF_A_READ = {**ONE_CORE, "statement_timeout": LONGEST_READ, "work_mem": "32MB"}
NICENESS = 5
_FAILED = TransactionStatus.INERROR


@contextmanager
def reading_heavily() -> Iterator[None]:
    """Have this thread's connection read as analysis does, and afterwards as before."""
    _set(OF_A_READ)
    try:
        yield
    finally:
        # What a transaction set that failed is undone with it.
        if connection.connection is not None and connection.connection.info.transaction_status != _FAILED:
            _reset(OF_A_READ)


def keep_to_one_core() -> None:
    """Have this thread's connection use one core of the database for each read, until it is closed."""
    _set(ONE_CORE)


def step_back() -> None:
    """Let this thread come after others where all want the processor; done where the system knows threads' priorities.

    What was lowered cannot be raised again: for threads that do nothing else.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _set(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        parts = ", ".join("set_config(%s, %s, false)" for _ in settings)
        cursor.execute(f"select {parts}", [word for pair in settings.items() for word in pair])


def _reset(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name in settings:
            cursor.execute(f"reset {name}")
