"""The keeper: one process per data folder that starts the server, restarts it, and stops it in the end.

It holds `keeper.lock` for life. Every user of the database holds `users.lock` shared for life, so the
operating system frees it even after kill -9; when the keeper gets it exclusively, nobody is left.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from closeknit.kernel.postgres.accounts import server_account
from closeknit.kernel.postgres.binaries import Binaries, find_binaries, reachable_binaries
from closeknit.kernel.postgres.cluster import create_cluster, write_settings
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.locks import hold, open_lock, try_hold
from closeknit.kernel.postgres.places import Places
from closeknit.kernel.postgres.server import (
    Server,
    choose_socket_folder,
    find_server,
    is_ready,
    remove_socket_folder,
    start_server,
    stop_server,
    trim_running_log,
)

START_TRIES = 12
LONGEST_PAUSE_SECONDS = 5.0
ADOPTED_POLL_SECONDS = 0.2
TICK_SECONDS = 60.0

News = Literal["nobody left", "asked to stop", "server ended"]


def keep(folder: Path) -> int:
    """Become the keeper, leave the caller, and serve one data folder until its last user is gone."""
    places = Places(folder.resolve(), server_account())
    lock = open_lock(places.keeper_lock)
    if not _become_keeper(lock):
        _say("another keeper serves this folder")
        return 0
    # The fork shares the lock just taken: when the caller sees this process end, the keeper is in charge.
    # The keeper itself is nobody's child, so it leaves no zombie in the process that asked for it.
    if os.fork():
        os._exit(0)
    news: queue.SimpleQueue[News] = queue.SimpleQueue()
    signal.signal(signal.SIGTERM, lambda *_: news.put("asked to stop"))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    users = open_lock(places.users_lock)
    try:
        return _serve(places, news, users)
    finally:
        # In this order: a newcomer waits on users.lock and must then find that no keeper is left.
        os.close(lock)
        os.close(users)


def write_state(places: Places, state: str, **facts: object) -> None:
    """Tell users, atomically, how the server is."""
    pending = places.state.with_suffix(".new")
    pending.write_text(json.dumps({"state": state, "keeper_pid": os.getpid(), **facts}))
    pending.chmod(0o600)
    pending.replace(places.state)


def _become_keeper(lock: int) -> bool:
    # Somebody who only looks whether a keeper lives holds the lock for a moment.
    for _ in range(50):
        if try_hold(lock):
            return True
        time.sleep(0.01)
    return False


def _serve(places: Places, news: queue.SimpleQueue[News], users: int) -> int:
    if try_hold(users) and find_server(places) is None:
        return 0
    write_state(places, "starting")
    try:
        binaries = _prepare(places)
        server = _start_with_retry(places, binaries)
    except DatabaseError as reason:
        return _fail(places, reason)
    except OSError as reason:
        return _fail(places, DatabaseError(f"Cannot prepare {places.folder}: {reason}."))
    threading.Thread(target=_await_last_user, args=(users, news), daemon=True).start()
    return _watch(places, binaries, server, news)


def _watch(places: Places, binaries: Binaries, server: Server, news: queue.SimpleQueue[News]) -> int:
    while True:
        _announce(places, binaries, server)
        threading.Thread(target=_await_end, args=(server, news), daemon=True).start()
        heard = _next_news(places, news)
        if heard != "server ended":
            _say(f"{heard}: stopping the server")
            stop_server(server)
            remove_socket_folder(places)
            places.state.unlink(missing_ok=True)
            return 0
        _say(f"server {server.pid} ended unexpectedly: starting it again")
        write_state(places, "starting")
        try:
            server = _start_with_retry(places, binaries)
        except DatabaseError as reason:
            return _fail(places, reason)


def _next_news(places: Places, news: queue.SimpleQueue[News]) -> News:
    while True:
        try:
            return news.get(timeout=TICK_SECONDS)
        except queue.Empty:
            trim_running_log(places)


def _prepare(places: Places) -> Binaries:
    found = find_binaries(places.data_major())
    binaries = reachable_binaries(found, places)
    write_settings(places)
    if not places.initialised:
        create_cluster(places, binaries)
        _say(f"made a new cluster with PostgreSQL {binaries.major} ({binaries.source})")
    return binaries


def _start_with_retry(places: Places, binaries: Binaries) -> Server:
    """Start or adopt; after a kill the old server's children may hold its shared memory for a moment."""
    pause = 0.05
    for tries_left in reversed(range(START_TRIES)):
        found = find_server(places)
        if found is not None and is_ready(places, found.pid):
            _say(f"adopted the running server {found.pid}")
            return found
        # One that is still starting or stopping is waited for, not started over.
        if found is None or not tries_left:
            try:
                return start_server(places, binaries, choose_socket_folder(places))
            except DatabaseError as reason:
                _say(f"start failed, {tries_left} tries left: {reason}")
                if not tries_left:
                    raise
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    raise AssertionError("unreachable: the last try returns or raises")


def _announce(places: Places, binaries: Binaries, server: Server) -> None:
    write_state(
        places,
        "ready",
        server_pid=server.pid,
        socket_folder=str(server.socket_folder),
        binaries=str(binaries.folder),
        source=binaries.source,
        major=binaries.major,
        since_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _fail(places: Places, reason: DatabaseError) -> int:
    _say(str(reason))
    remove_socket_folder(places)
    write_state(places, "failed", reason=str(reason))
    return 1


def _await_last_user(users: int, news: queue.SimpleQueue[News]) -> None:
    hold(users)
    news.put("nobody left")


def _await_end(server: Server, news: queue.SimpleQueue[News]) -> None:
    if server.child is not None:
        server.child.wait()
    while server.is_alive():
        time.sleep(ADOPTED_POLL_SECONDS)
    news.put("server ended")


def _say(text: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')} [{os.getpid()}] {text}\n")
    sys.stderr.flush()
