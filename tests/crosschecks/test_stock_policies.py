"""Stock policies of one site against brute force, simulation, published figures and each other."""

import itertools
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine import inventory as inv
from closeknit.engine.errors import EngineInputError

POSITIVE = st.floats(0.1, 100.0)


def cheapest_plan(demand, setup, hold, unit, stock):
    """Every choice of order periods; each order serves up to the next."""
    net = np.diff(np.maximum(np.cumsum(demand) - stock, 0.0), prepend=0.0)
    best = np.inf
    for chosen in itertools.product((False, True), repeat=demand.size):
        orders, last = np.zeros(demand.size), -1
        for t in range(demand.size):
            last = t if chosen[t] else last
            if net[t] > 0.0 and last < 0:
                break
            orders[last] += net[t]
        else:
            left = stock + np.cumsum(orders - demand)
            best = min(best, float(np.sum(setup * (orders > 0.0) + unit * orders + hold * left)))
    return best


def test_wagner_whitin_is_the_cheapest_of_all_plans():
    rng = np.random.default_rng(4)
    for _ in range(80):
        size = int(rng.integers(1, 8))
        demand = rng.integers(0, 50, size) * (rng.random(size) < 0.7)
        setup, hold, unit = rng.uniform(10, 200, size), rng.uniform(0, 3, size), rng.uniform(0, 5, size)
        stock = float(rng.choice([0.0, 30.0]))
        plan = inv.wagner_whitin(demand, setup, hold, unit, start_stock=stock)
        assert plan.cost == pytest.approx(cheapest_plan(demand, setup, hold, unit, stock), abs=1e-8)
        assert (plan.end_stock >= 0.0).all()
        rule = inv.silver_meal(demand, setup, hold, start_stock=stock)
        assert rule.cost >= inv.wagner_whitin(demand, setup, hold, start_stock=stock).cost - 1e-9


def test_joint_replenishment_is_the_best_of_all_multiples():
    rng = np.random.default_rng(0)
    for _ in range(25):
        size = int(rng.integers(1, 4))
        shared, each = rng.uniform(1, 100), rng.uniform(0, 400, size)
        weight, demand = rng.uniform(1, 50, size), rng.uniform(0.5, 3, size)
        costs = {}
        for multiples in itertools.product(range(1, 21), repeat=size):
            m = np.array(multiples)
            costs[multiples] = np.sqrt(2 * (shared + (each / m).sum()) * (weight * demand * m).sum())
        got = {
            method: inv.joint_replenishment(shared, each, weight, demand, method=method)
            for method in ("exact", "power_of_two", "silver")
        }
        best = got["exact"].cost_per_period
        if got["exact"].multiples.max() <= 20:
            assert best == pytest.approx(min(costs.values()), rel=1e-12)
        if got["power_of_two"].multiples.max() <= 16:
            powers = [cost for m, cost in costs.items() if set(m) <= {1, 2, 4, 8, 16}]
            assert got["power_of_two"].cost_per_period == pytest.approx(min(powers), rel=1e-12)
        assert best <= got["power_of_two"].cost_per_period * (1 + 1e-12) <= best * 1.0607
        assert best <= got["silver"].cost_per_period * (1 + 1e-12)


@settings(max_examples=50, deadline=None)
@given(setup=POSITIVE, hold=POSITIVE, demand=POSITIVE, short=POSITIVE)
def test_lot_sizes_are_turning_points_and_limits_of_each_other(setup, hold, demand, short):
    best = inv.economic_order_quantity(setup, hold, demand)
    near = float(best.order_quantity) * np.array([0.9, 0.99, 1.0, 1.01, 1.1])
    assert np.argmin(inv.economic_order_quantity(setup, hold, demand, near).cost_per_period) == 2
    fast = inv.economic_production_quantity(setup, hold, demand, 1e9 * demand)
    assert float(fast.order_quantity) == pytest.approx(float(best.order_quantity), rel=1e-6)
    late = inv.eoq_with_backorders(setup, hold, short, demand)
    assert late.cost_per_period <= best.cost_per_period
    never = inv.eoq_with_backorders(setup, hold, 1e9 * hold, demand)
    assert float(never.cost_per_period) == pytest.approx(float(best.cost_per_period), rel=1e-6)
    sure = inv.eoq_with_multiplicative_yield(setup, hold, demand, 1.0, 0.0)
    assert float(sure.order_quantity) == pytest.approx(float(best.order_quantity), rel=1e-12)
    assert float(inv.eoq_with_additive_yield(setup, hold, demand, 0.0, 0.0).cost_per_period) == pytest.approx(
        float(best.cost_per_period), rel=1e-12
    )


