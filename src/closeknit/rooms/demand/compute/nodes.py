"""The tree that a forecast's series hang in, and making forecasts of all its nodes add up."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.forecasting import hierarchy_of_parents, reconcile
from closeknit.rooms.demand.contracts import ForecastKey, NodeName

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


MOST_SCALED = 5.0
LEAST_MEAN = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Series, then totals (one per service and region), then tiers within totals, services and the operation.

    Groups of one member are left out, totals excepted. `parents` [node]: -1 at a root; `series`, `totals`: how many;
    `tiers` follow the totals. `below`: for each node that is no series, the series it is the sum of;
    `total_of_series` [series].
    """

    series: int
    totals: int
    tiers: int
    parents: IntArray
    below: tuple[IntArray, ...]
    total_of_series: IntArray

    @property
    def count(self) -> int:
        """How many nodes there are."""
        return int(self.parents.size)

    def with_sums(self, values: FloatArray) -> FloatArray:
        """[node, period]: series [series, period], nothing missing, and all sums of them."""
        return np.concatenate([values, self.sums_of(np.arange(self.series), values)])

    def sums_of(self, rows: IntArray, values: FloatArray) -> FloatArray:
        """[node that is no series, period]: sums of some series' values [row, period], the others taken as nothing."""
        sums = np.zeros((len(self.below), values.shape[1]))
        parent = self.parents[rows] - self.series
        order = np.argsort(parent, kind="stable")
        found, first = np.unique(parent[order], return_index=True)
        if rows.size:
            sums[found] = np.add.reduceat(values[order], first, axis=0)
        # Tiers into their totals, these into services, these into the operation.
        deepest = range(self.totals, self.totals + self.tiers)
        for place in (*deepest, *range(self.totals), *range(self.totals + self.tiers, len(self.below))):
            above = int(self.parents[self.series + place])
            if above >= 0:
                sums[above - self.series] += sums[place]
        return sums

    def names(self, keys: Sequence[ForecastKey]) -> tuple[NodeName, ...]:
        """What each node that is neither series nor total is the sum of."""
        found = []
        for place in range(self.totals, len(self.below)):
            key = keys[self.below[place][0]]
            totals = tuple(np.unique(self.total_of_series[self.below[place]]).tolist())
            if place < self.totals + self.tiers:
                found.append(NodeName(key.service, key.region, key.work_class, key.tier, totals))
            else:
                services = {keys[i].service for i in self.below[place][[0, -1]]}
                found.append(NodeName(key.service if len(services) == 1 else "", "", "", "", totals))
        return tuple(found)


def nodes_of(keys: Sequence[ForecastKey], total_of_series: IntArray, totals: Sequence[tuple[str, str]]) -> Nodes:
    """Build the tree of sorted keys: operation, service, region, tier (of a class of work), account."""
    n = len(keys)
    of_total = [np.flatnonzero(total_of_series == t) for t in range(len(totals))]
    by_tier: dict[tuple[str, ...], list[int]] = {}
    for i, key in enumerate(keys):
        by_tier.setdefault((key.service, key.region, key.work_class, key.tier), []).append(i)
    tiers = [
        np.array(members)
        for members in by_tier.values()
        if 1 < len(members) < of_total[total_of_series[members[0]]].size
    ]
    by_service: dict[str, list[int]] = {}
    for t, (service, _) in enumerate(totals):
        by_service.setdefault(service, []).append(t)
    services = [np.concatenate([of_total[t] for t in of]) for of in by_service.values() if len(of) > 1]
    whole = [np.arange(n)] if len(totals) > 1 and not any(of.size == n for of in services) else []
    below = (*of_total, *tiers, *services, *whole)
    return Nodes(n, len(totals), len(tiers), _parents(n, len(totals), len(tiers), below), below, total_of_series)


def _parents(n: int, totals: int, tiers: int, below: Sequence[IntArray]) -> IntArray:
    """Each node's next larger sum: series hang in tiers or totals, tiers in totals, these in services, in all."""
    parents = np.full(n + len(below), -1, dtype=np.int64)
    levels = (
        range(totals, totals + tiers),
        range(totals),
        range(totals + tiers, len(below)),
    )
    # From the operation down, so that the nearest sum is written last.
    for place in reversed(range(totals + tiers, len(below))):
        parents[below[place]] = n + place
    services = list(levels[2])
    if services and below[services[-1]].size == n:
        parents[[n + place for place in services[:-1]]] = n + services[-1]
    for place in levels[1]:
        parents[n + place] = parents[below[place][0]]
    for place in levels[1]:
        parents[below[place]] = n + place
    for place in levels[0]:
        parents[n + place] = parents[below[place][0]]
    for place in levels[0]:
        parents[below[place]] = n + place
    return parents


def coherent(nodes: Nodes, mean: FloatArray, spread: FloatArray) -> FloatArray:
    """Return means [node, period] that add up, nearest to the given ones.

    `spread` [node]: how far off each node's forecast may be; a node gives way by its square.
    """
    variances = np.maximum(spread, 1e-6 * np.maximum(spread.max(initial=0.0), 1e-6)) ** 2
    told = reconcile(mean, hierarchy_of_parents(nodes.parents), variances, non_negative=True)
    return np.array(told.values)


def moved(mean: FloatArray, quantiles: FloatArray, new: FloatArray) -> FloatArray:
    """Quantiles [level, ...] of a forecast whose mean becomes another: as wide in proportion, within a factor of 5."""
    factor = np.divide(new, mean, out=np.ones_like(new), where=mean > MOST_SCALED * LEAST_MEAN)
    result: FloatArray = np.maximum(new + (quantiles - mean) * np.clip(factor, 1.0 / MOST_SCALED, MOST_SCALED), 0.0)
    return result
