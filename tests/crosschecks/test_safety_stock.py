"""Safety stock and fill rates against independent loops, simulation and the textbooks' relations."""

import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from closeknit.engine import inventory as inv
from closeknit.engine.errors import EngineInputError


def by_scipy(mean, sd, target, lot=None):
    """One item as anybody would write it: raise the level until scipy's distribution says that it's enough."""
    variance = sd * sd
    demand = stats.nbinom(mean**2 / (variance - mean), mean / variance)
    chances = demand.sf(np.arange(int(demand.isf(1e-14)) + int(lot or 0) + 50))
    short = np.append(np.cumsum(chances[::-1])[::-1], 0.0)
    allowed = (1.0 - target) * (mean if lot is None else lot)
    at_lot = short if lot is None else np.append(short[int(lot) :], np.zeros(int(lot)))
    missing = short if lot is None else short - at_lot
    return int(np.argmax(missing <= allowed * (1 + 1e-12)))


@pytest.mark.parametrize("with_lot", [False, True])
@pytest.mark.parametrize(("low", "high"), [(0.02, 5.0), (1.0, 120.0), (100.0, 3000.0)])
def test_a_catalogue_agrees_with_a_scipy_loop(low, high, with_lot):
    rng = np.random.default_rng(12)
    count = 60
    mean = np.exp(rng.uniform(np.log(low), np.log(high), count))
    sd = np.sqrt(mean * rng.choice([1.05, 1.3, 2.0, 6.0], count))
    target = rng.uniform(0.5, 0.9995, count)
    lot = np.ceil(rng.exponential(mean) + 0.1) if with_lot else None
    got = inv.fill_rate_stock(mean, sd, target, lot)
    plain = [by_scipy(mean[i], sd[i], target[i], None if lot is None else lot[i]) for i in range(count)]
    np.testing.assert_array_equal(got.reorder_point, plain)
    assert (got.fill_share >= target - 1e-12).all()


@pytest.mark.parametrize("with_lot", [False, True])
def test_reorder_points_are_smallest_and_the_large_catalogue_is_the_small_one(with_lot):
    rng = np.random.default_rng(13)
    count = 6000
    mean = np.exp(rng.uniform(np.log(0.01), np.log(2000.0), count))
    sd = np.sqrt(mean * rng.choice([1.0, 1.2, 2.0, 20.0], count))
    target = rng.uniform(0.3, 0.99999, count)
    lot = np.ceil(rng.exponential(mean) + 0.1) if with_lot else None
    got = inv.fill_rate_stock(mean, sd, target, lot)
    allowed = (1.0 - target) * (mean if lot is None else lot)

    def short(point):
        missing = inv.negative_binomial_loss(point, mean, sd).shortfall
        return missing if lot is None else missing - inv.negative_binomial_loss(point + lot, mean, sd).shortfall

    assert (short(got.reorder_point) <= allowed * (1 + 1e-9)).all()
    below = short(got.reorder_point - 1.0)
    assert ((got.reorder_point == 0.0) | (below > allowed * (1 - 1e-9))).all()
    few = slice(0, 20)
    some = inv.fill_rate_stock(mean[few], sd[few], target[few], None if lot is None else lot[few])
    np.testing.assert_array_equal(some.reorder_point, got.reorder_point[few])


def test_a_fill_rate_with_a_lot_by_simulation():
    rng = np.random.default_rng(14)
    point, lot, rate, lead = 4, 5, 1.5, 2.0
    exact = float(inv.fill_rate_of(point, lot, inv.PoissonDemand.of(rate * lead)).fill_share)
    count = 200_000
    moments = np.cumsum(rng.exponential(1.0 / rate, count))
    # Unit demands: the position runs through point + 1 .. point + lot; stock is the position less the last lead time.
    position = point + lot - np.arange(count) % lot
    in_lead = np.arange(count) - np.searchsorted(moments, moments - lead)
    served = (position - in_lead)[100:] > 0
    assert served.mean() == pytest.approx(exact, abs=0.005)


def test_a_generic_search_agrees_with_the_catalogue_and_with_the_normal_formula():
    lumpy = inv.NegativeBinomialDemand.of([3.0, 40.0], [2.5, 11.0])
    search = inv.reorder_point_for_fill_rate([0.95, 0.98], [6.0, 10.0], lumpy)
    batch = inv.fill_rate_stock([3.0, 40.0], [2.5, 11.0], [0.95, 0.98], [6.0, 10.0])
    np.testing.assert_array_equal(search.reorder_point, batch.reorder_point)
    # With a large lot nothing is short twice: the textbook's formula is exact.
    exact = inv.reorder_point_for_fill_rate(0.975, 10_000.0, inv.NormalDemand.of(5000.0, 500.0 * 2**0.5))
    textbook = inv.safety_stock_for_fill_rate(2500.0, 500.0, 2.0, 0.975, 10_000.0)
    assert float(exact.reorder_point) == pytest.approx(float(textbook.reorder_point), rel=1e-9)


