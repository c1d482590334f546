"""The worker seals by itself, and looks outside also when nothing waits."""

import threading
import time
from pathlib import Path

import pytest
from django.conf import settings

from closeknit.kernel import jobs
from closeknit.rooms.decisions import jobs as ours
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.decisions.tests.actions.test_seal_ledger import restore
from closeknit.rooms.decisions.tests.sealing import build, leaves, write

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_worker_seals_what_was_written(monkeypatch):
    monkeypatch.setattr(ours, "_compared", {})
    stop = threading.Event()
    upkeep = jobs._upkeep["closeknit.rooms.decisions.jobs:keep_ledger_sealed"]  # as web/wiring.py installs it
    worker = threading.Thread(target=jobs._repeat, args=(stop, upkeep))
    worker.start()
    try:
        write(3)
        deadline = time.monotonic() + 240
        while len(leaves()) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        stop.set()
        worker.join()
    assert len(leaves()) == 3
    assert (Path(settings.LEDGER_FOLDER) / "checkpoints.jsonl").exists()


def test_a_restored_database_is_seen_at_the_start_even_when_nothing_waits(monkeypatch):
    build([2, 2])
    restore(2)
    monkeypatch.setattr(ours, "_compared", {"at": time.monotonic()})
    ours.keep_ledger_sealed()
    assert not LedgerEntry.objects.filter(kind="ledger.broken").exists()
    monkeypatch.setattr(ours, "_compared", {})
    ours.keep_ledger_sealed()
    assert LedgerEntry.objects.filter(kind="ledger.broken").count() == 1
