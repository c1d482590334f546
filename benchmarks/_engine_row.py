"""One line of the engine's benchmark, and how its times are taken."""

import gc
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks._engine_peers import NoPeer, ask

NO_PEER = "no peer has it"


@dataclass(slots=True)
class Row:
    """A piece of work: a peer's rate and ours (pieces a second of one thread's processor time), and what was seen.

    `aim`: the ratio to reach (our rate, where there is no peer), 0 where none is set.
    """

    work: str
    peer: str
    unit: str
    aim: float
    our_rate: float
    our_wall_rate: float
    peer_rate: float | None = None
    agreement: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Ours to theirs, in processor time of one thread."""
        return None if self.peer_rate is None else self.our_rate / self.peer_rate


@dataclass(frozen=True, slots=True)
class Setting:
    """Whether the run is a short one, and the bytes a second that one thread copies."""

    quick: bool
    bandwidth: float


@dataclass(frozen=True, slots=True)
class Taken:
    """Seconds of one thread's processor time, seconds on the clock on all cores, and the answer."""

    cpu: float
    wall: float
    answer: Any


def take(call: Callable[[], Any], *, times: int = 5) -> Taken:
    """The median of some calls on one core, then on all; compiled code is loaded first."""
    answer = call()
    kept = os.environ.get("CLOSEKNIT_CORES")
    os.environ["CLOSEKNIT_CORES"] = "1"
    gc.disable()
    try:
        cpu = statistics.median(_spent(call, time.process_time) for _ in range(times))
        os.environ.pop("CLOSEKNIT_CORES")
        wall = statistics.median(_spent(call, time.perf_counter) for _ in range(times))
    finally:
        gc.enable()
        if kept is not None:
            os.environ["CLOSEKNIT_CORES"] = kept
    return Taken(cpu, wall, answer)


def _spent(call: Callable[[], Any], clock: Callable[[], float]) -> float:
    # What is too short for the clock is repeated.
    repeats, spent = 1, 0.0
    while True:
        started = clock()
        for _ in range(repeats):
            call()
        spent = clock() - started
        if spent > 0.02 or repeats >= 1000:
            return spent / repeats
        repeats *= 4


def ask_peer(row: Row, script: str, task: str, problem: dict[str, Any]) -> dict[str, Any] | None:
    """The peer's answer; None, and the row says why, where it cannot be run."""
    try:
        return ask(script, task, problem)
    except NoPeer as reason:
        row.agreement = f"{row.peer} was not run: {reason}"
        return None


def memory_bandwidth() -> float:
    """Bytes a second that one thread reads and writes when it copies a large array."""
    import numpy as np

    source = np.ones(25_000_000)
    target = np.empty_like(source)
    best = min(_spent(lambda: np.copyto(target, source), time.perf_counter) for _ in range(5))
    return 2.0 * source.nbytes / best
