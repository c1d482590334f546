"""How a process uses the database: acquire it, look at it, stop it, remove it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from closeknit.kernel.postgres.cluster import APP_ROLE, SUPERUSER
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.locks import hold, is_held, locked, open_lock
from closeknit.kernel.postgres.places import IMPORT_ROOT, MOVED_ROOT, Places, find_places, make_places
from closeknit.kernel.postgres.server import (
    accepts,
    find_server,
    open_log,
    remove_socket_folder,
    server_url,
    stop_server,
)

WAIT_SECONDS = 180.0
STOP_SECONDS = 60.0
KEEPER_TRIES = 5
POLL_SECONDS = 0.01
LARGEST_KEEPER_LOG_BYTES = 500_000

State = Literal["external", "absent", "stopped", "starting", "running", "orphaned"]


@dataclass(frozen=True, slots=True)
class Status:
    """How one home's database is; `orphaned`: a server whose keeper was killed (the next use adopts it)."""

    state: State
    folder: Path | None = None
    url: str | None = None
    server_pid: int | None = None
    keeper_pid: int | None = None
    major: int | None = None
    source: str | None = None
    size_bytes: int = 0


class Database:
    """A database in use: the server lives at least as long as this object or its process does."""

    def __init__(self, url: str, places: Places | None = None, users_lock: int | None = None) -> None:
        self.url = url
        self._places = places
        self._users_lock = users_lock

    @property
    def app_url(self) -> str:
        """The URL under which the application itself logs in: a role that owns nothing (see kernel/roles.py)."""
        return self.url.replace(f"//{SUPERUSER}@", f"//{APP_ROLE}@", 1) if self.managed else self.url

    @property
    def managed(self) -> bool:
        """Whether the server is ours to start and stop (False for `DATABASE_URL`)."""
        return self._places is not None

    def ensure(self) -> None:
        """See that keeper and server live, starting them again if both were killed; cheap when they do."""
        if self._places is not None and self._users_lock is not None:
            self.url = _ensure_running(self._places)

    def close(self) -> None:
        """Stop using the database; when nobody else does, its server stops."""
        if self._places is None or self._users_lock is None:
            return
        os.close(self._users_lock)
        self._users_lock = None
        if not is_held(self._places.keeper_lock) and find_server(self._places) is not None:
            # The keeper was killed: a new one adopts the server, sees no user, and stops it.
            _spawn_keeper(self._places)

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def acquire(home: Path) -> Database:
    """Use the database of `home`, starting its server if need be; `DATABASE_URL`, wins (unmanaged)."""
    external = os.environ.get("DATABASE_URL")
    if external:
        return Database(external)
    places = make_places(home)
    users = open_lock(places.users_lock)
    try:
        hold(users, shared=True)
        return Database(_ensure_running(places), places, users)
    except BaseException:
        os.close(users)
        raise


def status(home: Path) -> Status:
    """How the database of `home` is; changes nothing."""
    external = os.environ.get("DATABASE_URL")
    if external:
        return Status("external", url=_without_password(external))
    places = find_places(home)
    if places is None:
        return Status("absent")
    facts = _read_state(places)
    server = find_server(places)
    kept = is_held(places.keeper_lock)
    return Status(
        _state_of(kept, server is not None, facts),
        folder=places.folder,
        url=server_url(server.socket_folder) if server else None,
        server_pid=server.pid if server else None,
        keeper_pid=facts.get("keeper_pid") if kept else None,
        major=places.data_major(),
        source=facts.get("source"),
        size_bytes=_size_bytes(places.folder),
    )


def stop(home: Path) -> bool:
    """Stop the server of `home` even if it is in use; says whether there was one. Data is kept."""
    places = find_places(home)
    if places is None:
        return False
    return _stop(places)


def remove(home: Path) -> list[Path]:
    """Stop the server of `home` and delete its database folder; the paths that were deleted."""
    places = find_places(home)
    if places is None:
        return []
    _stop(places)
    removed = [places.folder]
    shutil.rmtree(places.folder)
    where = home.resolve() / "where"
    if where.exists():
        where.unlink()
        removed.append(where)
    remove_moved_root()
    (home.resolve() / "place.lock").unlink(missing_ok=True)
    return removed


def remove_moved_root() -> None:
    """Remove the folder of moved databases when the last of them is gone. It is root's: others leave it alone."""
    if os.geteuid() == 0 and MOVED_ROOT.is_dir() and not any(MOVED_ROOT.iterdir()):
        MOVED_ROOT.rmdir()


def _ensure_running(places: Places) -> str:
    """Under the start lock: a living keeper whose server takes connections; its URL."""
    with locked(places.start_lock):
        deadline = time.monotonic() + WAIT_SECONDS
        spawned = 0
        while time.monotonic() < deadline:
            facts = _read_state(places)
            kept = is_held(places.keeper_lock)
            if kept and facts.get("state") == "ready" and accepts(Path(facts["socket_folder"])):
                return server_url(Path(facts["socket_folder"]))
            if not kept:
                if spawned and facts.get("state") == "failed":
                    raise DatabaseError(_failure_text(places, facts["reason"]))
                if spawned == KEEPER_TRIES:
                    raise DatabaseError(_failure_text(places, "the keeper process ended without saying why"))
                places.state.unlink(missing_ok=True)
                _spawn_keeper(places)
                spawned += 1
            time.sleep(POLL_SECONDS)
    raise DatabaseError(_failure_text(places, f"not ready within {WAIT_SECONDS:.0f} s"))


def _spawn_keeper(places: Places) -> None:
    """Start a keeper in a session of its own; returns once it is detached from this process."""
    log = open_log(places.keeper_log, LARGEST_KEEPER_LOG_BYTES)
    path = os.pathsep.join(filter(None, (str(IMPORT_ROOT), os.environ.get("PYTHONPATH"))))
    try:
        subprocess.run(
            [sys.executable, "-m", "closeknit.kernel.postgres", "keep", str(places.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=places.folder,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as reason:
        text = f"the keeper process could not be started ({reason})"
        raise DatabaseError(_failure_text(places, text)) from reason
    finally:
        os.close(log)


def _stop(places: Places) -> bool:
    server = find_server(places)
    deadline = time.monotonic() + STOP_SECONDS
    asked: set[int] = set()
    while is_held(places.keeper_lock) and time.monotonic() < deadline:
        pid = _read_state(places).get("keeper_pid")
        if isinstance(pid, int) and pid not in asked:
            asked.add(pid)
            _ask_to_stop(pid)
        time.sleep(POLL_SECONDS)
    left = find_server(places)
    if left is not None:
        stop_server(left)
    remove_socket_folder(places)
    places.state.unlink(missing_ok=True)
    return server is not None


def _ask_to_stop(keeper_pid: int) -> None:
    try:
        os.kill(keeper_pid, signal.SIGTERM)
    except ProcessLookupError:
        return


def _state_of(kept: bool, served: bool, facts: dict[str, Any]) -> State:
    if not kept:
        return "orphaned" if served else "stopped"
    return "running" if served and facts.get("state") == "ready" else "starting"


def _read_state(places: Places) -> dict[str, Any]:
    try:
        found = json.loads(places.state.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _failure_text(places: Places, reason: str) -> str:
    return (
        f"The embedded PostgreSQL in {places.folder} did not start: {reason} "
        f"The data is kept. See {places.keeper_log} and {places.server_log}; ./run doctor checks the rest."
    )


def _without_password(url: str) -> str:
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if not parts.password:
        return url
    return url.replace(f":{parts.password}@", ":***@", 1)


def _size_bytes(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except FileNotFoundError:
                continue
    return total
