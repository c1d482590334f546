"""Parts of a forecast put together: all nodes made to agree, single accounts' events in sums, weeks added up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import EventEffects, widened_quantiles
from closeknit.rooms.demand.compute.nodes import Nodes, coherent, moved
from closeknit.rooms.demand.compute.parts import QUANTILE_LEVELS, Spoken, week_numbers
from closeknit.rooms.demand.compute.statistical import spread_of

SUM_CORRELATION = 0.25
"""How errors of periods go together where there are too few weeks to measure sums: 0 independent, 1 all at once."""
NODES_AT_ONCE = 4096

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A forecast's numbers per node: of periods and weeks, with the method of each and why.

    `quantiles` [level, total, period] are of totals alone; the weeks' are of all nodes. Of a forecast that is only
    scored there are no weeks.
    """

    mean: FloatArray
    quantiles: FloatArray
    weekly_mean: FloatArray
    weekly_quantiles: FloatArray
    methods: tuple[str, ...]
    reasons: tuple[str, ...]


class Gathered:
    """What was said of all nodes, filled in part by part; and, once all are there, the numbers that agree."""

    def __init__(self, nodes: Nodes, days: NDArray[np.datetime64]) -> None:
        self.nodes, self.days = nodes, days
        self.week_of_day = week_numbers(days)
        count, sums = nodes.count, nodes.count - nodes.series
        self.mean = np.zeros((count, days.size))
        self.spread = np.zeros(count)
        self.is_thin = np.zeros(count, dtype=np.bool_)
        self.loose = np.zeros((count, int(self.week_of_day[-1]) + 1))
        self.week_mean: FloatArray | None = None
        self.week_quantiles: FloatArray | None = None
        self.of_days: list[tuple[IntArray, FloatArray]] = []
        self.base = np.zeros((sums, days.size))
        self.quantiles = np.zeros((QUANTILE_LEVELS.size, sums, days.size))
        self.effects: EventEffects | None = None
        self.alone = np.zeros_like(self.base)
        self.methods, self.reasons = [""] * count, [""] * count

    def take(self, said: Spoken) -> None:
        """Note what was said of a part."""
        at = said.nodes
        self.mean[at], self.spread[at], self.is_thin[at] = said.mean, said.spread, said.is_thin
        self.loose[at] = said.loose
        if said.week_mean is not None:
            if self.week_mean is None:
                self.week_mean = np.zeros((self.nodes.count, said.week_mean.shape[1]))
            self.week_mean[at] = said.week_mean
        if said.week_quantiles is not None:
            if self.week_quantiles is None:
                of_node = (QUANTILE_LEVELS.size, self.nodes.count, said.week_quantiles.shape[2])
                self.week_quantiles = np.zeros(of_node)
            self.week_quantiles[:, at] = said.week_quantiles
        if said.base is not None and said.quantiles is not None:
            self.base[at - self.nodes.series] = said.base
            self.quantiles[:, at - self.nodes.series] = said.quantiles
            self.effects = said.effects
        elif said.quantiles is not None:
            self.of_days.append((at, said.quantiles))
        if said.alone_of.size:
            self.alone += self.nodes.sums_of(said.alone_of, said.alone)
        for node, method, reason in zip(at.tolist(), said.methods, said.reasons, strict=True):
            self.methods[node], self.reasons[node] = method, reason

    def days_that_agree(self) -> tuple[FloatArray, FloatArray]:
        """Means of days [node, day] that add up, each node giving way by how sure it is; quantiles of totals."""
        sums = slice(self.nodes.series, None)
        raised = np.maximum(self.mean[sums] + self.alone, 0.0)
        self.quantiles = moved(self.mean[sums], self.quantiles, raised)
        self.mean[sums] = raised
        self.spread[sums] = spread_of(self.quantiles, QUANTILE_LEVELS)
        self._lay_weeks()
        mean = coherent(self.nodes, self.mean, self.spread)
        totals = slice(self.nodes.series, self.nodes.series + self.nodes.totals)
        quantiles = moved(self.mean[totals], self.quantiles[:, : self.nodes.totals], mean[totals])
        return mean, quantiles

    def _lay_weeks(self) -> None:
        """Lay weeks of thin series over their days as those of the series' total lie, events with them."""
        thin = np.flatnonzero(self.is_thin)
        if self.week_mean is None or not thin.size:
            return
        total = self.nodes.total_of_series[thin]
        share, week = self._shares_of_days(), np.arange(self.days.size) // 7
        for start in range(0, thin.size, NODES_AT_ONCE):
            rows = slice(start, start + NODES_AT_ONCE)
            self.mean[thin[rows]] = self.week_mean[thin[rows]][:, week] * share[total[rows]]
        self.loose[thin] = self.loose[self.nodes.series + total]

    def _shares_of_days(self) -> FloatArray:
        """[total, day ahead]: its share of its week, counted from the first day ahead, before events."""
        horizon, totals = self.days.size, self.nodes.totals
        base, full = self.base[:totals], self.mean[self.nodes.series : self.nodes.series + totals]
        weeks = -(-horizon // 7)
        padded = np.zeros((totals, 7 * weeks))
        padded[:, :horizon] = base
        if horizon % 7:
            # The days of a last part of a week weigh as they did the week before.
            padded[:, horizon:] = (
                base[:, horizon - 7 : horizon - horizon % 7] if horizon >= 7 else base.mean(axis=1)[:, None]
            )
        of_week = padded.reshape(totals, weeks, 7).sum(axis=2)[:, np.arange(horizon) // 7]
        share: FloatArray = np.divide(full, of_week, out=np.zeros_like(full), where=of_week > 0.0)
        return share

    def weeks_of(self, mean: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weeks' means [node, week] and quantiles [level, node, week] of the final means of days.

        A whole week has the relative width of weeks that far ahead; a part of one has its share of it, were its days'
        errors independent; where weeks are too few to judge, the width is put together from days, whose errors are
        taken to be correlated by 0.25. Weeks with events are wider by what is unknown of these.
        """
        member = (self.week_of_day[:, None] == np.arange(self.loose.shape[1])[None, :]).astype(np.float64)
        total = mean @ member
        if self.week_mean is not None and self.week_quantiles is not None:
            result = self._by_weeks(self.week_mean, self.week_quantiles, total, member)
        else:
            result = self._by_days(mean, total, member)
        return total, np.sort(np.maximum(result, 0.0), axis=0)

    def _by_weeks(
        self, week_mean: FloatArray, week_quantiles: FloatArray, total: FloatArray, member: FloatArray
    ) -> FloatArray:
        result = np.zeros((QUANTILE_LEVELS.size, *total.shape))
        for week in range(total.shape[1]):
            days = np.flatnonzero(member[:, week])
            ahead, part = min(int(days[-1]) // 7, week_mean.shape[1] - 1), days.size / 7.0
            told = week_mean[:, ahead] * part
            wide = told + (week_quantiles[:, :, ahead] - week_mean[:, ahead]) * np.sqrt(part)
            final = moved(told, wide, total[:, week])
            result[:, :, week] = widened_quantiles(
                total[:, week], final, QUANTILE_LEVELS, self.loose[:, week] * total[:, week]
            )
        return result

    def _by_days(self, mean: FloatArray, total: FloatArray, member: FloatArray) -> FloatArray:
        result = np.repeat(total[None], QUANTILE_LEVELS.size, axis=0)
        sums = np.arange(self.nodes.series, self.nodes.count)
        for at, quantiles in (*self.of_days, (sums, self.quantiles)):
            off = moved(self.mean[at], quantiles, mean[at]) - mean[at][None]
            together, squares = off @ member, (off**2) @ member
            spread = np.sqrt((1.0 - SUM_CORRELATION) * squares + SUM_CORRELATION * together**2)
            result[:, at] += np.sign(together) * spread
        return result

    def numbers(self) -> Numbers:
        """Return the final numbers, weeks with them."""
        mean, quantiles = self.days_that_agree()
        weekly, weekly_quantiles = self.weeks_of(mean)
        return Numbers(mean, quantiles, weekly, weekly_quantiles, tuple(self.methods), tuple(self.reasons))

    def days_alone(self) -> Numbers:
        """Return the final numbers of days, of a forecast that is only scored."""
        mean, quantiles = self.days_that_agree()
        none = np.zeros((0, 0))
        return Numbers(mean, quantiles, none, none[None], tuple(self.methods), tuple(self.reasons))
