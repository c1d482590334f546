"""The plan at scale: its least cost, its prices, and a gap that is computed from the prices and not from the solver."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from closeknit.engine.allocation.price_search import PlanArrays, Prices, Standing, search_prices, stand_at
from closeknit.engine.allocation.restricted import fixed_use, solve_restricted
from closeknit.engine.allocation.service_plan import ServicePlanProblem
from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, same_shape
from closeknit.engine.errors import EngineSolverError

LARGEST_GAP = 1e-6
"""Largest certified relative gap that counts as solved."""
LARGEST_EXCESS = 1e-7
"""Largest excess of hours over capacity, as a share of the pool's hours in the period."""
WHOLE_COLUMNS = 60_000
"""Up to this many columns the whole program goes to HiGHS at once: prices of their own save nothing there."""

REPLANNED = 10_000
"""At most so many jobs and periods that could do otherwise are settled again with a changed contract."""

WHOLE = "whole program, simplex"
BY_PRICES = "prices, then a restricted program"
FALLBACK = "whole program, interior point"


@dataclass(frozen=True, slots=True, eq=False)
class ServicePlan:
    """A plan proven to be within `gap` of the cheapest. Hours, and cost in the problem's currency.

    `given_hours[option, period]`, `short_hours[job, period]`, `extra_hours[kind, pool, period]` bought,
    `missed_hours[commitment]`. Prices per hour, all at least 0: of a pool's capacity in a period, of a kind's total in
    a pool, of a commitment. `dual_cost` is a lower bound on every plan's cost, computed from these prices alone;
    `gap` = (cost - dual_cost) / max(1, cost). `worst_excess` is the largest excess over capacity as a share of it.
    `method` says which way the answer was found.
    """

    given_hours: FloatArray
    short_hours: FloatArray
    extra_hours: FloatArray
    missed_hours: FloatArray
    pool_price_per_hour: FloatArray
    extra_price_per_hour: FloatArray
    commitment_price_per_hour: FloatArray
    cost: float
    dual_cost: float
    gap: float
    worst_excess: float
    method: str


@dataclass(slots=True)
class _Found:
    given: FloatArray
    extra: FloatArray
    prices: Prices
    bound: float
    method: str


def plan_services(problem: ServicePlanProblem, start: ServicePlan | None = None) -> ServicePlan:
    """Give every job its hours at the least cost of options, extra hours, shortages and missed commitments.

    Formula: minimise sum c x + sum e y + sum f s + sum g w + sum h m with hours x per option and period, extra y,
    floor shortage s <= floor, other shortage w <= need - floor, missed m: the x of a job plus s + w = need; the x in
    a pool <= capacity + its y; the y of a kind and pool over all periods <= its total; the x of a commitment's jobs
    + m >= the commitment. `start` is a plan of a nearly equal problem (same jobs, options, pools and periods): a
    changed contract is replanned from its prices. Validity: hours divisible, costs linear. Small programs go to HiGHS
    whole. Larger ones find prices by Newton's method on the smoothed dual, then a restricted program settles the jobs
    that could go either way, until the gap is at most 1e-6; failing that, HiGHS' interior point takes the whole.
    Raises `EngineSolverError` rather than return what is not proven. Source: Desaulniers, Desrosiers and Solomon,
    *Column Generation* (2005); Nesterov, *Mathematical Programming* 103 (2005).

    >>> plan = plan_services(ServicePlanProblem.of(
    ...     capacity_hours=[[10.0], [4.0]], need_hours=[[8.0], [8.0]], short_cost_per_hour=[90.0, 30.0],
    ...     option_job=[0, 1, 1], option_pool=[0, 0, 1], option_cost_per_hour=[5.0, 5.0, 8.0]))
    >>> plan.given_hours.ravel().tolist(), plan.cost
    ([8.0, 2.0, 4.0], 142.0)
    >>> plan.pool_price_per_hour.ravel().tolist()
    [25.0, 22.0]
    """
    plan = PlanArrays.of(problem)
    if start is not None:
        same_shape(
            [("start.given_hours", start.given_hours)],
            (problem.option_job.size, problem.need_hours.shape[1]),
            "one per option and period of the problem: start from a plan of the same jobs, options and periods",
        )
    tried = (_certified(plan, found) for found in _ways(plan, start, problem.columns) if found is not None)
    answer = next((each for each in tried if each is not None), None)
    if answer is None:
        raise EngineSolverError(
            f"the plan could not be proven to a gap of {LARGEST_GAP:.0e}; scale hours and costs nearer to 1"
        )
    return answer


