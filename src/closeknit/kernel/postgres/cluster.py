"""Makes a database cluster and writes its settings. Everything here runs under the server's account."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from closeknit.kernel.postgres.binaries import Binaries
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.places import Places

DATABASE = "closeknit"
SUPERUSER = "closeknit"
APP_ROLE = "closeknit_app"
PORT = 5432
SMALL_SHARED_MEMORY_BYTES = 256 * 1024 * 1024

# Every thread that serves keeps a connection for some minutes, and a browser with a few windows open asks many at once.
SETTINGS = """\
# Written at every start; put your own settings in local.conf beside this file.
listen_addresses = ''
port = {port}
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 512MB
maintenance_work_mem = 64MB
random_page_cost = 1.1
min_wal_size = 32MB
max_wal_size = 2GB
fsync = on
full_page_writes = on
synchronous_commit = on
dynamic_shared_memory_type = {shared_memory}
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] '
log_min_messages = warning
log_min_error_statement = panic
log_checkpoints = off
lc_messages = 'C'
include = 'local.conf'
"""
HBA = "# The socket lies in a folder only its owner can enter; no network.\nlocal all all trust\n"


def settings_path(places: Places) -> Path:
    """The server's settings file; ours, so that root never writes into the server account's folder."""
    return places.folder / "postgresql.conf"


def hba_path(places: Places) -> Path:
    """Who may connect: local socket only."""
    return places.folder / "pg_hba.conf"


def server_environment() -> dict[str, str]:
    """A clean environment for PostgreSQL's programs: nothing of the caller's locale or PG* settings."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "TMPDIR")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def write_settings(places: Places) -> None:
    """Write the settings for a small machine; durability is never turned off."""
    local = places.folder / "local.conf"
    text = SETTINGS.format(port=PORT, shared_memory=_shared_memory_kind())
    for path, content in ((settings_path(places), text), (hba_path(places), HBA)):
        path.write_text(content)
        path.chmod(0o644)
    if not local.exists():
        local.write_text("# Your own settings for the embedded PostgreSQL; they win over postgresql.conf.\n")
    local.chmod(0o644)


def own_folder(path: Path, places: Places) -> None:
    """Make a 0700 folder that belongs to the server's account."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    if places.account.changed:
        os.chown(path, places.account.uid, places.account.gid)


def create_cluster(places: Places, binaries: Binaries) -> None:
    """initdb (UTF-8, C collation) beside the final place, create our database, then rename into place."""
    pending = places.folder / "data.new"
    shutil.rmtree(pending, ignore_errors=True)
    own_folder(pending, places)
    command = [str(binaries.initdb), "-D", str(pending), "-U", SUPERUSER, "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=libc", "--data-checksums", "--no-instructions"]
    command += ["--auth-local=trust", "--auth-host=reject"]
    single = [str(binaries.postgres), "--single", "-D", str(pending)]
    single += ["-c", f"config_file={settings_path(places)}", "-c", f"hba_file={hba_path(places)}", "postgres"]
    try:
        _run(command, places, "")
        said = _run(single, places, f"CREATE DATABASE {DATABASE};\n")
        if "ERROR" in said or "FATAL" in said:
            raise DatabaseError(f"Creating the database {DATABASE!r} failed: {said.strip()[-800:]}")
    except DatabaseError:
        shutil.rmtree(pending, ignore_errors=True)
        raise
    pending.rename(places.data)


def server_command(places: Places, binaries: Binaries, socket_folder: Path) -> list[str]:
    """The command line of the server of these places."""
    command = [str(binaries.postgres), "-D", str(places.data), "-k", str(socket_folder)]
    return [*command, "-c", f"config_file={settings_path(places)}", "-c", f"hba_file={hba_path(places)}"]


def _run(command: list[str], places: Places, said: str) -> str:
    try:
        done = subprocess.run(
            command,
            input=said,
            capture_output=True,
            text=True,
            cwd=places.folder,
            env=server_environment(),
            umask=0o077,
            check=False,
            **places.account.process_owner(),
        )
    except OSError as reason:
        raise DatabaseError(f"Cannot run {command[0]} as {places.account.name!r}: {reason}.") from reason
    if done.returncode != 0:
        raise DatabaseError(
            f"{Path(command[0]).name} failed in {places.folder} (exit {done.returncode}): "
            f"{(done.stderr or done.stdout).strip()[-800:]} The half-made data was removed. "
            "Check the free disk space and try again; ./run doctor tells more."
        )
    return done.stdout + done.stderr


def _shared_memory_kind() -> str:
    # Containers often have a 64 MB /dev/shm, where a parallel query would fail half-way.
    try:
        free = shutil.disk_usage("/dev/shm").free
    except OSError:
        return "posix"
    return "posix" if free >= SMALL_SHARED_MEMORY_BYTES else "mmap"
