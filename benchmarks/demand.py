"""Forecasts beside statsforecast and hierarchicalforecast, and many series at once: rates, accuracy, memory.

Every aim is printed with its ratio and whether it is met. What cannot be run is told, and the rest runs. The peers are
slow: they forecast as many series as `--seconds` allow, a model and set. `--data FOLDER` holds the shared sets
(default: CLOSEKNIT_SHARED_DATA); without it simulated and public series alone are forecast.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    _demand_accuracy,
    _demand_crossed,
    _demand_rates,
    _demand_scale,
    _demand_trees,
    _public_sets,
)
from benchmarks._demand_series import SeriesSet, shared, simulated
from benchmarks._engine_peers import ROOT, NoPeer, prepare

LOCK = ROOT / "requirements" / "peers-demand.txt"
HOME = ROOT / ".closeknit" / "bench" / "peers-demand"
PARTS = ("rates", "accuracy", "trees", "crossed", "scale", "room")


def main() -> int:
    """Install the peers and measure each part; 1 where a part failed."""
    asked = _arguments()
    # Peers and we alike: one thread of linear algebra.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    seconds = 1.0 if asked.quick else asked.seconds
    try:
        print("statsforecast runs in Python {}.{}".format(*prepare(LOCK, HOME)))
    except NoPeer as reason:
        print(f"The peers could not be installed ({reason}): ours alone is measured.")
    wants_sets = {"rates", "accuracy"} & set(asked.part)
    own = [simulated(1000), *(shared(Path(asked.data)) if asked.data else ())] if wants_sets else []
    parts: dict[str, Callable[[], None]] = {
        "rates": lambda: _demand_rates.main(own, seconds, HOME),
        "accuracy": lambda: _demand_accuracy.main([*own, *_public()], seconds, HOME),
        "trees": lambda: _demand_trees.main(HOME),
        "crossed": lambda: _demand_crossed.main(HOME),
        "scale": lambda: _demand_scale.main(_demand_scale.SIZES[:1] if asked.quick else _demand_scale.SIZES),
        "room": lambda: _room(("--sizes", "10000") if asked.quick else ()),
    }
    failed = [name for name in asked.part if not _ran(name, parts[name])]
    if failed:
        print(f"\nNot measured: {', '.join(failed)}; see above.")
    return 1 if failed else 0


def _room(words: tuple[str, ...]) -> None:
    """Many series through the room, in a process of its own: it has a database of its own, too."""
    subprocess.run([sys.executable, "-m", "benchmarks._demand_room", *words], cwd=ROOT, check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 second for each model and set, and the smallest scale")
    parser.add_argument("--seconds", type=float, default=3.0, help="processor seconds for each model and set")
    parser.add_argument("--data", default=os.environ.get("CLOSEKNIT_SHARED_DATA", ""), help="shared sets")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), help="some parts only")
    return parser.parse_args()


def _public() -> list[SeriesSet]:
    try:
        return list(_public_sets.public())
    except (OSError, ValueError, KeyError) as reason:
        print(f"left out, the public sets could not be read: {reason}")
        return []


def _ran(name: str, part: Callable[[], None]) -> bool:
    """Whether a part came to its end; what stopped it is told, and does not stop the others."""
    started = time.perf_counter()
    try:
        part()
    except Exception as reason:
        # Whatever it is, the other parts are still to be measured.
        print(f"\n{name} failed: {type(reason).__name__}: {reason}")
        return False
    finally:
        print(f"({name}: {time.perf_counter() - started:.0f} s)", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
