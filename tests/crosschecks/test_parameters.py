"""Parameters from data: likelihoods against other ways to compute them, intervals against how often they cover, and
the correction for an uncertain rate against a simulation.

The simulation knows nothing of the engine: a day's rate is drawn, single calls arrive, wait, give up or are served.
"""

import heapq
import os
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    HandleLaw,
    RatePromise,
    arrival_dispersion,
    draw_handle_times,
    fit_gamma_mixed_rate,
    fit_handle_times,
    fit_patience,
    fit_patience_from_totals,
    handle_time_cdf,
    handle_time_quantiles,
    level_under_uncertain_rate,
    patience_hazard,
    patience_survival,
    queue_performance,
    required_agents_uncertain_rate,
)

LONG = os.environ.get("CLOSEKNIT_SLOW") == "1"
DRAWS = {
    HandleLaw.EXPONENTIAL: lambda rng, n: rng.exponential(4.0, n),
    HandleLaw.ERLANG: lambda rng, n: rng.gamma(3.0, 2.0, n),
    HandleLaw.GAMMA: lambda rng, n: rng.gamma(0.6, 5.0, n),
    HandleLaw.LOGNORMAL: lambda rng, n: rng.lognormal(1.0, 0.8, n),
    HandleLaw.HYPEREXPONENTIAL: lambda rng, n: rng.exponential(np.where(rng.random(n) < 0.8, 2.0, 15.0)),
}
SCIPY = {
    HandleLaw.EXPONENTIAL: lambda p: stats.expon(scale=p[0]),
    HandleLaw.ERLANG: lambda p: stats.gamma(p[0], scale=p[1] / p[0]),
    HandleLaw.GAMMA: lambda p: stats.gamma(p[0], scale=p[1] / p[0]),
    HandleLaw.LOGNORMAL: lambda p: stats.lognorm(p[1], scale=np.exp(p[0])),
}


def of(fit, law):
    return next(fitted for fitted in fit.laws if fitted.law is law)


# Handling times


@pytest.mark.parametrize("law", HandleLaw)
@pytest.mark.parametrize("cut", [np.inf, 2.0], ids=["complete", "censored"])
def test_the_law_that_times_were_drawn_from_is_found(law, cut):
    rng = np.random.default_rng(8)
    times = DRAWS[law](rng, 3_000)
    ends = rng.exponential(cut * times.mean(), times.size) if np.isfinite(cut) else np.full(times.size, np.inf)
    fit = fit_handle_times(np.minimum(times, ends), times <= ends)
    close = [fitted for fitted in fit.laws if fitted.aic < fit.best.aic + 4.0]
    assert law in {fitted.law for fitted in close}
    assert fit.best.mean_minutes == pytest.approx(times.mean(), rel=0.12)
    assert fit.complete + fit.censored == 3_000


@pytest.mark.parametrize("law", SCIPY)
def test_likelihood_cdf_and_quantiles_are_those_of_scipy(law):
    rng = np.random.default_rng(4)
    times, ends = DRAWS[law](rng, 400), rng.exponential(6.0, 400)
    seen, done = np.minimum(times, ends), times <= ends
    fitted = fit_handle_times(seen, done, [law]).best
    frozen = SCIPY[law](fitted.parameters)
    expected = frozen.logpdf(seen[done]).sum() + frozen.logsf(seen[~done]).sum()
    assert fitted.log_likelihood == pytest.approx(expected, rel=1e-10)
    assert fitted.mean_minutes == pytest.approx(frozen.mean(), rel=1e-12)
    assert fitted.squared_cv == pytest.approx(frozen.var() / frozen.mean() ** 2, rel=1e-9)
    levels = np.array([0.01, 0.5, 0.99])
    np.testing.assert_allclose(handle_time_quantiles(fitted, levels), frozen.ppf(levels), rtol=1e-9)
    np.testing.assert_allclose(handle_time_cdf(fitted, frozen.ppf(levels)), levels, rtol=1e-9)


