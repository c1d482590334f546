"""Plans at scale against another formulation, against finite differences and against each other's way."""

from dataclasses import replace
from importlib import import_module
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from closeknit.engine.allocation import (
    ServicePlan,
    ServicePlanProblem,
    find_plan_conflicts,
    measured_plan_prices,
    plan_services,
)
from closeknit.engine.errors import EngineInputError

WAYS = import_module("closeknit.engine.allocation.plan_services")


def instance(seed: int, jobs: int = 9, pools: int = 3, periods: int = 4, committed: float = 0.4) -> ServicePlanProblem:
    rng = np.random.default_rng(seed)
    need = rng.gamma(2.0, 5.0, (jobs, 1)) * rng.uniform(0.5, 1.5, (jobs, periods))
    options = np.stack([rng.permutation(pools)[:2] for _ in range(jobs)])
    capacity = need.sum(axis=0) / pools * rng.uniform(0.6, 1.1, (pools, periods))
    short = rng.uniform(20.0, 100.0, jobs)
    commitments = int(jobs * committed)
    whose = np.full(jobs, -1)
    whose[np.argsort(short)[:commitments]] = np.arange(commitments)
    total = np.array([need[whose == c].sum() for c in range(commitments)])
    extra = capacity[None] * 0.15
    return ServicePlanProblem.of(
        capacity_hours=capacity,
        need_hours=need,
        floor_hours=need * rng.choice([0.0, 0.4], (jobs, 1)),
        floor_cost_per_hour=short * 2.0,
        short_cost_per_hour=short,
        option_job=np.repeat(np.arange(jobs), 2),
        option_pool=options.ravel(),
        option_cost_per_hour=rng.uniform(2.0, 15.0, jobs * 2),
        extra_hours=extra,
        extra_cost_per_hour=35.0,
        extra_total_hours=extra.sum(axis=2) * 0.5,
        job_commitment=whose,
        commitment_hours=total * rng.uniform(0.6, 1.0, commitments),
        commitment_cost_per_hour=70.0,
    )


def least_cost_by_another_formulation(p: ServicePlanProblem) -> float:
    """One loop per constraint, dense, through scipy: no line of it is shared."""
    jobs, periods = p.need_hours.shape
    cost: list[float] = []
    upper: list[float | None] = []
    places: dict[tuple[object, ...], int] = {}

    def column(name: tuple[object, ...], price: float, most: float | None) -> None:
        places[name] = len(cost)
        cost.append(price)
        upper.append(most)

    for t in range(periods):
        for o in range(p.option_job.size):
            column(("x", o, t), p.option_cost_per_hour[o], None)
        for j in range(jobs):
            column(("s", j, t), p.floor_cost_per_hour[j], p.floor_hours[j, t])
            column(("w", j, t), p.short_cost_per_hour[j], p.need_hours[j, t] - p.floor_hours[j, t])
        for k, pool in np.ndindex(p.extra_total_hours.shape):
            column(("y", k, pool, t), p.extra_cost_per_hour[k, pool, t], p.extra_hours[k, pool, t])
    for c, price in enumerate(p.commitment_cost_per_hour):
        column(("m", c), price, None)
    at_most: list[tuple[np.ndarray, float]] = []
    equal: list[tuple[np.ndarray, float]] = []

    def row(names: dict[tuple[object, ...], float], bound: float, rows: list[tuple[np.ndarray, float]]) -> None:
        line = np.zeros(len(cost))
        for name, value in names.items():
            line[places[name]] = value
        rows.append((line, bound))

    for t in range(periods):
        for j in range(jobs):
            own = {("x", o, t): 1.0 for o in np.flatnonzero(p.option_job == j)}
            row({**own, ("s", j, t): 1.0, ("w", j, t): 1.0}, p.need_hours[j, t], equal)
        for pool in range(p.capacity_hours.shape[0]):
            own = {("x", o, t): 1.0 for o in np.flatnonzero(p.option_pool == pool)}
            bought = {("y", k, pool, t): -1.0 for k in range(p.extra_hours.shape[0])}
            row({**own, **bought}, p.capacity_hours[pool, t], at_most)
    for k, pool in np.ndindex(p.extra_total_hours.shape):
        if np.isfinite(p.extra_total_hours[k, pool]):
            row({("y", k, pool, t): 1.0 for t in range(periods)}, p.extra_total_hours[k, pool], at_most)
    for c, hours in enumerate(p.commitment_hours):
        whose = np.flatnonzero(p.job_commitment[p.option_job] == c)
        own = {("x", o, t): -1.0 for o in whose for t in range(periods)}
        row({**own, ("m", c): -1.0}, -hours, at_most)
    found = optimize.linprog(
        cost,
        np.array([line for line, _ in at_most]),
        [bound for _, bound in at_most],
        np.array([line for line, _ in equal]),
        [bound for _, bound in equal],
        bounds=[(0.0, most) for most in upper],
        method="highs-ipm",
    )
    assert found.status == 0
    return float(found.fun)


