"""From observed work to forecast numbers: grouping, grain, the engine, and the archive form. No database."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import (
    Forecast,
    aggregate_quantiles,
    forecast_by_rolling_choice,
    interval_coverage,
)
from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS, ForecastKey, Grain, Panel, mondays_of, wall_clock
from closeknit.rooms.sensing.contracts import SeriesKey

CODE_VERSION = "demand/2"
QUANTILE_LEVELS = np.array([0.1, 0.25, 0.5, 0.75, 0.8, 0.9, 0.95])
PLANNING_MINUTES = 120.0
"""Promises shorter than this need the half-hour grain: a day cannot show who waits two minutes."""
OWN_SERIES_WEEKS = 8
"""An account of a top tier has a series of its own from work in this many different weeks on."""
SEASONS_AVERAGED = {Grain.DAY: (1, 2, 4, 8, 16, 32), Grain.HALF_HOUR: (1, 2, 4, 8, 16)}
"""Weeks whose mean may be the forecast: few where the level moves, many where work is sparse and chance rules."""
HELD_OUT_DAYS = 28
NO_CHOICES: Mapping[str, float] = MappingProxyType({})
PERIODS_PER_DAY = {Grain.DAY: 1, Grain.HALF_HOUR: 48}

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class History:
    """Observed work of one grain: keys (S), wall-clock starts of whole days' periods (P), units (S x P)."""

    grain: Grain
    keys: tuple[SeriesKey, ...]
    local_starts: NDArray[np.datetime64]
    quantities: FloatArray


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How the chosen methods did on rolling windows they had not seen; None where there was too little history."""

    wape_share: float | None
    interval_coverage_share: float | None
    bias_share: float | None


def grain_of(threshold_minutes: Sequence[float]) -> Grain:
    """Return the grain that a service's promises need: half-hours when any is shorter than two hours."""
    return Grain.HALF_HOUR if threshold_minutes and min(threshold_minutes) < PLANNING_MINUTES else Grain.DAY


def forecast_panel(
    history: History, tiers: Mapping[str, Tier], horizon_days: int, own_from: Mapping[str, float] = NO_CHOICES
) -> tuple[Panel, Accuracy]:
    """Forecast one grain: accounts of top tiers with enough work alone, the rest by tier; and each group's total.

    `own_from` says by account from how much work on it has a series of its own, where that is not the default.
    A day without any work on a weekday that usually has some is taken as closed (missing), not as no demand. The series
    are scaled to their group's total, which is known best.
    """
    keys, values = _group(history, tiers, own_from)
    totals, total_of_series, total_values = _totals(keys, values)
    closed = _closed_periods(history, total_values)
    both = np.vstack([values, total_values])
    both[:, closed] = np.nan
    per_day, n = PERIODS_PER_DAY[history.grain], len(keys)
    season, horizon = 7 * per_day, horizon_days * per_day
    forecast = _forecast(both, history.grain, horizon)
    future = _future(history, horizon_days)
    mondays = mondays_of(future)
    weeks, week_of_step = np.unique(mondays, return_inverse=True)
    weekly = aggregate_quantiles(both, season, forecast, week_of_step)
    accuracy, series_wape = _held_out(both, n, history.grain)
    means, scale = _to_totals(forecast.mean, both, total_of_series)
    panel = Panel(
        grain=history.grain,
        keys=keys,
        methods=tuple(forecast.method[:n]),
        wape_share=series_wape,
        local_starts=future,
        mean=means,
        week_on=weeks,
        weekly_mean=_sums(means, week_of_step, weeks.size),
        weekly_quantiles=weekly.quantiles[:, :n] * scale[:, None],
        total_keys=totals,
        total_of_series=total_of_series,
        total_mean=forecast.mean[n:],
        total_quantiles=forecast.quantiles[:, n:],
        total_weekly_mean=weekly.mean[n:],
        total_weekly_quantiles=weekly.quantiles[:, n:],
    )
    return panel, accuracy


def _forecast(values: FloatArray, grain: Grain, horizon: int) -> Forecast:
    season = 7 * PERIODS_PER_DAY[grain]
    return forecast_by_rolling_choice(values, season, horizon, QUANTILE_LEVELS, SEASONS_AVERAGED[grain])


