"""A tier's work pooled with all other, and apart: the same need functions and the same allocation on both sides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.capacity.compute.holding import hold_ready
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput
from closeknit.rooms.capacity.compute.need import PoolNeed, need_of
from closeknit.rooms.capacity.compute.plan import plan_of_needs
from closeknit.rooms.capacity.compute.prices import money
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.compute.what_if.quote import regular_cost
from closeknit.rooms.capacity.contracts.dedicated import DedicatedPool
from closeknit.rooms.demand.contracts import ForecastNumbers, Panel, mondays_of

FloatArray = NDArray[np.float64]
EXPECTED = 0.5
"""Planned for this quantile, a pool has no cushion beyond what is expected."""


@dataclass(frozen=True, slots=True)
class Streams:
    """One pool's need pooled, and of the tier and of the rest apart."""

    pooled: PoolNeed
    own: PoolNeed
    rest: PoolNeed


def tiers_of(numbers: ForecastNumbers) -> list[str]:
    """Return the tiers that have work in a forecast."""
    return sorted({key.tier for panel in numbers.panels for key in panel.keys})


def dedicated_pools(inputs: PlanInputs, numbers: ForecastNumbers, tier: str) -> list[DedicatedPool]:
    """Return the case at each pool that serves the tier and others too; one that serves it alone is dedicated."""
    found = []
    for pool in inputs.pools:
        streams = _streams(inputs, numbers, pool, tier)
        if streams is not None:
            expected = _streams(replace(inputs, planning_quantile=EXPECTED), numbers, pool, tier)
            found.append(_compared(inputs, tier, streams, expected or streams))
    return found


def only(panel: Panel, kept: NDArray[np.bool_]) -> Panel:
    """Return the forecast of some series of a panel. Errors split as if independent: the variance goes by volume."""
    rows = np.flatnonzero(kept)
    share = _share(panel, panel.mean, kept)
    week = np.searchsorted(panel.week_on, mondays_of(panel.local_starts))
    member = np.zeros((panel.mean.shape[1], panel.week_on.size))
    member[np.arange(week.size), np.minimum(week, panel.week_on.size - 1)] = 1.0
    weekly = _share(panel, panel.mean @ member, kept)
    return replace(
        panel,
        keys=tuple(panel.keys[i] for i in rows),
        methods=tuple(panel.methods[i] for i in rows),
        reasons=tuple(panel.reasons[i] for i in rows),
        wape_share=panel.wape_share[rows],
        mean=panel.mean[rows],
        weekly_mean=panel.weekly_mean[rows],
        weekly_quantiles=panel.weekly_quantiles[:, rows],
        total_of_series=panel.total_of_series[rows],
        total_mean=panel.total_mean * share,
        total_quantiles=_split(panel.total_mean, panel.total_quantiles, share),
        total_weekly_mean=panel.total_weekly_mean * weekly,
        total_weekly_quantiles=_split(panel.total_weekly_mean, panel.total_weekly_quantiles, weekly),
    )


def _share(panel: Panel, values: FloatArray, kept: NDArray[np.bool_]) -> FloatArray:
    whole = np.zeros((len(panel.total_keys), values.shape[1]))
    part = np.zeros_like(whole)
    np.add.at(whole, panel.total_of_series, values)
    np.add.at(part, panel.total_of_series, np.where(kept[:, None], values, 0.0))
    return np.clip(np.divide(part, whole, out=np.zeros_like(part), where=whole > 0), 0.0, 1.0)


def _split(mean: FloatArray, quantiles: FloatArray, share: FloatArray) -> FloatArray:
    return np.asarray(mean * share + (quantiles - mean) * np.sqrt(share))


def _streams(inputs: PlanInputs, numbers: ForecastNumbers, pool: PoolInput, tier: str) -> Streams | None:
    route = route_of(pool, numbers)
    if route is None:
        return None
    own = np.array([key.tier == tier for key in route.panel.keys])
    mine = np.array([int(total) in route.totals for total in route.panel.total_of_series])
    units = route.panel.mean.sum(axis=1)
    if units[own & mine].sum() <= 0.0 or units[~own & mine].sum() <= 0.0:
        return None
    guarantees = inputs.guarantees
    return Streams(
        _need(inputs, numbers, pool),
        *(
            _need(
                replace(inputs, guarantees=tuple(g for g in guarantees if (g.tier == tier) is is_own)),
                replace(numbers, panels=tuple(_kept(panel, tier, is_own) for panel in numbers.panels)),
                pool,
            )
            for is_own in (True, False)
        ),
    )


def _kept(panel: Panel, tier: str, is_own: bool) -> Panel:
    return only(panel, np.array([(key.tier == tier) is is_own for key in panel.keys], dtype=bool))