def keeps_its_word(p: ServicePlanProblem, got: ServicePlan) -> None:
    """Every constraint, and the cost, from the answer alone."""
    jobs, periods = p.need_hours.shape
    served, used = np.zeros((jobs, periods)), np.zeros(p.capacity_hours.shape)
    np.add.at(served, p.option_job, got.given_hours)
    np.add.at(used, p.option_pool, got.given_hours)
    assert (got.given_hours >= 0.0).all()
    np.testing.assert_allclose(served + got.short_hours, p.need_hours, rtol=1e-9, atol=1e-9)
    assert (used <= p.capacity_hours + got.extra_hours.sum(axis=0) + 1e-6 * (1.0 + p.capacity_hours)).all()
    assert (got.extra_hours <= p.extra_hours + 1e-9).all()
    assert (got.extra_hours.sum(axis=2) <= p.extra_total_hours + 1e-6).all()
    counted = np.zeros(p.commitment_hours.size)
    held = p.job_commitment >= 0
    np.add.at(counted, p.job_commitment[held], served[held].sum(axis=1))
    assert (counted + got.missed_hours >= p.commitment_hours - 1e-6).all()
    of_floor = np.maximum(p.floor_hours - served, 0.0)
    cost = (
        (got.given_hours * p.option_cost_per_hour[:, None]).sum()
        + (got.extra_hours * p.extra_cost_per_hour).sum()
        + of_floor.sum(axis=1) @ p.floor_cost_per_hour
        + (got.short_hours - of_floor).sum(axis=1) @ p.short_cost_per_hour
        + got.missed_hours @ p.commitment_cost_per_hour
    )
    assert got.cost == pytest.approx(cost, rel=1e-9, abs=1e-6)
    assert abs(got.gap) <= 1e-6


def by_prices(problem: ServicePlanProblem, monkeypatch: pytest.MonkeyPatch) -> ServicePlan:
    with monkeypatch.context() as patch:
        patch.setattr(WAYS, "WHOLE_COLUMNS", 0)
        return plan_services(problem)


@pytest.mark.parametrize("seed", range(8))
def test_cost_agrees_with_another_formulation_whichever_way_it_goes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = instance(seed)
    least = least_cost_by_another_formulation(problem)
    whole, priced = plan_services(problem), by_prices(problem, monkeypatch)
    assert (whole.method, priced.method) == (WAYS.WHOLE, WAYS.BY_PRICES)
    for got in (whole, priced):
        assert got.cost == pytest.approx(least, rel=1e-6)
        keeps_its_word(problem, got)


def test_yearly_commitments_bind_and_are_proven_at_a_size_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = instance(11, jobs=600, pools=8, periods=13)
    whole, priced = plan_services(problem), by_prices(problem, monkeypatch)
    assert (whole.commitment_price_per_hour > 1e-6).sum() > 100
    assert priced.method == WAYS.BY_PRICES
    assert priced.cost == pytest.approx(whole.cost, rel=1e-6)
    assert whole.gap < 1e-9
    keeps_its_word(problem, priced)


def test_the_interior_point_takes_over_where_prices_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = instance(3, jobs=40, pools=4, periods=6)
    least = plan_services(problem).cost
    monkeypatch.setattr(WAYS, "WHOLE_COLUMNS", 0)
    monkeypatch.setattr(WAYS, "_by_prices", lambda *given: None)
    got = plan_services(problem)
    assert got.method == WAYS.FALLBACK
    assert got.cost == pytest.approx(least, rel=1e-6)
    keeps_its_word(problem, got)


