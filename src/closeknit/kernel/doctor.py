"""Looks at what the product stands on: disk, memory, PostgreSQL, the browser. Standard library only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from closeknit.kernel import postgres

Level = Literal["ok", "warn", "fail"]
Finding = tuple[Level, str]

COMFORTABLE_DISK_GB = 2.0
LEAST_DISK_GB = 0.7
COMFORTABLE_MEMORY_GB = 1.5


def examine(root: Path, *, prepared: bool) -> Iterator[Finding]:
    """Every finding, in the order to read them; `prepared` when the environment is set up."""
    yield from look_at_machine(root)
    yield from look_at_postgres(root, prepared=prepared)
    yield from look_at_browser()


def look_at_machine(root: Path) -> Iterator[Finding]:
    """Disk, memory, cores."""
    free = shutil.disk_usage(root).free / 1e9
    level: Level = "ok" if free >= COMFORTABLE_DISK_GB else "warn" if free >= LEAST_DISK_GB else "fail"
    yield level, f"disk: {free:.1f} GB free at {root} ({COMFORTABLE_DISK_GB} GB is comfortable)"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    level = "ok" if memory >= COMFORTABLE_MEMORY_GB else "warn"
    comfort = f"{COMFORTABLE_MEMORY_GB} GB is comfortable"
    yield level, f"memory: {memory:.1f} GB ({comfort}), {os.cpu_count()} cores"


def look_at_postgres(root: Path, *, prepared: bool) -> Iterator[Finding]:
    """The PostgreSQL programs, and the database of the data folder."""
    try:
        found = postgres.list_binaries()
        home = postgres.data_folder(root)
        now = postgres.status(home)
    except postgres.DatabaseError as reason:
        yield "fail", f"database: {reason}"
        return
    listed = ", ".join(f"{one.major} ({one.source}: {one.folder})" for one in found)
    if found or now.state == "external":
        yield "ok", f"PostgreSQL found: {listed or 'none, and none is needed'}"
    else:
        level: Level = "fail" if prepared else "warn"
        yield level, "no PostgreSQL >= 15 found: ./run demo installs one, or set DATABASE_URL"
    yield _describe(now, home)
    yield _describe_login(now)
    for orphan in postgres.list_orphans():
        yield "warn", f"{orphan} belongs to a clone that is gone: delete it if you don't miss its data"


def look_at_browser() -> Iterator[Finding]:
    """The browser that browser tests drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            yield "ok", f"browser: {path}"
            return
    yield "warn", "no Chromium: browser tests will be skipped (Debian, Ubuntu: apt-get install chromium)"


def _describe(now: postgres.Status, home: Path) -> Finding:
    where = f" at {now.url or now.folder}" if now.url or now.folder else f" (will be made for {home})"
    size = f", {now.size_bytes / 1e6:.0f} MB" if now.size_bytes else ""
    if now.state == "orphaned":
        return "warn", f"database: orphaned{where}{size}: its keeper was killed; the next use adopts it"
    return "ok", f"database: {now.state}{where}{size}"


def _describe_login(now: postgres.Status) -> Finding:
    if now.state != "external":
        return "ok", f"row security: the application logs in as {postgres.APP_ROLE}, which owns nothing"
    if os.environ.get("CLOSEKNIT_APP_DATABASE_URL"):
        return "ok", "row security: the application has a login of its own (CLOSEKNIT_APP_DATABASE_URL)"
    return "warn", (
        f"row security: the owner's login takes the role {postgres.APP_ROLE}; injected SQL could put it off again. "
        "Better: give the application a login of its own in CLOSEKNIT_APP_DATABASE_URL"
    )
