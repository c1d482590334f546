"""One PostgreSQL server process: start or adopt it, tell whether it is ours, stop it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from closeknit.kernel.postgres.binaries import Binaries
from closeknit.kernel.postgres.cluster import (
    DATABASE,
    PORT,
    SUPERUSER,
    own_folder,
    server_command,
    server_environment,
)
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.places import Places

LONGEST_SOCKET_PATH_BYTES = 100
LARGEST_LOG_BYTES = 2_000_000
START_SECONDS = 120.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.01


@dataclass(slots=True)
class Server:
    """A running server; `child` is None when it was found running and adopted."""

    pid: int
    socket_folder: Path
    child: subprocess.Popen[bytes] | None

    def is_alive(self) -> bool:
        """Whether the process still runs (a child's end is collected here)."""
        if self.child is not None:
            return self.child.poll() is None
        return is_running(self.pid)


def socket_path(folder: Path) -> Path:
    """The socket PostgreSQL makes in its socket folder."""
    return folder / f".s.PGSQL.{PORT}"


def server_url(folder: Path) -> str:
    """The libpq URL of our database behind a socket folder."""
    from urllib.parse import quote

    return f"postgresql://{SUPERUSER}@/{DATABASE}?host={quote(str(folder), safe='')}&port={PORT}"


def accepts(folder: Path) -> bool:
    """Whether somebody listens on the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_path(folder)))
        except OSError:
            return False
    return True


def exists(pid: int) -> bool:
    """Whether the system knows a process of that number, be it only a zombie nobody has collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_running(pid: int) -> bool:
    """Whether a process of that number lives (a zombie does not)."""
    if not exists(pid):
        return False
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return state != "Z"


def read_pid_file(places: Places) -> list[str]:
    """The lines of `postmaster.pid`: pid, data, start time, port, socket folder, address, memory, status."""
    try:
        return (places.data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return []


def find_server(places: Places) -> Server | None:
    """The live server of this folder, or None; a pid reused by a foreign process is not taken for it."""
    lines = read_pid_file(places)
    if len(lines) < 5 or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    if not _is_server_of(pid, places):
        return None
    return Server(pid, Path(lines[4].strip() or places.socket), None)


def is_ready(places: Places, pid: int) -> bool:
    """Whether the server has said it takes connections."""
    lines = read_pid_file(places)
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def start_server(places: Places, binaries: Binaries, socket_folder: Path) -> Server:
    """Start the server and wait until it takes connections (crash recovery included)."""
    _drop_foreign_lock_files(places, socket_folder)
    log = open_log(places.server_log, LARGEST_LOG_BYTES // 2)
    log_start = os.fstat(log).st_size
    try:
        child = subprocess.Popen(
            server_command(places, binaries, socket_folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=places.folder,
            env=server_environment(),
            umask=0o077,
            **places.account.process_owner(),
        )
    except OSError as reason:
        text = f"Cannot run {binaries.postgres} as {places.account.name!r}: {reason}."
        raise DatabaseError(text) from reason
    finally:
        os.close(log)
    server = Server(child.pid, socket_folder, child)
    try:
        _await_ready(server, places, log_start)
    except DatabaseError:
        stop_server(server)
        raise
    return server


def stop_server(server: Server) -> None:
    """Fast shutdown; if that hangs, immediate shutdown (recovered at the next start), then kill."""
    for number, patience in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if not server.is_alive():
            return
        try:
            os.kill(server.pid, number)
        except ProcessLookupError:
            return
        _wait_until_gone(server, patience)


def choose_socket_folder(places: Places) -> Path:
    """A 0700 folder for the socket: among our data, or a short temporary one when that path is too long."""
    if len(os.fsencode(socket_path(places.socket))) <= LONGEST_SOCKET_PATH_BYTES:
        own_folder(places.socket, places)
        return places.socket
    note = places.folder / "socket-folder"
    if note.exists():
        known = Path(note.read_text().strip())
        if _is_private_folder(known, places.account.uid):
            return known
    # Imported here: it costs 10 ms that the ordinary start does not need to pay.
    import tempfile

    for parent in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):
        short = Path(parent) / "closeknit-01234567"
        if len(os.fsencode(socket_path(short))) > LONGEST_SOCKET_PATH_BYTES or not Path(parent).is_dir():
            continue
        if places.account.changed and not places.account.reaches(short):
            continue
        made = Path(tempfile.mkdtemp(prefix="closeknit-", dir=parent))
        note.write_text(f"{made}\n")
        own_folder(made, places)
        return made
    raise DatabaseError(
        f"The path {places.socket} is too long for a socket, and no short temporary folder was found. "
        "Nothing was changed. Set CLOSEKNIT_HOME or TMPDIR to a shorter path."
    )


def remove_socket_folder(places: Places) -> None:
    """Remove the short temporary folder, if one was made."""
    note = places.folder / "socket-folder"
    if not note.exists():
        return
    known = Path(note.read_text().strip())
    if _is_private_folder(known, places.account.uid):
        shutil.rmtree(known, ignore_errors=True)
    note.unlink(missing_ok=True)


def open_log(path: Path, largest_bytes: int) -> int:
    """A log open for appending (0600); one that has grown too large is first set aside as `.log.1`."""
    if path.exists() and path.stat().st_size > largest_bytes:
        path.replace(path.with_suffix(".log.1"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def trim_running_log(places: Places) -> None:
    """Keep the log of a long-running server small (it is open for appending, so cutting it is safe)."""
    if places.server_log.exists() and places.server_log.stat().st_size > LARGEST_LOG_BYTES:
        os.truncate(places.server_log, 0)


def _is_private_folder(path: Path, uid: int) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == uid and stat.S_IMODE(found.st_mode) == 0o700


def _is_server_of(pid: int, places: Places) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        command = ["ps", "-p", str(pid), "-o", "command="]
        shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return "postgres" in shown and str(places.data) in shown
    except OSError:
        return False
    return Path(words[0]).name == "postgres" and str(places.data) in words[1:]


def _drop_foreign_lock_files(places: Places, socket_folder: Path) -> None:
    # PostgreSQL itself clears the lock files of a dead process, but won't start while their pid is somebody
    # else's or a zombie's. Both folders are ours alone, and it still checks for attached shared memory.
    socket_lock = socket_path(socket_folder).with_name(f"{socket_path(socket_folder).name}.lock")
    for path in (places.data / "postmaster.pid", socket_lock):
        pid = _first_number(path)
        if pid is not None and exists(pid) and not _is_server_of(pid, places):
            path.unlink(missing_ok=True)


def _first_number(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _await_ready(server: Server, places: Places, log_start: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready(places, server.pid):
        if not server.is_alive():
            said = _tail(places.server_log, log_start)
            raise DatabaseError(f"PostgreSQL ended while starting. It said: {said}")
        if time.monotonic() > deadline:
            raise DatabaseError(
                f"PostgreSQL was not ready within {START_SECONDS:.0f} s; the data is kept. "
                f"The log {places.server_log} ends: {_tail(places.server_log, log_start)}"
            )
        time.sleep(POLL_SECONDS)


def _wait_until_gone(server: Server, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    while server.is_alive() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _tail(path: Path, start: int) -> str:
    with path.open("rb") as log:
        log.seek(start)
        return log.read().decode(errors="replace").strip()[-800:] or "(nothing)"