@pytest.mark.parametrize("seed", range(4))
def test_prices_agree_with_finite_differences(seed: int) -> None:
    problem = instance(seed)
    base, step = plan_services(problem), 1e-3
    for pool, period in np.ndindex(problem.capacity_hours.shape):
        bump = np.zeros(problem.capacity_hours.shape)
        bump[pool, period] = step
        more = plan_services(replace(problem, capacity_hours=problem.capacity_hours + bump)).cost
        less = plan_services(replace(problem, capacity_hours=problem.capacity_hours - bump)).cost
        saved, added = (base.cost - more) / step, (less - base.cost) / step
        assert saved - 1e-4 <= base.pool_price_per_hour[pool, period] <= added + 1e-4
    for c in range(problem.commitment_hours.size):
        more = plan_services(replace(problem, commitment_hours=problem.commitment_hours + step * _one(c, problem))).cost
        less = plan_services(replace(problem, commitment_hours=problem.commitment_hours - step * _one(c, problem))).cost
        assert (base.cost - less) / step - 1e-4 <= base.commitment_price_per_hour[c] <= (more - base.cost) / step + 1e-4


def _one(place: int, problem: ServicePlanProblem) -> np.ndarray:
    return (np.arange(problem.commitment_hours.size) == place).astype(float)


@pytest.mark.parametrize("factor", [0.4, 1.2, 3.0])
def test_a_changed_contract_is_replanned_from_old_prices_to_the_same_cost(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = instance(5, jobs=400, pools=6, periods=13)
    old = by_prices(problem, monkeypatch)
    need = problem.need_hours.copy()
    need[7] = np.maximum(need[7] * factor, problem.floor_hours[7])
    changed = replace(problem, need_hours=need)
    whole = plan_services(changed)
    monkeypatch.setattr(WAYS, "WHOLE_COLUMNS", 0)
    got = plan_services(changed, start=old)
    assert got.cost == pytest.approx(whole.cost, rel=1e-6)
    keeps_its_word(changed, got)
    with pytest.raises(EngineInputError, match="same jobs, options and periods"):
        plan_services(instance(1), start=old)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_a_doubled_or_halved_contract_needs_no_prices_from_scratch(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = instance(11, jobs=600, pools=8, periods=13)
    free = {"job_commitment": np.full(600, -1), "commitment_hours": np.zeros(0)}
    problem = replace(problem, **free, commitment_cost_per_hour=np.zeros(0))
    old = by_prices(problem, monkeypatch)
    need = problem.need_hours.copy()
    need[np.argsort(need.sum(axis=1))[100]] *= factor
    changed = replace(problem, need_hours=need, floor_hours=np.minimum(problem.floor_hours, need))
    least = plan_services(changed).cost
    monkeypatch.setattr(WAYS, "WHOLE_COLUMNS", 0)
    monkeypatch.setattr(WAYS, "_cold", None)
    got = plan_services(changed, start=old)
    assert got.cost == pytest.approx(least, rel=1e-6)
    assert got.method == WAYS.BY_PRICES
    keeps_its_word(changed, got)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    factor=st.sampled_from([0.0, 0.3, 0.9, 1.5, 2.0, 5.0]),
    room=st.sampled_from([0.0, 0.5, 1.0, 1.3]),
    most=st.sampled_from([1, 12, 10_000]),
)
def test_a_replanned_contract_costs_what_it_costs_planned_anew(
    seed: int, factor: float, room: float, most: int
) -> None:
    rng = np.random.default_rng(seed)
    problem = instance(seed, jobs=int(rng.integers(4, 25)), pools=3, periods=4)
    need, capacity = problem.need_hours.copy(), problem.capacity_hours.copy()
    need[rng.integers(0, need.shape[0])] *= factor
    capacity[rng.integers(0, 3)] *= room
    changed = replace(
        problem,
        need_hours=need,
        floor_hours=np.minimum(problem.floor_hours, need),
        capacity_hours=capacity,
    )
    old, least = plan_services(problem), plan_services(changed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WAYS, "WHOLE_COLUMNS", 0)
        patch.setattr(WAYS, "REPLANNED", most)
        got = plan_services(changed, start=old)
    assert got.cost == pytest.approx(least.cost, rel=2e-6, abs=1e-6)
    assert got.dual_cost <= least.cost * (1.0 + 1e-9) + 1e-9
    keeps_its_word(changed, got)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), more=st.floats(1.0, 2.0))
