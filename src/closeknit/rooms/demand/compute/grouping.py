"""Which series a forecast has: accounts of top tiers alone, the rest by tier, and each service and region in total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand.compute.laying import weekly_sums
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS, ForecastKey, Grain
from closeknit.rooms.sensing.contracts import SeriesKey

OWN_SERIES_WEEKS = 8
"""An account of a top tier has a series of its own from work in this many different weeks on."""
PERIODS_PER_DAY = {Grain.DAY: 1, Grain.HALF_HOUR: 48}

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class History:
    """Observed work of one grain: keys (S), wall-clock starts of whole days' periods (P), units (S x P)."""

    grain: Grain
    keys: tuple[SeriesKey, ...]
    local_starts: NDArray[np.datetime64]
    quantities: FloatArray


def group_series(
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


def totals_of(
    keys: Sequence[ForecastKey], values: FloatArray
) -> tuple[tuple[tuple[str, str], ...], NDArray[np.int64], FloatArray]:
    totals = tuple(sorted({(key.service, key.region) for key in keys}))
    place = {total: i for i, total in enumerate(totals)}
    index = np.array([place[key.service, key.region] for key in keys], dtype=np.int64)
    sums = np.zeros((len(totals), values.shape[1]))
    np.add.at(sums, index, values)
    return totals, index, sums


def closed_periods(history: History, total_values: FloatArray) -> NDArray[np.bool_]:
    """Mark periods of days on which nothing at all came in although that weekday usually has work."""
    per_day = PERIODS_PER_DAY[history.grain]
    by_day = total_values.sum(axis=0).reshape(-1, per_day).sum(axis=1)
    weekday = (history.local_starts[::per_day].astype("datetime64[D]").astype(np.int64) + 3) % 7
    usual = np.array([np.mean(by_day[weekday == d] > 0) > 0.5 if np.any(weekday == d) else False for d in range(7)])
    level = float(np.mean(by_day)) if by_day.size else 0.0
    # Small operations have empty days by chance; only a busy one can show that it was closed.
    closed = (by_day == 0) & usual[weekday] & (level >= 10.0)
    return np.repeat(closed, per_day)


def future_starts(history: History, horizon_days: int) -> NDArray[np.datetime64]:
    per_day = PERIODS_PER_DAY[history.grain]
    step = np.timedelta64(1440 // per_day, "m")
    first = history.local_starts[-1].astype("datetime64[m]") + step
    starts: NDArray[np.datetime64] = first + np.arange(horizon_days * per_day) * step
    return starts