def _ways(plan: PlanArrays, start: ServicePlan | None, columns: int) -> Iterator[_Found | None]:
    """One way after the other, the quickest first: the next is begun only where the one before proved too little."""
    if columns <= WHOLE_COLUMNS:
        yield _whole(plan, "simplex", WHOLE)
        return
    if start is not None:
        yield _replanned(plan, start)
    yield _by_prices(plan, _cold(plan))
    yield _whole(plan, "ipm", FALLBACK)


def _whole(plan: PlanArrays, solver: str, method: str) -> _Found:
    given = np.zeros((plan.capacity.shape[0], plan.option_pool.size))
    rows = np.arange(plan.floor.size)
    answer = solve_restricted(plan, given, rows, np.zeros(plan.capacity.shape), 0.0, solver)
    bound = stand_at(plan, answer.prices, answer.given).bound
    return _Found(answer.given, answer.extra, answer.prices, bound, method)


@dataclass(frozen=True, slots=True)
class _Start:
    prices: Prices
    given: FloatArray
    rows: IntArray
    room: float


def _cold(plan: PlanArrays) -> _Start:
    prices, temperature, given = search_prices(plan)
    seen = stand_at(plan, prices, given)
    rows = _largest(plan, np.flatnonzero(seen.margin < 10.0 * temperature), 6_000)
    return _Start(prices, given, rows, 0.05)


def _prices_of(start: ServicePlan) -> Prices:
    return Prices(
        np.ascontiguousarray(start.pool_price_per_hour.T),
        np.array(start.extra_price_per_hour),
        np.array(start.commitment_price_per_hour),
    )


def _replanned(plan: PlanArrays, start: ServicePlan) -> _Found | None:
    """Settle what changed together with whoever could as well do otherwise, all other hours kept. None: not proven.

    A change of one contract hardly moves the prices: the old ones still prove a bound, and commitments keep theirs.
    Where they prove too little, some steps of Newton's method move them to the new problem.
    """
    best, need = _prices_of(start), plan.floor + plan.above
    prices = best
    given = np.ascontiguousarray(start.given_hours[plan.option_order].T)
    before = _per_job(plan, given) + start.short_hours.T
    changed = np.flatnonzero(np.abs(need - before) > 1e-7 * (1.0 + need))
    if changed.size > REPLANNED:
        return None
    dearest = max(float(plan.floor_cost.max(initial=0.0)), 1.0) + float(plan.commitment_cost.max(initial=0.0))
    bound, cost, too = -np.inf, np.inf, changed
    for attempt in range(3):
        if attempt:
            prices = search_prices(plan, prices)[0]
        seen = stand_at(plan, prices, given)
        best, bound = (prices, seen.bound) if seen.bound > bound else (best, bound)
        if not _is_proven(cost, bound):
            rows = np.union1d(too, _likely(plan, seen, changed, REPLANNED * (1 + attempt)))
            answer = solve_restricted(plan, given, rows, prices.pool + dearest)
            over = answer.overfilled_hours > 1e-9 * (1.0 + plan.capacity)
            too = np.union1d(too, _users(plan, given, over, 40))
            given, extra = answer.given, answer.extra
            cost = np.inf if over.any() else _cost(plan, stand_at(plan, best, given), given, extra)
        if _is_proven(cost, bound):
            return _Found(given, extra, best, bound, BY_PRICES)
    return None


def _is_proven(cost: float, bound: float) -> bool:
    return bool(np.isfinite(cost)) and cost - bound <= 0.99 * LARGEST_GAP * max(1.0, abs(cost))


def _likely(plan: PlanArrays, seen: Standing, changed: IntArray, most: int) -> IntArray:
    """Jobs and periods most likely to do otherwise: large, near a tie, in the pools of the jobs that changed.

    Not those of commitments: they keep their hours, so that the prices of commitments need not be found again.
    """
    scale = max(float(plan.above_cost.max(initial=0.0)), 1.0)
    job = np.repeat(np.arange(plan.commitment.size), np.diff(plan.first_option))
    pools = np.unique(plan.option_pool[np.isin(job, changed % plan.commitment.size)])
    shared = np.bincount(job, np.isin(plan.option_pool, pools), plan.commitment.size)
    rows = np.flatnonzero((seen.margin < 2e-3 * scale) & (plan.commitment < 0))
    weight = (plan.floor + plan.above) * (0.5 + shared)
    likely = weight.ravel()[rows] / (seen.margin.ravel()[rows] + 1.5e-4 * scale)
    return np.sort(rows[np.argsort(-likely, kind="stable")[:most]])


def _largest(plan: PlanArrays, rows: IntArray, most: int) -> IntArray:
    size = (plan.floor + plan.above).ravel()[rows]
    return np.sort(rows[np.argsort(-size, kind="stable")[:most]])


def _per_job(plan: PlanArrays, given: FloatArray) -> FloatArray:
    """Hours by period and job."""
    total: FloatArray = np.zeros(plan.floor.shape)
    some = np.flatnonzero(np.diff(plan.first_option))
    if some.size:
        total[:, some] = np.add.reduceat(given, plan.first_option[some], axis=1)
    return total


