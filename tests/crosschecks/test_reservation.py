"""Shares and protection levels against definitions, brute force and simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine import inventory as inv
from closeknit.engine.errors import EngineInputError

WOLLMER = ([1050.0, 567.0, 534.0, 520.0], [17.3, 45.1, 39.6, 34.0], [5.8, 15.0, 13.2, 11.3])
CLAIMS = st.lists(st.floats(0.0, 100.0), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(claims=CLAIMS, supply=st.floats(0.0, 300.0))
def test_shares_use_the_supply_and_give_nobody_more_than_was_asked(claims, supply):
    rules = (inv.proportional_shares, inv.max_min_shares, inv.priority_shares)
    for rule in rules:
        got = rule(supply, claims)
        assert (got.allocated <= np.array(claims)).all()
        assert (got.allocated >= 0.0).all()
        assert float(got.allocated.sum()) == pytest.approx(min(supply, sum(claims)), abs=1e-9)
        more = rule(supply + 10.0, claims)
        assert (more.allocated >= got.allocated - 1e-9).all()
    quota = inv.quota_shares(supply, claims, [10.0] * len(claims))
    assert float(quota.allocated.sum()) == pytest.approx(min(supply, sum(claims)), abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(claims=CLAIMS, supply=st.floats(1.0, 300.0), data=st.data())
def test_max_min_is_level_and_cannot_be_gamed(claims, supply, data):
    weights = data.draw(st.lists(st.floats(0.5, 4.0), min_size=len(claims), max_size=len(claims)))
    got = inv.max_min_shares(supply, claims, weights)
    level = got.allocated / np.array(weights)
    cut = got.unserved > 1e-9
    if cut.any():
        assert np.ptp(level[cut]) < 1e-9 * (1.0 + level.max())
        assert (level <= level[cut].max() + 1e-9).all()
    who = data.draw(st.integers(0, len(claims) - 1))
    inflated = list(claims)
    inflated[who] += 50.0
    lied = inv.max_min_shares(supply, inflated, weights).allocated[who]
    if claims[who] > got.allocated[who] + 1e-9:
        assert lied == pytest.approx(got.allocated[who], abs=1e-9)


def test_groups_are_shared_at_once_and_one_by_one_alike():
    rng = np.random.default_rng(0)
    supply, claims = rng.uniform(0, 100, 30), rng.uniform(0, 40, (30, 5))
    for rule in (inv.proportional_shares, inv.max_min_shares, inv.priority_shares):
        together = rule(supply, claims).allocated
        np.testing.assert_allclose(together, [rule(supply[i], claims[i]).allocated for i in range(30)], atol=1e-12)


def revenue_of(protection, values, demands, capacity):
    """Expected revenue of nested levels over all demands, lowest class first, by enumeration."""
    total = 0.0
    supports = [list(enumerate(demand.masses())) for demand in demands]
    for outcome in itertools.product(*supports):
        left, earned, chance = capacity, 0.0, 1.0
        for j in range(len(values) - 1, -1, -1):
            asked, probability = outcome[j]
            sold = min(asked, max(left - (protection[j - 1] if j else 0), 0))
            left -= sold
            earned += values[j] * sold
            chance *= probability
        total += chance * earned
    return total


def test_optimal_levels_earn_most_of_all_levels():
    rng = np.random.default_rng(1)
    for _ in range(6):
        values = np.sort(rng.uniform(1, 100, 3))[::-1]
        demands = [inv.DiscreteDemand.of(np.arange(5), rng.random(5) + 0.05) for _ in range(3)]
        capacity = 7
        plan = inv.optimal_protection(values, demands, capacity)
        earned = {
            levels: revenue_of(levels, values, demands, capacity)
            for levels in itertools.product(range(capacity + 1), repeat=2)
            if levels[0] <= levels[1]
        }
        best = tuple(int(level) for level in plan.protection)
        assert earned[best] == pytest.approx(max(earned.values()), rel=1e-12)
        assert plan.expected_value[-1] == pytest.approx(max(earned.values()), rel=1e-12)
        assert (np.diff(plan.marginal_value[:, 1:], axis=1) <= 1e-9).all()
        two = inv.littlewood(values[0], values[1], demands[0]).protection[0]
        assert plan.protection[0] == min(two, capacity)


def test_continuous_levels_meet_the_conditions_of_brumelle_and_mcgill():
    values, means, sds = WOLLMER
    plan = inv.optimal_protection(values, [inv.NormalDemand.of(m, s) for m, s in zip(means, sds, strict=True)], 150.0)
    rng = np.random.default_rng(2)
    draws = np.cumsum(rng.normal(means, sds, (1_000_000, 4)), axis=1)
    kept = np.ones(draws.shape[0], dtype=bool)
    for j, level in enumerate(plan.protection):
        kept &= draws[:, j] > level
        assert kept.mean() == pytest.approx(values[j + 1] / values[0], abs=0.002)
    finer = inv.optimal_protection(
        values, [inv.NormalDemand.of(m, s) for m, s in zip(means, sds, strict=True)], 150.0, step_units=0.04
    )
    np.testing.assert_allclose(plan.protection, finer.protection, atol=2e-3)
    bid = plan.marginal_value
    assert (np.diff(bid, axis=0) >= -1e-6 * values[0]).all()


def test_heuristics_as_published_and_near_the_best():
    assert inv.emsr_a(*WOLLMER).protection.round(1).tolist() == [16.7, 38.7, 55.7]
    np.testing.assert_allclose(inv.emsr_b(*WOLLMER).protection, [16.7, 50.9, 83.1], atol=0.1)
    two = tuple(part[:2] for part in WOLLMER)
    exact = inv.littlewood(*two[0], inv.NormalDemand.of(17.3, 5.8)).protection
    np.testing.assert_allclose(inv.emsr_a(*two).protection, exact)
    np.testing.assert_allclose(inv.emsr_b(*two).protection, exact)
    limits = inv.emsr_b(*WOLLMER).booking_limits(100.0)
    np.testing.assert_allclose(limits, [100.0, 83.28, 49.06, 16.85], atol=0.01)


def test_protection_by_simulation_earns_what_it_says():
    values = np.array([100.0, 60.0, 35.0])
    demands = [inv.PoissonDemand.of(mean) for mean in (12.0, 20.0, 25.0)]
    plan = inv.optimal_protection(values, demands, 45.0)
    rng = np.random.default_rng(3)
    claims = rng.poisson([12.0, 20.0, 25.0], (200_000, 3)).astype(float)
    earned = inv.nested_shares(45.0, claims, plan.protection).allocated @ values
    assert earned.mean() == pytest.approx(plan.expected_value[-1], rel=0.003)
    open_to_all = inv.nested_shares(45.0, claims, [0.0, 0.0]).allocated @ values
    assert earned.mean() > open_to_all.mean() * 1.05


@settings(max_examples=50, deadline=None)
@given(high=st.floats(10.0, 100.0), low=st.floats(1.0, 99.0), mean=st.floats(1.0, 50.0), more=st.floats(1.01, 3.0))
def test_dearer_customers_are_protected_more(high, low, mean, more):
    if low * 1.01 >= high:
        low = high / 2.0
    demand = inv.PoissonDemand.of(mean)
    level = inv.littlewood(high, low, demand).protection[0]
    assert inv.littlewood(high * more, low, demand).protection[0] >= level
    assert inv.littlewood(high, low, inv.PoissonDemand.of(mean * more)).protection[0] >= level


def test_what_cannot_be_is_refused():
    with pytest.raises(EngineInputError, match="most valuable first"):
        inv.emsr_b([10.0, 20.0], [5.0, 5.0], [1.0, 1.0])
    with pytest.raises(EngineInputError, match="value_low"):
        inv.littlewood(10.0, 10.0, inv.PoissonDemand.of(5.0))
    with pytest.raises(EngineInputError, match="protection"):
        inv.nested_shares(10.0, [1.0, 2.0, 3.0], [5.0, 2.0])
    with pytest.raises(EngineInputError, match="demands"):
        inv.optimal_protection([2.0, 1.0], [inv.PoissonDemand.of(1.0)], 3.0)


def test_continuous_plan_promises_what_it_earns():
    values, means, sds = WOLLMER
    plan = inv.optimal_protection(values, [inv.NormalDemand.of(m, s) for m, s in zip(means, sds, strict=True)], 120.0)
    rng = np.random.default_rng(4)
    claims = np.maximum(rng.normal(means, sds, (400_000, 4)), 0.0)
    earned, less = (inv.nested_shares(room, claims, plan.protection).allocated @ values for room in (120.0, 119.0))
    assert plan.left_units[-1] == pytest.approx(120.0)
    assert earned.mean() == pytest.approx(plan.expected_value[-1], rel=0.001)
    assert (earned - less).mean() == pytest.approx(np.interp(119.5, plan.left_units, plan.marginal_value[3]), rel=0.01)