@pytest.mark.parametrize("law", HandleLaw)
@pytest.mark.parametrize("censored", [False, True])
def test_no_nearby_parameters_are_likelier(law, censored):
    rng = np.random.default_rng(12)
    times = DRAWS[law](rng, 500)
    ends = rng.exponential(2.0 * times.mean(), 500) if censored else np.full(500, np.inf)
    seen, done = np.minimum(times, ends), times <= ends
    fitted = fit_handle_times(seen, done, [law]).best
    from closeknit.engine.queueing.handle_laws import LAWS, Sample

    family, sample = LAWS[law.value], Sample(seen, done)
    for i in range(fitted.parameters.size):
        for factor in (0.98, 1.02):
            moved = fitted.parameters.copy()
            if law is HandleLaw.ERLANG and i == 0:
                moved[0] = max(1.0, moved[0] + (1 if factor > 1 else -1))
            else:
                moved[i] *= factor
            assert family.log_likelihood(sample, moved) <= fitted.log_likelihood + 1e-7


def test_hyperexponential_cdf_quantiles_and_draws_agree():
    rng = np.random.default_rng(3)
    fitted = fit_handle_times(DRAWS[HandleLaw.HYPEREXPONENTIAL](rng, 2_000), laws=[HandleLaw.HYPEREXPONENTIAL]).best
    levels = np.linspace(0.001, 0.999, 50)
    np.testing.assert_allclose(handle_time_cdf(fitted, handle_time_quantiles(fitted, levels)), levels, atol=1e-12)
    drawn = draw_handle_times(fitted, 200_000, rng)
    assert drawn.mean() == pytest.approx(fitted.mean_minutes, rel=0.02)
    assert drawn.var() / drawn.mean() ** 2 == pytest.approx(fitted.squared_cv, rel=0.06)


def test_the_fit_p_value_is_even_when_the_law_is_true_and_small_when_it_is_not():
    rng = np.random.default_rng(21)
    rounds = 60 if LONG else 25
    true, wrong = [], []
    for _ in range(rounds):
        times = rng.lognormal(0.5, 0.7, 80)
        true.append(fit_handle_times(times, laws=[HandleLaw.LOGNORMAL], rng=rng, bootstrap_samples=39).best.fit_p_value)
        wrong.append(
            fit_handle_times(times, laws=[HandleLaw.EXPONENTIAL], rng=rng, bootstrap_samples=39).best.fit_p_value
        )
    assert stats.kstest(true, "uniform").pvalue > 0.01
    assert np.median(wrong) <= 0.05


def test_the_fit_says_what_its_spread_means_for_waits():
    rng = np.random.default_rng(5)
    assert "longer" in fit_handle_times(DRAWS[HandleLaw.HYPEREXPONENTIAL](rng, 800)).advice
    assert "shorter" in fit_handle_times(DRAWS[HandleLaw.ERLANG](rng, 800)).advice
    assert "serve" in fit_handle_times(DRAWS[HandleLaw.EXPONENTIAL](rng, 4_000)).advice


# Patience


def censored_patience(rng, patience, offered):
    return np.minimum(patience, offered), patience < offered


def test_patience_is_found_through_censoring_and_the_plain_mean_is_not():
    rng = np.random.default_rng(1)
    offered = rng.gamma(0.5, 4.0, 40_000)
    waits, left = censored_patience(rng, rng.exponential(5.0, 40_000), offered)
    fit = fit_patience(waits, left)
    assert float(fit.mean_patience_minutes) == pytest.approx(5.0, abs=4 * float(fit.standard_error_minutes))
    assert waits[left].mean() < 2.0


def test_patience_limits_cover_as_often_as_they_say():
    rng = np.random.default_rng(2)
    covered = []
    for _ in range(600):
        waits, left = censored_patience(rng, rng.exponential(3.0, 40), rng.exponential(2.0, 40))
        fit = fit_patience(waits, left, confidence_share=0.9)
        covered.append(float(fit.lower_minutes) <= 3.0 <= float(fit.upper_minutes))
    assert 0.87 <= np.mean(covered) <= 0.97


def test_totals_of_a_queue_give_its_patience_back():
    agents, rate, handle = np.array([45, 50, 60]), 3000.0, 1.0
    got = queue_performance(agents, rate, handle, patience_minutes=2.0)
    callers = 1e9
    fit = fit_patience_from_totals(np.round(got.abandoned_share * callers), got.mean_wait_minutes * callers)
    np.testing.assert_allclose(fit.mean_patience_minutes, 2.0, rtol=1e-6)


