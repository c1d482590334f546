"""The embedded database manager: starts, sharing, kills and stale files, on a real server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest

from closeknit.kernel import postgres
from closeknit.kernel.postgres import Status, server
from closeknit.kernel.postgres.accounts import server_account
from closeknit.kernel.postgres.binaries import reachable_binaries
from closeknit.kernel.postgres.locks import hold, is_held, open_lock
from closeknit.kernel.postgres.places import find_places, make_places
from closeknit.kernel.tests.postgres_process import end_app, own_environment, start_app, url_of, wait_for


@pytest.fixture(autouse=True)
def _no_outside_database(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "CLOSEKNIT_HOME", "CLOSEKNIT_POSTGRES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def home() -> Iterator[Path]:
    """A short, reachable folder; whatever server is left in it is stopped and removed."""
    folder = Path(tempfile.mkdtemp(prefix="ck-"))
    folder.chmod(0o755)
    yield folder
    postgres.remove(folder)
    shutil.rmtree(folder)


def is_state(home: Path, state: str) -> bool:
    return postgres.status(home).state == state


def restarted(home: Path, old_pid: int) -> bool:
    return postgres.status(home).server_pid not in (old_pid, None)


def alive(home: Path) -> tuple[int, int]:
    """The pids of server and keeper."""
    found = postgres.status(home)
    assert found.server_pid is not None, found
    assert found.keeper_pid is not None, found
    return found.server_pid, found.keeper_pid


def write_row(url: str, value: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("create table if not exists kept (value int primary key)")
        connection.execute("insert into kept values (%s)", [value])


def read_rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("select value from kept order by value")]


def show(url: str, setting: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("select current_setting(%s)", [setting]).fetchone()
        assert row is not None
        return str(row[0])


def test_cold_start_makes_a_durable_utf8_database_behind_a_private_socket(home: Path) -> None:
    with postgres.acquire(home) as database:
        assert database.managed
        assert show(database.url, "fsync") == "on"
        assert show(database.url, "synchronous_commit") == "on"
        assert show(database.url, "full_page_writes") == "on"
        assert show(database.url, "listen_addresses") == ""
        assert show(database.url, "TimeZone") == "UTC"
        assert show(database.url, "server_encoding") == "UTF8"
        assert show(database.url, "max_connections") == "200"
        with psycopg.connect(database.url) as connection:
            row = connection.execute("select current_database(), current_user, 'b' < 'É'").fetchone()
        assert row == ("closeknit", "closeknit", True)
        folder = postgres.status(home).folder
        assert folder is not None
        assert (folder / "socket").stat().st_mode & 0o777 == 0o700
        assert (folder / "data").stat().st_mode & 0o777 == 0o700


def test_warm_start_finds_the_data_and_the_server_stops_after_its_last_user(home: Path) -> None:
    with postgres.acquire(home) as database:
        write_row(database.url, 1)
        first = alive(home)
    wait_for(lambda: is_state(home, "stopped"), "the stop")
    with postgres.acquire(home) as database:
        assert read_rows(database.url) == [1]
        assert alive(home) != first


def test_two_users_in_one_process_share_one_server(home: Path) -> None:
    with postgres.acquire(home) as first:
        with postgres.acquire(home) as second:
            assert first.url == second.url
        write_row(first.url, 1)
        assert is_state(home, "running")


def test_three_processes_at_once_share_one_server(home: Path) -> None:
    apps = [start_app(home) for _ in range(3)]
    urls = {url_of(app) for app in apps}
    assert len(urls) == 1
    url = urls.pop()
    for value in range(3):
        write_row(url, value)
    server_pid, _ = alive(home)
    for app in apps[:2]:
        end_app(app)
    assert read_rows(url) == [0, 1, 2]
    assert alive(home)[0] == server_pid
    end_app(apps[2])
    wait_for(lambda: is_state(home, "stopped"), "the stop")


def test_kill_of_the_app_stops_the_server_and_keeps_the_committed_row(home: Path) -> None:
    app = start_app(home)
    write_row(url_of(app), 7)
    server_pid, keeper_pid = alive(home)
    app.kill()
    app.communicate()
    wait_for(lambda: not running(server_pid) and not running(keeper_pid), "the stop after the kill")
    with postgres.acquire(home) as database:
        assert read_rows(database.url) == [7]


def test_kill_of_the_server_has_the_keeper_start_it_again(home: Path) -> None:
    with postgres.acquire(home) as database:
        for round_number in range(3):
            write_row(database.url, round_number)
            server_pid, keeper_pid = alive(home)
            os.kill(server_pid, signal.SIGKILL)
            wait_for(partial(restarted, home, server_pid), "the restart")
            wait_for(lambda: is_state(home, "running"), "the recovery")
            assert alive(home)[1] == keeper_pid
            assert read_rows(database.url) == list(range(round_number + 1))


def test_kill_of_keeper_and_server_is_recovered_by_the_next_user(home: Path) -> None:
    with postgres.acquire(home) as old:
        write_row(old.url, 1)
        server_pid, keeper_pid = alive(home)
        os.kill(keeper_pid, signal.SIGKILL)
        os.kill(server_pid, signal.SIGKILL)
        wait_for(lambda: not running(server_pid), "the kill")
        with postgres.acquire(home) as new:
            assert read_rows(new.url) == [1]
        old.ensure()
        assert read_rows(old.url) == [1]
    wait_for(lambda: is_state(home, "stopped"), "the stop")


def test_kill_of_the_keeper_alone_leaves_a_server_the_next_user_adopts(home: Path) -> None:
    with postgres.acquire(home) as old:
        server_pid, keeper_pid = alive(home)
        os.kill(keeper_pid, signal.SIGKILL)
        wait_for(lambda: is_state(home, "orphaned"), "the orphan")
        write_row(old.url, 1)
        with postgres.acquire(home) as new:
            assert alive(home)[0] == server_pid
            assert read_rows(new.url) == [1]
            # An adopted server that dies is noticed, too.
            os.kill(server_pid, signal.SIGKILL)
            wait_for(partial(restarted, home, server_pid), "the restart")
            wait_for(lambda: is_state(home, "running"), "the recovery")
            assert read_rows(new.url) == [1]


def test_last_close_after_a_killed_keeper_leaves_no_server(home: Path) -> None:
    database = postgres.acquire(home)
    server_pid, keeper_pid = alive(home)
    os.kill(keeper_pid, signal.SIGKILL)
    wait_for(lambda: is_state(home, "orphaned"), "the orphan")
    database.close()
    wait_for(lambda: not running(server_pid), "the stop")


def stale_pid_file(home: Path, pid: int) -> None:
    """Leave what a crashed server leaves: its pid file, naming `pid`."""
    with postgres.acquire(home) as database:
        write_row(database.url, 5)
        folder = postgres.status(home).folder
        assert folder is not None
        text = (folder / "data" / "postmaster.pid").read_text()
    wait_for(lambda: is_state(home, "stopped"), "the stop")
    stale = folder / "data" / "postmaster.pid"
    stale.write_text("\n".join([str(pid), *text.splitlines()[1:]]) + "\n")
    owner = (folder / "data").stat()
    os.chown(stale, owner.st_uid, owner.st_gid)


def test_stale_pid_file_of_a_dead_process_is_overcome(home: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale_pid_file(home, ended.pid)
    assert is_state(home, "stopped")
    with postgres.acquire(home) as database:
        assert read_rows(database.url) == [5]


def test_stale_pid_file_naming_a_foreign_process_is_overcome_and_spares_it(home: Path) -> None:
    with foreign_process() as foreign:
        stale_pid_file(home, foreign.pid)
        assert is_state(home, "stopped")
        assert postgres.stop(home) is False
        with postgres.acquire(home) as database:
            assert read_rows(database.url) == [5]
        assert foreign.poll() is None


def test_without_the_guard_a_foreign_pid_stops_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The red twin: leave the foreign pid file in place and PostgreSQL won't start."""
    with foreign_process() as foreign:
        stale_pid_file(home, foreign.pid)
        places = find_places(home)
        assert places is not None
        monkeypatch.setattr(server, "_drop_foreign_lock_files", lambda *_: None)
        programs = reachable_binaries(postgres.find_binaries(), places)
        with pytest.raises(postgres.DatabaseError, match=r"lock file .* already exists"):
            server.start_server(places, programs, server.choose_socket_folder(places))