def price_of(lot, breaks, costs, kind):
    """The invoice of a lot under each kind of price list, written out."""
    line = int(np.searchsorted(breaks, lot, side="right")) - 1
    if kind == "all_units":
        return costs[line] * lot
    if kind == "incremental":
        ends = np.append(breaks[1:], np.inf)
        return float(np.sum(costs * np.clip(lot - breaks, 0.0, ends - breaks)))
    flat = costs[line + 1] * breaks[line + 1] if line + 1 < breaks.size else np.inf
    return min(costs[line] * lot, flat)


@pytest.mark.parametrize("kind", ["all_units", "incremental", "modified_all_units"])
def test_discounts_against_a_fine_grid(kind):
    rng = np.random.default_rng(7)
    function = getattr(inv, f"eoq_with_{kind}_discounts")
    for _ in range(12):
        setup, rate, demand = rng.uniform(1, 200), rng.uniform(0.05, 0.5), rng.uniform(100, 3000)
        breaks = np.append(0.0, np.cumsum(rng.uniform(50, 600, 3)))
        costs = np.sort(rng.uniform(0.5, 2.0, 4))[::-1]
        best = function(setup, rate, demand, breaks, costs)
        lots = np.concatenate([np.linspace(1.0, breaks[-1] * 3.0, 4000), breaks[1:], [best.order_quantity]])
        invoice = np.array([price_of(lot, breaks, costs, kind) for lot in lots])
        cost = (invoice + setup) * demand / lots + rate * invoice / 2.0
        assert best.cost_per_period == pytest.approx(cost[-1], rel=1e-12)
        assert cost.min() >= best.cost_per_period * (1 - 1e-12)


def test_newsvendor_is_the_least_of_its_own_costs_and_agrees_with_its_profit_form():
    rng = np.random.default_rng(2)
    kinds = [
        inv.NormalDemand.of(50.0, 8.0),
        inv.GammaDemand.of(50.0, 30.0),
        inv.LognormalDemand.of(3.0, 0.8),
        inv.UniformDemand.of(10.0, 90.0),
        inv.PoissonDemand.of(6.0),
        inv.NegativeBinomialDemand.of(6.0, 5.0),
        inv.DiscreteDemand.of_samples(rng.poisson(8.0, 200)),
    ]
    for demand, _ in itertools.product(kinds, range(5)):
        hold, short = rng.uniform(0.1, 5.0, 2)
        best = inv.newsvendor(demand, hold, short)
        steps = np.array([-3.0, -1.0, 1.0, 3.0]) if demand.is_whole else np.array([-1.0, -0.01, 0.01, 1.0])
        around = inv.newsvendor(demand, hold, short, best.level + steps)
        assert (around.expected_cost >= best.expected_cost * (1 - 1e-12)).all()
        earned = inv.newsvendor_profit(demand, 10.0, 10.0 - short, 10.0 - short - hold)
        np.testing.assert_allclose(earned.level, best.level, rtol=1e-9)
        assert float(earned.expected_profit) == pytest.approx(short * float(demand.mean) - float(best.expected_cost))