def test_balking_is_told_from_patience():
    rng = np.random.default_rng(3)
    patience = np.where(rng.random(20_000) < 0.1, 0.02, 0.1 + rng.exponential(4.0, 20_000))
    waits, left = censored_patience(rng, patience, 0.05 + rng.exponential(2.0, 20_000))
    fit = fit_patience(waits, left, balk_minutes=0.05)
    assert float(fit.balking_share) == pytest.approx(0.1, abs=0.01)
    assert float(fit.mean_patience_minutes) == pytest.approx(4.0, rel=0.1)
    hazard = patience_hazard(waits, left, [0.0, 0.05, 1.0, 3.0])
    assert hazard.abandonments_per_minute[0] > 5.0 * hazard.abandonments_per_minute[2]
    assert hazard.constancy_p_value < 1e-10


def test_kaplan_meier_is_scipys_with_ties():
    rng = np.random.default_rng(6)
    waits, left = censored_patience(rng, rng.gamma(2.0, 2.0, 400), rng.exponential(5.0, 400))
    waits = np.ceil(waits * 4.0) / 4.0
    ours = patience_survival(waits, left, confidence_share=0.9)
    data = stats.CensoredData(uncensored=waits[left], right=waits[~left])
    theirs = stats.ecdf(data).sf
    with warnings.catch_warnings():
        # It has no limits where the curve is 1 or 0.
        warnings.simplefilter("ignore", RuntimeWarning)
        limits = theirs.confidence_interval(confidence_level=0.9, method="log-log")
    keep = np.isin(theirs.quantiles, ours.minutes)
    np.testing.assert_allclose(ours.remaining_share, theirs.probabilities[keep], rtol=1e-12)
    inside = (ours.remaining_share > 0.0) & (ours.remaining_share < 1.0)
    np.testing.assert_allclose(ours.lower_share[inside], limits.low.probabilities[keep][inside], rtol=1e-9)
    np.testing.assert_allclose(ours.upper_share[inside], limits.high.probabilities[keep][inside], rtol=1e-9)
    assert ours.median_minutes == ours.minutes[np.argmax(ours.remaining_share <= 0.5)]


def test_a_constant_hazard_is_called_constant_as_often_as_the_p_value_says():
    rng = np.random.default_rng(7)
    p = [
        patience_hazard(
            *censored_patience(rng, rng.exponential(3.0, 400), rng.exponential(3.0, 400)), [0.0, 0.5, 1.5, 3.0]
        ).constancy_p_value
        for _ in range(300)
    ]
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_waits_that_make_no_sense_are_refused():
    with pytest.raises(EngineInputError, match="balk_minutes"):
        fit_patience([0.0, 0.0], [True, True])
    with pytest.raises(EngineInputError, match="begin at 0"):
        patience_hazard([1.0], [True], [0.5, 1.0])
    assert np.isinf(fit_patience([1.0, 2.0], [False, False]).mean_patience_minutes)
    assert float(fit_patience([1.0, 2.0], [False, False]).lower_minutes) > 0.0


# Arrivals


@pytest.mark.parametrize("mean", [2.0, 30.0])
def test_poisson_arrivals_pass_as_often_as_they_should(mean):
    rng = np.random.default_rng(9)
    profile = mean * (1.0 + 0.8 * np.sin(np.linspace(0.0, 6.0, 20)))
    groups = np.arange(40) % 5
    tested = [arrival_dispersion(rng.poisson(profile, (40, 20)), groups) for _ in range(200)]
    for name in ("p_value", "between_day_p_value", "within_day_p_value"):
        rejected = np.mean([getattr(one, name) < 0.05 for one in tested])
        assert 0.005 <= rejected <= 0.11, name
    assert np.mean([one.dispersion_index for one in tested]) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("between", "within"), [(0.2, 0.0), (0.0, 0.15), (0.15, 0.1)])
def test_days_and_intervals_are_told_apart(between, within):
    rng = np.random.default_rng(10)
    profile = 60.0 * (1.0 + 0.8 * np.sin(np.linspace(0.0, 6.0, 24)))

    def mixed(cv, shape):
        return rng.gamma(cv**-2, cv**2, shape) if cv else np.ones(shape)

    found = [
        arrival_dispersion(
            rng.poisson(profile * mixed(between, (100, 1)) * mixed(within, (100, 24))), np.arange(100) % 5
        )
        for _ in range(20)
    ]
    assert np.mean([one.between_day_cv for one in found]) == pytest.approx(between, abs=0.015)
    assert np.mean([one.within_day_cv for one in found]) == pytest.approx(within, abs=0.01)
    assert (np.median([one.between_day_p_value for one in found]) < 1e-4) == (between > 0.0)
    assert (found[0].within_day_p_value < 1e-6) == (within > 0.0)


