"""Spike or shift: cuts against brute force; false alarms and recall, simulated and on the sample company's demand."""

import math
from datetime import date
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from closeknit.demo.accounts import NEVER, draw_profiles, granules
from closeknit.demo.effects import company_effects
from closeknit.demo.rates import daily_rates
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Timeline
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.break_even import break_even_weeks
from closeknit.engine.forecasting.changes import _threshold, classify_change
from closeknit.engine.forecasting.changes_kernels import _cut, _gain, _in_order
from closeknit.engine.forecasting.spike_kernels import _attained_of_one, _log_tail


def seasonal_means(rng: np.random.Generator, series: int, periods: int, season: int, size: float) -> np.ndarray:
    shape = rng.uniform(0.4, 1.6, (series, season))
    return size * np.tile(shape, (1, periods // season + 1))[:, :periods]


def drawn(kind: str, rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    if kind == "poisson":
        return rng.poisson(mean).astype(float)
    if kind == "money":
        return mean * rng.gamma(4.0, 0.25, mean.shape)
    if kind == "signed":
        return rng.normal(mean - mean.mean(), 5.0)
    shape = float(kind)
    return rng.negative_binomial(shape, shape / (shape + mean)).astype(float)


@pytest.mark.parametrize("additive", [0, 1])
def test_the_cuts_are_the_best_of_all(additive: int) -> None:
    rng = np.random.default_rng(additive)
    for _ in range(12):
        n, penalty = 9, float(rng.uniform(1.0, 9.0))
        y = rng.poisson(rng.choice([2.0, 9.0], n)).astype(float) - 4.0 * additive
        e = rng.uniform(0.5, 1.5, n)
        sum_y, sum_e = np.concatenate([[0.0], y.cumsum()]), np.concatenate([[0.0], e.cumsum()])
        best, costs = np.zeros(n + 2), np.zeros(n + 2)
        last, cuts = np.zeros(n + 2, dtype=np.int64), np.zeros(n + 2, dtype=np.int64)
        _cut(sum_y, sum_e, additive, penalty, best, costs, last, cuts)
        count = _in_order(last, cuts, n)

        def worth(inner: tuple[int, ...]) -> float:
            ends = (0, *inner, n)  # noqa: B023
            spans = pairwise(ends)
            total = sum(_gain(sum_y[b] - sum_y[a], sum_e[b] - sum_e[a], additive) for a, b in spans)  # noqa: B023
            return total - penalty * len(inner)  # noqa: B023

        most = max(worth(c) for k in range(n) for c in combinations(range(1, n), k))
        assert worth(tuple(cuts[1 : count - 1].tolist())) == pytest.approx(most, abs=1e-9)
        assert -best[n] == pytest.approx(most, abs=1e-9)


def test_the_threshold_bounds_the_largest_statistic_of_noise() -> None:
    rng = np.random.default_rng(4)
    for n in (30, 50, 200):
        path = rng.standard_normal((4000, n)).cumsum(axis=1)
        k = np.arange(1, n)
        bridge = path[:, :-1] - k / n * path[:, -1:]
        largest = (bridge**2 / (k * (1.0 - k / n))).max(axis=1)
        share = (largest > _threshold(n, 0.05)).mean()
        assert 0.04 < share < 0.06


@pytest.mark.parametrize("kind", ["poisson", "4.0", "1.0", "money", "signed"])
@pytest.mark.parametrize("size", [1.0, 30.0])
def test_false_alarms_are_rare_where_nothing_changes(kind: str, size: float) -> None:
    rng = np.random.default_rng(11)
    history = drawn(kind, rng, seasonal_means(rng, 600, 104, 4, size))
    alarms = np.mean([k != "none" for k in classify_change(history, 4).kind])
    # 600 series: one standard error is 0.9 %.
    assert alarms <= 0.05 + 0.018


@pytest.mark.parametrize(("kind", "tolerance"), [("poisson", 6), ("4.0", 18), ("money", 18)])
@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_planted_shifts_are_found_with_date_and_size(kind: str, tolerance: int, factor: float) -> None:
    rng = np.random.default_rng(7)
    mean = seasonal_means(rng, 300, 104, 4, 30.0)
    week = rng.integers(31, 78, 300)
    mean *= np.where(np.arange(104)[None, :] >= week[:, None], factor, 1.0)
    found = classify_change(drawn(kind, rng, mean), 4)
    permanent = np.array(found.event_kind) == "permanent"
    near = np.abs(found.start_period - week[found.event_series]) <= tolerance
    hits = np.unique(found.event_series[permanent & near])
    assert hits.size / 300 >= 0.9
    first = permanent & near
    assert np.median(np.abs(found.factor[first] / factor - 1.0)) < 0.1


def test_a_spike_is_temporary_a_late_change_unknown_and_an_old_one_permanent() -> None:
    rng = np.random.default_rng(3)
    mean = np.full((90, 104), 40.0)
    mean[:30, 60:63] *= 3.0
    mean[30:60, 60:] *= 1.8
    mean[60:, 100:] *= 1.8
    kinds = np.array(classify_change(rng.poisson(mean).astype(float), 1).kind).reshape(3, 30)
    for row, want in zip(kinds, ("temporary", "permanent", "unknown"), strict=True):
        assert np.mean(row == want) >= 0.9


def test_a_spike_followed_by_a_shift_is_both() -> None:
    mean = np.concatenate([np.full(60, 50.0), np.full(2, 200.0), np.full(42, 90.0)])
    found = classify_change(np.random.default_rng(1).poisson(mean)[None].astype(float), 1)
    assert found.event_kind == ("temporary", "permanent")
    assert found.start_period.tolist() == [60, 62]


def test_what_is_known_is_no_change() -> None:
    rng = np.random.default_rng(5)
    known = np.where(np.arange(104) % 13 < 2, 1.6, 1.0)
    known[80:] *= 0.5
    history = rng.poisson(100.0 * known, (50, 104)).astype(float)
    assert np.mean([k == "none" for k in classify_change(history, 4).kind]) <= 0.2
    assert np.mean([k == "none" for k in classify_change(history, 4, known_factor=known).kind]) >= 0.94


def test_a_year_is_no_change_and_a_shift_on_a_year_is_one() -> None:
    rng = np.random.default_rng(6)
    year = 1.0 + 0.3 * np.cos(2.0 * np.pi * np.arange(156) / 52.0)
    calm = rng.poisson(200.0 * year, (40, 156)).astype(float)
    rules = {"season_periods": 4, "long_cycle_periods": 52.0, "smallest_change_share": 0.1}
    assert np.mean([k == "none" for k in classify_change(calm, **rules).kind]) >= 0.9
    moved = rng.poisson(200.0 * year * np.where(np.arange(156) >= 120, 1.15, 1.0), (40, 156)).astype(float)
    found = classify_change(moved, **rules)
    hit = (np.array(found.event_kind) == "permanent") & (np.abs(found.start_period - 120) <= 6)
    assert np.unique(found.event_series[hit]).size >= 36


def test_missing_periods_empty_series_and_zeros_are_quiet() -> None:
    rng = np.random.default_rng(9)
    history = rng.poisson(20.0, (6, 104)).astype(float)
    history[0] = np.nan
    history[1] = 0.0
    history[2, ::3] = np.nan
    history[3, 1:] = np.nan
    found = classify_change(history, 4)
    assert found.kind[:4] == ("none",) * 4
    assert classify_change(np.zeros((0, 10)), 4).kind == ()
    assert classify_change(np.zeros((2, 0)), 4).kind == ("none", "none")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), scale=st.sampled_from([0.01, 100.0]))
def test_the_unit_of_money_changes_nothing(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    history = rng.gamma(3.0, 5.03, (2, 60)) * np.where(np.arange(60) >= 35, 2.5, 1.0)
    one, other = classify_change(history, 4), classify_change(history * scale, 4)
    assert one.kind == other.kind
    np.testing.assert_array_equal(one.start_period, other.start_period)
    np.testing.assert_allclose(one.factor, other.factor, rtol=1e-9)


def test_a_series_is_judged_by_itself() -> None:
    history = np.random.default_rng(2).poisson(9.0, (20, 104)).astype(float)
    history[7, 50:] *= 2.0
    together, alone = classify_change(history, 4), classify_change(history[7:8], 4)
    assert together.kind[7] == alone.kind[0] == "permanent"
    assert together.dispersion[7] == alone.dispersion[0]


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="known_factor has shape"):
        classify_change(np.ones((2, 9)), 3, known_factor=np.ones(4))
    with pytest.raises(EngineInputError, match="settle_periods"):
        classify_change(np.ones((2, 9)), 3, settle_periods=1)


def sample_company(seed: int, weeks: int = 104) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Weekly orders of many accounts, what is known of them, and what was planted."""
    spec = CompanySpec(seed=seed, accounts=6000, weeks=weeks, ends_on=date(2026, 6, 1))
    timeline = Timeline.of(spec)
    effects, rng = company_effects(spec, timeline), np.random.default_rng(seed)
    open_share = 0.15 + 0.85 * timeline.is_open[:, : 7 * weeks].reshape(-1, weeks, 7)[:, :, :5].mean(axis=2)
    history, known, truth = [], [], []
    for granule in range(granules(spec.accounts)):
        who = draw_profiles(spec, granule)
        history.append(rng.poisson(daily_rates(who, effects, timeline).orders).reshape(who.count, weeks, 7).sum(axis=2))
        responds = np.where(who.responds_to_promotions[:, None], effects.promotion_factor(weeks), 1.0)
        known.append(open_share[who.region] * effects.region_factor(weeks)[who.region] * responds)
        names = ("shift_week", "shift_factor", "spike_week", "spike_length_weeks", "spike_factor", "churn_week",
                 "opened_day", "orders_per_week")  # fmt: skip
        truth.append({name: getattr(who, name) for name in names})
    return (
        np.vstack(history).astype(float),
        np.vstack(known),
        {name: np.concatenate([t[name] for t in truth]) for name in truth[0]},
    )


def test_the_sample_companys_shifts_are_found_and_its_calm_accounts_left_alone() -> None:
    hits, visible, alarms, calm_accounts = 0, 0, 0, 0
    for seed in (3, 4):
        history, known, truth = sample_company(seed)
        found = classify_change(history, 4, known_factor=known)
        steady = (truth["churn_week"] >= NEVER) & (truth["opened_day"] < 0) & (truth["spike_week"] >= NEVER)
        calm = np.flatnonzero(steady & (truth["shift_week"] >= NEVER))
        alarms += sum(found.kind[i] != "none" for i in calm)
        calm_accounts += calm.size
        for i in np.flatnonzero(steady & (truth["shift_week"] < NEVER)):
            week, factor, size = truth["shift_week"][i], truth["shift_factor"][i], truth["orders_per_week"][i]
            evidence = math.log(factor) ** 2 / (1.0 / (size * week) + 1.0 / (size * factor * (104 - week)))
            # Twelve and a half is the threshold: three standard errors above it no test could well miss.
            if evidence < (math.sqrt(12.5) + 3.0) ** 2:
                continue
            visible += 1
            own = found.event_series == i
            permanent = np.array(found.event_kind)[own] == "permanent"
            right_way = (found.factor[own] > 1.0) == (factor > 1.0)
            hits += bool(np.any(permanent & right_way & (np.abs(found.start_period[own] - week) <= 8)))
    assert alarms / calm_accounts <= 0.05
    assert visible >= 5
    assert hits / visible >= 0.9


def test_the_sample_companys_spikes_are_found_where_counts_can_show_them() -> None:
    hits, visible = 0, 0
    for seed in (3, 4, 5):
        history, known, truth = sample_company(seed)
        spiked = (truth["churn_week"] >= NEVER) & (truth["opened_day"] < 0) & (truth["shift_week"] >= NEVER)
        rows = np.flatnonzero(spiked & (truth["spike_week"] < NEVER))
        found = classify_change(history[rows], 4, known_factor=known[rows])
        for n, i in enumerate(rows):
            start, factor = truth["spike_week"][i], truth["spike_factor"][i]
            stop = start + truth["spike_length_weeks"][i]
            usual = truth["orders_per_week"][i] * (stop - start)
            # The best of some 400 stretches reaches four standard errors by chance; two more, and most are found.
            if 2.0 * usual * (factor * math.log(factor) - factor + 1.0) < 36.0:
                continue
            visible += 1
            own = (found.event_series == n) & (found.factor > 1.0) & (np.array(found.event_kind) == "temporary")
            hits += bool(np.any(own & (found.start_period <= stop) & (found.stop_period >= start)))
    assert visible >= 7
    assert hits / visible >= 0.8


def test_a_spike_says_how_likely_noise_is_and_how_sure_its_size() -> None:
    rng = np.random.default_rng(8)
    mean = np.full((300, 104), 8.0)
    mean[:, 50:52] *= 3.0
    found = classify_change(rng.poisson(mean).astype(float), 1)
    spikes = (found.start_period <= 51) & (found.stop_period >= 51) & (np.array(found.event_kind) == "temporary")
    assert np.unique(found.event_series[spikes]).size >= 285
    short = found.stop_period - found.start_period < 8
    assert np.all(found.chance[spikes & short] <= 0.05)
    assert np.median(found.chance[spikes]) < 1e-3
    held = (found.factor_low[spikes] < 3.0) & (found.factor_high[spikes] > 3.0)
    # The stretch is chosen for its height, which costs some of the 95 %.
    assert held.mean() >= 0.85


def test_given_the_total_a_stretch_of_counts_is_binomial_or_beta_binomial() -> None:
    for dispersion, law in ((1.0, stats.binom(90, 0.1)), (3.0, stats.betabinom(90, 4.5, 40.5))):
        for y in (0, 2, 15, 40):
            tail = law.sf(y - 1) if y > 9 else law.cdf(y)
            got = math.exp(_log_tail(float(y), 9.0, 90.0, 90.0, dispersion, 1))
            assert got == pytest.approx(min(2.0 * tail, 1.0), rel=1e-6)
        counts = np.arange(91)
        up, down = law.sf(counts - 1), law.cdf(counts)
        reachable = max((p for p in up if p <= 1e-3), default=0.0) + max((p for p in down if p <= 1e-3), default=0.0)
        assert _attained_of_one(9.0, 90.0, 90.0, dispersion, 1e-3) == pytest.approx(reachable, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(
        st.floats(1.0, 400.0), *[st.floats(10.0, 90.0)] * 3, *[st.floats(0.0, 20000.0)] * 2, *[st.floats(0.0, 12.0)] * 3
    )
)
def test_the_cheapest_way_is_the_one_that_costs_least(given_costs: tuple[float, ...]) -> None:
    hours, over, temp, hire, temp_fixed, hire_fixed, temp_lead, hire_lead, notice = given_costs
    found = break_even_weeks(*given_costs)

    def cost(duration: float, each: float, once: float, lead: float) -> float:
        return once + hours * (over * min(duration, lead) + each * max(duration - lead, 0.0))

    for duration in (0.5, 3.0, 11.0, 30.0, 150.0, 900.0):
        overtime = hours * over * duration
        temps = cost(duration, temp, temp_fixed, temp_lead)
        hiring = cost(duration, hire, hire_fixed + hire * hours * notice, hire_lead)
        slack = 1e-7 * max(overtime, temps, hiring)
        if duration > found.temps_beat_overtime_weeks:
            assert temps <= overtime + slack
        elif temp < over:
            assert temps >= overtime - slack
        if duration > found.hiring_from_weeks:
            assert hiring <= min(overtime, temps) + slack
        if duration < found.overtime_until_weeks and temp < over and hire < over:
            assert overtime <= min(temps, hiring) + slack


def test_dearer_ways_never_pay() -> None:
    found = break_even_weeks(40.0, 30.0, 35.0, 31.0, 0.0, 0.0)
    assert np.isinf(found.temps_beat_overtime_weeks)
    assert np.isinf(found.hiring_from_weeks)
