"""Root and ordinary users: who the server runs as, and where its folder goes."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from closeknit.kernel import postgres
from closeknit.kernel.postgres import binaries as binaries_module
from closeknit.kernel.postgres.accounts import Account
from closeknit.kernel.postgres.places import MOVED_ROOT, find_places, make_places
from closeknit.kernel.tests.postgres_process import IMPORT_ROOT, own_environment, wait_for

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change to another account")
NOBODY = 65534
USE = """
import json, os, sys, time
from pathlib import Path
from closeknit.kernel import postgres
home = Path(sys.argv[1])
database = postgres.acquire(home)
found = postgres.status(home)
owner = Path(f"/proc/{found.server_pid}").stat().st_uid if Path("/proc/self").exists() else os.geteuid()
database.close()
while postgres.status(home).state != "stopped":
    time.sleep(0.01)
with postgres.acquire(home):
    pass
removed = [str(path) for path in postgres.remove(home)]
print(json.dumps({"owner": owner, "folder": str(found.folder), "removed": removed}))
"""


@pytest.fixture(autouse=True)
def _no_outside_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CLOSEKNIT_HOME", "CLOSEKNIT_POSTGRES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder every account can reach."""
    folder = Path(tempfile.mkdtemp(prefix="ck-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def hidden_home() -> Iterator[Path]:
    """A home inside a folder only its owner can enter, like a clone under /root."""
    folder = Path(tempfile.mkdtemp(prefix="ck-"))
    home = folder / "clone" / ".closeknit"
    yield home
    postgres.remove(home)
    shutil.rmtree(folder)


def nobody() -> Account:
    return Account(NOBODY, NOBODY, "nobody", changed=True)


def python_for_nobody() -> str:
    """An interpreter that an ordinary account can execute."""
    for path in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        # Both the name, which may be a link in a closed folder, and what it leads to.
        closed = any(not nobody().may(folder, 1) for folder in Path(path).parents if folder.exists())
        if closed or not Path(path).exists() or not nobody().reads(Path(path).resolve()):
            continue
        code = "import sys; sys.exit(sys.version_info < (3, 11))"
        if subprocess.run([path, "-c", code], check=False).returncode == 0:
            return path
    pytest.skip("no Python >= 3.11 that an ordinary account can execute")


def copy_for_nobody(folder: Path) -> Path:
    """A world-readable import folder with the manager and, if there is one, the PostgreSQL wheel."""
    target = folder / "imports"
    for part in ("closeknit/__init__.py", "closeknit/kernel/__init__.py"):
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(IMPORT_ROOT / part, target / part)
    shutil.copytree(IMPORT_ROOT / "closeknit/kernel/postgres", target / "closeknit/kernel/postgres")
    copy_wheel(target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    return target


def copy_wheel(target: Path) -> Path | None:
    """Copy the wheel's PostgreSQL 18; its package folder there, or None when it is not installed."""
    spec = importlib.util.find_spec(binaries_module.WHEEL)
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    unwanted = shutil.ignore_patterns("pginstall", "include", "*.a")
    shutil.copytree(package, target / package.name, ignore=unwanted)
    shutil.copytree(package.with_name(f"{package.name}.libs"), target / f"{package.name}.libs")
    return target / package.name


@as_root
def test_an_ordinary_user_runs_the_server_as_himself(open_folder: Path) -> None:
    MOVED_ROOT.mkdir(mode=0o711, parents=True, exist_ok=True)  # root's folder must not disturb others
    python, imports = python_for_nobody(), copy_for_nobody(open_folder)
    home = open_folder / "of-nobody"
    home.mkdir(mode=0o700)
    os.chown(home, NOBODY, NOBODY)
    done = subprocess.run(
        [python, "-c", USE, str(home)],
        capture_output=True,
        text=True,
        cwd="/",
        env={**own_environment(), "PYTHONPATH": str(imports), "HOME": str(home)},
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said == {
        "owner": NOBODY,
        "folder": str(home / "database"),
        "removed": [str(home / "database")],
    }
    assert list(home.iterdir()) == []


@as_root
def test_root_hands_the_server_to_an_unprivileged_account(open_folder: Path) -> None:
    home = open_folder / ".closeknit"
    with postgres.acquire(home) as database:
        pid = postgres.status(home).server_pid
        assert pid is not None
        assert Path(f"/proc/{pid}").stat().st_uid != 0
        for path in (home / "database" / "data", home / "database" / "socket"):
            found = path.stat()
            assert found.st_uid != 0
            assert stat.S_IMODE(found.st_mode) == 0o700
        assert (home / "database").stat().st_uid == 0
        with psycopg.connect(database.url) as connection:
            assert connection.execute("select 1").fetchone() == (1,)
    postgres.remove(home)


@as_root
def test_root_in_a_hidden_folder_keeps_the_database_where_the_server_can_go(hidden_home: Path) -> None:
    with postgres.acquire(hidden_home) as database:
        folder = postgres.status(hidden_home).folder
        assert folder is not None
        assert folder.parent == MOVED_ROOT
        assert (hidden_home / "where").read_text().strip() == str(folder)
        with psycopg.connect(database.url) as connection:
            connection.execute("create table kept as select 3 as value")
    wait_for(lambda: postgres.status(hidden_home).state == "stopped", "the stop")
    with postgres.acquire(hidden_home) as database, psycopg.connect(database.url) as connection:
        assert connection.execute("select value from kept").fetchone() == (3,)
    assert folder not in postgres.list_orphans()
    assert set(postgres.remove(hidden_home)) == {folder, hidden_home / "where"}
    assert not folder.exists()
    assert list(hidden_home.iterdir()) == []


@as_root
def test_a_deleted_clone_leaves_an_orphan_and_a_new_clone_does_not_find_its_data(hidden_home: Path) -> None:
    first = make_places(hidden_home).folder
    shutil.rmtree(hidden_home)
    assert first in postgres.list_orphans()
    second = make_places(hidden_home).folder
    assert second != first
    assert second not in postgres.list_orphans()
    shutil.rmtree(first)


@as_root
def test_binaries_the_server_cannot_reach_are_copied_among_the_data(
    hidden_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = copy_wheel(hidden_home.parent.parent / "site-packages")
    if package is None:
        pytest.skip("the PostgreSQL wheel is not installed")
    hidden = postgres.Binaries(package / "pginstall18" / "bin", "wheel", 18)
    monkeypatch.setattr(binaries_module, "_wheel_binaries", lambda: [hidden])
    places = make_places(hidden_home)
    found = binaries_module.find_binaries()
    assert not places.account.reads(found.postgres)
    reached = binaries_module.reachable_binaries(found, places)
    assert reached.folder.is_relative_to(places.folder)
    owner = places.account.process_owner()
    said = subprocess.run([reached.initdb, "--version"], capture_output=True, text=True, cwd="/", **owner)
    assert said.returncode == 0, said.stderr
    made_at = reached.postgres.stat().st_ctime_ns
    assert binaries_module.reachable_binaries(found, places) == reached
    assert reached.postgres.stat().st_ctime_ns == made_at, "an unchanged copy is not made again"


@as_root
def test_a_folder_of_another_user_is_refused(open_folder: Path) -> None:
    home = open_folder / ".closeknit"
    (home / "database").mkdir(parents=True)
    os.chown(home / "database", NOBODY, NOBODY)
    with pytest.raises(postgres.DatabaseError, match="belongs to another user"):
        postgres.acquire(home)


def test_a_reachable_home_is_used_in_place(open_folder: Path) -> None:
    places = make_places(open_folder / ".closeknit")
    assert places.folder == open_folder / ".closeknit" / "database"
    assert find_places(open_folder / ".closeknit") == places
    postgres.remove(open_folder / ".closeknit")
