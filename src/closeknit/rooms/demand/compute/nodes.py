"""The tree that a forecast's series hang in, and making forecasts of all its nodes add up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import hierarchy_of_parents, reconcile
from closeknit.rooms.demand.contracts import ForecastKey

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


MOST_SCALED = 5.0
LEAST_MEAN = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Series, then totals (one per service and region), then tiers within totals, services and the operation.

    Groups of one member are left out, totals excepted. `parents` [node]: -1 at a root; `series`, `totals`: how many;
    `member` [node, series]: which series a node is the sum of.
    """

    series: int
    totals: int
    parents: IntArray
    member: BoolArray

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.parents.size)

    def sums(self, values: FloatArray) -> FloatArray:
        """[node, period]: each node's sum of series [series, period], those missing left out."""
        result: FloatArray = np.empty((self.count, values.shape[1]))
        result[: self.series] = values
        result[self.series :] = self.member[self.series :].astype(np.float64) @ np.nan_to_num(values)
        return result


def nodes_of(keys: Sequence[ForecastKey], total_of_series: IntArray, totals: Sequence[tuple[str, str]]) -> Nodes:
    """Build the tree of sorted keys: operation, service, region, tier (of a class of work), account."""
    n = len(keys)
    rows = [total_of_series == t for t in range(len(totals))]
    tier = [(k.service, k.region, k.work_class, k.tier) for k in keys]
    for place in sorted(set(tier)):
        mine = np.array([t == place for t in tier])
        if mine.sum() > 1 and not any(np.array_equal(mine, row) for row in rows):
            rows.append(mine)
    for service in sorted({s for s, _ in totals}):
        of = [t for t, (s, _) in enumerate(totals) if s == service]
        if len(of) > 1:
            rows.append(np.isin(total_of_series, of))
    if len(totals) > 1 and not any(row.all() for row in rows):
        rows.append(np.ones(n, dtype=np.bool_))
    upper = np.array(rows).reshape(len(rows), n)
    sizes = upper.sum(axis=1)
    parents = np.full(n + len(rows), -1, dtype=np.int64)
    for node in range(n + len(rows)):
        first = node if node < n else int(np.argmax(upper[node - n]))
        size = 1 if node < n else sizes[node - n]
        # A total of one series is larger than it all the same.
        above = [u for u in np.flatnonzero(upper[:, first]) if (node < n or (sizes[u] > size and u != node - n))]
        if above:
            parents[node] = n + min(above, key=lambda u: sizes[u])
    return Nodes(n, len(totals), parents, np.vstack([np.eye(n, dtype=np.bool_), upper]))


def coherent(
    nodes: Nodes, mean: FloatArray, quantiles: FloatArray, spread: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return means [node, period] that add up, nearest to the given ones, and quantiles moved along.

    `spread` [node]: how far off each node's forecast may be; a node gives way by its square.
    """
    variances = np.maximum(spread, 1e-6 * np.maximum(spread.max(initial=0.0), 1e-6)) ** 2
    told = reconcile(mean, hierarchy_of_parents(nodes.parents), variances, non_negative=True).values
    return told, moved(mean, quantiles, told)


def moved(mean: FloatArray, quantiles: FloatArray, new: FloatArray) -> FloatArray:
    """Quantiles [level, ...] of a forecast whose mean becomes another: as wide in proportion, within a factor of 5."""
    factor = np.divide(new, mean, out=np.ones_like(new), where=mean > MOST_SCALED * LEAST_MEAN)
    result: FloatArray = np.maximum(new + (quantiles - mean) * np.clip(factor, 1.0 / MOST_SCALED, MOST_SCALED), 0.0)
    return result
