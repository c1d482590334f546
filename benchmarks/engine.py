"""How fast is the engine beside the libraries that people use, on the same problems, answers compared first? `--quick`.

Rates are pieces of work a second of processor time of one thread, on both sides, for a machine that does other things
as well; beside it stands ours on the clock, on all cores. `--only WORD` runs the rows whose names hold the word.
"""

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable

from benchmarks import _engine_inventory, _engine_simulation, _engine_staffing
from benchmarks._engine_peers import NoPeer, prepare
from benchmarks._engine_row import NO_PEER, Row, Setting, memory_bandwidth
from benchmarks._report import show

Bench = Callable[[Setting], Row]
ROWS: tuple[Bench, ...] = (*_engine_staffing.ROWS, *_engine_simulation.ROWS, *_engine_inventory.ROWS)


def main() -> None:
    """Install the peers, run each row, print the table and what holds each row where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller problems, peers stopped sooner")
    parser.add_argument("--only", default="", help="rows whose function's name holds this")
    asked = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    try:
        print("Python {}.{} runs the peers".format(*prepare()))
    except NoPeer as reason:
        print(f"The peers could not be installed ({reason}): ours alone is measured.")
    bandwidth = memory_bandwidth()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{platform.machine()}, {cores} cores, one thread copies {bandwidth / 1e9:.1f} GB/s")
    setting = Setting(asked.quick, bandwidth)
    rows = [row for bench in ROWS if asked.only in bench.__name__ and (row := _run(bench, setting))]
    _print(rows)


def _run(bench: Bench, setting: Setting) -> Row | None:
    """One row; what fails is said and does not stop the others."""
    started = time.perf_counter()
    try:
        row = bench(setting)
    except Exception:
        print(f"{bench.__name__} was not run:\n{traceback.format_exc(limit=3)}", file=sys.stderr)
        return None
    took = time.perf_counter() - started
    print(f"{row.work}: {row.agreement or 'nothing to compare'} ({took:.0f} s)", flush=True)
    return row


def _print(rows: list[Row]) -> None:
    headings = ("work", "peer", "peer /s", "ours /s", "ratio", "aim", "ours /s, all cores", "of")
    table = []
    for row in rows:
        alone = row.peer == NO_PEER
        reached = row.our_rate if alone else row.ratio
        ratio = "" if alone else "not run" if row.ratio is None else f"{row.ratio:,.0f}"
        missed = " MISSED" if reached is not None and reached < row.aim else ""
        table.append(
            (
                row.work,
                row.peer,
                "" if alone else "not run" if row.peer_rate is None else _rate(row.peer_rate),
                _rate(row.our_rate),
                ratio + missed,
                f">= {row.aim:,.0f}{' /s' if alone else ''}" if row.aim else "",
                _rate(row.our_wall_rate),
                row.unit,
            )
        )
    show("Rates a second of one thread's processor time; the last but one on the clock, on all cores", headings, table)
    for row in rows:
        print(f"\n{row.work}")
        for line in (row.agreement, *row.notes):
            print(f"  - {line}")


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
