"""Rates on the same series, same machine: series a second of one thread's processor time, on both sides."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._demand_series import SeriesSet, Told, ask_all
from benchmarks._engine_row import take
from benchmarks._report import show, verdict
from closeknit.engine.forecasting import (
    exponential_smoothing,
    forecast_demand,
    forecast_selected,
    mase,
    sba,
    seasonal_naive,
    standard_methods,
    theta,
)

LEVELS = (0.1, 0.5, 0.9)
INTERVAL = 80
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
    return next(one for one in standard_methods([season]) if one.name.startswith("seasonal_naive")).asked(
        history, horizon
    )


def _naive_with_quantiles(history: FloatArray, season: int, horizon: int) -> FloatArray:
    return seasonal_naive(history, season, horizon, LEVELS).mean


PAIRS: tuple[tuple[str, Method, str, float], ...] = (
    ("exponential smoothing, one fit", _smoothing, "AutoETS", 300.0),
    ("chosen on windows, with quantiles", _chosen, "AutoETS", 100.0),
    ("whole: outliers, shifts, chosen", _whole, "AutoETS", 0.0),
    ("whole: outliers, shifts, chosen", _whole, "MSTL", 0.0),
    ("theta, optimised", _theta, "AutoTheta", 0.0),
    ("SBA", _intermittent, "CrostonSBA", 1.0),
    ("seasonal naive", _naive, "SeasonalNaive", 1.0),
    ("seasonal naive, with quantiles", _naive_with_quantiles, f"SeasonalNaive, {INTERVAL} %", 1.0),
)
"""Ours, the peer's model (with an interval where it says so), and how many times its rate is asked for."""


def main(sets: list[SeriesSet], seconds: float, home: Path) -> None:
    """Print the table; the peer forecasts the first series of each set, as many as `seconds` allow."""
    models = list(dict.fromkeys(model for _, _, model, _ in PAIRS))
    bare = [model for model in models if "," not in model]
    told = ask_all(sets, bare, seconds, home)
    ranged = ask_all(sets, [model.split(",")[0] for model in models if model not in bare], seconds, home, INTERVAL)
    told |= {(name, f"{model}, {INTERVAL} %"): answer for (name, model), answer in ranged.items()}
    rows = [row for one in sets for row in _rows(one, {model: told.get((one.name, model)) for model in models})]
    headings = ("set", "series", "method", "peer", "peer /s", "ours /s", "ratio", "aim", "met", "MASE", "peer's")
    show("Series a second of one thread's processor time; MASE of the series that both forecast", headings, rows)


def _rows(one: SeriesSet, told: dict[str, Told | None]) -> list[tuple[str, ...]]:
    took: dict[Method, tuple[FloatArray, float]] = {}
    rows: list[tuple[str, ...]] = []
    for name, method, model, aim in PAIRS:
        if method not in took:
            took[method] = _taken(one, method)
        start = (_label(one), str(one.history.shape[0]), name, model)
        (forecast, rate), answer = took[method], told[model]
        if answer is None:
            rows.append((*start, "not run", f"{rate:,.0f}", *("",) * 3, _mase(one, forecast), ""))
            continue
        count = answer.mean.shape[0]
        peer_rate = count / answer.cpu
        scores = _mase(one, forecast[:count]), _mase(one, answer.mean)
        rows.append((*start, f"{peer_rate:,.3g}", f"{rate:,.0f}", *verdict(rate / peer_rate, aim), *scores))
    return rows


def _label(one: SeriesSet) -> str:
    return f"{one.name}, {one.history.shape[1]} + {one.actual.shape[1]}, m = {one.season_periods}"


def _taken(one: SeriesSet, method: Method) -> tuple[FloatArray, float]:
    took = take(lambda: method(one.history, one.season_periods, one.actual.shape[1]), times=3)
    return took.answer, one.history.shape[0] / took.cpu


def _mase(one: SeriesSet, forecast: FloatArray) -> str:
    count = forecast.shape[0]
    return f"{np.nanmean(mase(one.actual[:count], forecast, one.history[:count], one.season_periods)):.3f}"