def test_base_stock_by_simulation():
    rng = np.random.default_rng(8)
    lead, level, periods = 2, 34.0, 300_000
    draws = rng.negative_binomial(4.0, 4.0 / 13.0, periods).astype(float)
    demand = inv.NegativeBinomialDemand.of(9.0, float(np.sqrt(9.0 + 81.0 / 4.0)))
    got = inv.base_stock(demand, 1.0, 9.0, lead, level=level)
    past = np.convolve(draws, np.ones(lead + 1))[lead : periods - lead]
    before = past - draws[lead : periods - lead]
    net = level - past
    cost = np.mean(np.maximum(net, 0.0) + 9.0 * np.maximum(-net, 0.0))
    # Served at once: of each period's demand, what was in stock when it came.
    served = np.minimum(np.maximum(level - before, 0.0), draws[lead : periods - lead])
    assert cost == pytest.approx(float(got.expected_cost), rel=0.02)
    assert served.sum() / draws[lead : periods - lead].sum() == pytest.approx(float(got.fill_share), abs=0.004)


@pytest.mark.parametrize("whole", [True, False])
def test_r_q_is_better_than_its_neighbours(whole):
    rng = np.random.default_rng(1)
    for _ in range(25):
        mean, setup, hold, short = (
            rng.uniform(0.05, 30),
            rng.uniform(1, 200),
            rng.uniform(0.1, 5),
            rng.uniform(0.5, 100),
        )
        rate = rng.uniform(0.5, 20)
        if whole:
            lumpy = inv.NegativeBinomialDemand.of(mean, (mean * rng.uniform(1.05, 6)) ** 0.5)
            kinds = [inv.PoissonDemand.of(mean), lumpy, inv.DiscreteDemand.of(np.arange(6), rng.random(6))]
            moves = np.arange(-5.0, 6.0)
        else:
            kinds = [inv.NormalDemand.of(mean, mean**0.5), inv.GammaDemand.of(mean, 0.7 * mean)]
            moves = np.array([-1.0, -0.01, 0.0, 0.01, 1.0])
        for demand in kinds:
            best = inv.r_q_optimal(demand, rate, setup, hold, short)
            points, lots = np.meshgrid(best.reorder_point + moves, best.order_quantity + moves)
            lots = np.maximum(lots, 1.0 if whole else 1e-3)
            around = inv.r_q_cost(points, lots, demand, rate, setup, hold, short)
            assert (around >= best.expected_cost * (1 - 1e-11)).all()


def test_r_q_cost_is_the_mean_of_g_and_the_approximations_cost_no_less_than_the_best():
    lead = inv.NormalDemand.of(1300 / 12, 150 / 12**0.5)
    rest = (lead, 1300.0, 8.0, 0.225, 7.5)
    levels = np.linspace(100.0, 350.0, 200_001)
    loss = lead.loss(levels)
    area = np.trapezoid(0.225 * loss.excess + 7.5 * loss.shortfall, levels)
    assert float(inv.r_q_cost(100.0, 250.0, *rest)) == pytest.approx((8.0 * 1300.0 + area) / 250.0, rel=1e-9)
    assert float(inv.r_q_cost(100.0, 250.0, *rest)) == pytest.approx(87.346478028174985, rel=1e-9)
    best = inv.r_q_optimal(*rest)
    for method in ("eil", "eoqb", "eoq_ss", "loss"):
        got = inv.r_q_approximation(*rest, method=method)
        assert got.expected_cost >= best.expected_cost
    given = [float(inv.r_q_best_reorder_point(lot, *rest).reorder_point) for lot in (318.0, 150.0, 750.0)]
    np.testing.assert_allclose(given, [127.7880348, 147.1949582, 99.8537734], atol=1e-5)


# Zheng and Federgruen (1991), table 1: Poisson demand, K 64, h 1, p 9.
PUBLISHED = [
    (10, 6, 40, 35.022),
    (20, 14, 62, 49.173),
    (21, 15, 65, 50.406),
    (30, 23, 66, 57.819),
    (52, 44, 112, 72.246),
    (60, 52, 129, 77.306),
    (65, 56, 75, 78.518),
    (75, 67, 86, 79.554),
]


