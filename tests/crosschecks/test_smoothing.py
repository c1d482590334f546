"""Exponential smoothing against plain loops, least squares, another optimiser, and series whose answer is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from closeknit.engine import compiled
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import SmoothingForecast, exponential_smoothing, smooth_with
from closeknit.engine.forecasting.smoothing import ALL_FORMS, DEFAULT_FORMS


def plain_smoothing(
    past: np.ndarray,
    horizon: int,
    start: tuple[float, float, list[float]],
    alpha: float,
    beta: float,
    gamma: float,
    phi: float,
) -> tuple[list[float], list[float], float, float, list[float]]:
    """Expected values, forecasts and last states by the textbook's recursion; the season's next phase comes first."""
    level, slope, season = start[0], start[1], list(start[2])
    expected = []
    for value in past:
        seasonal = season.pop(0)
        expected.append(level + phi * slope + seasonal)
        error = 0.0 if np.isnan(value) else value - expected[-1]
        level, slope = level + phi * slope + alpha * error, phi * slope + beta * error
        season.append(seasonal + gamma * error)
    damping = np.cumsum(phi ** np.arange(1, horizon + 1))
    ahead = [level + damping[h] * slope + season[h % len(season)] for h in range(horizon)]
    return expected, ahead, level, slope, season


def simulated(rng: np.random.Generator, series: int, periods: int, **given: float) -> np.ndarray:
    """Series that follow the additive model, started at level 100 with a plain season of seven."""
    at = {"alpha": 0.3, "beta": 0.0, "gamma": 0.0, "phi": 1.0, "slope": 0.0, "sigma": 2.0, "swing": 0.0} | given
    level, slope = np.full(series, 100.0), np.full(series, at["slope"])
    season = np.tile(at["swing"] * np.sin(2.0 * np.pi * np.arange(7) / 7.0), (series, 1))
    result = np.empty((series, periods))
    for t in range(periods):
        error = rng.normal(0.0, at["sigma"], series)
        slope = at["phi"] * slope
        result[:, t] = level + slope + season[:, t % 7] + error
        level = level + slope + at["alpha"] * error
        slope = slope + at["beta"] * error
        season[:, t % 7] += at["gamma"] * error
    return result


@pytest.fixture
def mixed() -> np.ndarray:
    """Series of many kinds, with missing values, late starts and zeros."""
    rng = np.random.default_rng(5)
    values = np.concatenate(
        [
            simulated(rng, 4, 80, swing=12.0),
            simulated(rng, 4, 80, slope=1.0, beta=0.05),
            np.exp(simulated(rng, 4, 80, swing=20.0) / 30.0),
            rng.poisson(1.0, (4, 80)).astype(float),
        ]
    )
    values[rng.random(values.shape) < 0.1] = np.nan
    values[3, :30] = np.nan
    return values


@pytest.mark.parametrize("phases", [1, 2, 7])
def test_given_parameters_agree_with_the_plain_recursion(phases: int) -> None:
    rng = np.random.default_rng(phases)
    history = rng.normal(50.0, 9.0, (5, 33))
    history[rng.random(history.shape) < 0.2] = np.nan
    alpha, beta, gamma, phi = rng.random((4, 5))
    level, slope, season = rng.normal(50.0, 5.0, 5), rng.normal(0.0, 1.0, 5), rng.normal(0.0, 4.0, (5, phases))
    fitted, ahead = smooth_with(history, 20, alpha, level, beta, slope, phi, gamma, season)
    for i in range(5):
        start = (level[i], slope[i], season[i].tolist())
        expected, forecast, *_ = plain_smoothing(history[i], 20, start, alpha[i], beta[i], gamma[i], phi[i])
        np.testing.assert_allclose(fitted[i], expected, rtol=1e-12)
        np.testing.assert_allclose(ahead[i], forecast, rtol=1e-12)


@pytest.mark.parametrize("form", ALL_FORMS)
def test_fit_is_the_plain_recursion_from_its_start_with_its_parameters(mixed: np.ndarray, form: str) -> None:
    fit = exponential_smoothing(mixed, 7, 16, forms=[form])
    assert form in fit.form
    for i in np.flatnonzero([name == form for name in fit.form]):
        first = int(np.flatnonzero(~np.isnan(mixed[i]))[0])
        past = np.log(mixed[i, first:]) if fit.is_log[i] else mixed[i, first:]
        cycle = 7 if "season" in form else 1
        start = (fit.start_level[i], fit.start_slope[i], fit.start_season[i, :cycle].tolist())
        expected, ahead, level, slope, season = plain_smoothing(
            past, 16, start, fit.alpha[i], fit.beta[i], fit.gamma[i], fit.phi[i]
        )
        unlog = np.exp if fit.is_log[i] else np.asarray
        np.testing.assert_allclose(fit.fitted[i, first:], unlog(expected), rtol=1e-9)
        np.testing.assert_allclose(fit.errors[i], mixed[i] - fit.fitted[i])
        np.testing.assert_allclose(fit.forecast[i], np.maximum(unlog(ahead), 0.0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose([fit.level[i], fit.slope[i]], [level, slope], rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(fit.season[i, :cycle], season, rtol=1e-9, atol=1e-9)
        assert_aicc(fit, i, past, np.array(expected))
        assert "trend" in form or "damped" in form or fit.slope[i] == 0.0
        assert 0.0 < fit.alpha[i] < 1.0
        assert 0.0 <= fit.beta[i] <= fit.alpha[i]
        assert 0.0 <= fit.gamma[i] <= 1.0 - fit.alpha[i]
        assert 0.8 <= fit.phi[i] <= 0.98 if "damped" in form else fit.phi[i] == 1.0


def assert_aicc(fit: SmoothingForecast, i: int, past: np.ndarray, expected: np.ndarray) -> None:
    """The criterion written out for one series."""
    form = fit.form[i]
    n = int(np.sum(~np.isnan(past)))
    k = 3 + 2 * ("trend" in form) + 3 * ("damped" in form) + 7 * ("season" in form)
    squares = float(np.nansum((past - expected) ** 2))
    jacobian = 2.0 * float(np.nansum(past)) if fit.is_log[i] else 0.0
    wanted = n * np.log(squares / n) + jacobian + 2 * k + 2 * k * (k + 1) / (n - k - 1)
    assert fit.aicc[i, fit.forms.index(form)] == pytest.approx(wanted, rel=1e-9)
    assert fit.sigma[i] == pytest.approx(np.sqrt(squares / (n - k + 1)), rel=1e-9)


def least_squares(past: np.ndarray, cycle: int, sloping: bool) -> np.ndarray:
    """Level, slope and season of a line with one height per phase, by a general solver."""
    t = np.arange(1.0, past.size + 1.0)
    columns = [(np.arange(past.size) % cycle == p).astype(float) for p in range(cycle)] + [t] * sloping
    seen = ~np.isnan(past)
    found = np.linalg.lstsq(np.stack(columns, axis=1)[seen], past[seen], rcond=None)[0]
    heights = found[:cycle]
    return np.concatenate([[heights.mean(), found[cycle] if sloping else 0.0], heights - heights.mean()])


def starts(past: np.ndarray, cycle: int, sloping: bool) -> tuple[np.ndarray, np.ndarray]:
    return least_squares(past[: max(3 * cycle, 10)], cycle, sloping), least_squares(past, cycle, sloping)


@pytest.mark.parametrize("form", ["level", "trend", "level season", "damped season"])
def test_starts_lie_between_least_squares_on_the_first_seasons_and_on_all(form: str) -> None:
    rng = np.random.default_rng(11)
    history = simulated(rng, 6, 90, swing=9.0, slope=0.2)
    history[rng.random(history.shape) < 0.05] = np.nan
    history[:, 0] = 100.0
    fit = exponential_smoothing(history, 7, 1, forms=[form])
    cycle = 7 if "season" in form else 1
    for i in range(6):
        early, whole = starts(history[i], cycle, "level" not in form)
        got = np.concatenate([[fit.start_level[i], fit.start_slope[i]], fit.start_season[i, :cycle]])
        season, level = shares(got[2:], early[2:], whole[2:]), shares(got[:2], early[:2], whole[:2])
        assert cycle == 1 or season == pytest.approx(1.0) or level == pytest.approx(0.0, abs=1e-9)


def shares(got: np.ndarray, early: np.ndarray, whole: np.ndarray) -> float:
    """How far `got` lies on the way from `early` to `whole`."""
    away = whole - early
    share = float(np.dot(got - early, away) / max(np.dot(away, away), 1e-12))
    assert -1e-9 <= share <= 1.0 + 1e-9
    np.testing.assert_allclose(got, early + share * away, rtol=1e-7, atol=1e-7)
    return share


@pytest.mark.parametrize(
    ("form", "most"), [("level", 0.001), ("damped", 0.01), ("level season", 0.01), ("damped season", 0.03)]
)
def test_search_comes_close_to_what_another_optimiser_finds(form: str, most: float) -> None:
    rng = np.random.default_rng(17)
    history = simulated(rng, 8, 120, swing=9.0 * ("season" in form), slope=0.5, alpha=0.4, beta=0.1, gamma=0.2)
    fit = exponential_smoothing(history, 7, 1, forms=[form])
    ours = np.sum(fit.errors**2, axis=1)
    theirs = np.array([optimum(past, form) for past in history])
    excess = np.log(ours / theirs)
    assert np.mean(excess) < most
    assert np.max(excess) < 4.0 * most


def optimum(past: np.ndarray, form: str) -> float:
    """Least sum of squares over parameters and the share of the start, by Nelder and Mead from three places."""
    cycle, sloping, damped = 7 if "season" in form else 1, "level" not in form, "damped" in form
    early, whole = starts(past, cycle, sloping)

    def squares(place: np.ndarray) -> float:
        a, b, g, p, share = np.clip(place, 0.0, 1.0)
        weights = np.array([max(2.0 * share - 1.0, 0.0)] * 2 + [min(2.0 * share, 1.0)] * cycle)
        start = early + weights * (whole - early)
        alpha = 1e-4 + 0.9998 * a
        parameters = (alpha, alpha * b * sloping, (1.0 - alpha) * g * (cycle > 1), 0.8 + 0.18 * p if damped else 1.0)
        fitted, _ = smooth_with(
            past[None], 1, parameters[0], start[0], parameters[1], start[1], parameters[3], parameters[2], start[2:]
        )
        return float(np.sum((past - fitted[0]) ** 2)) + 1e3 * float(np.sum((place - np.clip(place, 0.0, 1.0)) ** 2))

    places = ([0.3, 0.1, 0.1, 0.5, 0.5], [0.1, 0.4, 0.3, 0.9, 0.1])
    options = {"maxiter": 120, "fatol": 1e-3, "xatol": 1e-3}
    return min(float(optimize.minimize(squares, at, method="Nelder-Mead", options=options).fun) for at in places)


def test_parameters_of_simulated_series_are_found_again() -> None:
    rng = np.random.default_rng(23)
    history = simulated(rng, 60, 1500, alpha=0.3, gamma=0.15, swing=10.0)
    fit = exponential_smoothing(history, 7, 7, forms=["level season"], rounds=6)
    assert np.median(fit.alpha) == pytest.approx(0.3, abs=0.015)
    assert np.median(fit.gamma) == pytest.approx(0.15, abs=0.015)
    assert np.median(fit.sigma) == pytest.approx(2.0, abs=0.03)


@pytest.mark.parametrize(
    ("form", "given"),
    [
        ("level", {}),
        ("level season", {"swing": 12.0}),
        ("trend", {"alpha": 0.5, "beta": 0.2, "slope": 1.0}),
        ("trend season", {"alpha": 0.5, "beta": 0.2, "slope": 1.0, "swing": 12.0}),
    ],
)
def test_the_form_that_made_a_series_is_mostly_chosen(form: str, given: dict[str, float]) -> None:
    history = simulated(np.random.default_rng(29), 60, 300, **given)
    fit = exponential_smoothing(history, 7, 1)
    assert np.mean([name.removeprefix("log ") == form for name in fit.form]) > 0.7


def test_a_season_that_grows_with_the_level_is_fitted_in_logarithms() -> None:
    history = np.exp(0.02 * simulated(np.random.default_rng(31), 40, 200, swing=30.0, slope=0.2, alpha=0.1))
    fit = exponential_smoothing(history, 7, 1)
    assert np.mean(fit.is_log) > 0.9


def test_closed_forms() -> None:
    t = np.arange(42.0)
    week = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
    history = np.stack([np.full(42, 7.0), 5.0 + 2.0 * t, np.tile(week, 6), 10.0 + 0.5 * t + np.tile(week, 6), 0.0 * t])
    fit = exponential_smoothing(history, 7, 9)
    after = np.arange(42.0, 51.0)
    weeks = np.tile(week, 2)[:9]
    wanted = [np.full(9, 7.0), 5.0 + 2.0 * after, weeks, 10.0 + 0.5 * after + weeks, np.zeros(9)]
    np.testing.assert_allclose(fit.forecast, wanted, rtol=1e-9, atol=1e-9)
    assert fit.form == ("level", "trend", "level season", "trend season", "level")
    np.testing.assert_allclose(fit.sigma, 0.0, atol=1e-9)


def test_a_large_share_grows_as_its_logarithms_do() -> None:
    growing = np.exp(0.1 * np.arange(30.0))[None]
    fit = exponential_smoothing(growing, 1, 3, forms=["log trend", "level"])
    assert fit.form == ("log trend",)
    np.testing.assert_allclose(fit.forecast[0], np.exp(0.1 * np.arange(30.0, 33.0)), rtol=1e-9)


def test_uncompiled_and_compiled_agree(mixed: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = exponential_smoothing(mixed, 7, 9)
    monkeypatch.setattr(compiled, "SMALL_WORK", 1e12)
    plain = exponential_smoothing(mixed, 7, 9)
    assert fast.form == plain.form
    for name in ("forecast", "alpha", "beta", "gamma", "phi", "level", "season", "fitted", "aicc", "spread"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_series_is_forecast_alike_alone_and_among_others_and_twice(mixed: np.ndarray) -> None:
    kept = mixed.copy()
    together = exponential_smoothing(mixed, 7, 9)
    np.testing.assert_array_equal(mixed, kept)
    np.testing.assert_array_equal(together.forecast, exponential_smoothing(mixed, 7, 9).forecast)
    backwards = exponential_smoothing(mixed[::-1], 7, 9)
    np.testing.assert_array_equal(together.forecast, backwards.forecast[::-1])
    alone = exponential_smoothing(mixed[:1], 7, 9)
    np.testing.assert_allclose(alone.forecast, together.forecast[:1], rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.01, 1e4), st.floats(0.0, 1e4), st.integers(0, 10**6))
def test_forecasts_move_with_the_values(factor: float, shift: float, seed: int) -> None:
    history = simulated(np.random.default_rng(seed), 3, 40, swing=8.0)
    raw = [form for form in ALL_FORMS if not form.startswith("log")]
    one, moved = (exponential_smoothing(past, 7, 7, raw) for past in (history, factor * history + shift))
    assert one.form == moved.form
    np.testing.assert_allclose(moved.forecast, factor * one.forecast + shift, rtol=1e-6)
    scaled = exponential_smoothing(factor * history, 7, 7)
    np.testing.assert_allclose(scaled.forecast, factor * exponential_smoothing(history, 7, 7).forecast, rtol=1e-6)


def test_spread_is_what_past_errors_do_to_the_forecast() -> None:
    history = np.tile(simulated(np.random.default_rng(3), 1, 60, swing=5.0), (2, 1))
    history[1, -1] += 1.0
    alpha, beta, gamma, phi = 0.4, 0.1, 0.2, 0.9
    fit = exponential_smoothing(history[:1], 7, 20, forms=["damped season"])
    alpha, beta, gamma, phi = fit.alpha[0], fit.beta[0], fit.gamma[0], fit.phi[0]
    _, ahead = smooth_with(history, 20, alpha, 100.0, beta, 0.0, phi, gamma, np.zeros(7))
    weights = ahead[1] - ahead[0]
    wanted = fit.sigma[0] * np.sqrt(1.0 + np.concatenate([[0.0], np.cumsum(weights[:-1] ** 2)]))
    np.testing.assert_allclose(fit.spread[0], wanted, rtol=1e-9)


def test_the_mean_of_a_fit_in_logarithms_lies_above_its_median() -> None:
    history = np.exp(simulated(np.random.default_rng(3), 3, 60, sigma=20.0) / 50.0)
    median, mean = (exponential_smoothing(history, 1, 4, ["log level"], point=p) for p in ("median", "mean"))
    np.testing.assert_allclose(mean.forecast, median.forecast * np.exp(median.spread**2 / 2.0), rtol=1e-12)


def test_short_and_empty_histories_are_served() -> None:
    nan = float("nan")
    history = [[nan] * 8, [nan] * 7 + [4.0], [nan] * 5 + [1.0, nan, 3.0], [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]]
    fit = exponential_smoothing(history, 7, 2)
    assert fit.form[:3] == ("no_data", "mean", "mean")
    np.testing.assert_allclose(fit.forecast[:3], [[0.0, 0.0], [4.0, 4.0], [2.0, 2.0]])
    assert "season" not in fit.form[3]
    assert np.all(np.isinf(fit.aicc[:3]))
    assert exponential_smoothing(np.zeros((0, 5)), 7, 2).forecast.shape == (0, 2)
    assert exponential_smoothing(np.zeros((2, 0)), 7, 2).form == ("no_data", "no_data")


def test_zeros_exclude_logarithms_and_forecasts_of_counts_are_not_negative(mixed: np.ndarray) -> None:
    counts = np.maximum(20.0 - np.arange(40.0), 0.0)[None]
    fit = exponential_smoothing(counts[:, :20], 1, 30, forms=["trend", "log level"])
    assert fit.form == ("trend",)
    assert np.min(fit.forecast) == 0.0
    fit = exponential_smoothing(mixed, 7, 3)
    assert not np.any(fit.is_log[12:])
    assert np.all(np.isinf(fit.aicc[12:, [name.startswith("log") for name in DEFAULT_FORMS]]))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"history": [[1.0, float("inf")]]}, "finite"),
        ({"history": [1.0, 2.0]}, "dimensions"),
        ({"season_periods": 0}, "at least 1"),
        ({"horizon": 0}, "at least 1"),
        ({"forms": ["holt"]}, "level season"),
        ({"forms": []}, "level season"),
        ({"rounds": 0}, "at least 1"),
        ({"point": "mode"}, "median"),
    ],
)
def test_bad_input_is_refused(change: dict[str, object], word: str) -> None:
    good: dict[str, object] = {"history": [[1.0, 2.0, 3.0]], "season_periods": 1, "horizon": 2}
    with pytest.raises(EngineInputError, match=word):
        exponential_smoothing(**(good | change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"alpha": 1.5}, {"level": [1.0, 2.0]}, {"season": np.zeros((3, 2))}, {"season": []}]
)
def test_bad_states_are_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"history": [[1.0, 2.0, 3.0]], "horizon": 2, "alpha": 0.5, "level": 1.0}
    with pytest.raises(EngineInputError):
        smooth_with(**(good | change))  # type: ignore[arg-type]