def _by_prices(plan: PlanArrays, start: _Start, rounds: int = 10) -> _Found | None:
    """Rounds of the restricted program: what the prices of one would change joins the next. None: not proven."""
    rows, given, room = start.rows, start.given, start.room
    seen = stand_at(plan, start.prices, given)
    best, bound = start.prices, seen.bound
    dearest = max(float(plan.floor_cost.max(initial=0.0)), 1.0) + float(plan.commitment_cost.max(initial=0.0))
    tiny = 1e-9 * (1.0 + plan.capacity)
    for _ in range(rounds):
        if rows.size > 60_000:
            break
        answer = solve_restricted(plan, given, rows, start.prices.pool + room * dearest)
        seen = stand_at(plan, answer.prices, answer.given)
        if seen.bound > bound:
            best, bound = answer.prices, seen.bound
        over = answer.overfilled_hours > tiny
        cost = _cost(plan, seen, answer.given, answer.extra)
        if not over.any() and cost - bound <= 0.5 * LARGEST_GAP * max(1.0, abs(cost)):
            return _Found(answer.given, answer.extra, best, bound, BY_PRICES)
        room = min(room * 4.0, 2.0)
        rows = np.union1d(rows, _regretted(seen, 3_000))
        if over.any():
            rows = np.union1d(rows, _users(plan, given, over, 40))
    return None


def _regretted(seen: Standing, most: int) -> IntArray:
    regret = seen.regret.ravel()
    felt = np.flatnonzero(regret > 1e-9 * max(1.0, abs(seen.bound)) / regret.size)
    return felt[np.argsort(-regret[felt], kind="stable")[:most]]


def _users(plan: PlanArrays, given: FloatArray, over: BoolArray, each: int) -> IntArray:
    """The largest users of each overfilled pool and period: they can make room."""
    job = np.repeat(np.arange(plan.commitment.size), np.diff(plan.first_option))
    found = [np.zeros(0, dtype=np.int64)]
    for period, pool in np.argwhere(over):
        options = np.flatnonzero((plan.option_pool == pool) & (given[period] > 0.0))
        dear = plan.above_cost[job[options]]
        found.append(period * plan.commitment.size + job[options[np.argsort(dear, kind="stable")[:each]]])
    return np.unique(np.concatenate(found))


def _missed(plan: PlanArrays, given: FloatArray) -> FloatArray:
    return np.maximum(plan.commitment_hours - fixed_use(plan, given)[1], 0.0)


def _cost(plan: PlanArrays, seen: Standing, given: FloatArray, extra: FloatArray) -> float:
    missed = float(_missed(plan, given) @ plan.commitment_cost)
    return seen.cost + float((extra * plan.extra_cost).sum()) + missed


def _certified(plan: PlanArrays, found: _Found) -> ServicePlan | None:
    """The answer with its gap and excess measured on itself; None where they are too large."""
    need = plan.floor + plan.above
    served = _per_job(plan, found.given)
    job = np.repeat(np.arange(need.shape[1]), np.diff(plan.first_option))
    part = np.divide(need, served, out=np.ones_like(need), where=served > need)
    given = found.given * part[:, job]
    used = fixed_use(plan, given)[0].reshape(plan.capacity.shape)
    seen = stand_at(plan, found.prices, given)
    cost = _cost(plan, seen, given, found.extra)
    gap = (cost - seen.bound) / max(1.0, abs(cost))
    room = plan.capacity + found.extra.sum(axis=0)
    over_total = found.extra.sum(axis=1) - plan.extra_total
    worst = max(
        float(((used - room) / (1.0 + plan.capacity)).max(initial=0.0)),
        float((over_total / (1.0 + np.where(np.isfinite(plan.extra_total), plan.extra_total, 0.0))).max(initial=0.0)),
    )
    if not (abs(gap) <= LARGEST_GAP and worst <= LARGEST_EXCESS):
        return None
    hours = np.empty((plan.option_pool.size, given.shape[0]))
    hours[plan.option_order] = given.T
    return ServicePlan(
        given_hours=frozen(hours),
        short_hours=frozen(np.maximum(need - _per_job(plan, given), 0.0).T.copy()),
        extra_hours=frozen(found.extra.transpose(0, 2, 1).copy()),
        missed_hours=frozen(_missed(plan, given)),
        pool_price_per_hour=frozen(found.prices.pool.T.copy()),
        extra_price_per_hour=frozen(found.prices.extra),
        commitment_price_per_hour=frozen(found.prices.commitment),
        cost=cost,
        dual_cost=seen.bound,
        gap=gap,
        worst_excess=worst,
        method=found.method,
    )