def test_stale_socket_lock_naming_a_foreign_process_is_overcome(home: Path) -> None:
    with postgres.acquire(home) as database:
        write_row(database.url, 5)
    wait_for(lambda: is_state(home, "stopped"), "the stop")
    with foreign_process() as foreign:
        stale = home / "database" / "socket" / ".s.PGSQL.5432.lock"
        stale.write_text(f"{foreign.pid}\n{home}\n0\n5432\n{stale.parent}\n")
        with postgres.acquire(home) as database:
            assert read_rows(database.url) == [5]
        keeper_log = (home / "database" / "keeper.log").read_text()
    assert "start failed" not in keeper_log


def test_a_zombie_is_not_taken_for_a_running_server() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    wait_for(lambda: server.exists(ended.pid) and not server.is_running(ended.pid), "the end")
    ended.wait()
    assert not server.exists(ended.pid)


@contextmanager
def foreign_process() -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's account, whose live pids PostgreSQL respects, that is no PostgreSQL."""
    owner = server_account().process_owner()
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, cwd="/", **owner) as foreign:
        yield foreign


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_interrupted_initdb_leaves_nothing_that_is_mistaken_for_data(home: Path) -> None:
    half = home / "database" / "data.new"
    half.mkdir(parents=True)
    (home / "database").chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    with postgres.acquire(home) as database:
        assert show(database.url, "server_encoding") == "UTF8"
    assert not half.exists()


