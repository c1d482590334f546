"""Where the database lives on disk, and why it sometimes cannot live inside the project's own folder."""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from closeknit.kernel.postgres.accounts import Account, server_account
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.locks import locked

MOVED_ROOT = Path("/var/lib/closeknit")
IMPORT_ROOT = Path(__file__).resolve().parents[3]
SOURCE_ROOT = IMPORT_ROOT.parent


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one managed database; `data` and `socket` are the server account's, the rest ours."""

    folder: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def binaries(self) -> Path:
        return self.folder / "binaries"

    @property
    def state(self) -> Path:
        return self.folder / "server.json"

    @property
    def server_log(self) -> Path:
        return self.folder / "server.log"

    @property
    def keeper_log(self) -> Path:
        return self.folder / "keeper.log"

    @property
    def keeper_lock(self) -> Path:
        return self.folder / "keeper.lock"

    @property
    def users_lock(self) -> Path:
        return self.folder / "users.lock"

    @property
    def start_lock(self) -> Path:
        return self.folder / "start.lock"

    @property
    def initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def data_major(self) -> int | None:
        """The PostgreSQL major version that made the data, or None before the first start."""
        if not self.initialised:
            return None
        return int((self.data / "PG_VERSION").read_text().split(".")[0])


def data_folder(root: Path | None = None) -> Path:
    """The folder all of Closeknit's own data goes to: `CLOSEKNIT_HOME`, else `<root>/.closeknit`.

    Without `root` it is the clone this package runs from, or `~/.local/share` for an installed package.
    """
    chosen = os.environ.get("CLOSEKNIT_HOME")
    if chosen:
        return Path(chosen).expanduser().resolve()
    if root is None:
        root = SOURCE_ROOT if (SOURCE_ROOT / "pyproject.toml").exists() else Path.home() / ".local/share"
    return root.resolve() / ".closeknit"


def find_places(home: Path) -> Places | None:
    """The places of a database that was already placed for `home`, or None; creates nothing."""
    home = home.resolve()
    moved = _moved_folder(home)
    folder = moved or home / "database"
    if not folder.exists():
        return None
    _refuse_foreign(folder)
    return Places(folder, server_account())


def make_places(home: Path) -> Places:
    """The places for `home`, choosing and creating the folder at the first use."""
    home = home.resolve()
    account = server_account()
    try:
        home.mkdir(mode=0o755 if account.changed else 0o700, parents=True, exist_ok=True)
    except OSError as reason:
        raise DatabaseError(
            f"Cannot make the data folder {home}: {reason.strerror}. Nothing was changed. "
            "Set CLOSEKNIT_HOME to a folder you can write to."
        ) from reason
    found = find_places(home)
    if found is not None:
        return found
    with locked(home / "place.lock"):
        found = find_places(home)
        if found is not None:
            return found
        return Places(_create_folder(home, account), account)


def origin_of(folder: Path) -> Path | None:
    """For a moved database folder: the home it serves; None when that home no longer points to it."""
    try:
        home = Path((folder / "origin").read_text().strip())
    except OSError:
        return None
    return home if _moved_folder(home) == folder else None


def list_orphans() -> list[Path]:
    """Moved database folders whose clone is gone: nothing uses them any more."""
    try:
        moved = sorted(path for path in MOVED_ROOT.iterdir() if path.is_dir())
    except OSError:
        return []
    return [path for path in moved if origin_of(path) is None]


def _create_folder(home: Path, account: Account) -> Path:
    folder = home / "database"
    if not account.changed:
        folder.mkdir(mode=0o700)
        return folder
    if not account.reaches(folder):
        folder = _create_moved(home)
    else:
        folder.mkdir()
    # Others may pass through (the server's account must) but not list; everything inside is private.
    folder.chmod(0o711)
    return folder


def _create_moved(home: Path) -> Path:
    # The random part keeps a new clone on an old path from finding the old clone's data.
    short = f"{zlib.crc32(os.fsencode(home)):08x}"
    folder = MOVED_ROOT / f"{short}-{os.urandom(3).hex()}"
    MOVED_ROOT.mkdir(mode=0o711, parents=True, exist_ok=True)
    folder.mkdir(mode=0o700)
    (folder / "origin").write_text(f"{home}\n")
    pending = home / "where.new"
    pending.write_text(f"{folder}\n")
    pending.replace(home / "where")
    return folder


def _moved_folder(home: Path) -> Path | None:
    try:
        folder = Path((home / "where").read_text().strip())
    except OSError:
        return None
    return folder if folder.parent == MOVED_ROOT and folder.is_dir() else None


def _refuse_foreign(folder: Path) -> None:
    owner = folder.stat().st_uid
    if owner == os.geteuid():
        return
    raise DatabaseError(
        f"The database folder {folder} belongs to another user (uid {owner}); you are uid {os.geteuid()}. "
        "Nothing was changed. Run as that user, or set CLOSEKNIT_HOME to a folder of your own."
    )