def _sums(values: FloatArray, group_of_step: NDArray[np.int64], groups: int) -> FloatArray:
    member = np.zeros((values.shape[1], groups))
    member[np.arange(values.shape[1]), group_of_step] = 1.0
    sums: FloatArray = values @ member
    return sums


def _to_totals(
    mean: FloatArray, history: FloatArray, total_of_series: NDArray[np.int64]
) -> tuple[FloatArray, FloatArray]:
    """Scale the series' forecasts (S x P) so that those of a group add up to its total over the horizon.

    Returns them and the factors (S). A group of which no series expects anything, though the total does, is shared by
    what each brought in the past.
    """
    n = total_of_series.size
    totals = mean[n:]
    ahead = np.bincount(total_of_series, weights=mean[:n].sum(axis=1), minlength=totals.shape[0])
    factor = np.divide(totals.sum(axis=1), ahead, out=np.ones_like(ahead), where=ahead > 0)[total_of_series]
    past = np.nansum(history[:n], axis=1)
    past_total = np.bincount(total_of_series, weights=past, minlength=totals.shape[0])[total_of_series]
    share = np.divide(past, past_total, out=np.zeros_like(past), where=past_total > 0)
    silent = (ahead <= 0)[total_of_series]
    scaled = np.where(silent[:, None], totals[total_of_series] * share[:, None], mean[:n] * factor[:, None])
    return scaled, factor


def on_clock(panel: Panel, zone: str, target_zone: str) -> Panel:
    """Return a panel whose periods are half-hours of another zone's wall clock, over the same days.

    A forecast is made on the clock that people live by, so that a change of daylight saving elsewhere does not bend its
    shape; then it is laid on the operation's clock. The few night hours that fall off the edge are not forecast.
    """
    if zone == target_zone:
        return panel
    source = wall_clock(panel.local_starts, target_zone, zone)
    index = ((source - panel.local_starts[0]).astype("timedelta64[m]").astype(np.int64)) // 30
    inside = (index >= 0) & (index < panel.local_starts.size)
    safe = np.where(inside, index, 0)

    def laid(values: FloatArray) -> FloatArray:
        return np.where(inside, values[..., safe], 0.0)

    return replace(
        panel,
        mean=laid(panel.mean),
        total_mean=laid(panel.total_mean),
        total_quantiles=laid(panel.total_quantiles),
    )


def join_panels(panels: Sequence[Panel]) -> Panel:
    """Return panels of one grain and one clock, with different series, as one."""
    if len(panels) == 1:
        return panels[0]
    offsets = np.cumsum([0, *(len(panel.total_keys) for panel in panels[:-1])])
    stacked: dict[str, Any] = {
        name: np.concatenate([getattr(panel, name) for panel in panels], axis=axis)
        for name, axis in (
            ("wape_share", 0),
            ("mean", 0),
            ("weekly_mean", 0),
            ("weekly_quantiles", 1),
            ("total_mean", 0),
            ("total_quantiles", 1),
            ("total_weekly_mean", 0),
            ("total_weekly_quantiles", 1),
        )
    }
    return replace(
        panels[0],
        keys=tuple(key for panel in panels for key in panel.keys),
        methods=tuple(method for panel in panels for method in panel.methods),
        total_keys=tuple(key for panel in panels for key in panel.total_keys),
        total_of_series=np.concatenate(
            [panel.total_of_series + offset for panel, offset in zip(panels, offsets, strict=True)]
        ),
        **stacked,
    )


def join_accuracy(parts: Sequence[Accuracy]) -> Accuracy:
    """Return the plain mean over grains of what each could measure."""

    def mean(name: str) -> float | None:
        known = [getattr(part, name) for part in parts if getattr(part, name) is not None]
        return float(np.mean(known)) if known else None

    return Accuracy(mean("wape_share"), mean("interval_coverage_share"), mean("bias_share"))


