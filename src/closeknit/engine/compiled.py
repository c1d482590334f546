"""Kernels: loops in plain Python that run as they stand on small problems and compiled on large ones.

`@kernel` marks a function of numbers and arrays. It stays the function it was: readable, steppable, exact. `run` and
`run_in_parts` choose by the size of the problem alone, so that the same input always takes the same path; numba is
imported for large problems only. Compiled code is kept per state of the sources below CLOSEKNIT_KERNELS, or the user's
cache; `python -m closeknit.engine.compiled` makes all of it ahead of time, as set-up does.

Rules for a kernel
- Every parameter of an entry is annotated with `float`, `int`, `bool` or one of the array types below. A kernel whose
  name begins with an underscore is called by kernels only and needs no types.
- It calls only other kernels, not itself, and `math`; constants stand in its own file.
- No keyword arguments, no exceptions raised, no allocation in inner loops. Results go into arrays given by the caller,
  or come back as a tuple of numbers. Division by zero raises, as in Python.
"""

import hashlib
import inspect
import os
import types
import typing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from threading import RLock
from typing import Annotated, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector: TypeAlias = Annotated[NDArray[np.float64], "float64[::1]"]
Matrix: TypeAlias = Annotated[NDArray[np.float64], "float64[:,::1]"]
Cube: TypeAlias = Annotated[NDArray[np.float64], "float64[:,:,::1]"]
IntVector: TypeAlias = Annotated[NDArray[np.int64], "int64[::1]"]
IntMatrix: TypeAlias = Annotated[NDArray[np.int64], "int64[:,::1]"]
IntCube: TypeAlias = Annotated[NDArray[np.int64], "int64[:,:,::1]"]
FlagVector: TypeAlias = Annotated[NDArray[np.bool_], "boolean[::1]"]
FlagMatrix: TypeAlias = Annotated[NDArray[np.bool_], "boolean[:,::1]"]

Function = TypeVar("Function", bound=Callable[..., Any])

SMALL_WORK = 20_000.0
"""Below this much work (about one elementary step of a loop each) a kernel runs uncompiled: some milliseconds."""

_KERNELS: dict[Callable[..., Any], bool] = {}
"""Every kernel, and whether it becomes part of its callers' code."""
_LOCK = RLock()


def kernel(function: Function) -> Function:
    """Mark a function that can be compiled; it's returned unchanged."""
    _KERNELS[function] = False
    return function


def inlined(function: Function) -> Function:
    """Mark a short kernel that inner loops call with many arrays: handing those over can cost more than its work.

    It becomes part of its callers' code, and what reaches it counts no references to arrays: nothing there allocates.
    """
    _KERNELS[function] = True
    return function


def run(function: Callable[..., Any], work: float, *arguments: Any) -> Any:
    """Call a kernel: as it stands where `work` (elementary steps, estimated) is small, compiled where it's large."""
    return (function if work < SMALL_WORK else compiled(function))(*arguments)


def run_in_parts(function: Callable[..., Any], count: int, work: float, *arguments: Any) -> None:
    """Call a kernel `function(start, stop, *arguments)` over 0..count, on every core where the work is large.

    Items must not depend on each other: the parts run in threads, in any order, and the answer is the same.
    """
    if work < SMALL_WORK:
        function(0, count, *arguments)
        return
    fast = compiled(function)
    most = min(int(work / (50 * SMALL_WORK)), count)
    workers = min(core_count(), most) if most > 1 else 1
    if workers == 1:
        fast(0, count, *arguments)
        return
    # More parts than workers, for items differ in size.
    cuts = np.linspace(0, count, min(8 * workers, count) + 1).astype(int).tolist()
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(fast, a, b, *arguments) for a, b in pairwise(cuts)]:
            done.result()


def core_count() -> int:
    """Cores this process may use; CLOSEKNIT_CORES overrides."""
    asked = os.environ.get("CLOSEKNIT_CORES", "")
    return max(1, int(asked)) if asked.isdigit() else len(os.sched_getaffinity(0)) if _HAS_AFFINITY else _all_cores()


_HAS_AFFINITY = hasattr(os, "sched_getaffinity")


def _all_cores() -> int:
    return os.cpu_count() or 1


def array(values: ArrayLike, kind: type = np.float64) -> NDArray[Any]:
    """A fresh, contiguous, writable array: what a kernel takes."""
    return np.array(values, dtype=kind, order="C")


