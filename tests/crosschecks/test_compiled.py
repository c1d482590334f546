"""Kernels: the same answer plain and compiled, no compiler for small problems, no stale code."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from closeknit.engine import compiled

SOURCE = """
from closeknit.engine.compiled import IntVector, Vector, kernel

FACTOR = {factor}

@kernel
def _one(servers: int, load: float) -> float:
    value = 1.0
    for k in range(1, servers + 1):
        value = load * value / (k + load * value)
    return FACTOR * value

@kernel
def many(start: int, stop: int, servers: IntVector, load: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = _one(servers[i], load[i])
"""


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """A function that loads the kernels above with a factor, as a fresh program would."""
    monkeypatch.setenv("CLOSEKNIT_KERNELS", str(tmp_path / "cache"))
    # Python's own bytecode cache tells files apart by size and second only; these differ in neither.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(factor):
        path = tmp_path / "some_kernels.py"
        path.write_text(SOURCE.format(factor=factor))
        spec = importlib.util.spec_from_file_location(f"some_kernels_{factor}", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module

    return load


def answers(module, work):
    """What its kernel says of 500 problems, told that they are this much work."""
    rng = np.random.default_rng(7)
    servers, load = rng.integers(1, 60, 500), rng.uniform(0.1, 60.0, 500)
    out = np.empty(500)
    compiled.run_in_parts(module.many, 500, work, servers, load, out)
    return out


def test_plain_compiled_and_spread_over_cores_agree_bit_for_bit(kernels, monkeypatch):
    monkeypatch.setenv("CLOSEKNIT_CORES", "2")
    module = kernels(1.0)
    plain = answers(module, work=1.0)
    assert plain.tobytes() == answers(module, work=2 * compiled.SMALL_WORK).tobytes()
    assert plain.tobytes() == answers(module, work=1e9).tobytes()


def test_a_changed_kernel_is_compiled_anew(kernels):
    assert np.array_equal(answers(kernels(1.0), work=1e9) * 2.0, answers(kernels(2.0), work=1e9))


def test_each_state_of_the_sources_has_a_folder_of_its_own(kernels):
    first = compiled._cache_folder(kernels(1.0).many)
    assert first != compiled._cache_folder(kernels(2.0).many)
    assert first == compiled._cache_folder(kernels(1.0).many)


def test_what_is_no_kernel_is_refused():
    with pytest.raises(TypeError, match="mark it with @kernel"):
        compiled.compiled(len)


def test_every_entry_of_the_engine_compiles():
    """An entry without types, or with something numba cannot take, fails here and not before a user."""
    assert compiled.compile_all() > 0


def test_small_problems_load_no_compiler():
    code = (
        "import sys, closeknit.engine.queueing as q\n"
        "q.required_agents([200.0] * 40, 3.0, 1 / 3, 0.8)\n"
        "assert 'numba' not in sys.modules"
    )
    source = str(Path(__file__).resolve().parents[2] / "src")
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