def weekly_sums(local_starts: NDArray[np.datetime64], values: FloatArray) -> tuple[NDArray[np.datetime64], FloatArray]:
    """Sum periods (last axis) into weeks that begin on Monday; return the Mondays and the sums."""
    weeks, index = np.unique(mondays_of(local_starts), return_inverse=True)
    member = np.zeros((local_starts.size, weeks.size))
    member[np.arange(local_starts.size), index] = 1.0
    return weeks, np.nan_to_num(values) @ member


_INSTANTS = {"local_starts": "datetime64[m]", "week_on": "datetime64[D]"}
_PLAIN = (
    "wape_share",
    "mean",
    "weekly_mean",
    "weekly_quantiles",
    "total_of_series",
    "total_mean",
    "total_quantiles",
    "total_weekly_mean",
    "total_weekly_quantiles",
)


def pack(levels: FloatArray, panels: Sequence[Panel]) -> bytes:
    """Write panels as one compressed archive of arrays."""
    arrays: dict[str, Any] = {"levels": levels, "grains": np.array([p.grain.value for p in panels], dtype=np.str_)}
    for number, panel in enumerate(panels):
        key_fields = [[k.service, k.region, k.work_class, k.tier, k.account_number] for k in panel.keys]
        arrays[f"{number}.keys"] = np.array(key_fields, dtype=np.str_).reshape(len(panel.keys), 5)
        arrays[f"{number}.total_keys"] = np.array(panel.total_keys, dtype=np.str_).reshape(-1, 2)
        arrays[f"{number}.methods"] = np.array(panel.methods, dtype=np.str_)
        for name, kind in _INSTANTS.items():
            arrays[f"{number}.{name}"] = getattr(panel, name).astype(kind).astype(np.int64)
        for name in _PLAIN:
            arrays[f"{number}.{name}"] = getattr(panel, name)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(archive: bytes) -> tuple[FloatArray, tuple[Panel, ...]]:
    """Read what `pack` wrote."""
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        panels = tuple(_unpack_panel(arrays, i, Grain(str(grain))) for i, grain in enumerate(arrays["grains"]))
        return arrays["levels"], panels


def _unpack_panel(arrays: Mapping[str, Any], number: int, grain: Grain) -> Panel:
    return Panel(
        grain=grain,
        keys=tuple(ForecastKey(*map(str, row)) for row in arrays[f"{number}.keys"]),
        total_keys=tuple((str(s), str(r)) for s, r in arrays[f"{number}.total_keys"]),
        methods=tuple(map(str, arrays[f"{number}.methods"])),
        **{name: arrays[f"{number}.{name}"].astype(kind) for name, kind in _INSTANTS.items()},
        **{name: arrays[f"{number}.{name}"] for name in _PLAIN},
    )


def history_digest(history: History) -> str:
    """Return a SHA-256 over what a forecast was made from."""
    sha = hashlib.sha256(repr((history.grain.value, history.keys)).encode())
    sha.update(history.local_starts.astype("datetime64[m]").astype("<i8").tobytes())
    sha.update(np.ascontiguousarray(history.quantities, dtype="<f8").tobytes())
    return sha.hexdigest()


def result_digest(panels: Sequence[Panel]) -> str:
    """Return a SHA-256 over all keys and numbers: the same result gives the same digest."""
    sha = hashlib.sha256()
    for panel in panels:
        sha.update(repr((panel.grain.value, panel.keys, panel.methods, panel.total_keys)).encode())
        for name in _PLAIN:
            sha.update(np.ascontiguousarray(getattr(panel, name), dtype="<f8").tobytes())
    return sha.hexdigest()


