"""How much work to plan for: what is expected, and the way up to the planning quantile."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.routing import Route
from closeknit.rooms.demand.contracts import ForecastNumbers, mondays_of

GROUP_CORRELATION = 0.25
"""How errors of different services and regions of one pool are taken to go together: 0 independent, 1 all at once.

Weekly totals of a real service desk's 65 groups and of a city's 15 agencies vary as if independent; a common season or
campaign, which short histories do not show, would tie them.
"""

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Planned:
    """Expected units (S x P), the factors up to the planning quantile of a period's total and of its week's (S x P).

    `rate_surplus` (P): what to plan for beyond the mean because the rate is not known, the chance in counts left out.
    """

    expected: FloatArray
    by_period: FloatArray
    by_week: FloatArray
    rate_surplus: FloatArray

    def of(self, periods: slice | NDArray[np.bool_]) -> "Planned":
        return Planned(
            self.expected[:, periods], self.by_period[:, periods], self.by_week[:, periods], self.rate_surplus[periods]
        )

    def scaled(self, share: FloatArray) -> "Planned":
        """Keep a share (P) of each period's work."""
        return Planned(self.expected * share, self.by_period, self.by_week, self.rate_surplus * share)

    def quiet_on(self, closed: NDArray[np.bool_]) -> "Planned":
        """Expect on closed days (P) what the quietest day of their week brings: customers mostly rest too.

        Periods are days and begin with the first of a week.
        """
        expected = self.expected.copy()
        for day in np.flatnonzero(closed):
            week = slice(day // 7 * 7, day // 7 * 7 + 7)
            expected[:, day] = self.expected[:, week].min(axis=1)
        return Planned(expected, self.by_period, self.by_week, self.rate_surplus)

    def by_day(self) -> "Planned":
        """Add half-hours up to days; a day's factor is then its week's, the only one known for sums of half-hours."""
        days = self.expected.reshape(self.expected.shape[0], -1, 48).sum(axis=2)
        weekly = self.by_week[:, ::48]
        return Planned(days, weekly, weekly, self.rate_surplus.reshape(-1, 48).sum(axis=1))


def planned_units(inputs: PlanInputs, numbers: ForecastNumbers, route: Route, rows: Sequence[int]) -> Planned:
    """Return each series' expected units, and how much more to plan for: per period, and per week."""
    level = int(np.argmin(np.abs(numbers.quantile_levels - inputs.planning_quantile)))
    panel, totals = route.panel, list(route.totals)
    expected = np.maximum(panel.mean[rows], 0.0)
    member = np.array([panel.total_of_series[rows] == total for total in totals])
    mean = member.astype(np.float64) @ expected
    week = np.searchsorted(panel.week_on, mondays_of(panel.local_starts))
    by_period = _surplus(panel.total_quantiles[level, totals], panel.total_mean[totals])
    by_week = _surplus(panel.total_weekly_quantiles[level, totals], panel.total_weekly_mean[totals])
    weekly_mean = panel.total_weekly_mean[totals]
    return Planned(
        expected,
        1.0 + member.T @ (by_period * _shrunk(by_period * mean)),
        1.0 + (member.T @ (by_week * _shrunk(by_week * weekly_mean)))[:, week],
        _rate_surplus(mean, by_period, inputs.planning_quantile),
    )


def _surplus(quantile: FloatArray, mean: FloatArray) -> FloatArray:
    """Return quantile over mean less 1, 0 where nothing is expected; never below 0: a plan covers what is expected."""
    ratio = np.divide(quantile, mean, out=np.ones_like(mean), where=mean > 0)
    return np.maximum(ratio - 1.0, 0.0)


def _together(surplus: FloatArray) -> FloatArray:
    """Return the surplus of a sum of groups (T x P -> P): the groups of one pool are not all high at once."""
    squares, added = (surplus**2).sum(axis=0), surplus.sum(axis=0)
    spread: FloatArray = np.sqrt((1.0 - GROUP_CORRELATION) * squares + GROUP_CORRELATION * added**2)
    return spread


def _shrunk(surplus: FloatArray) -> FloatArray:
    """Return the part of each group's own surplus that its pool needs (1 where the pool has one group)."""
    added = surplus.sum(axis=0)
    part: FloatArray = np.divide(_together(surplus), added, out=np.ones_like(added), where=added > 0)
    return part


def _rate_surplus(mean: FloatArray, by_period: FloatArray, quantile: float) -> FloatArray:
    z = NormalDist().inv_cdf(quantile)
    if z <= 0:
        return np.zeros(mean.shape[1])
    return _together(z * np.sqrt(np.maximum((by_period * mean / z) ** 2 - mean, 0.0)))
