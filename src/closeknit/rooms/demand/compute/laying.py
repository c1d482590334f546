"""Panels laid on another clock, put together, and summed into weeks."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.demand.contracts import STATISTICAL, Panel, mondays_of, wall_clock

WORKING_WEEK_DAYS = 5
FloatArray = NDArray[np.float64]
_BY_PERIOD = (
    "mean",
    "total_mean",
    "total_quantiles",
    "statistical_mean",
    "total_statistical_mean",
    "total_statistical_quantiles",
)
_BY_LEVEL = ("weekly_quantiles", "total_quantiles", "total_weekly_quantiles")
_STACKED = {
    "wape_share": 0,
    "node_weekly_quantiles": 1,
    **{
        name: 1 if final in _BY_LEVEL else 0
        for pair in STATISTICAL.items()
        for name, final in zip(pair, pair[1:] * 2, strict=True)
    },
}
_LISTS = ("keys", "methods", "reasons", "total_keys", "total_methods", "total_reasons", "events")


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

    moved: dict[str, Any] = {name: laid(getattr(panel, name)) for name in _BY_PERIOD}
    return replace(panel, **moved)


def join_panels(panels: Sequence[Panel]) -> Panel:
    """Return panels of one grain and one clock, with different series, as one."""
    if len(panels) == 1:
        return panels[0]
    offsets = np.cumsum([0, *(len(panel.total_keys) for panel in panels[:-1])])
    stacked: dict[str, Any] = {
        name: np.concatenate([getattr(panel, name) for panel in panels], axis=axis) for name, axis in _STACKED.items()
    }
    lists: dict[str, Any] = {name: tuple(item for panel in panels for item in getattr(panel, name)) for name in _LISTS}
    return replace(
        panels[0],
        total_of_series=np.concatenate(
            [panel.total_of_series + offset for panel, offset in zip(panels, offsets, strict=True)]
        ),
        node_names=tuple(
            replace(name, totals=tuple(t + int(offset) for t in name.totals))
            for panel, offset in zip(panels, offsets, strict=True)
            for name in panel.node_names
        ),
        **stacked,
        **lists,
    )


def shown_weeks(weeks: NDArray[np.datetime64], days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Say which weeks (Mondays) are observed far enough to be shown: one cut off before would look like falling demand.

    A week counts from its Monday on, up to a working week's last day at least.
    """
    first, last = days[0].astype("datetime64[D]"), days[-1].astype("datetime64[D]")
    mondays = weeks.astype("datetime64[D]")
    shown: NDArray[np.bool_] = (mondays >= first) & (last - mondays >= np.timedelta64(WORKING_WEEK_DAYS - 1, "D"))
    return shown


def weekly_sums(local_starts: NDArray[np.datetime64], values: FloatArray) -> tuple[NDArray[np.datetime64], FloatArray]:
    """Sum periods (last axis) into weeks that begin on Monday; return the Mondays and the sums."""
    weeks, index = np.unique(mondays_of(local_starts), return_inverse=True)
    member = np.zeros((local_starts.size, weeks.size))
    member[np.arange(local_starts.size), index] = 1.0
    return weeks, np.nan_to_num(values) @ member