def _need(inputs: PlanInputs, numbers: ForecastNumbers, pool: PoolInput) -> PoolNeed:
    route = route_of(pool, numbers)
    assert route is not None
    return hold_ready([need_of(inputs, pool, numbers, route)], inputs, numbers)[0]


def _compared(inputs: PlanInputs, tier: str, streams: Streams, expected: Streams) -> DedicatedPool:
    pooled, own, rest = streams.pooled, streams.own, streams.rest
    weeks = float(inputs.weeks)
    hours = {name: float(need.need.sum()) / weeks for name, need in (("pool", pooled), ("own", own), ("rest", rest))}
    more = hours["own"] + hours["rest"] - hours["pool"]
    cushion = {
        name: float(need.need.sum() - middle.need.sum()) / weeks
        for name, need, middle in (
            ("pool", pooled, expected.pooled),
            ("own", own, expected.own),
            ("rest", rest, expected.rest),
        )
    }
    # The roster as it is, cut in two: the tier's stream first.
    held = np.minimum(pooled.capacity, own.need)
    sides = [pooled, replace(own, capacity=held), replace(rest, capacity=pooled.capacity - held)]
    together, apart, left = (plan_of_needs([side], inputs, measured=False).pools[0] for side in sides)
    mine = np.array([claimant.tier == tier for claimant in pooled.claimants], dtype=bool)
    scarcity = float(apart.week_cost.sum() + left.week_cost.sum() - together.week_cost.sum()) / weeks
    evening = cushion["own"] + cushion["rest"] - cushion["pool"]
    return DedicatedPool(
        pool=pooled.pool.pool,
        pool_name=pooled.pool.name,
        unit=pooled.pool.unit,
        pooled_hours=hours["pool"],
        own_hours=hours["own"],
        rest_hours=hours["rest"],
        more_hours=more,
        pooled_peak_units=_peak(pooled),
        own_peak_units=_peak(own),
        rest_peak_units=_peak(rest),
        pooled_cushion_hours=cushion["pool"],
        apart_cushion_hours=cushion["own"] + cushion["rest"],
        own_coverage_pooled=_coverage(together.served[mine], pooled.claims[mine]),
        own_coverage_apart=_coverage(apart.served, own.claims),
        rest_coverage_pooled=_coverage(together.served[~mine], pooled.claims[~mine]),
        rest_coverage_apart=_coverage(left.served, rest.claims),
        more_cost=money(more * regular_cost(pooled)),
        scarcity_cost_more=money(scarcity),
        sentence=_said(more, evening, pooled.pool.name),
    )


def _peak(need: PoolNeed) -> int:
    return int(np.ceil(round(float(need.need.max(initial=0.0)) / need.hours_per_period, 6)))


def _coverage(served: FloatArray, claims: FloatArray) -> float:
    asked = float(claims.sum())
    return min(float(served.sum()) / asked, 1.0) if asked > 0 else 1.0


def _said(more: float, evening: float, name: str) -> str:
    cushion = f"{abs(evening):,.1f} hours a week {'more' if evening >= 0 else 'less'} of cushion against chance"
    if more > 0.05:
        return f"Apart, {name} needs {more:,.1f} hours a week more, with {cushion}."
    if more < -0.05:
        return (
            f"Apart, {name} needs {-more:,.1f} hours a week less: the rest is no longer sized for this tier's promise; "
            f"with {cushion}."
        )
    return f"Apart, {name} needs as many hours as together, with {cushion}."


def verdict_of(
    pools: Sequence[DedicatedPool], tier: str, more: float, scarcity: float, value: float | None, currency: str
) -> str:
    """Say whether a stream of its own pays, for whom, and what would have to be true."""
    if not pools:
        return f"No pool serves {tier} together with others: there is nothing to take apart."
    if more <= 0.0 and scarcity <= 0.0:
        return "It pays: apart, no more hours are needed, and with the roster as it is less is lost."
    if more <= 0.0:
        return (
            f"It needs no more hours, but with the roster as it is {currency} {scarcity:,.0f} a week more is lost in "
            "overtime and shortfalls: hire for it first, or stay pooled."
        )
    if -scarcity >= more:
        return (
            f"It pays: {currency} {more:,.0f} a week of hours more, against {currency} {-scarcity:,.0f} a week less "
            "lost in overtime and shortfalls."
        )
    net = more + min(scarcity, 0.0)
    if value is None or value <= 0.0:
        return f"It costs {currency} {net:,.0f} a week more than pooled; what {tier} is worth is not known here."
    return (
        f"It costs {currency} {net:,.0f} a week more than pooled, {net / value:.1%} of the {currency} {value:,.0f} a "
        f"week that {tier} is worth: it pays only if it keeps more than that share, which would be lost otherwise."
    )
