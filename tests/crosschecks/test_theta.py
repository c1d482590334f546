"""The theta method against its recursion in plain loops, a general optimiser, and smoothing with drift."""

import numpy as np
import pytest
from scipy import optimize

from closeknit.engine import compiled
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.theta import theta


def plain_theta(
    past: np.ndarray, horizon: int, alpha: float, angle: float, first_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Expected values and forecasts as Fiorucci et al. write them."""
    n = past.size
    slope, height = np.polyfit(np.arange(1.0, n + 1.0), past, 1)
    weight = 1.0 - 1.0 / angle
    level, expected = first_level, []
    for t in range(1, n + 1):
        line = (1.0 - alpha) ** (t - 1) * height + (1.0 - (1.0 - alpha) ** t) / alpha * slope
        expected.append(level + weight * line)
        level = alpha * past[t - 1] + (1.0 - alpha) * level
    h = np.arange(1.0, horizon + 1.0)
    line = (1.0 - alpha) ** n * height + (h - 1.0 + (1.0 - (1.0 - alpha) ** (n + 1)) / alpha) * slope
    return np.array(expected), level + weight * line


def walks(seed: int, series: int = 6, periods: int = 60) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(0.4, 1.0, (series, periods)), axis=1)
    return 80.0 + steps + rng.normal(0.0, 2.0, (series, periods))


@pytest.mark.parametrize("optimised", [False, True])
def test_fit_is_the_papers_recursion_with_its_parameters(optimised: bool) -> None:
    history = walks(1)
    fit = theta(history, 1, 12, optimised)
    for i, past in enumerate(history):
        angle = min(fit.theta[i], 1e12)
        expected, ahead = plain_theta(past, 12, fit.alpha[i], angle, fit.start_level[i])
        np.testing.assert_allclose(fit.fitted[i], expected, rtol=1e-9)
        np.testing.assert_allclose(fit.forecast[i], ahead, rtol=1e-9)
        np.testing.assert_allclose(fit.errors[i], past - expected, atol=1e-7)
    if not optimised:
        np.testing.assert_allclose(fit.theta, 2.0)


@pytest.mark.parametrize("optimised", [False, True])
def test_no_other_parameters_do_better(optimised: bool) -> None:
    history = walks(2)
    fit = theta(history, 1, 1, optimised)
    for i, past in enumerate(history):

        def squares(at: np.ndarray, past: np.ndarray = past) -> float:
            angle = 1.0 / (1.0 - min(max(at[2], 0.0), 1.0 - 1e-9)) if optimised else 2.0
            expected, _ = plain_theta(past, 1, min(max(at[0], 0.01), 0.99), angle, at[1])
            return float(np.sum((past - expected) ** 2))

        tries = [
            optimize.minimize(squares, [alpha, past[0] / 2.0, 0.5], method="Nelder-Mead", options={"maxiter": 900}).fun
            for alpha in (0.1, 0.5, 0.9)
        ]
        assert np.sum(fit.errors[i] ** 2) <= min(tries) * (1.0 + 1e-5)


def test_standard_theta_is_smoothing_with_half_the_slope_as_drift() -> None:
    history = walks(3)
    fit = theta(history, 1, 8)
    n = history.shape[1]
    for i, past in enumerate(history):
        slope = np.polyfit(np.arange(1.0, n + 1.0), past, 1)[0]
        np.testing.assert_allclose(np.diff(fit.forecast[i]), slope / 2.0, rtol=1e-9)
        assert fit.slope[i] == pytest.approx(slope, rel=1e-9)


def plain_decomposition(past: np.ndarray, cycle: int, ratio: bool) -> np.ndarray:
    """Classical decomposition: the season by phase."""
    kernel = np.ones(cycle) / cycle if cycle % 2 else np.concatenate([[0.5], np.ones(cycle - 1), [0.5]]) / cycle
    smooth = np.convolve(past, kernel, "valid")
    middle = past[cycle // 2 : cycle // 2 + smooth.size]
    away = middle / smooth if ratio else middle - smooth
    phase = (np.arange(smooth.size) + cycle // 2) % cycle
    means = np.array([away[phase == p].mean() for p in range(cycle)])
    return means / means.mean() if ratio else means - means.mean()


@pytest.mark.parametrize("cycle", [4, 7])
@pytest.mark.parametrize("ratio", [True, False])
def test_season_is_the_classical_decomposition(cycle: int, ratio: bool) -> None:
    wave = np.sin(2.0 * np.pi * np.arange(60) / cycle)
    history = walks(4) * (1.0 + 0.3 * wave) - (0.0 if ratio else 100.0)
    fit = theta(history, cycle, 2 * cycle)
    assert fit.is_seasonal.all()
    assert (fit.is_multiplicative == ratio).all()
    for i, past in enumerate(history):
        index = plain_decomposition(past, cycle, ratio)
        np.testing.assert_allclose(fit.season[i], np.roll(index, -(60 % cycle)), rtol=1e-9, atol=1e-9)
        whole = np.tile(index, 99)[:60]
        bare = theta([past / whole if ratio else past - whole], 1, 2 * cycle).forecast[0]
        ahead = np.tile(index, 99)[60 : 60 + 2 * cycle]
        np.testing.assert_allclose(fit.forecast[i], bare * ahead if ratio else bare + ahead, rtol=1e-9)


def test_a_season_is_seen_where_there_is_one() -> None:
    rng = np.random.default_rng(5)
    noise = rng.normal(50.0, 5.0, (400, 84))
    seen = theta(noise, 7, 1).is_seasonal
    assert 0.02 < np.mean(seen) < 0.18
    assert theta(noise + 9.0 * np.sin(2.0 * np.pi * np.arange(84) / 7.0), 7, 1).is_seasonal.mean() > 0.95
    assert theta(noise, 7, 1, season="always").is_seasonal.all()
    assert not theta(noise, 7, 1, season="never").is_seasonal.any()


@pytest.mark.parametrize("optimised", [False, True])
def test_closed_forms(optimised: bool) -> None:
    t = np.arange(1.0, 36.0)
    week = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0])
    fit = theta(np.stack([np.full(35, 6.0), 0.0 * t, np.tile(week, 5)]), 7, 9, optimised)
    np.testing.assert_allclose(fit.forecast, [np.full(9, 6.0), np.zeros(9), np.tile(week, 2)[:9]], atol=1e-9)
    line = theta([4.0 + 3.0 * t], 1, 5, optimised).forecast[0]
    exact = 4.0 + 3.0 * np.arange(36.0, 41.0)
    np.testing.assert_allclose(line, exact if optimised else line[0] + 1.5 * np.arange(5.0), rtol=1e-9)


def test_forecasts_move_with_the_values_and_nothing_is_changed() -> None:
    history = walks(6) * (1.0 + 0.2 * np.sin(2.0 * np.pi * np.arange(60) / 6.0))
    kept = history.copy()
    one = theta(history, 6, 9, optimised=True)
    np.testing.assert_array_equal(history, kept)
    np.testing.assert_array_equal(one.forecast, theta(history, 6, 9, optimised=True).forecast)
    np.testing.assert_allclose(theta(37.0 * history, 6, 9, optimised=True).forecast, 37.0 * one.forecast, rtol=1e-6)
    moved = theta(walks(6) + 1000.0, 1, 9, optimised=True).forecast
    np.testing.assert_allclose(moved, theta(walks(6), 1, 9, optimised=True).forecast + 1000.0, rtol=1e-7)


def test_late_starts_missing_values_and_short_histories() -> None:
    history = walks(7) * (1.0 + 0.2 * np.sin(2.0 * np.pi * np.arange(60) / 6.0))
    late = np.concatenate([np.full((6, 13), np.nan), history], axis=1)
    np.testing.assert_allclose(theta(late, 6, 9).forecast, theta(history, 6, 9).forecast, rtol=1e-12)
    holes = history.copy()
    holes[np.random.default_rng(7).random(holes.shape) < 0.1] = np.nan
    fit = theta(holes, 6, 9)
    np.testing.assert_allclose(fit.forecast, theta(history, 6, 9).forecast, rtol=0.15)
    np.testing.assert_array_equal(np.isnan(fit.errors), np.isnan(holes))
    nan = float("nan")
    short = theta([[nan, nan, nan, nan], [nan, 4.0, nan, 8.0], [1.0, 2.0, nan, 4.0]], 7, 2)
    assert short.is_fallback.tolist() == [True, True, False]
    np.testing.assert_allclose(short.forecast[:2], [[0.0, 0.0], [6.0, 6.0]])
    assert theta(np.zeros((0, 4)), 7, 2).forecast.shape == (0, 2)
    assert theta(np.zeros((2, 0)), 7, 2).is_fallback.all()


def test_counts_with_zeros_take_summands_and_stay_above_zero() -> None:
    counts = np.tile([0.0, 0.0, 5.0, 1.0], 12)[None]
    fit = theta(counts, 4, 8)
    assert fit.is_seasonal[0]
    assert not fit.is_multiplicative[0]
    np.testing.assert_allclose(fit.forecast[0], np.tile([0.0, 0.0, 5.0, 1.0], 2), atol=1e-9)
    assert theta([np.arange(20.0)[::-1]], 1, 40, optimised=True).forecast.min() == 0.0


@pytest.mark.parametrize("optimised", [False, True])
def test_uncompiled_and_compiled_agree(optimised: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    history = walks(8) * (1.0 + 0.2 * np.sin(2.0 * np.pi * np.arange(60) / 6.0))
    history[0, :5], history[1, 9] = np.nan, np.nan
    monkeypatch.setattr(compiled, "SMALL_WORK", 1.0)
    fast = theta(history, 6, 9, optimised)
    monkeypatch.setattr(compiled, "SMALL_WORK", 1e12)
    plain = theta(history, 6, 9, optimised)
    for name in ("forecast", "alpha", "theta", "level", "season", "fitted"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=1e-9, err_msg=name)


@pytest.mark.parametrize(
    "change", [{"history": [[1.0, float("inf")]]}, {"season_periods": 0}, {"horizon": 0}, {"season": "maybe"}]
)
def test_bad_input_is_refused(change: dict[str, object]) -> None:
    good: dict[str, object] = {"history": [[1.0, 2.0, 3.0]], "season_periods": 1, "horizon": 2}
    with pytest.raises(EngineInputError):
        theta(**(good | change))  # type: ignore[arg-type]
