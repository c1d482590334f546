"""The `./run` script as a person meets it: words, exit codes, lock files. No full set-up is run here."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "run"
REQUIREMENTS = ROOT / "requirements"
PIN = re.compile(r"^([A-Za-z0-9_.-]+(?:\[[^]]*\])?)==(\S+)(?: *; *(.*?))?(?: \\)?$", re.MULTILINE)


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    unwanted = ("DATABASE_URL", "CLOSEKNIT_HOME", "CLOSEKNIT_POSTGRES")
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return subprocess.run(
        [sys.executable, str(RUN), *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**kept, **environment},
        check=False,
    )


@pytest.fixture
def run_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module whose folders are all under a temporary one."""
    loader = importlib.machinery.SourceFileLoader("run_script", str(RUN))
    spec = importlib.util.spec_from_loader("run_script", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader.exec_module(module)
    home = tmp_path / ".closeknit"
    places = {
        "ROOT": tmp_path,
        "HOME": home,
        "VENV": home / "venv",
        "TOOLS": home / "tools",
        "STAMP": home / "venv" / "prepared.json",
        "PYTHON": home / "venv" / "bin" / "python",
    }
    for name, path in places.items():
        monkeypatch.setattr(module, name, str(path))
    return module


def pins(name: str) -> set[tuple[str, str, str]]:
    """Package, version and marker of every pin of a lock file."""
    return set(PIN.findall((REQUIREMENTS / name).read_text()))


def test_help_answers_at_once_and_names_every_verb() -> None:
    done = call("help")
    assert done.returncode == 0
    for verb in ("demo", "serve", "worker", "closeknit", "test", "check", "bench", "doctor", "reset"):
        assert f"\n  {verb} " in done.stdout


def loaded_for_help(script: Path) -> set[str]:
    """The top-level modules that a bare interpreter has loaded after the script's help."""
    code = "import runpy, sys; sys.argv = sys.argv[1:]\ntry:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
    code += "finally:\n    print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(script), "help"], capture_output=True, text=True, check=False
    )
    return {name.partition(".")[0] for name in done.stderr.splitlines()[-1].split()}


# What takes time, whatever the machine: each costs more than the whole answer should.
SLOW_TO_LOAD = {"asyncio", "closeknit", "django", "fcntl", "hashlib", "json", "subprocess", "venv", "xml"}


def test_help_loads_nothing_that_takes_time() -> None:
    assert not loaded_for_help(RUN) & SLOW_TO_LOAD


def test_red_twin_an_import_at_the_top_is_seen(tmp_path: Path) -> None:
    slower = tmp_path / "run"
    slower.write_text(RUN.read_text().replace("import shutil\n", "import shutil\nimport subprocess\n", 1))
    assert "subprocess" in loaded_for_help(slower) & SLOW_TO_LOAD


@pytest.mark.parametrize("arguments", [(), ("help",), ("-h",), ("--help",)])
def test_no_verb_is_help(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).stdout.startswith("./run VERB")


