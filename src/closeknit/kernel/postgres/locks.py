"""Advisory file locks the operating system frees by itself when a process dies, however it dies."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from closeknit.kernel.postgres.errors import DatabaseError


def open_lock(path: Path) -> int:
    """A fresh open file description of a lock file (0600); the caller closes it."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as reason:
        raise DatabaseError(
            f"Cannot open the lock file {path}: {reason.strerror}. Nothing was changed. "
            "Run as the user who owns that folder, or set CLOSEKNIT_HOME to a folder of your own."
        ) from reason


def hold(descriptor: int, *, shared: bool = False) -> None:
    """Wait until the lock is ours."""
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)


def try_hold(descriptor: int) -> bool:
    """Take the lock exclusively if nobody has it; says whether it was had."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock file."""
    if not path.exists():
        return False
    descriptor = open_lock(path)
    try:
        return not try_hold(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file exclusively for the body."""
    descriptor = open_lock(path)
    try:
        hold(descriptor)
        yield
    finally:
        os.close(descriptor)
