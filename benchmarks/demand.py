"""Forecasts of whole matrices beside statsforecast, one series after another: rates and accuracy on the same series.

Rates are series a second of processor time of one thread, on both sides. The peer forecasts as many series as
`--seconds` allow, a model and set; accuracy is of those series, on both sides. `--quick`: 5 seconds. `--data FOLDER`
holds the shared sets (default: CLOSEKNIT_SHARED_DATA); without it the simulated series alone are forecast.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import _demand_scale, _demand_trees
from benchmarks._demand_series import SeriesSet, shared, simulated
from benchmarks._engine_peers import ROOT, NoPeer, ask, prepare
from benchmarks._engine_row import take
from benchmarks._report import show
from closeknit.engine.forecasting import (
    exponential_smoothing,
    forecast_demand,
    forecast_selected,
    mase,
    sba,
    seasonal_naive,
    smape,
    theta,
)

LOCK = ROOT / "requirements" / "peers-demand.txt"
HOME = ROOT / ".closeknit" / "bench" / "peers-demand"
AIMS = {("exponential smoothing, automatic", "AutoETS"): 300.0, ("chosen on windows", "AutoETS"): 100.0}
LEVELS = (0.1, 0.5, 0.9)
FloatArray = NDArray[np.float64]
Method = Callable[[FloatArray, int, int], FloatArray]


def _smoothing(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return exponential_smoothing(history, season, horizon).forecast


def _theta(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return theta(history, season, horizon, optimised=True).forecast


def _chosen(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return forecast_selected(history, season, horizon, LEVELS).mean


def _whole(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return forecast_demand(history, (season,), horizon, LEVELS).mean


def _intermittent(history: FloatArray, _: int, horizon: int) -> FloatArray:
    return np.repeat(sba(history).mean[:, None], horizon, axis=1)


def _naive(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return seasonal_naive(history, season, horizon, LEVELS).mean


PAIRS: tuple[tuple[str, Method, str], ...] = (
    ("exponential smoothing, automatic", _smoothing, "AutoETS"),
    ("chosen on windows", _chosen, "AutoETS"),
    ("whole: outliers, shifts, chosen", _whole, "AutoETS"),
    ("whole: outliers, shifts, chosen", _whole, "MSTL"),
    ("theta, optimised", _theta, "AutoTheta"),
    ("SBA", _intermittent, "CrostonSBA"),
    ("seasonal naive, with quantiles", _naive, "SeasonalNaive"),
)


def main() -> None:
    """Install the peer, forecast each set with both, print rates and accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="5 seconds for each model and set")
    parser.add_argument("--seconds", type=float, default=30.0, help="processor seconds for each model and set")
    parser.add_argument("--data", default=os.environ.get("CLOSEKNIT_SHARED_DATA", ""), help="shared sets")
    asked = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    seconds = 5.0 if asked.quick else asked.seconds
    try:
        print("statsforecast runs in Python {}.{}".format(*prepare(LOCK, HOME)))
    except NoPeer as reason:
        print(f"The peer could not be installed ({reason}): ours alone is measured.")
    sets = [simulated(1000), *(shared(Path(asked.data)) if asked.data else ())]
    rows = [_row(one, pair, seconds) for one in sets for pair in PAIRS]
    headings = ("set", "series", "method", "peer", "peer /s", "ours /s", "ratio", "scored")
    scores = ("MASE", "peer's", "sMAPE %", "peer's", "OWA", "peer's")
    show("Rates a second of one thread's processor time; accuracy of the series scored", (*headings, *scores), rows)
    print("\nAims on daily series, times AutoETS's rate: 300 for one fit, 100 with the choice made on windows.")
    print("OWA is against the seasonal naive forecast.")
    _demand_trees.main(HOME)
    _demand_scale.main(_demand_scale.SIZES[:1] if asked.quick else _demand_scale.SIZES)


def _row(one: SeriesSet, pair: tuple[str, Method, str], seconds: float) -> tuple[str, ...]:
    """Ours on the whole set; the peer on its first series."""
    name, method, model = pair
    horizon, season = one.actual.shape[1], one.season_periods
    took = take(lambda: method(one.history, season, horizon), times=3)
    rate = one.history.shape[0] / took.cpu
    problem = {
        "model": model,
        "season": season,
        "horizon": horizon,
        "seconds": seconds,
        "history": one.history.tolist(),
    }
    start = (f"{one.name}, {one.history.shape[1]} + {horizon}, m = {season}", str(one.history.shape[0]), name, model)
    try:
        answer = ask("_peer_demand", "forecast", problem, HOME)
    except NoPeer as reason:
        print(f"{model} was not run on {one.name}: {reason}")
        ours = _accuracy(one, took.answer)
        return (*start, "not run", f"{rate:,.0f}", "", str(one.history.shape[0]), *_beside(ours, (np.nan,) * 3))
    theirs = np.array(answer["forecast"])
    peer_rate = theirs.shape[0] / answer["cpu"]
    missed = " MISSED" if rate < AIMS.get((name, model), 0.0) * peer_rate else ""
    scored = _beside(_accuracy(one, took.answer[: theirs.shape[0]]), _accuracy(one, theirs))
    ratio = f"{rate / peer_rate:,.0f}{missed}"
    return (*start, f"{peer_rate:.3g}", f"{rate:,.0f}", ratio, str(theirs.shape[0]), *scored)


def _beside(ours: tuple[float, ...], theirs: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(f"{value:.3f}" for pair in zip(ours, theirs, strict=True) for value in pair)


def _accuracy(one: SeriesSet, forecast: FloatArray) -> tuple[float, float, float]:
    """Mean MASE, mean sMAPE in percent, and both over the seasonal naive forecast's."""
    count, horizon = forecast.shape
    history, actual, season = one.history[:count], one.actual[:count], one.season_periods
    naive = np.tile(history[:, -season:], (1, -(-horizon // season)))[:, :horizon]

    def scores(which: FloatArray) -> tuple[float, float]:
        scaled = mase(actual, which, history, season)
        return float(np.nanmean(scaled)), 100.0 * float(np.nanmean(smape(actual, which)))

    (scaled, percent), (naive_scaled, naive_percent) = scores(forecast), scores(naive)
    return scaled, percent, (scaled / naive_scaled + percent / naive_percent) / 2.0


if __name__ == "__main__":
    main()