def compile_all() -> int:
    """Compile every entry of every kernel module of the engine into the cache; the number of entries."""
    for module in sorted(Path(__file__).parent.rglob("*kernels*.py")):
        parts = module.relative_to(Path(__file__).parent).with_suffix("").parts
        import_module(".".join([__package__, *parts]))
    entries = [f for f in _KERNELS if not f.__name__.startswith("_") and f.__module__.startswith(f"{__package__}.")]
    for function in entries:
        compiled(function)
    return len(entries)


@cache
def _numba() -> Any:
    """Numba, imported at the first large problem."""
    # A vector library that happens to be installed would change last digits.
    os.environ["NUMBA_DISABLE_INTEL_SVML"] = "1"
    import numba

    return numba


def _cache_folder(function: Callable[..., Any]) -> Path:
    """Where a kernel's compiled code is kept: named by the sources of all kernels that it reaches.

    Numba itself looks only at the file of the caller, and would serve a callee's old code.
    """
    asked = os.environ.get("CLOSEKNIT_KERNELS", "")
    home = Path(asked) if asked else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "closeknit"
    digest = hashlib.sha256()
    reached = [kernel.__code__ for kernel in _reached(function)]
    for path in sorted({code.co_filename for code in reached}):
        digest.update(Path(path).read_bytes())
    # And by what is loaded: a process that read a file before it was edited must not pass old code off as new.
    for code in sorted(reached, key=lambda code: (code.co_filename, code.co_firstlineno)):
        constants = [value for value in code.co_consts if isinstance(value, int | float | str)]
        digest.update(code.co_code + repr(constants).encode())
    return home / "kernels" / digest.hexdigest()[:16]


def _reached(function: Callable[..., Any]) -> set[Callable[..., Any]]:
    found, ahead = {function}, [function]
    while ahead:
        new = set(_called(ahead.pop()).values()) - found
        found |= new
        ahead.extend(new)
    return found


def _called(function: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The kernels that a kernel calls, by the names it has for them."""
    names = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    return {name: value for name, value in names.items() if isinstance(value, types.FunctionType) and value in _KERNELS}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The compiled form of a kernel, made or loaded at the first call."""
    if function not in _KERNELS:
        raise TypeError(f"{function.__qualname__} is no kernel: mark it with @kernel")
    with _LOCK:
        return _compiled(function, as_entry=True, counted=_is_counted(function))


@cache
def _is_counted(function: Callable[..., Any]) -> bool:
    """Whether references to arrays are counted: not where an inlined kernel is reached."""
    return not any(map(_KERNELS.get, _reached(function)))


@cache
def _compiled(function: Callable[..., Any], as_entry: bool, counted: bool) -> Callable[..., Any]:
    numba = _numba()
    # The copy sees compiled kernels where the original sees plain ones.
    callees = {name: _compiled(callee, as_entry=False, counted=counted) for name, callee in _called(function).items()}
    copy = types.FunctionType(function.__code__, {**function.__globals__, **callees}, function.__name__)
    copy.__qualname__, copy.__module__ = function.__qualname__, function.__module__
    folder = _cache_folder(function) / ("counted" if counted else "uncounted")
    folder.mkdir(parents=True, exist_ok=True)
    numba.config.CACHE_DIR = str(folder)
    signature = [_signature(function)] if as_entry else None
    options = {"forceinline": _KERNELS[function], "_nrt": counted}
    return typing.cast(Callable[..., Any], numba.njit(signature, cache=True, nogil=True, **options)(copy))


def _signature(function: Callable[..., Any]) -> Any:
    numba = _numba()
    plain = {float: "float64", int: "int64", bool: "boolean"}
    hints = typing.get_type_hints(function, include_extras=True)
    kinds = []
    for name in inspect.signature(function).parameters:
        hint = hints[name]
        text = plain.get(hint) or hint.__metadata__[0]
        kinds.append(numba.core.sigutils._parse_signature_string(text) if "[" in text else getattr(numba, text))
    return tuple(kinds)


if __name__ == "__main__":
    from closeknit.engine.compiled import compile_all as compile_all_once

    # In the background of a set-up: whatever else the machine does comes first.
    if hasattr(os, "nice"):
        os.nice(10)
    # This file, run as a program, is another module than the one that kernels register with.
    compile_all_once()