def test_long_path_gets_a_short_socket_folder_that_is_removed_at_the_stop(home: Path) -> None:
    deep = home / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    try:
        with postgres.acquire(deep) as database:
            write_row(database.url, 1)
            url = database.url
            socket = Path(str(psycopg.conninfo.conninfo_to_dict(url)["host"]))
            assert len(str(socket)) < 60
            assert socket.stat().st_mode & 0o777 == 0o700
        wait_for(lambda: is_state(deep, "stopped"), "the stop")
        wait_for(lambda: not socket.exists(), "the removal of the socket folder")
    finally:
        postgres.remove(deep)


def test_database_url_wins_and_nothing_is_managed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@db.example/c")
    with postgres.acquire(home) as database:
        assert database.url == "postgresql://u:secret@db.example/c"
        assert not database.managed
    assert postgres.status(home) == Status("external", url="postgresql://u:***@db.example/c")
    assert list(home.iterdir()) == []


def test_system_postgresql_is_the_fallback(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSEKNIT_POSTGRES", "system")
    found = postgres.list_binaries()
    if not found:
        pytest.skip("this system has no PostgreSQL >= 15 of its own")
    with postgres.acquire(home) as database:
        assert show(database.url, "server_version").startswith(str(found[0].major))
        assert postgres.status(home).source == "system"


def test_data_of_another_major_is_refused_and_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres.acquire(home) as database:
        write_row(database.url, 1)
    wait_for(lambda: is_state(home, "stopped"), "the stop")
    version = home / "database" / "data" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("9\n")
    with pytest.raises(postgres.DatabaseError, match=r"made by PostgreSQL 9.*untouched"):
        postgres.acquire(home)
    version.write_text(kept)
    with postgres.acquire(home) as database:
        assert read_rows(database.url) == [1]


def test_no_postgresql_at_all_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("closeknit.kernel.postgres.binaries.WHEEL", "no_such_wheel_anywhere")
    monkeypatch.setattr("closeknit.kernel.postgres.binaries.SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(postgres.DatabaseError, match=r"No PostgreSQL >= 15 was found.*DATABASE_URL"):
        postgres.find_binaries()


def test_unknown_choice_of_binaries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSEKNIT_POSTGRES", "wheels")
    with pytest.raises(postgres.DatabaseError, match="'wheel' or 'system'"):
        postgres.find_binaries()


def test_one_start_makes_one_keeper(home: Path) -> None:
    """The keeper has its lock before its starter goes on, so that nobody starts a second one meanwhile."""
    command = [sys.executable, "-m", "closeknit.kernel.postgres", "keep"]
    places = make_places(home)
    users = open_lock(places.users_lock)
    hold(users, shared=True)
    for _ in range(5):
        subprocess.run([*command, str(places.folder)], env=own_environment(), stderr=subprocess.DEVNULL, check=True)
        assert is_held(places.keeper_lock)
    os.close(users)
    wait_for(lambda: is_state(home, "stopped"), "the stop")


def test_stop_ends_a_server_in_use_and_remove_leaves_nothing(home: Path) -> None:
    app = start_app(home)
    url_of(app)
    server_pid, keeper_pid = alive(home)
    assert postgres.stop(home) is True
    assert not running(server_pid)
    wait_for(lambda: not running(keeper_pid), "the keeper's end")
    end_app(app)
    assert postgres.remove(home) == [home / "database"]
    assert list(home.iterdir()) == []
    assert postgres.status(home) == Status("absent")


def test_data_folder_is_the_environments_or_the_clones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert postgres.data_folder(tmp_path) == tmp_path.resolve() / ".closeknit"
    monkeypatch.setenv("CLOSEKNIT_HOME", str(tmp_path / "elsewhere"))
    assert postgres.data_folder(tmp_path) == tmp_path.resolve() / "elsewhere"


def test_import_is_light() -> None:
    """CPU time, with room for a busy machine: 0.05 s on an idle one. The list is what would make it heavy."""
    heavy = ["django", "psycopg", "asyncio", "logging", "tempfile", "urllib.request", "multiprocessing"]
    code = (
        "import sys, time; started = time.process_time(); import closeknit.kernel.postgres; "
        f"print(time.process_time() - started, *(name for name in {heavy} if name in sys.modules))"
    )
    seconds = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=own_environment(), check=True
        )
        took, *loaded = done.stdout.split()
        assert loaded == []
        seconds.append(float(took))
    assert min(seconds) < 0.12