@pytest.mark.parametrize(("mean", "low", "high", "cost"), PUBLISHED)
def test_s_s_as_published(mean, low, high, cost):
    got = inv.s_s_optimal(inv.PoissonDemand.of(mean), 64.0, 1.0, 9.0)
    assert (float(got.reorder_point), float(got.order_up_to)) == (low, high)
    assert float(got.expected_cost) == pytest.approx(cost, abs=6e-4)


def test_s_s_is_the_best_of_all_pairs():
    rng = np.random.default_rng(3)
    for _ in range(6):
        demand = inv.DiscreteDemand.of(np.arange(5), rng.random(5))
        rest = (demand, rng.uniform(1, 40), rng.uniform(0.3, 3), rng.uniform(1, 30), int(rng.integers(0, 3)))
        best = inv.s_s_optimal(*rest)
        around = [
            float(inv.s_s_cost(low, high, *rest).expected_cost)
            for low in range(int(best.reorder_point) - 5, int(best.reorder_point) + 6)
            for high in range(max(low + 1, int(best.order_up_to) - 5), int(best.order_up_to) + 6)
        ]
        assert float(best.expected_cost) <= min(around) + 1e-9


def test_s_s_with_a_lead_time_by_simulation():
    demand = inv.DiscreteDemand.of([0, 1, 2, 5], [0.3, 0.3, 0.2, 0.2])
    setup, hold, short, lead, low, high = 30.0, 1.0, 9.0, 2, 5, 16
    exact = float(inv.s_s_cost(low, high, demand, setup, hold, short, lead).expected_cost)
    rng = np.random.default_rng(6)
    position = net = high
    pipeline, cost, periods = deque([0] * lead), 0.0, 150_000
    for asked in rng.choice(demand.values, periods, p=demand.shares):
        ordered = high - position if position <= low else 0
        position += ordered
        cost += setup * (ordered > 0)
        pipeline.append(ordered)
        net += pipeline.popleft() - asked
        position -= asked
        cost += hold * max(net, 0) + short * max(-net, 0)
    assert cost / periods == pytest.approx(exact, rel=0.01)


def best_by_recursion(demands, hold, short, unit, setup, discount, stock):
    """The same finite horizon, written as the recursion it is."""
    known = {}

    def to_go(t, x):
        if t == len(demands):
            return 0.0
        if (t, x) not in known:
            known[t, x] = min(
                (setup[t] if y > x else 0.0)
                + unit[t] * (y - x)
                + sum(
                    chance
                    * (hold[t] * max(y - d, 0) + short[t] * max(d - y, 0) + discount[t] * to_go(t + 1, y - int(d)))
                    for d, chance in zip(demands[t].values, demands[t].shares, strict=True)
                )
                for y in range(x, 13)
            )
        return known[t, x]

    return to_go(0, stock)


def test_finite_horizon_is_the_recursion_it_states():
    rng = np.random.default_rng(9)
    for _ in range(8):
        demands = [inv.DiscreteDemand.of([0, 1, 3], rng.random(3) + 0.1) for _ in range(3)]
        hold, short = rng.uniform(0.5, 2, 3), rng.uniform(3, 12, 3)
        unit, setup, discount = rng.uniform(0, 2, 3), rng.uniform(0, 9, 3), rng.uniform(0.8, 1, 3)
        stock = int(rng.integers(-3, 4))
        got = inv.finite_horizon_policy(demands, hold, short, unit, setup, discount_factor=discount, start_stock=stock)
        exact = best_by_recursion(demands, hold, short, unit, setup, discount, stock)
        assert got.expected_cost == pytest.approx(exact, rel=1e-9)