def test_compound_orders_have_the_negative_binomials_fill_rate():
    # A Poisson number of orders of logarithmic size is negative binomial.
    share = 0.6
    sizes = np.arange(1, 200)
    chances = -(share**sizes) / (sizes * np.log1p(-share))
    orders = 2.0
    mean_size = float(sizes @ chances)
    mean = orders * mean_size
    sd = float(np.sqrt(mean / (1 - share)))
    masses = inv.NegativeBinomialDemand.of(mean, sd).masses()
    rng = np.random.default_rng(15)
    totals = [rng.choice(sizes, count, p=chances).sum() for count in rng.poisson(orders, 60_000)]
    seen = np.bincount(np.array(totals, dtype=int), minlength=12)[:12] / 60_000
    np.testing.assert_allclose(seen, masses[:12], atol=0.008)


@settings(max_examples=40, deadline=None)
@given(
    mean=st.floats(1.0, 1e4),
    cv=st.floats(0.05, 1.0),
    lead=st.floats(0.1, 20.0),
    target=st.floats(0.5, 0.9999),
    lot=st.floats(1.0, 1e5),
)
def test_targets_are_met_exactly_and_more_costs_more(mean, cv, lead, target, lot):
    cycle = inv.safety_stock_for_cycle_service(mean, cv * mean, lead, target, lot)
    assert float(cycle.cycle_service_share) == pytest.approx(target, abs=1e-9)
    fill = inv.safety_stock_for_fill_rate(mean, cv * mean, lead, target, lot)
    assert float(fill.fill_share) == pytest.approx(target, abs=1e-9)
    again = inv.evaluate_reorder_point(fill.reorder_point, mean, cv * mean, lead, lot)
    assert float(again.fill_share) == pytest.approx(target, abs=1e-9)
    harder = (target + 1.0) / 2.0
    assert inv.safety_stock_for_fill_rate(mean, cv * mean, lead, harder, lot).safety_stock > fill.safety_stock
    varying = inv.safety_stock_for_cycle_service(mean, cv * mean, lead, harder, lead_sd_periods=0.5 * lead)
    steady = inv.safety_stock_for_cycle_service(mean, cv * mean, lead, harder)
    assert varying.safety_stock > steady.safety_stock
    reviewed = inv.safety_stock_for_cycle_service(mean, cv * mean, lead, harder, review_periods=1.0)
    assert reviewed.safety_stock > steady.safety_stock


def test_cycle_service_by_simulation_with_a_random_lead_time():
    rng = np.random.default_rng(16)
    got = inv.evaluate_reorder_point(6000.0, 2500.0, 500.0, 2.0, 10_000.0)
    weeks = rng.normal(2500.0, 500.0, (400_000, 2)).sum(axis=1)
    assert np.mean(weeks <= 6000.0) == pytest.approx(float(got.cycle_service_share), abs=0.003)
    assert np.mean(np.maximum(weeks - 6000.0, 0.0)) == pytest.approx(float(got.expected_short_per_cycle), rel=0.03)
    lead = rng.normal(30.0, 3.0, 400_000)
    demand = 100.0 * lead + rng.normal(0.0, 1.0, lead.size) * 20.0 * np.sqrt(np.maximum(lead, 0.0))
    spread = inv.evaluate_reorder_point(3600.0, 100.0, 20.0, 30.0, lead_sd_periods=3.0)
    assert float(spread.risk_sd) == pytest.approx(float(np.std(demand)), rel=0.01)


def test_pooling_lies_between_the_square_root_law_and_no_gain():
    apart = inv.pooled_safety_stock([100.0] * 9, 1.0, 0.95)
    assert float(apart.separate / apart.pooled) == pytest.approx(3.0)
    same = inv.pooled_safety_stock([100.0, 40.0], 4.0, 0.95, 1.0)
    assert float(same.saved) == pytest.approx(0.0, abs=1e-9)
    against = inv.pooled_safety_stock([100.0, 100.0], 4.0, 0.95, -1.0)
    assert float(against.pooled) == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(EngineInputError, match="correlation"):
        inv.pooled_safety_stock([100.0] * 3, 1.0, 0.95, -0.9)


def test_without_a_cycle_no_fill_rate_is_promised():
    with pytest.raises(EngineInputError, match="order_quantity"):
        inv.safety_stock_for_fill_rate(10.0, 2.0, 1.0, 0.9)
    with pytest.raises(EngineInputError, match=r"sqrt\(mean\)"):
        inv.fill_rate_stock(9.0, 2.0, 0.9)


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("CLOSEKNIT_SLOW") != "1", reason="slow: set CLOSEKNIT_SLOW=1")
def test_a_catalogue_is_hundreds_of_times_faster_than_the_loop(monkeypatch):
    monkeypatch.setenv("CLOSEKNIT_CORES", "1")
    rng = np.random.default_rng(17)
    mean = np.exp(rng.normal(np.log(4.0), 1.0, 300_000))
    sd, target = np.sqrt(mean * rng.uniform(1.2, 4.0, mean.size)), rng.choice([0.9, 0.95, 0.98], mean.size)
    inv.fill_rate_stock(mean, sd, target)
    start = time.process_time()
    got = inv.fill_rate_stock(mean, sd, target)
    ours = (time.process_time() - start) / mean.size
    start = time.process_time()
    plain = [by_scipy(mean[i], sd[i], target[i]) for i in range(300)]
    theirs = (time.process_time() - start) / 300
    np.testing.assert_array_equal(got.reorder_point[:300], plain)
    assert theirs / ours > 500
