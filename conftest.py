"""Tests run on real PostgreSQL: the embedded one, started here unless DATABASE_URL names another.

Settings are named here and not in pyproject.toml: pytest-django would read them before the database is there.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT / "src"))
os.environ.setdefault("CLOSEKNIT_HOME", str(ROOT / ".closeknit"))
os.environ.setdefault("CLOSEKNIT_KERNELS", str(Path(os.environ["CLOSEKNIT_HOME"]) / "cache"))
# The same examples at each run, so that what passed here passes elsewhere; the long form looks for new ones.
# How long an example takes is no test.
IS_LONG = os.environ.get("CLOSEKNIT_SLOW") == "1"
settings.register_profile(
    "closeknit", derandomize=not IS_LONG, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("closeknit")
# Processes that share the work have a database each, which the programs that they start find by the same suffix.
_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if _worker:
    os.environ["CLOSEKNIT_TEST_SUFFIX"] = os.environ.get("CLOSEKNIT_TEST_SUFFIX", "") + f"_{_worker}"
# Every test has a ledger folder of its own (tests/flush.py); this one is for what runs before the first.
os.environ["CLOSEKNIT_LEDGER"] = str(Path(os.environ["CLOSEKNIT_HOME"]) / f"test-ledger{_worker}")
os.environ.setdefault("CLOSEKNIT_SECRET_KEY", "only-for-tests-" + "x" * 40)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "closeknit.web.settings")
# The browser driver keeps an event loop in the main thread; our own calls there are synchronous all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

os.environ.pop("CLOSEKNIT_APP_DATABASE_URL", None)
_database = None
if "DATABASE_URL" not in os.environ:
    from closeknit.kernel import postgres

    _database = postgres.acquire(Path(os.environ["CLOSEKNIT_HOME"]))
    os.environ["DATABASE_URL"] = _database.url

import django  # noqa: E402 - only now is the database known

django.setup()

pytest_plugins = ["tests.cast", "tests.flush", "tests.midnight", "tests.roles", "tests.answers"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Let a test log what no encoding has: between processes a report is UTF-8."""
    report: Any = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report