def test_the_best_levels_of_a_horizon_lie_within_the_myopic_bounds():
    periods = 6
    for setup in (0.0, 50.0):
        best = inv.finite_horizon_policy(
            [inv.NormalDemand.of(100.0, 20.0)] * periods,
            1.0,
            20.0,
            2.0,
            setup,
            end_holding_cost_per_unit=1.0,
            end_shortage_cost_per_unit=20.0,
        )
        last = np.arange(periods) == periods - 1
        bounds = inv.myopic_bounds(
            inv.NormalDemand.of(np.full(periods, 100.0), 20.0),
            1.0 + last,
            20.0 + 20.0 * last,
            2.0,
            np.where(last, 0.0, 2.0),
            setup,
            np.where(last, 0.0, setup),
        )
        assert (best.order_up_to >= bounds.order_up_to_lower - 1.0).all()
        assert (best.order_up_to <= bounds.order_up_to_upper + 1.0).all()
        assert (best.reorder_point >= bounds.reorder_lower - 1.0).all()
        assert (best.reorder_point <= bounds.reorder_upper + 1.0).all()
    low = float(bounds.reorder_lower[0])
    cost = [
        float(inv.myopic_base_stock(inv.NormalDemand.of(100.0, 20.0), 1.0, 20.0, 2.0, 2.0, level=level).expected_cost)
        for level in (low, float(bounds.order_up_to_lower[0]), float(bounds.order_up_to_upper[0]))
    ]
    assert cost[0] - cost[1] == pytest.approx(50.0)
    assert cost[2] - cost[1] == pytest.approx(50.0)


def test_one_period_is_the_newsvendor_and_many_the_steady_base_stock():
    demand = inv.PoissonDemand.of(8.0)
    one = inv.finite_horizon_policy([demand], 1.0, 6.0)
    level = inv.newsvendor(demand, 1.0, 6.0)
    assert one.order_up_to[0] == float(level.level)
    assert one.expected_cost == pytest.approx(float(level.expected_cost), rel=1e-9)
    many = inv.finite_horizon_policy([demand] * 12, 1.0, 6.0)
    assert (many.order_up_to == float(level.level)).all()


def test_eoq_with_disruptions_as_published_and_by_simulation():
    given = (8.0, 0.225, 5.0, 1300.0, 1.5, 14.0)
    best = inv.eoq_with_disruptions(*given)
    assert float(best.order_quantity) == pytest.approx(772.8110632, abs=1e-4)
    at = [float(inv.eoq_with_disruptions(*given, lot).cost_per_period) for lot in (800.0, 400.0, 1100.0)]
    np.testing.assert_allclose(at, [174.0524722120417, 211.0841892589692, 184.7949312205155], rtol=1e-12)
    near = float(inv.eoq_with_disruptions(*given, approximate=True).cost_per_period)
    assert near == pytest.approx(173.957229385175, rel=1e-12)
    rng = np.random.default_rng(11)
    setup, hold, short, rate, fail, mend = given
    lot, cycles = 500.0, 1_500_000
    # Up and down spells in turn until the stock runs out; a down spell then has its rest to run.
    clock, wait = np.zeros(cycles), np.zeros(cycles)
    running = np.arange(cycles)
    while running.size:
        clock[running] += rng.exponential(1.0 / fail, running.size)
        running = running[clock[running] < lot / rate]
        clock[running] += rng.exponential(1.0 / mend, running.size)
        over = running[clock[running] >= lot / rate]
        wait[over] = clock[over] - lot / rate
        running = running[clock[running] < lot / rate]
    money = np.sum(setup + hold * lot**2 / (2 * rate) + short * rate * wait)
    simulated = money / np.sum(lot / rate + wait)
    assert simulated == pytest.approx(float(inv.eoq_with_disruptions(*given, lot).cost_per_period), rel=0.008)


