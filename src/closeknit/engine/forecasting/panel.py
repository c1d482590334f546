"""Histories laid out by season, and what a seasonal mean would have said at every point of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, flags, numbers, whole_number
from closeknit.engine.errors import EngineInputError


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A checked history: `values` [series, period] with NaN for missing or closed periods."""

    values: FloatArray
    season_periods: int
    horizon: int
    open_ahead: BoolArray

    @property
    def blocks(self) -> int:
        """Seasons ahead that the horizon touches."""
        return -(-self.horizon // self.season_periods)

    @property
    def non_negative(self) -> BoolArray:
        """Series whose history holds no negative value."""
        result: BoolArray = ~np.any(self.values < 0.0, axis=1)
        return result

    @property
    def observed(self) -> BoolArray:
        """Where a value is there."""
        return ~np.isnan(self.values)

    def grid(self) -> FloatArray:
        """[series, season, phase], the last season ending at the last period; front filled with NaN."""
        series, periods = self.values.shape
        seasons = max(-(-periods // self.season_periods), 1)
        filled = np.full((series, seasons * self.season_periods), np.nan)
        if periods:
            filled[:, -periods:] = self.values
        return filled.reshape(series, seasons, self.season_periods)

    def rows(self, which: BoolArray) -> "Panel":
        """The panel of some of the series."""
        return Panel(self.values[which], self.season_periods, self.horizon, self.open_ahead[which])


def panel_of(history: ArrayLike, season_periods: int, horizon: int, is_open: ArrayLike | None) -> Panel:
    """Check a history and apply the calendar: `is_open` covers history and horizon, per series or for all."""
    values = numbers("history", history, missing_allowed=True, ndim=2)
    series, periods = values.shape
    season = whole_number("season_periods", season_periods, minimum=1, maximum=10**6)
    ahead = whole_number("horizon", horizon, minimum=1, maximum=10**6)
    opened = np.ones((series, periods + ahead), dtype=np.bool_)
    if is_open is not None:
        given = flags("is_open", is_open)
        if given.shape not in ((periods + ahead,), (series, periods + ahead)):
            raise EngineInputError(
                f"is_open has shape {given.shape}: give ({periods + ahead},) or "
                f"({series}, {periods + ahead}), the history's periods followed by the horizon's"
            )
        opened = np.broadcast_to(given, opened.shape).copy()
    values[~opened[:, :periods]] = np.nan
    return Panel(values, season, ahead, opened[:, periods:])


def seasonal_means(grid: FloatArray, seasons_averaged: int) -> FloatArray:
    """[series, season, phase]: mean of the last `seasons_averaged` observed values of that phase, that season
    included; missing ones are skipped, and NaN stands where none was observed yet."""
    missing = np.isnan(grid)
    order = np.argsort(missing, axis=1, kind="stable")
    compact = np.nan_to_num(np.take_along_axis(grid, order, axis=1))
    count = np.cumsum(~missing, axis=1)
    total = np.take_along_axis(_last_sums(compact, seasons_averaged), np.maximum(count - 1, 0), axis=1)
    used = np.minimum(count, seasons_averaged)
    means: FloatArray = np.divide(total, used, out=np.full_like(total, np.nan), where=used > 0)
    return means


def _last_sums(values: FloatArray, length: int) -> FloatArray:
    """Sums over axis 1 of each entry and the `length` - 1 before it, put together from sums of 1, 2, 4, ... entries."""
    result = np.zeros_like(values)
    block, size, done, remaining = values, 1, 0, min(length, values.shape[1])
    while remaining:
        if remaining & 1:
            result += _later(block, done)
            done += size
        remaining >>= 1
        if remaining:
            block = block + _later(block, size)
            size *= 2
    return result


def _later(values: FloatArray, seasons: int) -> FloatArray:
    """The values of `seasons` earlier in each place, 0 where there were none yet."""
    moved = np.zeros_like(values)
    moved[:, seasons:] = values[:, : values.shape[1] - seasons]
    return moved


def ahead(panel: Panel, means: FloatArray) -> FloatArray:
    """[series, period ahead]: the last season's means repeated; an unobserved phase gets the overall mean."""
    last = means[:, -1, :]
    last = np.where(np.isnan(last), overall_means(panel.values)[:, None], last)
    return np.tile(last, (1, panel.blocks))[:, : panel.horizon]


def overall_means(values: FloatArray) -> FloatArray:
    """Mean of what there is per series; 0 where there is nothing."""
    count = np.count_nonzero(~np.isnan(values), axis=1)
    total = np.nansum(values, axis=1)
    means: FloatArray = np.divide(total, count, out=np.zeros(values.shape[0]), where=count > 0)
    return means