def test_more_capacity_never_costs_more_and_every_plan_keeps_its_word(seed: int, more: float) -> None:
    problem = instance(seed, jobs=5, pools=2, periods=3)
    got = plan_services(problem)
    keeps_its_word(problem, got)
    wider = plan_services(replace(problem, capacity_hours=problem.capacity_hours * more))
    assert wider.cost <= got.cost + 1e-6


def test_nothing_to_do_and_nobody_to_do_it() -> None:
    nothing = ServicePlanProblem.of(
        capacity_hours=np.zeros((1, 2)),
        need_hours=np.zeros((0, 2)),
        short_cost_per_hour=np.zeros(0),
        option_job=[],
        option_pool=[],
    )
    assert plan_services(nothing).cost == 0.0
    nobody = ServicePlanProblem.of(
        capacity_hours=[[5.0]],
        need_hours=[[3.0], [2.0]],
        short_cost_per_hour=[7.0, 4.0],
        option_job=[1],
        option_pool=[0],
    )
    got = plan_services(nobody)
    assert (got.cost, got.short_hours.ravel().tolist()) == (21.0, [3.0, 0.0])


def test_what_no_plan_can_be_right_for_is_refused_by_name() -> None:
    problem = instance(0)
    for name, place, message in (
        ("floor_hours", (0, 0), "at most need_hours"),
        ("short_cost_per_hour", (0,), "the dearer one"),
        ("option_pool", (1,), "once per job"),
    ):
        spoiled = getattr(problem, name).copy()
        spoiled[place] = 1e5 if spoiled.dtype.kind == "f" else spoiled[0]
        with pytest.raises(EngineInputError, match=message):
            replace(problem, **{name: spoiled})


@pytest.mark.parametrize("seed", range(3))
def test_measured_prices_hold_the_shadow_price_between_them(seed: int) -> None:
    problem = instance(seed)
    pools, periods = np.divmod(np.arange(problem.capacity_hours.size), problem.capacity_hours.shape[1])
    base = plan_services(problem)
    got = measured_plan_prices(problem, pools, periods, 0.5, base)
    for i, (pool, period) in enumerate(zip(pools, periods, strict=True)):
        bump = np.zeros(problem.capacity_hours.shape)
        bump[pool, period] = 0.5
        more = least_cost_by_another_formulation(replace(problem, capacity_hours=problem.capacity_hours + bump))
        assert got.one_more_per_hour[i] == pytest.approx((base.cost - more) / 0.5, rel=1e-4, abs=1e-4)
    assert (got.one_more_per_hour <= got.price_per_hour + got.uncertain_by + 1e-6).all()
    assert (got.price_per_hour <= got.one_less_per_hour + got.uncertain_by + 1e-6).all()


def test_at_a_corner_the_two_prices_differ_and_what_is_not_there_cannot_be_lost() -> None:
    corner = ServicePlanProblem.of(
        capacity_hours=[[10.0, 0.0]],
        need_hours=[[10.0, 1.0], [5.0, 0.0]],
        short_cost_per_hour=[9.0, 2.0],
        option_job=[0, 1],
        option_pool=[0, 0],
    )
    got = measured_plan_prices(corner, [0, 0], [0, 1])
    assert got.one_more_per_hour.tolist() == pytest.approx([2.0, 9.0])
    assert got.one_less_per_hour.tolist() == pytest.approx([9.0, 0.0])
    assert got.lost_hours.tolist() == [1.0, 0.0]
    with pytest.raises(EngineInputError, match="one period per pool"):
        measured_plan_prices(corner, [0, 0], [0])