def _group(
    history: History, tiers: Mapping[str, Tier], own_from: Mapping[str, float]
) -> tuple[tuple[ForecastKey, ...], FloatArray]:
    _, weekly = weekly_sums(history.local_starts, history.quantities)
    units_by_account: dict[str, float] = {}
    weeks_by_account: dict[str, NDArray[np.bool_]] = {}
    for row, key in enumerate(history.keys):
        account = key.account_number
        units_by_account[account] = units_by_account.get(account, 0.0) + float(weekly[row].sum())
        seen = weeks_by_account.get(account)
        weeks_by_account[account] = weekly[row] > 0 if seen is None else seen | (weekly[row] > 0)
    own = {
        account
        for account, units in units_by_account.items()
        if tiers.get(account) in TOP_TIERS
        and units >= own_from.get(account, OWN_SERIES_UNITS.default)
        and int(weeks_by_account[account].sum()) >= OWN_SERIES_WEEKS
    }
    named = [_forecast_key(key, tiers, own) for key in history.keys]
    keys = tuple(sorted(set(named), key=lambda k: (k.service, k.region, k.work_class, k.tier, k.account_number)))
    place = {key: i for i, key in enumerate(keys)}
    values = np.zeros((len(keys), history.local_starts.size))
    np.add.at(values, [place[key] for key in named], history.quantities)
    return keys, values


def _forecast_key(key: SeriesKey, tiers: Mapping[str, Tier], own: set[str]) -> ForecastKey:
    tier = tiers.get(key.account_number, Tier.VOLUME)
    account = key.account_number if key.account_number in own else ""
    return ForecastKey(key.service, key.region, key.work_class, tier.value, account)


def _totals(
    keys: Sequence[ForecastKey], values: FloatArray
) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int64], FloatArray]:
    totals = tuple(sorted({(key.service, key.region) for key in keys}))
    place = {total: i for i, total in enumerate(totals)}
    index = np.array([place[key.service, key.region] for key in keys], dtype=np.int64)
    sums = np.zeros((len(totals), values.shape[1]))
    np.add.at(sums, index, values)
    return totals, index, sums


def _closed_periods(history: History, total_values: FloatArray) -> NDArray[np.bool_]:
    """Mark periods of days on which nothing at all came in although that weekday usually has work."""
    per_day = PERIODS_PER_DAY[history.grain]
    by_day = total_values.sum(axis=0).reshape(-1, per_day).sum(axis=1)
    weekday = (history.local_starts[::per_day].astype("datetime64[D]").astype(np.int64) + 3) % 7
    usual = np.array([np.mean(by_day[weekday == d] > 0) > 0.5 if np.any(weekday == d) else False for d in range(7)])
    level = float(np.mean(by_day)) if by_day.size else 0.0
    # Small operations have empty days by chance; only a busy one can show that it was closed.
    closed = (by_day == 0) & usual[weekday] & (level >= 10.0)
    return np.repeat(closed, per_day)


def _future(history: History, horizon_days: int) -> NDArray[np.datetime64]:
    per_day = PERIODS_PER_DAY[history.grain]
    step = np.timedelta64(1440 // per_day, "m")
    first = history.local_starts[-1].astype("datetime64[m]") + step
    starts: NDArray[np.datetime64] = first + np.arange(horizon_days * per_day) * step
    return starts


def _held_out(values: FloatArray, series: int, grain: Grain) -> tuple[Accuracy, FloatArray]:
    """Forecast the last four weeks from what came before, and score it: totals together, and each series."""
    days, per_day = HELD_OUT_DAYS, PERIODS_PER_DAY[grain]
    none = np.full(series, np.nan)
    if values.shape[1] < 3 * days * per_day:
        return Accuracy(None, None, None), none
    cut = values.shape[1] - days * per_day
    past, actual = values[:, :cut], values[:, cut:]
    forecast = _forecast(past, grain, days * per_day)
    error = np.nan_to_num(actual - forecast.mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        series_wape = np.abs(error[:series]).sum(axis=1) / np.nansum(actual[:series], axis=1)
    series_wape[~np.isfinite(series_wape)] = np.nan
    demand = float(np.nansum(actual[series:]))
    if demand <= 0.0:
        return Accuracy(None, None, None), series_wape
    low, high = (forecast.quantiles[int(np.argmin(np.abs(QUANTILE_LEVELS - q))), series:] for q in (0.1, 0.9))
    inside = interval_coverage(actual[series:], low, high)
    accuracy = Accuracy(
        wape_share=float(np.abs(error[series:]).sum()) / demand,
        interval_coverage_share=float(np.nanmean(inside)) if np.isfinite(inside).any() else None,
        bias_share=float(-error[series:].sum()) / demand,
    )
    return accuracy, series_wape
