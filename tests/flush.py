"""Lets the test harness empty the database between transactional tests.

The ledger refuses to be truncated, also by the harness, and procrastinate's tables are not Django's to flush.
Here, and nowhere else, the guards stand aside for the harness's own TRUNCATE, as owner: one transaction.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

LEDGER = (
    "decisions_ledger_entry",
    "decisions_ledger_leaf",
    "decisions_ledger_node",
    "decisions_ledger_checkpoint",
)
GUARDS = ("ledger_only_grows", "ledger_never_truncated")
JOB_TABLES = (
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
)


def _widened(flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        if LEDGER[0] not in tables:
            return flush(self, style, tables, **options)
        pairs = [(table, guard) for table in LEDGER for guard in GUARDS]
        aside = [f"alter table {table} disable trigger {guard};" for table, guard in pairs]
        again = [f"alter table {table} enable always trigger {guard};" for table, guard in pairs]
        # All in one transaction: with its end, the application's role is back.
        return ["set local role none;", *aside, *flush(self, style, [*tables, *JOB_TABLES], **options), *again]

    return sql_flush


@pytest.fixture(autouse=True, scope="session")
def _harness_may_flush() -> Iterator[None]:
    """Put the wider flush in place for the whole session."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", _widened(DatabaseOperations.sql_flush))
        yield


@pytest.fixture(autouse=True)
def _ledger_folder_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """An emptied database looks like a restored one: every test has checkpoints and a key of its own."""
    from django.conf import settings

    folder = tmp_path_factory.getbasetemp() / "ledgers" / uuid4().hex
    monkeypatch.setattr(settings, "LEDGER_FOLDER", folder)
    monkeypatch.setattr(settings, "LEDGER_COPIES", [])
    # For the processes that a test starts.
    monkeypatch.setenv("CLOSEKNIT_LEDGER", str(folder))