def negative_binomial_likelihood(counts, mean, cv):
    k = cv**-2
    return stats.nbinom(k, k / (k + mean)).logpmf(counts).sum()


def test_the_gamma_mixed_rate_is_the_likeliest_and_its_limits_are_the_profiles():
    rng = np.random.default_rng(11)
    expected = rng.uniform(20.0, 200.0, 120)
    counts = rng.poisson(expected * 1.1 * rng.gamma(25.0, 1 / 25.0, 120))
    fit = fit_gamma_mixed_rate(counts, expected)

    def negative(x):
        return -negative_binomial_likelihood(counts, np.exp(x[0]) * expected, np.exp(x[1]))

    found = optimize.minimize(negative, [0.0, -1.5], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-12})
    assert float(fit.mean_count) == pytest.approx(np.exp(found.x[0]), rel=1e-6)
    assert float(fit.rate_cv) == pytest.approx(np.exp(found.x[1]), rel=1e-5)
    for limit in (float(fit.lower_rate_cv), float(fit.upper_rate_cv)):
        best = optimize.minimize_scalar(
            lambda m, limit=limit: negative([m, np.log(limit)]), bounds=(-1.0, 1.0), method="bounded"
        )
        assert best.fun - found.fun == pytest.approx(stats.chi2(1).ppf(0.95) / 2.0, abs=1e-4)
    poisson = optimize.minimize_scalar(
        lambda m: -stats.poisson(np.exp(m) * expected).logpmf(counts).sum(), bounds=(-1.0, 1.0), method="bounded"
    )
    assert float(fit.log_likelihood_gain) == pytest.approx(poisson.fun - found.fun, abs=1e-5)


def test_gamma_mixed_limits_cover_and_poisson_is_mostly_called_poisson():
    rng = np.random.default_rng(13)
    counts = rng.poisson(100.0 * rng.gamma(16.0, 1 / 16.0, (400, 30)))
    fit = fit_gamma_mixed_rate(counts, confidence_share=0.9)
    covered = (fit.lower_rate_cv <= 0.25) & (fit.upper_rate_cv >= 0.25)
    assert 0.84 <= covered.mean() <= 0.95
    chance = fit_gamma_mixed_rate(rng.poisson(100.0, (400, 30)))
    assert 0.01 <= (chance.poisson_p_value < 0.05).mean() <= 0.08
    assert (chance.lower_rate_cv == 0.0).mean() > 0.9


# The correction for an uncertain rate


@pytest.mark.parametrize("seed", range(24))
def test_mixed_levels_equal_integrals_cut_more_finely(seed):
    rng = np.random.default_rng(seed)
    shape, mean = 1.0 / rng.uniform(0.01, 1.0) ** 2, 10.0 ** rng.uniform(-0.5, 3.0)
    agents = np.ceil(mean * rng.uniform(0.6, 1.8))
    theta = 0.0 if seed % 2 else 10.0 ** rng.uniform(-2.0, 1.0)
    time = 10.0 ** rng.uniform(-3.0, 0.5) if seed % 3 else 0.0
    patience = np.inf if theta == 0.0 else 1.0 / theta
    got = level_under_uncertain_rate(agents, mean * 60.0, shape**-0.5, 1.0, time, 0.8, patience)
    law = stats.gamma(shape, scale=mean / shape)
    low, high = law.ppf(1e-14), agents if theta == 0.0 else law.isf(1e-14)
    spread = np.linspace(-20.0, 20.0, 81) * np.sqrt(agents)
    cuts = [np.linspace(low, high, 30), np.geomspace(low, high, 40), agents + spread]
    cuts = np.unique(np.clip(np.concatenate([*cuts, agents * np.exp(theta * time) + spread]), low, high))

    nodes, weights = np.polynomial.legendre.leggauss(24)
    half = 0.5 * np.diff(cuts)[:, None]
    load = cuts[:-1, None] + half * (1.0 + nodes)
    level = queue_performance(agents, load * 60.0, 1.0, time, patience_minutes=patience).level_of_offered_share
    pieces = half * weights * law.pdf(load) * level
    assert float(got.of_intervals_share) == pytest.approx(pieces.sum(), abs=2e-7)
    assert float(got.of_calls_share) == pytest.approx((pieces * load / mean).sum(), abs=2e-7)


