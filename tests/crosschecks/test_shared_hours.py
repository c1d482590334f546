"""Hours that may be used in one of several cells: against another solver, brute force, and counting them twice."""

import itertools

import numpy as np
import pytest
from scipy import optimize
from tests.crosschecks.test_allocation import instance

from closeknit.engine.allocation import (
    AllocationProblem,
    MinimumsConflict,
    SharedAllocation,
    SharedHours,
    allocate,
    allocate_shared,
)
from closeknit.engine.errors import EngineInputError

NOWHERE = SharedHours.of(from_cell=[], to_cell=[], most_hours=[], source_of_way=[], source_hours=[])


def ways(seed: int, cells: int, count: int = 20, sources: int = 6) -> SharedHours:
    rng = np.random.default_rng(seed + 1000)
    return SharedHours.of(
        from_cell=rng.integers(-1, cells, count),
        to_cell=rng.integers(0, cells, count),
        most_hours=rng.uniform(0.0, 6.0, count),
        source_of_way=rng.integers(0, sources, count),
        source_hours=rng.uniform(0.0, 8.0, sources),
        cost_per_hour=rng.uniform(0.0, 5.0, count) if seed % 2 else 0.0,
    )


def by_another_solver(p: AllocationProblem, s: SharedHours, *, twice: bool = False) -> float:
    """One column per claim and way, dense, through scipy. `twice`: what leaves a cell is not taken out of it."""
    cells, claims, count = p.capacity_hours.size, p.claim_hours.size, s.to_cell.size
    size = 2 * cells + claims + count
    first = 2 * cells + claims
    cost = np.zeros(size)
    cost[:first] = np.concatenate([p.regular_cost_per_hour, p.overtime_cost_per_hour, p.shortfall_cost_per_hour])
    cost[first:] = s.cost_per_hour
    rows, right = [], []
    for c in range(cells):
        row = np.zeros(size)
        row[[c, cells + c]] = -1.0
        row[2 * cells + np.flatnonzero(p.claim_cell == c)] = -1.0
        row[first + np.flatnonzero(s.to_cell == c)] = -1.0
        rows.append(row)
        right.append(-p.asked_hours[c])
        row = np.zeros(size)
        row[c] = 1.0
        if not twice:
            row[first + np.flatnonzero(s.from_cell == c)] = 1.0
        rows.append(row)
        right.append(p.capacity_hours[c])
    for b in range(p.overtime_budget_hours.size):
        row = np.zeros(size)
        row[cells + np.flatnonzero(p.overtime_budget_of_cell == b)] = 1.0
        rows.append(row)
        right.append(p.overtime_budget_hours[b])
    for k in range(s.source_hours.size):
        row = np.zeros(size)
        row[first + np.flatnonzero(s.source_of_way == k)] = 1.0
        rows.append(row)
        right.append(s.source_hours[k])
    most = np.concatenate(
        [p.capacity_hours, p.overtime_limit_hours, p.claim_hours - p.claim_minimum_hours, s.most_hours]
    )
    bounds = list(zip(np.zeros(size), most, strict=True))
    found = optimize.linprog(cost, np.array(rows), np.array(right), bounds=bounds, method="highs-ipm")
    assert found.status == 0
    return float(found.fun)


@pytest.mark.parametrize("seed", range(25))
def test_the_cost_is_that_of_another_solver(seed):
    p = instance(seed)
    s = ways(seed, p.capacity_hours.size)
    found = allocate_shared(p, s)
    assert found.cost == pytest.approx(by_another_solver(p, s), rel=1e-7)
    assert found.gap < 1e-7
    checked(p, s, found)


def checked(p: AllocationProblem, s: SharedHours, found: SharedAllocation) -> None:
    """No hour is used twice, and whatever is asked is served, worked over, or short."""
    cells = p.capacity_hours.size
    leaves = s.from_cell >= 0
    out = np.bincount(s.from_cell[leaves], found.moved_hours[leaves], cells)
    came = np.bincount(s.to_cell, found.moved_hours, cells)
    short = np.bincount(p.claim_cell, found.short_hours, cells)
    left = p.capacity_hours - out
    assert left.min() > -1e-7
    assert (left + came + found.overtime_hours + short - p.asked_hours).min() > -1e-7
    assert (np.bincount(s.source_of_way, found.moved_hours, s.source_hours.size) <= s.source_hours + 1e-7).all()


@pytest.mark.parametrize("seed", range(10))
def test_without_ways_it_is_the_allocation(seed):
    p = instance(seed)
    assert allocate_shared(p, NOWHERE).cost == pytest.approx(allocate(p).cost, rel=1e-9)


