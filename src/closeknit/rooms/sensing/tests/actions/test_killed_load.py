"""A load is killed at its worst moments and loaded again: totals equal those of an undisturbed load."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo

from closeknit.rooms.org.reads import console_actor
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import Counts
from closeknit.rooms.sensing.models import Batch, WorkRow
from closeknit.rooms.sensing.tests.small import call, load, write_calls

CHILD = """
import contextlib, os, signal, sys
from pathlib import Path
import django
django.setup()
from closeknit.kernel.scope import acting_as
from closeknit.rooms.org.reads import console_actor
from closeknit.rooms.sensing.actions import ingest_batch as module
from closeknit.rooms.sensing.tests.small import load
path, moment, chunk, guard = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "guarded"
module.CHUNK_ROWS = 100
chunks = 0
def die_at_last(*_):
    global chunks
    chunks += 1
    if chunks == chunk:
        os.kill(os.getpid(), signal.SIGKILL)
if moment == "inside the transaction":
    move_on = module._move_on
    module._move_on = lambda *given: (die_at_last(), move_on(*given))
if not guard:
    module.transaction = type("NoTransaction", (), {"atomic": staticmethod(contextlib.nullcontext)})
with acting_as(console_actor()):
    load(path, console_actor(), on_progress=die_at_last if moment == "between chunks" else None)
"""


def killed_load(path, moment, chunk, guard="guarded"):
    settings = connection.settings_dict
    names = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT", "dbname": "NAME"}
    url = make_conninfo(**{ours: settings[theirs] for ours, theirs in names.items() if settings[theirs]})
    source = str(Path(__file__).resolve().parents[5])
    environment = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": source}
    command = [sys.executable, "-c", CHILD, str(path), moment, str(chunk), guard]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == -signal.SIGKILL, done.stderr


def file_of_calls(folder):
    lines = (
        [call(n) for n in range(950)] + [call(n) for n in range(30)] + [call(2000 + n, calls="x") for n in range(20)]
    )
    return write_calls(folder, [lines[(number * 7) % 1000] for number in range(1000)])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("moment", "chunk"), [("between chunks", 1), ("between chunks", 6), ("inside the transaction", 4)]
)
def test_a_killed_load_goes_on_where_it_stopped(tmp_path, moment, chunk):
    path = file_of_calls(tmp_path)
    killed_load(path, moment, chunk)
    kept = chunk if moment == "between chunks" else chunk - 1
    assert Batch.objects.get().read == kept * 100
    card = load(path, console_actor())
    assert card.counts == Counts(read=1000, accepted=950, quarantined=20, duplicate=30)
    assert Batch.objects.count() == 1
    assert WorkRow.objects.count() == 950 == reads.get_operation("desk", by=console_actor()).rows


@pytest.mark.django_db(transaction=True)
def test_red_twin_without_the_transaction_the_totals_are_wrong(tmp_path):
    path = file_of_calls(tmp_path)
    killed_load(path, "inside the transaction", 4, guard="unguarded")
    card = load(path, console_actor())
    assert card.counts != Counts(read=1000, accepted=950, quarantined=20, duplicate=30)
