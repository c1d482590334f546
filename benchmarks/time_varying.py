"""Staffing while load moves: what three methods really reach on many daily patterns, and what the exact one costs.

`python -m benchmarks.time_varying` prints the table of docs/methods/time-varying.md. The promise is 80 % of offered
calls answered within 20 seconds in every interval. All plans are judged by the same exact distribution. Times are CPU
seconds of this process, which follows one pool on one core.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import show
from closeknit.engine.queueing import IntervalStaffing, StaffingMethod, required_agents_by_interval

Array = NDArray[np.float64]
TARGET = 0.8


def _bell(x: Array, centre: float, width: float) -> Array:
    return np.asarray(np.exp(-(((x - centre) / width) ** 2)))


def _step(x: Array, at: float) -> Array:
    return np.asarray((x >= at).astype(float))


SHAPES: dict[str, Callable[[Array], Any]] = {
    "sharp peak": lambda x: 0.1 + 0.9 * _bell(x, 14.0, 4.0),
    "broad peak": lambda x: 0.2 + 0.8 * _bell(x, 20.0, 10.0),
    "double peak": lambda x: 0.15 + 0.85 * _bell(x, 10.0, 4.0) + 0.65 * _bell(x, 27.0, 5.0),
    "ramp up": lambda x: 0.05 + 0.95 * x / 39.0,
    "ramp down": lambda x: 1.0 - 0.95 * x / 39.0,
    "opening rush": lambda x: 0.25 + 0.75 * np.exp(-x / 3.0),
    "lunch dip": lambda x: (0.3 + 0.7 * _bell(x, 19.0, 14.0)) * (1.0 - 0.5 * _bell(x, 19.0, 2.5)),
    "flash": lambda x: 0.3 + 0.7 * (np.abs(x - 18.0) < 0.75),
    "two flashes": lambda x: 0.2 + 0.8 * (np.abs(x - 11.0) < 0.75) + 0.5 * (np.abs(x - 26.0) < 1.25),
    "step up and down": lambda x: 0.25 + 0.75 * (_step(x, 10.0) - _step(x, 26.0)),
    "saw": lambda x: 0.2 + 0.8 * (x % 8.0) / 7.0,
    "sine": lambda x: 0.55 + 0.45 * np.sin(2.0 * np.pi * x / 20.0),
}
"""Share of the peak by interval, 40 intervals."""


@dataclass(frozen=True)
class Pattern:
    """One daily pattern."""

    shape: str
    peak_erlangs: float
    handle_minutes: float
    patience_minutes: float | None
    interval_minutes: float = 30.0

    @property
    def name(self) -> str:
        """What it is, in few words."""
        patience = "none gives up" if self.patience_minutes is None else f"patience {self.patience_minutes:g}"
        return f"{self.shape}, {self.peak_erlangs:g} erl, handle {self.handle_minutes:g}, {patience}"

    @property
    def arrivals_per_hour(self) -> Array:
        """The rates by interval."""
        share = SHAPES[self.shape](np.arange(40.0))
        return np.asarray(share / share.max() * self.peak_erlangs * 60.0 / self.handle_minutes)


PATTERNS = [
    Pattern("sharp peak", 160.0, 5.0, 5.0),
    Pattern("sharp peak", 160.0, 20.0, 5.0),
    Pattern("sharp peak", 500.0, 12.0, 3.0),
    Pattern("sharp peak", 20.0, 10.0, None),
    Pattern("sharp peak", 5.0, 30.0, None),
    Pattern("broad peak", 80.0, 3.0, None),
    Pattern("broad peak", 300.0, 10.0, 10.0),
    Pattern("double peak", 60.0, 8.0, 2.0),
    Pattern("double peak", 160.0, 30.0, 10.0),
    Pattern("ramp up", 100.0, 6.0, None),
    Pattern("ramp down", 100.0, 15.0, None),
    Pattern("opening rush", 120.0, 4.0, 3.0),
    Pattern("opening rush", 40.0, 20.0, 1.0),
    Pattern("lunch dip", 70.0, 12.0, 5.0),
    Pattern("lunch dip", 10.0, 6.0, 20.0),
    Pattern("flash", 90.0, 5.0, None),
    Pattern("flash", 200.0, 15.0, 4.0),
    Pattern("two flashes", 50.0, 10.0, 2.0),
    Pattern("step up and down", 150.0, 25.0, 8.0),
    Pattern("step up and down", 30.0, 5.0, None),
    Pattern("saw", 80.0, 10.0, 6.0),
    Pattern("saw", 25.0, 25.0, None, 15.0),
    Pattern("sine", 400.0, 8.0, None),
    Pattern("sine", 12.0, 15.0, 30.0, 15.0),
]


def staffed(pattern: Pattern, method: StaffingMethod) -> IntervalStaffing:
    """The plan of one method for one pattern."""
    return required_agents_by_interval(
        pattern.arrivals_per_hour,
        pattern.interval_minutes,
        pattern.handle_minutes,
        1.0 / 3.0,
        TARGET,
        pattern.patience_minutes,
        method=method,
    )


def _row(pattern: Pattern) -> tuple[object, ...]:
    cells: list[object] = [pattern.name]
    took = 0.0
    for method in (StaffingMethod.STATIONARY, StaffingMethod.MODIFIED_LOAD, StaffingMethod.EXACT):
        started = time.process_time()
        found = staffed(pattern, method)
        took = time.process_time() - started
        hours = found.agents.sum() * pattern.interval_minutes / 60.0
        missed = int((~found.keeps_targets).sum())
        cells += [f"{100.0 * found.performance.level_of_offered_share.min():.1f}", missed, f"{hours:.1f}"]
    return (*cells, f"{took:.2f}")


def main() -> None:
    """Print the table; the first row is done twice, for the compiler's sake."""
    staffed(PATTERNS[0], StaffingMethod.EXACT)
    headings = ("pattern", "SIPP worst %", "missed", "hours", "MOL worst %", "missed", "hours")
    rows = [_row(pattern) for pattern in PATTERNS]
    show(
        "Worst interval (promise 80 %), intervals missed of 40, agent-hours, CPU seconds of the exact call",
        (*headings, "exact worst %", "missed", "hours", "CPU s"),
        rows,
    )


if __name__ == "__main__":
    main()