def test_unknown_verb_names_the_known_ones() -> None:
    done = call("dmeo")
    assert done.returncode == 2
    assert "no verb 'dmeo'" in done.stderr
    assert "demo, serve" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "now"), "takes no arguments"),
        (("doctor", "now"), "takes no arguments"),
        (("reset", "--everything"), "--yes and --all, not --everything"),
        (("bench", "no-such-benchmark"), "No benchmark is called no-such-benchmark"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_done(arguments: tuple[str, ...], said: str) -> None:
    done = call(*arguments)
    assert done.returncode == 1
    assert said in done.stderr


def test_doctor_says_ok_warn_or_fail_line_by_line_and_exits_accordingly() -> None:
    done = call("doctor")
    levels = {line.split()[0] for line in done.stdout.splitlines()}
    assert levels <= {"ok", "warn", "fail"}
    assert done.returncode == (1 if "fail" in levels else 0), done.stdout
    for subject in ("Python", "disk", "memory", "PostgreSQL", "database"):
        assert subject in done.stdout


def test_doctor_fails_where_a_setting_is_wrong() -> None:
    done = call("doctor", CLOSEKNIT_POSTGRES="floppy")
    assert done.returncode == 1
    assert "fail  database: CLOSEKNIT_POSTGRES is 'floppy'" in done.stdout


def test_reset_asks_first_and_without_anyone_to_ask_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("kept")
    done = call("reset", CLOSEKNIT_HOME=str(tmp_path))
    assert done.returncode == 1
    assert "add --yes" in done.stderr
    assert (tmp_path / "secret-key").read_text() == "kept"


def test_reset_of_a_home_elsewhere_deletes_only_what_is_ours(tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("ours")
    (tmp_path / "thesis.txt").write_text("not ours")
    done = call("reset", "--yes", CLOSEKNIT_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_reset_keeps_the_environment_unless_told(run_module: ModuleType) -> None:
    home = Path(run_module.HOME)
    for name in ("venv", "tools", "cache", "database", "uploads"):
        (home / name).mkdir(parents=True)
    assert {path.name for path in run_module.doomed_paths(home, False)} == {"database", "uploads"}
    assert {path.name for path in run_module.doomed_paths(home, True)} == {
        *("venv", "tools", "cache"),
        *("database", "uploads"),
    }


def test_an_old_python_is_told_what_to_do(run_module: ModuleType) -> None:
    said = run_module.python_message((3, 9, 2), "/usr/bin/python3")
    assert "needs Python 3.11 or newer; /usr/bin/python3 is 3.9.2" in said
    assert "Nothing was changed" in said


def test_a_really_old_python_goes_on_in_a_newer_one_or_says_so() -> None:
    paths = [shutil.which(f"python3.{minor}") for minor in (10, 9, 8, 7)]
    old = next((path for path in paths if path and works(path)), None)
    if old is None:
        pytest.skip("no Python 3.7 to 3.10 to try it with")
    done = subprocess.run(
        [old, str(RUN), "help"], capture_output=True, text=True, env={"PATH": "/nowhere"}, check=False
    )
    assert done.returncode == 2
    assert "needs Python 3.11 or newer" in done.stderr


def works(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize(
    "name", ["runtime.txt", "dev.txt", "tools.txt", "peers.txt", "peers-demand.txt", "public-sets.txt"]
)
def test_lock_files_pin_and_hash_everything_and_name_no_address(name: str) -> None:
    text = (REQUIREMENTS / name).read_text()
    assert "http" not in text
    assert "://" not in text
    assert "index-url" not in text
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert requirements
    assert len(pins(name)) == len(requirements)
    assert all(block.count("--hash=sha256:") >= 1 for block in re.split(r"\n(?=\S)", text) if "==" in block)


def test_development_holds_all_of_runtime() -> None:
    """Switching between the two never uninstalls: `test` after `demo` only adds."""
    assert pins("runtime.txt")
    development = pins("dev.txt")
    # A pin without a condition holds everywhere.
    missing = {(n, v, when) for n, v, when in pins("runtime.txt") if not {(n, v, when), (n, v, "")} & development}
    assert missing == set()


def test_a_stamp_holds_until_requirements_or_place_change(
    run_module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(run_module.ROOT)
    (root / "requirements").mkdir()
    for kind in ("runtime", "dev"):
        (root / "requirements" / f"{kind}.txt").write_text("one==1\n")
    calls: list[str] = []
    installed = lambda kind, uv, has_venv: calls.append(kind)  # noqa: E731
    monkeypatch.setattr(run_module, "find_uv", lambda: "uv")
    monkeypatch.setattr(run_module, "make_venv", lambda uv: fake_python(run_module))
    monkeypatch.setattr(run_module, "install_requirements", installed)
    run_module.prepare("dev")
    run_module.prepare("dev")
    run_module.prepare("runtime")
    assert calls == ["dev"], "what is prepared is not prepared again, and dev holds runtime"
    (root / "requirements" / "dev.txt").write_text("one==2\n")
    run_module.prepare("runtime")
    assert calls == ["dev", "dev"], "an environment for development stays one"
    monkeypatch.setattr(run_module, "ROOT", str(root) + "-moved")
    assert not run_module.is_prepared("runtime")


def test_an_unstamped_environment_with_development_tools_keeps_them(
    run_module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds: list[str] = []
    monkeypatch.setattr(run_module, "set_up", kinds.append)
    run_module.prepare("runtime")
    fake_python(run_module)
    run_module.prepare("runtime")
    assert kinds == ["runtime", "dev"], "this Python has pytest, so the second is for development"


def fake_python(run_module: ModuleType) -> bool:
    run_module.write_script(run_module.PYTHON, f'exec "{sys.executable}" "$@"')
    return True


def test_an_environment_whose_python_is_gone_is_made_anew(run_module: ModuleType) -> None:
    venv = Path(run_module.VENV)
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/no/such/python")
    run_module.discard_broken_venv()
    assert not venv.exists()
    fake_python(run_module)
    run_module.discard_broken_venv()
    assert venv.exists()


def test_the_closing_line_counts_skips_by_reason(run_module: ModuleType, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    skips = ['<testcase><skipped message="no Chromium"/></testcase>'] * 2
    skips.append('<testcase><skipped message="shared data absent"/></testcase>')
    report.write_text(f"<testsuites><testsuite><testcase/>{''.join(skips)}</testsuite></testsuites>")
    assert run_module.skipped_line(str(report)) == "skipped 3: no Chromium (2); shared data absent (1)"
    report.write_text("<testsuites><testsuite><testcase/></testsuite></testsuites>")
    assert run_module.skipped_line(str(report)) == "no test was skipped"
    assert run_module.skipped_line(str(tmp_path / "none.xml")) == "no test report was written"


def test_ci_entry_is_strict_and_ends_in_the_test_run() -> None:
    text = (ROOT / ".ci" / "run").read_text()
    assert "set -euo pipefail" in text
    assert text.rstrip().endswith("exec ./run test")
    for script in (RUN, ROOT / ".ci" / "run"):
        assert os.access(script, os.X_OK), f"{script} is not executable"
    assert subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=False).returncode == 0
