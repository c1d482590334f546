"""The peers' own environment: made once per lock file, in .closeknit/bench/peers; each task is a process in it."""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements" / "peers.txt"
HOME = ROOT / ".closeknit" / "bench" / "peers"
NEEDS_ERLANG_A = (3, 12)
"""pyworkforce has Erlang A from this Python on; stockpyl's last numpy has wheels up to it."""


class NoPeer(Exception):
    """A peer that cannot be run here; the text says why."""


def prepare(lock: Path = LOCK, home: Path = HOME) -> tuple[int, int]:
    """Have the environment; the version of its Python. Raises `NoPeer` where it cannot be made."""
    found = _interpreter()
    stamp, inside = home / "stamp.json", home / "bin" / "python"
    want = {"lock": lock.read_text(encoding="utf-8"), "python": found}
    if not (stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == want and _version(str(inside))):
        print(f"installing the peers with {found} into {home.relative_to(ROOT)}", file=sys.stderr)
        _install(found, lock, home)
        stamp.write_text(json.dumps(want), encoding="utf-8")
    version = _version(str(inside))
    assert version is not None
    return version


def ask(script: str, task: str, problem: dict[str, Any], home: Path = HOME) -> dict[str, Any]:
    """What a peer answers to a problem, and the processor seconds that it used (`cpu`)."""
    python = home / "bin" / "python"
    if not python.exists():
        raise NoPeer("not installed")
    with tempfile.TemporaryDirectory(prefix="closeknit-bench-") as folder:
        given, answers = Path(folder, "problem.json"), Path(folder, "answers.json")
        given.write_text(json.dumps(problem))
        command = [str(python), str(ROOT / "benchmarks" / f"{script}.py"), task, str(given), str(answers)]
        one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {**os.environ, **one_thread, "MPLBACKEND": "Agg", "PYTHONHASHSEED": "0"}
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        if done.returncode:
            raise NoPeer((done.stderr.strip() or "no message").splitlines()[-1])
        answer: dict[str, Any] = json.loads(answers.read_text())
        return answer


def _interpreter() -> str:
    """Python 3.12 where there is one (a version manager's folders are looked into), else this one."""
    name = "python{}.{}".format(*NEEDS_ERLANG_A)
    home = Path.home()
    known = [shutil.which(name) or ""]
    for folder in (home / ".pyenv" / "versions", home / ".local" / "share" / "uv" / "python"):
        known += sorted(glob.glob(str(folder / "*" / "bin" / name)))
    return next((path for path in known if path and _version(path) == NEEDS_ERLANG_A), sys.executable)


def _version(python: str) -> tuple[int, int] | None:
    """A stand-in of a version manager may exist for a version that is not there: only one that runs counts."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    words = done.stdout.split()
    return (int(words[0]), int(words[1])) if done.returncode == 0 and len(words) == 2 else None


def _install(python: str, lock: Path, home: Path) -> None:
    run, inside = _run_script(), str(home / "bin" / "python")
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    uv = run.find_uv()
    if uv:
        steps = [
            [uv, "venv", "--quiet", "--python", python, str(home)],
            [uv, "pip", "sync", "--quiet", "--python", inside, "--require-hashes", str(lock)],
        ]
    else:
        steps = [
            [python, "-m", "venv", str(home)],
            [inside, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", str(lock)],
        ]
    for command in steps:
        done = run.run_quietly(command, run.uv_environment() if uv else None)
        if done.returncode:
            shutil.rmtree(home, ignore_errors=True)
            raise NoPeer((done.stderr.strip() or "no message").splitlines()[-1])


def _run_script() -> Any:
    """The clone's ./run, which knows how to find uv or pip."""
    loader = SourceFileLoader("closeknit_run", str(ROOT / "run"))
    spec = spec_from_loader("closeknit_run", loader)
    assert spec is not None
    module = module_from_spec(spec)
    sys.modules["closeknit_run"] = module
    loader.exec_module(module)
    return module
