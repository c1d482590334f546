"""What a plan comes to, in few numbers; how it does in simulation; and presets of stress."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.simulation import Exponential, simulate, staffing_plan
from closeknit.kernel.canonical import digest
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput
from closeknit.rooms.capacity.compute.need import promise_of
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.promises import terms_of_week
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS, summarise
from closeknit.rooms.capacity.compute.what_if.checked import weeks_of
from closeknit.rooms.capacity.compute.what_if.inputs import change_inputs
from closeknit.rooms.capacity.compute.what_if.quote import by_week
from closeknit.rooms.capacity.compute.what_if.result import asked_digest, changed_numbers, plan_with_changes
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.capacity.contracts.scenarios import (
    ScenarioOutcome,
    ScenarioPool,
    ScenarioShort,
    SimulatedPool,
    StressPreset,
)
from closeknit.rooms.capacity.contracts.what_if import DemandChange, PlanChanges, PoolChange, SeriesShare
from closeknit.rooms.demand.contracts import ForecastNumbers, Grain

REPLICATIONS = 60
MOST_SHORT = 20
LAUNCH_FACTOR, SURGE_FACTOR = 1.3, 1.5


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """What a scenario came to, and the digests of what went in and came out."""

    outcome: ScenarioOutcome
    inputs_digest: str
    digest: str


def scenario(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    currency: str,
    shares: Sequence[SeriesShare] = (),
    tiers: dict[str, str] | None = None,
) -> ScenarioResult:
    """Plan every pool with changes and simulate those that answer as work arrives. Pure: the seed is the inputs'.

    Raises:
        Invalid: for changes that no plan can be made of.
    """
    result = plan_with_changes(inputs, numbers, changes, shares=shares, tiers=tiers, measured=False)
    came_in = asked_digest(inputs, changes, shares, tiers)
    told = changed_numbers(inputs, numbers, changes, shares=shares, tiers=tiers)
    # Equal seeds: scenarios of a plan meet the same calls, as far as their arrivals are the same.
    changed = change_inputs(inputs, changes)
    simulated = tuple(_simulated(changed, told, result, changes, seed=_seed(inputs)))
    return ScenarioResult(_outcome(result, currency, simulated), came_in, digest([came_in, result.digest, simulated]))


def preset_changes(preset: StressPreset, inputs: PlanInputs, numbers: ForecastNumbers) -> PlanChanges:
    """Return the changes of a preset for a plan: on its largest service, or on the pool with the most people.

    Launch: a third more (30 %) of the largest service from the second week on. Surge: half more of everything in the
    second week. Outage: the largest pool is out in the second week; fail-over: and another of its kind stands in.

    Raises:
        Invalid: for a fail-over where no other pool works alike.
    """
    second = inputs.first_on + timedelta(days=7 if inputs.weeks > 1 else 0)
    if preset is StressPreset.LAUNCH:
        return PlanChanges(demand=(DemandChange(LAUNCH_FACTOR, service=_largest_service(numbers), from_on=second),))
    if preset is StressPreset.SURGE:
        return PlanChanges(demand=(DemandChange(SURGE_FACTOR, from_on=second, weeks=1),))
    by_size = sorted(inputs.pools, key=lambda pool: (-_heads(pool), pool.pool))
    if preset is StressPreset.OUTAGE:
        return PlanChanges(pools=(PoolChange(by_size[0].pool, hours_factor=0.0, from_on=second, weeks=1),))
    for pool in by_size:
        helper = next((p for p in by_size if p.pool != pool.pool and _alike(p, pool, numbers)), None)
        if helper is not None:
            out = PoolChange(pool.pool, hours_factor=0.0, failover_pool=helper.pool, from_on=second, weeks=1)
            return PlanChanges(pools=(out,))
    raise Invalid("No two pools of this plan work alike.", where="preset", todo="Try an outage instead.")


def _seed(inputs: PlanInputs) -> int:
    return int(digest(inputs.forecast_digest)[:8], 16)


def _heads(pool: PoolInput) -> float:
    return sum(line.headcount * (line.ends_minute - line.starts_minute) for line in pool.roster)


def _alike(one: PoolInput, other: PoolInput, numbers: ForecastNumbers) -> bool:
    routes = route_of(one, numbers), route_of(other, numbers)
    return one.staffing == other.staffing and all(routes) and bool({*one.services} & {*other.services, "*"})


def _largest_service(numbers: ForecastNumbers) -> str:
    units: dict[str, float] = {}
    for panel in numbers.panels:
        for (service, _), mean in zip(panel.total_keys, panel.total_mean, strict=True):
            units[service] = units.get(service, 0.0) + float(mean.sum())
    return min(units, key=lambda service: (-units[service], service))


def _outcome(result: PlanResult, currency: str, simulated: tuple[SimulatedPool, ...]) -> ScenarioOutcome:
    told = summarise(result, currency)
    short = _short(result)
    return ScenarioOutcome(
        need_hours=told.need_hours,
        served_hours=told.served_hours,
        coverage_share=told.served_hours / told.need_hours if told.need_hours else 1.0,
        short_hours=told.short_hours,
        overtime_hours=told.overtime_hours,
        regular_cost=told.regular_cost,
        overtime_cost=told.overtime_cost,
        shortfall_cost=told.shortfall_cost,
        claimants_short=len(short),
        short=tuple(short[:MOST_SHORT]),
        pools=tuple(_pool(plan, result) for plan in result.pools),
        simulated=simulated,
    )


def _short(result: PlanResult) -> list[ScenarioShort]:
    hours: dict[tuple[str, str], float] = {}
    costs: dict[tuple[str, str], float] = {}
    for plan in result.pools:
        money = (plan.short * plan.need.shortfall_cost_per_hour).sum(axis=1)
        for claimant, short, cost in zip(plan.need.claimants, plan.short.sum(axis=1), money, strict=True):
            key = (claimant.account_number, claimant.tier)
            hours[key] = hours.get(key, 0.0) + float(short)
            costs[key] = costs.get(key, 0.0) + float(cost)
    found = [key for key, value in hours.items() if value > SHORT_FROM_HOURS]
    found.sort(key=lambda key: (-costs[key], key))
    return [ScenarioShort(*key, hours[key], Decimal(repr(round(costs[key], 2)))) for key in found]


def _pool(plan: PoolPlan, result: PlanResult) -> ScenarioPool:
    short = by_week(plan, plan.short.sum(axis=0), len(result.week_on))
    worst = int(np.argmax(short))
    return ScenarioPool(
        pool=plan.need.pool.pool,
        pool_name=plan.need.pool.name,
        need_hours=float(plan.need.need.sum()),
        capacity_hours=float(plan.need.capacity.sum()),
        short_hours=float(short.sum()),
        overtime_hours=float(plan.overtime.sum()),
        worst_week_on=result.week_on[worst] if short[worst] > SHORT_FROM_HOURS else None,
    )


def _simulated(
    inputs: PlanInputs, numbers: ForecastNumbers, result: PlanResult, changes: PlanChanges, *, seed: int
) -> Iterator[SimulatedPool]:
    calls = _calls(inputs, numbers, result, changes)
    for plan in result.pools:
        pool = plan.need.pool
        arrivals = calls.get(pool.pool)
        if arrivals is None or arrivals.sum() <= 0.0:
            continue
        week = _tightest_week(plan, arrivals)
        mine = np.flatnonzero(plan.week_index == week)
        terms = terms_of_week(inputs, result.week_on[week])
        held = {promise_of(t)[:2] for t in terms if t.service == "" or _covers(pool, t.service)}
        threshold, promised = min(held or {promise_of(None)[:2]}, key=lambda promise: (promise[0], -promise[1]))
        agents = np.floor((plan.need.capacity + plan.overtime)[mine] / 0.5 + 1e-9).astype(np.int64)
        mean, half = _service(arrivals[mine], agents, pool.handle_minutes, threshold, seed)
        yield SimulatedPool(
            pool=pool.pool,
            pool_name=pool.name,
            week_on=result.week_on[week],
            promised_share=promised,
            threshold_minutes=threshold,
            served_share=mean,
            half_width_share=half,
            keeps=mean + half >= promised,
        )


def _calls(
    inputs: PlanInputs, numbers: ForecastNumbers, result: PlanResult, changes: PlanChanges
) -> dict[str, NDArray[np.float64]]:
    """Return expected calls per period of each pool that answers as they come, where they go in an outage."""
    calls = {}
    for plan in result.pools:
        route = route_of(plan.need.pool, numbers)
        if plan.need.pool.staffing == Staffing.INTERVAL and route and route.panel.grain is Grain.HALF_HOUR:
            panel = route.panel
            rows = [i for i, total in enumerate(panel.total_of_series) if int(total) in route.totals]
            begin = int(np.searchsorted(panel.local_starts, plan.need.starts[0]))
            mean = np.maximum(panel.mean[rows].sum(axis=0), 0.0)
            # As the need has it: nobody rings a desk that is shut.
            closed = np.array(plan.need.pool.closed_on, dtype="datetime64[D]")
            is_open = ~np.isin(plan.need.local_starts.astype("datetime64[D]"), closed)
            calls[plan.need.pool.pool] = mean[begin : begin + plan.need.need.size] * is_open
    starts = {plan.need.pool.pool: plan.need.starts.astype("datetime64[D]") for plan in result.pools}
    for change in changes.pools:
        if change.failover_pool in calls and change.pool in calls:
            first, end = weeks_of(inputs, change)
            days = starts[change.pool]
            moved = np.where((days >= np.datetime64(first)) & (days < np.datetime64(end)), calls[change.pool], 0.0)
            calls[change.failover_pool] = calls[change.failover_pool] + moved
            calls[change.pool] = calls[change.pool] - moved
    return calls


def _covers(pool: PoolInput, service: str) -> bool:
    return "*" in pool.services or service in pool.services


def _tightest_week(plan: PoolPlan, arrivals: NDArray[np.float64]) -> int:
    weeks = int(plan.week_index.max()) + 1
    short = np.bincount(plan.week_index, weights=plan.short.sum(axis=0), minlength=weeks)
    load = np.bincount(plan.week_index, weights=arrivals, minlength=weeks)
    hours = np.bincount(plan.week_index, weights=plan.need.capacity, minlength=weeks)
    busy = np.divide(load, hours, out=np.where(load > 0, np.inf, 0.0), where=hours > 0)
    return int(max(range(weeks), key=lambda w: (round(float(short[w]), 6), float(busy[w]), -w)))


def _service(
    arrivals: NDArray[np.float64], agents: NDArray[np.int64], handle_minutes: float, threshold: float, seed: int
) -> tuple[float, float]:
    if not agents.any():
        return 0.0, 0.0
    plan = staffing_plan(
        [2.0 * arrivals], [agents], [[1]], [Exponential(handle_minutes)], [None], threshold_minutes=threshold
    )
    seen = simulate(plan, replications=REPLICATIONS, rng=np.random.default_rng(seed))
    share = seen.by_class.served_in_time_of_offered
    return round(float(share.mean[0]), 6), round(float(share.half_width[0]), 6)
