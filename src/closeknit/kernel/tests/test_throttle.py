"""Tries are counted before they are looked at, for all processes alike, and for a minute only."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import close_old_connections, connection
from hypothesis import given
from hypothesis import strategies as st

from closeknit.kernel import throttle
from closeknit.kernel.models import Try
from closeknit.kernel.throttle import MOST_TRIES, give_back, purge_tries, take_try

SOURCE = Path(__file__).resolve().parents[3]


def age(seconds: float) -> None:
    """Let time pass for the tries so far."""
    with connection.cursor() as cursor:
        cursor.execute("update kernel_try set tried_at = tried_at - make_interval(secs => %s)", [seconds])


def count_taken(wishes: int, *keys: str) -> int:
    return sum(not take_try(keys).is_refused for _ in range(wishes))


@pytest.mark.django_db
def test_so_many_tries_a_minute_for_a_key_and_others_are_not_slowed_down():
    began = time.monotonic()
    assert count_taken(25, "a") == MOST_TRIES
    assert count_taken(25, "b") == MOST_TRIES
    refused = take_try(["a"])
    assert refused.ids == ()
    # The database's clock goes on while this runs.
    assert 59 - (time.monotonic() - began) <= refused.wait_seconds <= 60


@pytest.mark.django_db
def test_one_full_key_refuses_and_counts_nothing_for_the_others():
    count_taken(MOST_TRIES, "account")
    assert take_try(["account", "address"]).is_refused
    assert count_taken(25, "address") == MOST_TRIES


@pytest.mark.django_db
def test_the_window_slides_and_nobody_waits_longer_than_it():
    began = time.monotonic()
    count_taken(5, "a")
    age(40)
    count_taken(5, "a")
    assert 19 - (time.monotonic() - began) <= take_try(["a"]).wait_seconds <= 20
    age(21)
    assert count_taken(25, "a") == 5


@pytest.mark.django_db
def test_a_try_that_succeeds_is_given_back():
    for _ in range(3 * MOST_TRIES):
        taken = take_try(["a"])
        assert not taken.is_refused
        give_back(taken)
    assert Try.objects.count() == 0


@pytest.mark.django_db
def test_only_hashes_are_kept_and_not_for_long():
    take_try(["password:alice"])
    assert b"alice" not in bytes(Try.objects.get().key_sha256)
    assert purge_tries() == 0
    age(throttle.KEEP_SECONDS + 1)
    assert purge_tries() == 1


@given(gaps=st.lists(st.integers(0, 40), min_size=1, max_size=40))
@pytest.mark.django_db
def test_no_minute_ever_holds_more_tries_than_allowed(gaps):
    Try.objects.all().delete()
    began, at, taken = time.monotonic(), 0, []
    for gap in gaps:
        age(gap)
        at += gap
        if not take_try(["a"], most=3).is_refused:
            taken.append(at)
    # The database's clock goes on while this runs.
    passed = time.monotonic() - began
    assert all(later - first >= 60 - passed for first, later in zip(taken, taken[3:], strict=False))


def wish_at_once(wishes: int, threads: int) -> int:
    def wish(_: int) -> bool:
        close_old_connections()
        try:
            return not take_try(["shared"]).is_refused
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(wish, range(wishes)))


@pytest.mark.django_db(transaction=True)
def test_of_many_connections_at_once_no_more_get_through():
    assert wish_at_once(60, 8) == MOST_TRIES


@pytest.mark.django_db(transaction=True)
def test_red_twin_without_the_lock_more_get_through(monkeypatch):
    class Cursor:
        """Skips the lock, and takes as long to look at the tries as a busy database would."""

        def __init__(self, inner):
            self.inner = inner

        def __enter__(self):
            self.inner.__enter__()
            return self

        def __exit__(self, *failure):
            return self.inner.__exit__(*failure)

        def execute(self, sql, values):
            if "advisory" in sql:
                return None
            if "insert" in sql:
                time.sleep(0.2)
            return self.inner.execute(sql, values)

        def fetchone(self):
            return self.inner.fetchone()

        def fetchall(self):
            return self.inner.fetchall()

    class Connection:
        def cursor(self):
            return Cursor(connection.cursor())

    monkeypatch.setattr(throttle, "connection", Connection())
    assert wish_at_once(60, 8) > MOST_TRIES


PROCESS = """
import os, sys
import django; django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from closeknit.kernel.throttle import take_try
print("ready", flush=True)
sys.stdin.readline()
print(sum(not take_try(["shared"]).is_refused for _ in range(15)))
"""


@pytest.mark.django_db(transaction=True)
def test_four_processes_share_one_count():
    command = [sys.executable, "-c", PROCESS, connection.settings_dict["NAME"]]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": SOURCE}
    running = [subprocess.Popen(command, **pipes) for _ in range(4)]
    # All are up before the first tries: a slow start must not reach beyond the minute that is counted.
    assert [process.stdout.readline() for process in running] == ["ready\n"] * 4
    taken = [int(process.communicate("go\n", timeout=240)[0]) for process in running]
    assert sum(taken) == MOST_TRIES