@pytest.mark.parametrize("patience", [np.inf, 4.0])
@pytest.mark.parametrize("promise", RatePromise)
def test_the_answer_keeps_the_promise_and_one_fewer_does_not(promise, patience):
    rng = np.random.default_rng(14)
    mean, cv = np.exp(rng.uniform(2.0, 7.0, 30)), rng.uniform(0.0, 0.5, 30)
    target = rng.uniform(0.5, 0.95, 30)
    need = required_agents_uncertain_rate(mean, cv, 5.0, 1 / 3, target, patience, promise, 0.9)

    def reached(agents):
        level = level_under_uncertain_rate(agents, mean, cv, 5.0, 1 / 3, target, patience)
        if promise is RatePromise.WITH_PROBABILITY:
            return level.kept_share - 0.9
        return (level.of_calls_share if promise is RatePromise.OF_CALLS else level.of_intervals_share) - target

    assert (reached(need.agents) >= -1e-9).all()
    assert (reached(need.agents - 1) < 0.0).all()
    certain = required_agents_uncertain_rate(mean, 0.0, 5.0, 1 / 3, target, patience, promise, 0.9)
    np.testing.assert_array_equal(certain.agents, need.mean_rate_agents)
    alone = queue_performance(certain.agents, mean, 5.0, 1 / 3, patience_minutes=patience)
    np.testing.assert_allclose(certain.level.of_calls_share, alone.level_of_offered_share, atol=1e-11)


@settings(max_examples=30, deadline=None)
@given(mean=st.floats(20.0, 4000.0), cv=st.floats(0.02, 0.5), target=st.floats(0.7, 0.95))
def test_a_less_certain_rate_needs_no_fewer_agents(mean, cv, target):
    need = required_agents_uncertain_rate(mean, [0.0, cv, 1.5 * cv], 5.0, 1 / 3, target, 5.0).agents
    assert (np.diff(need) >= 0).all()


def test_virtual_levels_are_no_lower_than_levels_of_offered():
    of_offered = level_under_uncertain_rate(50, 600.0, 0.2, 5.0, 0.3, 0.8, 3.0)
    virtual = level_under_uncertain_rate(50, 600.0, 0.2, 5.0, 0.3, 0.8, 3.0, early_leavers_count_as_missed=False)
    assert float(virtual.of_calls_share) > float(of_offered.of_calls_share)


def simulated_levels(rng, agents, mean_per_hour, cv, handle, within, patience, hours):
    """(Of calls, of hours) answered in time over hours whose rate differs, each begun in its steady state."""
    good, calls, levels = 0, 0, []
    for rate in mean_per_hour * rng.gamma(cv**-2, cv**2, hours):
        count = int(rng.poisson(3.0 * rate))
        at = np.sort(rng.random(count)) * 180.0
        works, stays = rng.exponential(handle, count), rng.exponential(patience, count)
        free = [0.0] * agents
        in_time = np.zeros(count, dtype=bool)
        for i in range(count):
            wait = max(0.0, free[0] - at[i])
            if wait < stays[i]:
                heapq.heapreplace(free, at[i] + wait + works[i])
                in_time[i] = wait <= within
        kept = at >= 120.0
        good, calls = good + in_time[kept].sum(), calls + kept.sum()
        levels.append(in_time[kept].mean())
    return good / calls, float(np.mean(levels))


def test_without_the_correction_the_target_is_missed_and_with_it_met():
    mean, cv, handle, within, patience, target = 300.0, 0.25, 5.0, 1 / 3, 5.0, 0.8
    need = required_agents_uncertain_rate(mean, cv, handle, within, target, patience)
    hours = 1_200 if LONG else 250
    for agents, level in ((need.mean_rate_agents, need.mean_rate_level), (need.agents, need.level)):
        of_calls, of_hours = simulated_levels(
            np.random.default_rng(15), int(agents), mean, cv, handle, within, patience, hours
        )
        slack = 3.5 * 0.28 / np.sqrt(hours)
        assert of_calls == pytest.approx(float(level.of_calls_share), abs=slack)
        assert of_hours == pytest.approx(float(level.of_intervals_share), abs=slack)
    assert float(need.mean_rate_level.of_calls_share) < target - 0.1
    assert float(need.level.of_calls_share) >= target
