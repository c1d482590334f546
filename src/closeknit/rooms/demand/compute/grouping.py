"""Which series a forecast has: accounts of top tiers alone, the rest by tier, and each service and region in total."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.customers.contracts import TOP_TIERS, Tier
from closeknit.rooms.demand.compute.laying import weekly_sums
from closeknit.rooms.demand.contracts import OWN_SERIES_UNITS, ForecastKey, Grain
from closeknit.rooms.sensing.contracts import SeriesKey

OWN_SERIES_WEEKS = 8
"""An account has a series of its own only from work in this many different weeks on."""
PERIODS_PER_DAY = {Grain.DAY: 1, Grain.HALF_HOUR: 48}
ROWS_AT_ONCE = 2048

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class History:
    """Observed work of one grain: keys (S), wall-clock starts of whole days' periods (P), units (S x P).

    Units may be kept as any kind of number (see `narrow`): most of them are small and whole.
    """

    grain: Grain
    keys: tuple[SeriesKey, ...]
    local_starts: NDArray[np.datetime64]
    quantities: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A forecast's series, sorted, and the history's rows in each: series i has rows[first[i]:first[i + 1]]."""

    keys: tuple[ForecastKey, ...]
    rows: IntArray
    first: IntArray

    def values(self, history: History, start: int, stop: int, periods: slice) -> FloatArray:
        """[series from start to stop, period]: units of work in some periods."""
        rows = self.rows[self.first[start] : self.first[stop]]
        return self._added(history.quantities[:, periods][rows].astype(np.float64), start, stop)

    def days(self, history: History, start: int, stop: int) -> FloatArray:
        """[series from start to stop, day]: units of work."""
        per_day = PERIODS_PER_DAY[history.grain]
        rows = history.quantities[self.rows[self.first[start] : self.first[stop]]]
        of_day = rows.reshape(rows.shape[0], -1, per_day).sum(axis=2, dtype=np.float64)
        return self._added(of_day, start, stop)

    def _added(self, rows: FloatArray, start: int, stop: int) -> FloatArray:
        if stop <= start:
            return rows
        added: FloatArray = np.add.reduceat(rows, self.first[start:stop] - self.first[start], axis=0)
        return added

    def blocks(self, size: int = ROWS_AT_ONCE) -> Iterator[tuple[int, int]]:
        """The series in blocks of so many, from first to after last."""
        for start in range(0, len(self.keys), size):
            yield start, min(start + size, len(self.keys))


def narrow(values: NDArray[Any]) -> NDArray[Any]:
    """Return the same numbers in the least room: whole ones as bytes where they fit; else every bit is kept."""
    if not values.size or values.dtype.kind == "u":
        return values
    lowest, highest = values.min(), values.max()
    if not (lowest >= 0 and highest < 2**31) or (values.dtype.kind == "f" and not _whole(values)):
        return values
    return values.astype(np.uint8 if highest < 2**8 else np.uint16 if highest < 2**16 else np.int32)


def _whole(values: NDArray[Any]) -> bool:
    return all(np.array_equal(block, np.rint(block)) for block in _rows_of(values))


def _rows_of(values: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, values.shape[0], ROWS_AT_ONCE):
        yield values[start : start + ROWS_AT_ONCE]


def group_series(history: History, tiers: Mapping[str, Tier], own_from: Mapping[str, float]) -> Groups:
    """Say which series there are and which rows of the history each is the sum of."""
    own = _own_accounts(history, tiers, own_from)
    named = [_forecast_key(key, tiers, own) for key in history.keys]
    keys = tuple(sorted(set(named), key=lambda k: (k.service, k.region, k.work_class, k.tier, k.account_number)))
    place = {key: i for i, key in enumerate(keys)}
    series = np.array([place[key] for key in named], dtype=np.int64)
    first = np.concatenate([[0], np.cumsum(np.bincount(series, minlength=len(keys)))]).astype(np.int64)
    return Groups(keys, np.argsort(series, kind="stable"), first)


def _own_accounts(history: History, tiers: Mapping[str, Tier], own_from: Mapping[str, float]) -> set[str]:
    """Return the accounts with a series of their own: those of top tiers and those named, with work enough for one."""
    units: dict[str, float] = {}
    weeks: dict[str, NDArray[np.bool_]] = {}
    row = 0
    for block in _rows_of(history.quantities):
        _, weekly = weekly_sums(history.local_starts, block)
        sums, worked = weekly.sum(axis=1), weekly > 0
        for one, seen in zip(sums.tolist(), worked, strict=True):
            account = history.keys[row].account_number
            units[account] = units.get(account, 0.0) + one
            weeks[account] = weeks[account] | seen if account in weeks else seen
            row += 1
    return {
        account
        for account, brought in units.items()
        if (tiers.get(account) in TOP_TIERS or account in own_from)
        and brought >= own_from.get(account, OWN_SERIES_UNITS.default)
        and int(weeks[account].sum()) >= OWN_SERIES_WEEKS
    }


def _forecast_key(key: SeriesKey, tiers: Mapping[str, Tier], own: set[str]) -> ForecastKey:
    tier = tiers.get(key.account_number, Tier.VOLUME)
    account = key.account_number if key.account_number in own else ""
    return ForecastKey(key.service, key.region, key.work_class, tier.value, account)


def totals_of(keys: Sequence[ForecastKey]) -> tuple[tuple[tuple[str, str], ...], IntArray]:
    """Return each service and region there is, and by series which of them it belongs to."""
    totals = tuple(sorted({(key.service, key.region) for key in keys}))
    place = {total: i for i, total in enumerate(totals)}
    return totals, np.array([place[key.service, key.region] for key in keys], dtype=np.int64)


def closed_days(history: History, total_days: FloatArray) -> NDArray[np.bool_]:
    """Mark days on which nothing at all came in although that weekday usually has work; `total_days` [total, day]."""
    per_day = PERIODS_PER_DAY[history.grain]
    by_day = total_days.sum(axis=0)
    weekday = (history.local_starts[::per_day].astype("datetime64[D]").astype(np.int64) + 3) % 7
    usual = np.array([np.mean(by_day[weekday == d] > 0) > 0.5 if np.any(weekday == d) else False for d in range(7)])
    level = float(np.mean(by_day)) if by_day.size else 0.0
    # Small operations have empty days by chance; only a busy one can show that it was closed.
    closed: NDArray[np.bool_] = (by_day == 0) & usual[weekday] & (level >= 10.0)
    return closed


def future_starts(history: History, horizon_days: int) -> NDArray[np.datetime64]:
    """Return the starts of the periods ahead."""
    per_day = PERIODS_PER_DAY[history.grain]
    step = np.timedelta64(1440 // per_day, "m")
    first = history.local_starts[-1].astype("datetime64[m]") + step
    starts: NDArray[np.datetime64] = first + np.arange(horizon_days * per_day) * step
    return starts
