"""Serial base stocks against published cases, 30-digit integrals, enumeration, a simulation and laws of the optimum."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import erfc, exp, findroot, mp, mpf, pi, quad, sqrt
from scipy.special import ndtri
from scipy.stats import poisson

from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.compound_poisson import CompoundPoissonDemand
from closeknit.engine.inventory.demand import DiscreteDemand, GammaDemand, NormalDemand, PoissonDemand
from closeknit.engine.inventory.serial import (
    echelon_from_local,
    local_from_echelon,
    newsvendor_bounds,
    serial_base_stock,
)
from closeknit.engine.inventory.serial_demand import lead_demand

SHANG_SONG = [
    # penalty, echelon holding cost of stages 1..4, levels, cost
    (9.0, [0.25, 2.5, 2.5, 0.25], [9, 10, 13, 19], 53.008),
    (99.0, [0.25, 0.25, 0.25, 0.25], [11, 17, 22, 27], 16.206),
    (99.0, [0.25, 2.5, 2.5, 0.25], [11, 14, 18, 26], 74.564),
]


@pytest.mark.parametrize(("penalty", "holding", "levels", "cost"), SHANG_SONG)
def test_poisson_cases_of_shang_and_song(penalty: float, holding: list[float], levels: list[int], cost: float) -> None:
    best = serial_base_stock(PoissonDemand.of(16), [0.25] * 4, penalty, echelon_holding_cost=holding)
    assert best.echelon_base_stock.tolist() == levels
    assert best.cost_per_period == pytest.approx(cost, abs=6e-4)


def test_five_stages_of_snyder_and_shen_problem_6_2() -> None:
    given = {"lead_periods": [0.5] * 5, "penalty_cost": 24.0, "local_holding_cost": [7, 5, 3, 2, 1]}
    normal = serial_base_stock(NormalDemand.of(64, 8), **given)
    counted = serial_base_stock(PoissonDemand.of(64), **given)
    np.testing.assert_allclose(
        normal.echelon_base_stock, [39.8225, 77.2372, 111.534, 142.7129, 173.8919], atol=3.5
    )  # a coarse grid
    assert normal.cost_per_period == pytest.approx(458.6, rel=0.02)
    assert counted.cost_per_period == pytest.approx(normal.cost_per_period, rel=0.01)
    np.testing.assert_allclose(counted.echelon_base_stock, normal.echelon_base_stock, atol=1.5)


def two_stages_by_integration(mean: float, sd: float, lead: float, penalty: float) -> tuple[float, float, float]:
    """S_1, S_2 and the cost for echelon holding costs 1 and 1 and lead times 1 and `lead`, to 20 digits or more."""
    mp.dps = 30
    total = mpf(penalty) + 2

    def density(z: mpf) -> mpf:
        return exp(-z * z / 2) / sqrt(2 * pi)

    def upper(z: mpf) -> mpf:
        return erfc(z / sqrt(2)) / 2

    def first(y: mpf) -> mpf:
        z = (y - mean) / mpf(sd)
        return (y - mean) + total * sd * (density(z) - z * upper(z))

    one = findroot(lambda y: 1 - total * upper((y - mean) / mpf(sd)), mean + sd)
    mean_two, sd_two = mean * mpf(lead), sd * sqrt(mpf(lead))

    def second(y: mpf, slope: bool) -> mpf:
        def at(d: mpf) -> mpf:
            if slope:
                value = 1 - total * upper((y - d - mean) / mpf(sd)) if y - d < one else mpf(0)
            else:
                value = first(min(one, y - d))
            return value * density((d - mean_two) / sd_two) / sd_two

        places = [mean_two + k * sd_two for k in (-13, -6, -2, 2, 6, 13)]
        return quad(at, sorted([*places, y - one])) + (1 if slope else y - mean_two)

    two = findroot(lambda y: second(y, True), (one + mean_two, one + mean_two + sd_two), tol=1e-22)
    return float(one), float(two), float(second(two, False))


@pytest.mark.parametrize(("mean", "sd", "lead", "penalty"), [(100, 15, 1.0, 15.0), (5, 1, 0.03, 400.0), (8, 3, 9, 0.5)])
def test_two_normal_stages_to_eleven_digits(mean: float, sd: float, lead: float, penalty: float) -> None:
    one, two, cost = two_stages_by_integration(mean, sd, lead, penalty)
    got = serial_base_stock(NormalDemand.of(mean, sd), [1.0, lead], penalty, echelon_holding_cost=[1.0, 1.0])
    assert got.echelon_base_stock.tolist() == pytest.approx([one, two], rel=1e-11)
    assert abs(got.cost_per_period - cost) <= got.cost_error
    assert got.cost_error <= 1e-11 * cost


def test_one_stage_is_the_newsvendor() -> None:
    got = serial_base_stock(NormalDemand.of(50, 8), [4.0], 10.0, echelon_holding_cost=[0.18])
    z = float(ndtri(10.0 / 10.18))
    assert got.echelon_base_stock[0] == pytest.approx(200 + z * 16)
    assert got.cost_per_period == pytest.approx(10.18 * 16 * np.exp(-z * z / 2) / np.sqrt(2 * np.pi), rel=1e-12)
    assert got.ready_share == pytest.approx(10.0 / 10.18, rel=1e-12)


def cost_by_enumeration(demands, levels: list[int], holding: list[float], penalty: float) -> float:
    """The expected cost over all combinations of lead-time demands, term by term."""
    total = 0.0
    ranges = [range(d.first, d.first + d.share.size) for d in demands]
    for outcome in itertools.product(*ranges):
        chance = np.prod([d.share[k - d.first] for d, k in zip(demands, outcome, strict=True)])
        stock, cost = np.inf, 0.0
        for stage in reversed(range(len(levels))):
            stock = min(levels[stage], stock) - outcome[stage]
            cost += holding[stage] * stock
        total += chance * (cost + (penalty + sum(holding)) * max(0.0, -stock))
    return total


@pytest.mark.parametrize("levels", [[2, 4, 5], [4, 3, 6], [6, 5, 1], [-1, 2, 3], [0, 9, 9]])
def test_a_given_policy_costs_what_enumeration_says(levels: list[int]) -> None:
    demand, leads, holding = DiscreteDemand.of([0, 1, 2, 3], [0.3, 0.4, 0.1, 0.2]), [2, 1, 2], [1.5, 0.5, 1.0]
    got = serial_base_stock(demand, leads, 7.0, echelon_holding_cost=holding, echelon_base_stock=levels)
    demands = [lead_demand(demand, lead) for lead in leads]
    expected = cost_by_enumeration(demands, levels, holding, 7.0)
    assert got.cost_per_period == pytest.approx(expected, rel=1e-13)
    assert got.holding_cost_per_period + got.backorder_cost_per_period == pytest.approx(got.cost_per_period)


def test_no_policy_nearby_is_cheaper() -> None:
    demand, leads, holding = DiscreteDemand.of([0, 1, 2, 3], [0.3, 0.4, 0.1, 0.2]), [2, 1, 2], [1.5, 0.5, 1.0]
    best = serial_base_stock(demand, leads, 7.0, echelon_holding_cost=holding)
    centre = best.echelon_base_stock.astype(int)
    costs = [
        serial_base_stock(
            demand, leads, 7.0, echelon_holding_cost=holding, echelon_base_stock=centre + move
        ).cost_per_period
        for move in itertools.product(range(-2, 3), repeat=3)
    ]
    assert best.cost_per_period == pytest.approx(min(costs), rel=1e-14)
    assert sorted(costs)[1] >= best.cost_per_period


def simulated(rate: float, leads: list[float], local: list[int], seed: int, units: int) -> tuple[float, float, float]:
    """Backorders, stock on hand at the second stage and share of ready time, unit by unit through the pipeline."""
    rng = np.random.default_rng(seed)
    at = np.cumsum(rng.exponential(1.0 / rate, units))
    shipped = at
    hand_second = 0.0
    for stage in reversed(range(len(leads))):
        # The unit that meets order n was ordered with order n - local base stock.
        arrived = np.concatenate([np.zeros(local[stage]), shipped + leads[stage]])[:units]
        shipped = np.maximum(at, arrived)
        if stage == 1:
            hand_second = float((shipped - arrived)[units // 10 :].mean() * rate)
    waits = (shipped - at)[units // 10 :]
    return float(waits.mean() * rate), hand_second, float((waits <= 0.0).mean())


@pytest.mark.parametrize(("local", "seed"), [([5, 3, 4], 1), ([2, 0, 9], 2), ([8, 1, 0], 3)])
def test_unit_by_unit_simulation_agrees(local: list[int], seed: int) -> None:
    leads, rate = [0.5, 0.4, 0.6], 6.0
    got = serial_base_stock(
        PoissonDemand.of(rate),
        leads,
        20.0,
        echelon_holding_cost=[1.0, 1.0, 1.0],
        echelon_base_stock=echelon_from_local(local),
    )
    backorders, on_hand, ready = simulated(rate, leads, local, seed, 2_000_000)
    assert got.mean_backorders == pytest.approx(backorders, abs=0.02)
    assert got.mean_on_hand[1] == pytest.approx(on_hand, abs=0.02)
    # An arriving order finds what time sees; it waits unless a unit is there for it.
    later = serial_base_stock(
        PoissonDemand.of(rate),
        leads,
        20.0,
        echelon_holding_cost=[1.0, 1.0, 1.0],
        echelon_base_stock=echelon_from_local(local) - 1.0,
    )
    assert later.ready_share == pytest.approx(ready, abs=0.004)


@settings(max_examples=25, deadline=None)
@given(
    leads=st.lists(st.floats(0.2, 5.0), min_size=1, max_size=4),
    penalty=st.floats(1.0, 200.0),
    sd=st.floats(0.05, 4.0),
    data=st.data(),
)
def test_laws_of_the_normal_optimum(leads: list[float], penalty: float, sd: float, data: st.DataObject) -> None:
    holding = data.draw(st.lists(st.floats(0.1, 5.0), min_size=len(leads), max_size=len(leads)))
    demand = NormalDemand.of(10.0, sd)
    given_costs = {"echelon_holding_cost": holding}
    best = serial_base_stock(demand, leads, penalty, **given_costs)
    # The customer's stage is without backorders for the share that one newsvendor over the system would want.
    assert best.ready_share == pytest.approx(penalty / (penalty + sum(holding)), rel=1e-9)
    bounds = newsvendor_bounds(demand, leads, penalty, **given_costs)
    assert np.all(bounds.lower <= best.echelon_base_stock + 1e-9)
    assert np.all(best.echelon_base_stock <= bounds.upper + 1e-9)
    near = serial_base_stock(demand, leads, penalty, echelon_base_stock=bounds.heuristic, **given_costs)
    assert near.cost_per_period >= best.cost_per_period * (1 - 1e-13)
    dearer = serial_base_stock(demand, leads, penalty * 1.2, **given_costs)
    assert dearer.cost_per_period > best.cost_per_period
    assert np.all(dearer.echelon_base_stock >= best.echelon_base_stock - 1e-9)
    assert best.cost_error <= 1e-10 * best.cost_per_period
    stock = best.mean_on_hand.sum() + best.mean_in_transit[:-1].sum() - best.mean_backorders
    local = np.cumsum(np.asarray(holding)[::-1])[::-1]
    held = local @ best.mean_on_hand + local[1:] @ best.mean_in_transit[:-1]
    assert np.isfinite(stock)
    assert held == pytest.approx(best.holding_cost_per_period, rel=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    mean=st.floats(0.2, 40.0), penalty=st.floats(1.0, 100.0), leads=st.lists(st.integers(0, 4), min_size=2, max_size=4)
)
def test_laws_of_the_poisson_optimum(mean: float, penalty: float, leads: list[int]) -> None:
    leads[-1] += 1
    holding = [1.0] * len(leads)
    best = serial_base_stock(PoissonDemand.of(mean), leads, penalty, echelon_holding_cost=holding)
    bounds = newsvendor_bounds(PoissonDemand.of(mean), leads, penalty, echelon_holding_cost=holding)
    assert np.all(bounds.lower <= best.echelon_base_stock)
    assert np.all(best.echelon_base_stock <= bounds.upper)
    share = poisson.pmf(np.arange(200), mean)
    again = serial_base_stock(DiscreteDemand.of(np.arange(200), share), leads, penalty, echelon_holding_cost=holding)
    assert again.echelon_base_stock.tolist() == best.echelon_base_stock.tolist()
    assert again.cost_per_period == pytest.approx(best.cost_per_period, rel=1e-9)
    single = CompoundPoissonDemand.of(mean, [1], [1.0])
    same = serial_base_stock(single, leads, penalty, echelon_holding_cost=holding)
    assert same.cost_per_period == pytest.approx(best.cost_per_period, rel=1e-10)


def test_orders_of_several_units_have_their_textbook_moments() -> None:
    demand = CompoundPoissonDemand.of(300.0, [0, 1, 3], [0.1, 0.5, 0.4])
    over = lead_demand(demand, 2.5)
    values = over.first + np.arange(over.share.size)
    assert over.mean == pytest.approx(750 * 1.7, rel=1e-12)
    assert float(over.share @ (values - over.mean) ** 2) == pytest.approx(750 * (0.5 + 0.4 * 9), rel=1e-10)


def test_a_poisson_lead_time_is_right_in_its_far_tail() -> None:
    over = lead_demand(PoissonDemand.of(40_000.0), 1.0)
    assert float(over.at_least(np.array([41_800.0]))[0]) == pytest.approx(poisson.sf(41_799, 40_000.0), rel=1e-9)
    assert over.quantile(0.999) == int(poisson.ppf(0.999, 40_000.0))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_stage_without_lead_time_is_the_limit_of_short_ones(place: int) -> None:
    costs = []
    for short in (0.0, 1e-3):
        leads = [1.0, 0.8, 2.0]
        leads[place] = short
        costs.append(
            serial_base_stock(NormalDemand.of(5, 1), leads, 37.0, echelon_holding_cost=[3.0, 2.0, 2.0]).cost_per_period
        )
    assert costs[0] == pytest.approx(costs[1], rel=1.5e-2)
    assert costs[0] < costs[1]


@pytest.mark.parametrize("levels", [[3, 8, 9, 30], [12, 5, 20, 4], [7, 0, 18, 21], [-3, 2, 1, 9]])
def test_stages_without_lead_time_in_a_given_policy(levels: list[float]) -> None:
    leads = np.array([0.0, 1.0, 0.0, 2.0])
    holding = np.array([1.0, 2.0, 0.5, 1.5])
    got = serial_base_stock(NormalDemand.of(4, 1), leads, 9.0, echelon_holding_cost=holding, echelon_base_stock=levels)
    # Two normals remain: integrate over both.
    fine = np.linspace(-8, 8, 1001)
    weight = np.exp(-(fine**2) / 2)
    weight /= weight.sum()
    fourth = levels[3] - (8.0 + np.sqrt(2.0) * fine)
    third = np.minimum(levels[2], fourth)
    second = np.minimum(levels[1], third)[:, None] - (4.0 + fine[None, :])
    first = np.minimum(levels[0], second)
    cost = (
        weight @ (1.5 * fourth + 0.5 * third)
        + weight @ (2.0 * second + first + 14.0 * np.maximum(-first, 0.0)) @ weight
    )
    assert got.cost_per_period == pytest.approx(float(cost), rel=2e-5)
    assert got.ready_share == pytest.approx(float(weight @ (first >= 0.0) @ weight), abs=2e-3)


def test_local_and_echelon_costs_and_levels_say_the_same() -> None:
    by_echelon = serial_base_stock(NormalDemand.of(5, 1), [1, 1, 2], 37.12, echelon_holding_cost=[3, 2, 2])
    by_local = serial_base_stock(NormalDemand.of(5, 1), [1, 1, 2], 37.12, local_holding_cost=[7, 4, 2])
    assert by_echelon.cost_per_period == by_local.cost_per_period == pytest.approx(47.66014958, abs=1e-8)
    levels = by_echelon.echelon_base_stock
    assert echelon_from_local(local_from_echelon(levels)).tolist() == pytest.approx(levels.tolist())


def test_a_long_lead_time_beside_a_short_one_stays_exact() -> None:
    got = serial_base_stock(NormalDemand.of(10, 3), [0.01, 9.0], 50.0, echelon_holding_cost=[1.0, 1.0])
    assert got.ready_share == pytest.approx(50.0 / 52.0, rel=1e-10)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lead_periods": [1.0, -1.0]}, "at least 0"),
        ({"lead_periods": [0.0, 0.0]}, "takes time"),
        ({"lead_periods": [1.0, np.nan]}, "finite"),
        ({"penalty_cost": 0.0}, "above 0"),
        ({"echelon_holding_cost": [1.0, 0.0]}, "merge it"),
        ({"echelon_holding_cost": [1.0]}, "give as many"),
        ({"local_holding_cost": [1.0, 2.0]}, "not both"),
        ({"echelon_holding_cost": None, "local_holding_cost": [1.0, 2.0]}, "rise towards the customer"),
        ({"echelon_base_stock": [1.0]}, "one per stage"),
        ({"echelon_base_stock": [1.0, np.inf]}, "finite"),
        ({"demand": PoissonDemand.of(3.0), "echelon_base_stock": [1.5, 2.0]}, "whole number"),
        ({"demand": DiscreteDemand.of([0, 1], [0.5, 0.5]), "lead_periods": [1.5, 1.0]}, "whole number"),
        ({"demand": GammaDemand.of(4.0, 2.0)}, "a whole kind"),
        ({"demand": PoissonDemand.of([3.0, 4.0])}, "one at a time"),
        ({"demand": 3.0}, "a whole kind"),
        ({"lead_periods": [1.0, 1e-9]}, "give 0 to the stage"),
    ],
)
def test_bad_input_is_refused_with_a_way_out(change: dict[str, object], words: str) -> None:
    given_input = {
        "demand": NormalDemand.of(10.0, 3.0),
        "lead_periods": [1.0, 1.0],
        "penalty_cost": 10.0,
        "echelon_holding_cost": [1.0, 1.0],
    }
    with pytest.raises(EngineInputError, match=words):
        serial_base_stock(**{**given_input, **change})


@pytest.mark.parametrize(
    ("orders", "sizes"), [(np.inf, [1]), (0.0, [1]), (3.0, [0]), (3.0, [1.5]), (3.0, [-1]), (1e6, [1000])]
)
def test_impossible_orders_are_refused(orders: float, sizes: list[float]) -> None:
    with pytest.raises(EngineInputError):
        CompoundPoissonDemand.of(orders, sizes, [1.0]).masses()