def all_kept(problem: ServicePlanProblem, floors: set[int], commitments: set[int]) -> bool:
    """Whether these guarantees fit together, asked of scipy with the guarantees as hard rows."""
    jobs, periods = problem.need_hours.shape
    size = problem.option_job.size * periods
    rows, bounds = [], []
    for t in range(periods):
        for pool in range(problem.capacity_hours.shape[0]):
            line = np.zeros((problem.option_job.size, periods))
            line[problem.option_pool == pool, t] = 1.0
            rows.append(line.ravel())
            bounds.append(problem.capacity_hours[pool, t] + problem.extra_hours[:, pool, t].sum())
        for j in range(jobs):
            line = np.zeros((problem.option_job.size, periods))
            line[problem.option_job == j, t] = 1.0
            rows.append(line.ravel())
            bounds.append(problem.need_hours[j, t])
            if j in floors:
                rows.append(-line.ravel())
                bounds.append(-problem.floor_hours[j, t])
    for c in commitments:
        line = np.zeros((problem.option_job.size, periods))
        line[problem.job_commitment[problem.option_job] == c] = -1.0
        rows.append(line.ravel())
        bounds.append(-problem.commitment_hours[c])
    return bool(optimize.linprog(np.zeros(size), np.array(rows), bounds).status == 0)


@pytest.mark.parametrize("seed", range(12))
def test_a_conflict_is_one_and_no_part_of_it_is(seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = instance(seed, jobs=6, pools=2, periods=2, committed=0.5)
    problem = replace(
        problem,
        floor_hours=problem.need_hours * rng.uniform(0.5, 1.0),
        # endless totals: the rows above do not know them
        extra_total_hours=np.full(problem.extra_total_hours.shape, np.inf),
    )
    found = find_plan_conflicts(problem)
    everyone, owed = set(range(6)), set(range(problem.commitment_hours.size))
    assert bool(found) != all_kept(problem, everyone, owed)
    for conflict in found:
        terms = [("job", j) for j in conflict.jobs] + [("commitment", c) for c in conflict.commitments]
        for kept in (terms, *combinations(terms, len(terms) - 1)):
            floors = {place for kind, place in kept if kind == "job"}
            commitments = {place for kind, place in kept if kind == "commitment"}
            assert all_kept(problem, floors, commitments) == (len(kept) < len(terms))
        assert conflict.have_hours < conflict.need_hours
        assert sum(conflict.short_of_job) + sum(conflict.short_of_commitment) >= (
            conflict.need_hours - conflict.have_hours - 1e-6
        )


def test_three_contracts_need_41_and_the_pool_has_38() -> None:
    problem = ServicePlanProblem.of(
        capacity_hours=[[36.0, 50.0], [5.0, 5.0]],
        extra_hours=[[[2.0, 0.0], [0.0, 0.0]]],
        extra_cost_per_hour=25.0,
        need_hours=[[20.0, 20.0], [14.0, 14.0], [7.0, 7.0], [3.0, 3.0]],
        floor_hours=[[20.0, 0.0], [14.0, 0.0], [7.0, 0.0], [3.0, 0.0]],
        short_cost_per_hour=[50.0, 30.0, 40.0, 10.0],
        option_job=[0, 1, 2, 3, 3],
        option_pool=[0, 0, 0, 0, 1],
    )
    (conflict,) = find_plan_conflicts(problem)
    assert (conflict.jobs, conflict.commitments, conflict.cells) == ((0, 1, 2), (), ((0, 0),))
    assert (conflict.need_hours, conflict.have_hours) == (41.0, 38.0)
    # two extra hours at 25, and three hours of the cheapest guarantee
    assert (conflict.way_out_cost, conflict.short_of_job, conflict.bought_hours) == (140.0, (0.0, 3.0, 0.0), 2.0)
    assert str(conflict).startswith("these 3 guarantees need 41 h, at most 38 h can be given (jobs (0, 1, 2))")


def test_a_commitment_beyond_what_its_jobs_ask_is_a_conflict_of_its_own() -> None:
    problem = ServicePlanProblem.of(
        capacity_hours=[[50.0]],
        need_hours=[[5.0]],
        short_cost_per_hour=9.0,
        option_job=[0],
        option_pool=[0],
        job_commitment=[0],
        commitment_hours=[8.0],
        commitment_cost_per_hour=4.0,
    )
    (conflict,) = find_plan_conflicts(problem)
    assert (conflict.commitments, conflict.need_hours, conflict.have_hours) == ((0,), 8.0, 5.0)
    assert "this guarantee needs 8 h" in str(conflict)
