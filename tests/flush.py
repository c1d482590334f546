"""Lets the test harness empty the database between transactional tests.

The ledger refuses to be truncated, also by the harness, and procrastinate's tables are not Django's to flush.
Here, and nowhere else, both guards stand aside for the harness's own TRUNCATE: one transaction.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

LEDGER = "decisions_ledger_entry"
GUARDS = ("ledger_only_grows", "ledger_never_truncated")
JOB_TABLES = (
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
)


def _widened(flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush(self: Any, style: Any, tables: Any, **options: Any) -> list[str]:
        if LEDGER not in tables:
            return flush(self, style, tables, **options)
        aside = [f"alter table {LEDGER} disable trigger {guard};" for guard in GUARDS]
        again = [f"alter table {LEDGER} enable always trigger {guard};" for guard in GUARDS]
        return [*aside, *flush(self, style, [*tables, *JOB_TABLES], **options), *again]

    return sql_flush


@pytest.fixture(autouse=True, scope="session")
def _harness_may_flush() -> Iterator[None]:
    """Put the wider flush in place for the whole session."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", _widened(DatabaseOperations.sql_flush))
        yield
