"""Runs one user of the embedded database in a process of its own, so that it can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

IMPORT_ROOT = Path(__file__).resolve().parents[3]
APP = """
import sys
from pathlib import Path
from closeknit.kernel.postgres import acquire
database = acquire(Path(sys.argv[1]))
print(database.url, flush=True)
sys.stdin.read()
database.close()
"""
PATIENCE_SECONDS = 240.0


def own_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without what would point at another database."""
    ours = ("DATABASE_URL", "CLOSEKNIT_HOME", "CLOSEKNIT_POSTGRES")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "PYTHONPATH": str(IMPORT_ROOT), **(extra or {})}


def start_app(home: Path, **extra: str) -> subprocess.Popen[str]:
    """A process that acquires the database of `home`, prints its URL, and lives until its input closes."""
    return subprocess.Popen(
        [sys.executable, "-c", APP, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=own_environment(extra),
    )


def url_of(app: subprocess.Popen[str]) -> str:
    """The URL the process printed; its complaint when it printed none."""
    assert app.stdout is not None
    assert app.stderr is not None
    line = app.stdout.readline().strip()
    assert line, app.stderr.read()
    return line


def end_app(app: subprocess.Popen[str]) -> None:
    """Let the process finish in its own way."""
    app.communicate("", timeout=PATIENCE_SECONDS)


def wait_for(happened: Callable[[], bool], what: str) -> None:
    """Poll other processes until something happened; there is no clock of ours to pass them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE_SECONDS:.0f} s"
        time.sleep(0.01)