def test_an_hour_counted_twice_would_save_more():
    """The red twin: with the guard taken away the same hours serve both cells, which no roster can."""
    p = AllocationProblem.of(
        capacity_hours=[10.0, 4.0], claim_cell=[0, 1], claim_hours=[9.0, 7.0], shortfall_cost_per_hour=[5.0, 8.0]
    )
    s = SharedHours.of(from_cell=[0], to_cell=[1], most_hours=[2.0], source_of_way=[0], source_hours=[2.0])
    assert allocate_shared(p, s).cost == pytest.approx(5.0 + 8.0), "one idle hour moves free, one costs 5 and saves 8"
    assert by_another_solver(p, s, twice=True) == pytest.approx(8.0)
    seeds = [(instance(seed), ways(seed, 12)) for seed in range(25)]
    gains = [by_another_solver(q, w) - by_another_solver(q, w, twice=True) for q, w in seeds]
    assert min(gains) > -1e-6
    assert max(gains) > 1.0


def test_whole_hours_against_brute_force():
    """Three cells, two ways of one source: every split of whole hours is tried."""
    asked, have, cost = np.array([3.0, 5.0, 4.0]), np.array([6.0, 3.0, 3.0]), np.array([7.0, 4.0, 9.0])
    p = AllocationProblem.of(capacity_hours=have, claim_cell=[0, 1, 2], claim_hours=asked, shortfall_cost_per_hour=cost)
    s = SharedHours.of(
        from_cell=[0, 0], to_cell=[1, 2], most_hours=[4.0, 4.0], source_of_way=[0, 0], source_hours=[4.0]
    )
    tried = []
    for a, b in itertools.product(range(5), repeat=2):
        if a + b <= 4:
            short = np.maximum(asked - have + np.array([a + b, -a, -b]), 0.0)
            tried.append(float(short @ cost))
    assert allocate_shared(p, s).cost == pytest.approx(min(tried))


@pytest.mark.parametrize("seed", range(15))
def test_prices_bound_what_one_more_source_saves(seed):
    p = instance(seed)
    s = ways(seed, p.capacity_hours.size)
    now = allocate_shared(p, s)
    for source, (here, there) in itertools.product((0.5, 4.0), [(0, 1), (3, 7), (5, 2), (8, 11)]):
        more = SharedHours.of(
            from_cell=[*s.from_cell, here],
            to_cell=[*s.to_cell, there],
            most_hours=[*s.most_hours, source],
            source_of_way=[*s.source_of_way, s.source_hours.size],
            source_hours=[*s.source_hours, source],
            cost_per_hour=[*s.cost_per_hour, 0.0],
        )
        gain = now.cost - allocate_shared(p, more).cost
        price = now.arrival_price_per_hour[there] - now.departure_price_per_hour[here]
        assert -1e-6 <= gain <= max(price, 0.0) * source + 1e-6


def test_hours_that_no_cell_misses_cost_nothing_to_move():
    p = AllocationProblem.of(capacity_hours=[1.0], claim_cell=[0], claim_hours=[4.0], shortfall_cost_per_hour=6.0)
    s = SharedHours.of(from_cell=[-1], to_cell=[0], most_hours=[5.0], source_of_way=[0], source_hours=[2.0])
    found = allocate_shared(p, s)
    assert found.cost == pytest.approx(6.0)
    assert found.moved_hours.tolist() == pytest.approx([2.0])


def test_what_cannot_be_is_refused():
    p = AllocationProblem.of(capacity_hours=[1.0], claim_cell=[0], claim_hours=[4.0], shortfall_cost_per_hour=6.0)
    good = {"from_cell": [0], "to_cell": [0], "most_hours": [1.0], "source_of_way": [0], "source_hours": [1.0]}
    with pytest.raises(EngineInputError, match="beyond the last"):
        allocate_shared(p, SharedHours.of(**{**good, "to_cell": [1]}))
    with pytest.raises(EngineInputError, match="beyond the last"):
        allocate_shared(p, SharedHours.of(**{**good, "from_cell": [1]}))
    with pytest.raises(EngineInputError, match="give the sources"):
        SharedHours.of(**{**good, "source_hours": []})
    with pytest.raises(EngineInputError, match="one per way"):
        SharedHours.of(**{**good, "most_hours": [1.0, 2.0]})
    with pytest.raises(EngineInputError, match="most_hours"):
        SharedHours.of(**{**good, "most_hours": [float("nan")]})
    kept = AllocationProblem.of(
        capacity_hours=[1.0], claim_cell=[0], claim_hours=[4.0], claim_minimum_hours=[3.0], shortfall_cost_per_hour=6.0
    )
    with pytest.raises(MinimumsConflict):
        allocate_shared(kept, SharedHours.of(**good))