def test_newsvendor_with_disruptions_by_its_sum():
    hold, short, rate, fail, mend = 0.25, 3.0, 2000.0, 0.04, 0.25
    spell = np.arange(3000)
    chance = np.where(spell == 0, mend, fail * mend * (1 - mend) ** (spell - 1.0)) / (fail + mend)
    for level in (-3000.0, 0.0, 1200.0, 2000.0, 2500.0, 7999.0, 8000.0, 12000.0):
        got = inv.newsvendor_with_disruptions(hold, short, rate, fail, mend, level)
        gap = level - (spell + 1) * rate
        cost = np.sum(chance * (hold * np.maximum(gap, 0) + short * np.maximum(-gap, 0)))
        assert float(got.expected_cost) == pytest.approx(cost, rel=1e-12)
        served = np.sum(chance * np.clip(level - spell * rate, 0.0, rate)) / rate
        assert float(got.fill_share) == pytest.approx(served, abs=1e-12)
    best = inv.newsvendor_with_disruptions(hold, short, rate, fail, mend)
    around = inv.newsvendor_with_disruptions(hold, short, rate, fail, mend, best.level + rate * np.arange(-3.0, 4.0))
    assert around.expected_cost.min() >= float(best.expected_cost) * (1 - 1e-12)


def test_what_does_not_pay_or_cannot_be_is_refused():
    with pytest.raises(EngineInputError, match="losing all demand costs less"):
        inv.eoq_with_disruptions(18.9, 45.2, 0.02, 2187.0, 0.34, 0.2)
    with pytest.raises(EngineInputError, match="salvage"):
        inv.newsvendor_profit(inv.NormalDemand.of(5.0, 1.0), 10.0, 3.0, 4.0)
    with pytest.raises(EngineInputError, match="whole units"):
        inv.s_s_optimal(inv.NormalDemand.of(5.0, 1.0), 10.0, 1.0, 9.0)
    with pytest.raises(EngineInputError, match="production_per_period"):
        inv.economic_production_quantity(8.0, 1.0, 100.0, 90.0)
    with pytest.raises(EngineInputError, match="r_q_optimal"):
        inv.r_q_approximation(inv.NormalDemand.of(5.0, 1.0), 5.0, 500.0, 9.0, 1.0, method="eil")


COMPILED = ("losses", "dynamic", "policies", "catalogue")


def every_kernel(which):
    """A call that reaches each kernel of the kind, small enough for either path."""
    mean, sd = np.array([0.5, 6.0, 300.0]), np.array([1.0, 4.0, 30.0])
    if which == "losses":
        lumpy = inv.NegativeBinomialDemand.of(mean, sd)
        return [
            inv.negative_binomial_loss([3.0, 2.0, 340.0], mean, sd).second_shortfall,
            inv.gamma_loss([0.1, 9.0, 200.0], [0.5, 3.0, 90.0], 2.0).second_excess,
            lumpy.quantile(0.95),
            inv.NegativeBinomialDemand.of(6.0, 4.0).masses(),
            inv.r_q_optimal(lumpy, mean, 20.0, 1.0, 9.0).expected_cost,
        ]
    if which == "dynamic":
        demand = np.arange(12.0) % 5.0
        return [inv.wagner_whitin(demand, 9.0, 0.7).order_quantity, inv.silver_meal(demand, 9.0, 0.7).order_quantity]
    if which == "policies":
        poisson = inv.PoissonDemand.of(4.0)
        best = inv.s_s_optimal(poisson, 30.0, 1.0, 9.0)
        given = inv.s_s_cost(2, 12, poisson, 30.0, 1.0, 9.0)
        horizon = inv.finite_horizon_policy([poisson] * 3, 1.0, 9.0, order_cost=20.0)
        return [best.order_up_to, best.expected_cost, given.expected_cost, horizon.order_up_to, horizon.expected_cost]
    return [inv.fill_rate_stock(mean, sd, 0.95).reorder_point, inv.fill_rate_stock(mean, sd, 0.95, 9.0).fill_share]


@pytest.mark.parametrize("which", COMPILED)
def test_compiled_and_plain_kernels_agree(which, monkeypatch):
    plain = every_kernel(which)
    monkeypatch.setattr("closeknit.engine.compiled.SMALL_WORK", 1e-9)
    for compiled, other in zip(every_kernel(which), plain, strict=True):
        np.testing.assert_allclose(compiled, other, rtol=1e-12)
