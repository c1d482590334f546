"""Accuracy on held-out ends, beside each of statsforecast's automatic methods; no choice is made on what came.

Ours is `forecast_demand`, which judges methods and makes quantiles on the past alone. All are scored on the series that
every model got to in the time given. OWA: mean of MASE and sMAPE over the seasonal naive forecast's. WQL: weighted
quantile loss of 10, 50 and 90 %, the peers' mean being their 50 %.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._demand_series import SeriesSet, ask_all
from benchmarks._public_sets import weighted_quantile_loss
from benchmarks._report import show
from closeknit.engine.forecasting import forecast_demand, interval_coverage, mase, smape

MODELS = ("AutoETS", "AutoTheta", "MSTL")
LEVELS = (0.1, 0.5, 0.9)
INTERVAL = 80
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """Forecasts [series, period], and quantiles [level, series, period]."""

    mean: FloatArray
    quantiles: FloatArray


def main(sets: list[SeriesSet], seconds: float, home: Path) -> None:
    """Print the table: four rows a set, and how often ours is best."""
    told = ask_all(sets, MODELS, seconds, home, INTERVAL)
    rows: list[tuple[str, ...]] = []
    wins: list[bool] = []
    whole: list[dict[str, tuple[float, ...]]] = []
    for one in sets:
        said = {"Closeknit": _ours(one)}
        for model in MODELS:
            if (answer := told.get((one.name, model))) is not None:
                said[model] = Said(answer.mean, np.stack([answer.low, answer.mean, answer.high]))
        scored = min(answer.mean.shape[0] for answer in said.values())
        found = {name: _scores(one, answer, scored) for name, answer in said.items()}
        first = [scores[2:4] for scores in found.values()]
        best = [min(column) for column in zip(*first, strict=True)]
        if len(found) == 1 + len(MODELS):
            whole.append(dict(found))
            wins.append(found["Closeknit"][2] <= best[0])
        for place, (name, scores) in enumerate(found.items()):
            marks = [" *" if scores[2 + i] == best[i] else "" for i in range(2)]
            start = (f"{one.name}, {scored} of {one.history.shape[0]}" if place == 0 else "", name)
            said_of = [f"{value:.3f}" for value in scores]
            rows.append((*start, *said_of[:2], said_of[2] + marks[0], said_of[3] + marks[1], said_of[4]))
    for name in ("Closeknit", *MODELS) if whole else ():
        means = np.mean([scores[name] for scores in whole], axis=0)
        rows.append((f"mean of {len(whole)} sets" if name == "Closeknit" else "", name, *(f"{m:.3f}" for m in means)))
    headings = ("set, series scored", "method", "MASE", "sMAPE %", "OWA", "WQL", "80 % interval holds")
    show("Accuracy on held-out ends (* the best of the set)", headings, rows)
    print(f"\nAim: a lower OWA than the best of {', '.join(MODELS)}: on {sum(wins)} of {len(wins)} sets.")


def _ours(one: SeriesSet) -> Said:
    done = forecast_demand(one.history, (one.season_periods,), one.actual.shape[1], LEVELS)
    return Said(done.mean, done.quantiles)


def _scores(one: SeriesSet, said: Said, count: int) -> tuple[float, float, float, float, float]:
    """MASE, sMAPE in percent, OWA, weighted quantile loss, share of values within the 80 % interval."""
    history, actual, season = one.history[:count], one.actual[:count], one.season_periods
    horizon = actual.shape[1]
    naive = np.tile(history[:, -season:], (1, -(-horizon // season)))[:, :horizon]

    def both(which: FloatArray) -> tuple[float, float]:
        scaled = mase(actual, which, history, season)
        return float(np.nanmean(scaled)), 100.0 * float(np.nanmean(smape(actual, which)))

    (scaled, percent), (naive_scaled, naive_percent) = both(said.mean[:count]), both(naive)
    loss = weighted_quantile_loss(actual, said.quantiles[:, :count], LEVELS)
    held = float(np.nanmean(interval_coverage(actual, said.quantiles[0, :count], said.quantiles[2, :count])))
    return scaled, percent, (scaled / naive_scaled + percent / naive_percent) / 2.0, loss, held
