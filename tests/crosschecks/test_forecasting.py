"""Seasonal forecasts against plain loops, and their intervals against simulated demand."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import (
    Forecast,
    aggregate_quantiles,
    forecast_by_rolling_choice,
    interval_coverage,
    mase,
    pinball_loss,
    seasonal_mean,
    seasonal_naive,
    smape,
    wape,
)

LEVELS = [0.1, 0.5, 0.9]


def plain_seasonal_mean(past: np.ndarray, season: int, step: int, averaged: int) -> float:
    """Mean of the last observed values of the phase `step` periods after the end of `past`."""
    seen: list[float] = []
    at = len(past) + step
    while at >= len(past):
        at -= season
    while at >= 0 and len(seen) < averaged:
        if not np.isnan(past[at]):
            seen.append(past[at])
        at -= season
    return float(np.mean(seen)) if seen else float(np.nanmean(past))


@pytest.mark.parametrize("averaged", [1, 2, 4])
def test_mean_agrees_with_a_plain_loop_whatever_is_missing(averaged: int) -> None:
    rng = np.random.default_rng(averaged)
    history = rng.gamma(3.0, 4.0, (6, 61))
    history[rng.random(history.shape) < 0.25] = np.nan
    got = seasonal_mean(history, 7, 17, LEVELS, seasons_averaged=averaged)
    for series in range(6):
        want = [plain_seasonal_mean(history[series], 7, step, averaged) for step in range(17)]
        np.testing.assert_allclose(got.mean[series], want, rtol=1e-12)


def test_choice_is_the_candidate_with_least_error_on_rolling_origins() -> None:
    rng = np.random.default_rng(8)
    history = rng.poisson(20.0, (5, 90)).astype(float)
    history[0] += 5.0 * np.repeat(np.arange(13), 7)[:90]
    history[rng.random(history.shape) < 0.1] = np.nan
    season, horizon, windows, candidates = 7, 10, 4, (1, 2, 4, 8)
    got = forecast_by_rolling_choice(history, season, horizon, LEVELS, candidates, windows)
    for series in range(5):
        errors = []
        for averaged in candidates:
            scored = []
            for window in range(1, windows + 1):
                origin = 90 - horizon * window
                for step in range(horizon):
                    guess = plain_seasonal_mean(history[series, :origin], season, step, averaged)
                    scored.append((history[series, origin + step] - guess) ** 2)
            errors.append(np.nanmean(scored))
        np.testing.assert_allclose(got.candidate_errors[:, series], errors, rtol=1e-12)
        assert got.seasons_averaged[series] == candidates[int(np.argmin(errors))]
    assert got.method[0] == "seasonal_naive"


def demand(kind: str, rng: np.random.Generator, series: int, periods: int) -> np.ndarray:
    shape = 60.0 * np.array([1.0, 1.2, 1.1, 0.9, 1.4, 0.4, 0.25])
    size = rng.lognormal(0.0, 0.5, (series, 1))
    mean = np.tile(shape, periods // 7 + 1)[:periods] * size
    if kind == "poisson":
        return rng.poisson(mean).astype(float)
    return rng.negative_binomial(6.0, 6.0 / (6.0 + mean)).astype(float)


@pytest.mark.parametrize("kind", ["poisson", "negative binomial"])
@pytest.mark.parametrize("weeks", [16, 52])
def test_eighty_percent_interval_covers_eighty_percent(kind: str, weeks: int) -> None:
    drawn = demand(kind, np.random.default_rng(21), 300, 7 * (weeks + 4))
    past, future = drawn[:, : 7 * weeks], drawn[:, 7 * weeks :]
    got = forecast_by_rolling_choice(past, 7, 28, LEVELS)
    covered = interval_coverage(future, got.quantiles[0], got.quantiles[2]).mean()
    assert 0.75 <= covered <= 0.85
    # and not only on average over the week: the quiet day and the busy day each
    for day in (4, 6):
        at = slice(day, None, 7)
        part = interval_coverage(future[:, at], got.quantiles[0][:, at], got.quantiles[2][:, at]).mean()
        assert 0.72 <= part <= 0.88


@pytest.mark.parametrize("correlated", [False, True])
def test_weekly_sums_cover_eighty_percent_where_sums_of_quantiles_do_not(correlated: bool) -> None:
    rng = np.random.default_rng(4)
    drawn = demand("poisson", rng, 300, 7 * 56)
    if correlated:
        drawn = drawn * np.repeat(rng.gamma(40.0, 1 / 40.0, (300, 56)), 7, axis=1)
    past, future = drawn[:, : 7 * 52], drawn[:, 7 * 52 :]
    got = forecast_by_rolling_choice(past, 7, 28, LEVELS)
    weeks = np.arange(28) // 7
    summed = aggregate_quantiles(past, 7, got, weeks)
    actual = future.reshape(300, 4, 7).sum(axis=2)
    covered = interval_coverage(actual, summed.quantiles[0], summed.quantiles[2]).mean()
    assert 0.75 <= covered <= 0.85
    naive = got.quantiles.reshape(3, 300, 4, 7).sum(axis=3)
    if not correlated:
        assert interval_coverage(actual, naive[0], naive[2]).mean() > 0.95
    np.testing.assert_allclose(summed.mean, got.mean.reshape(300, 4, 7).sum(axis=2), rtol=1e-12)
    assert not summed.is_estimated.any()


def test_sums_over_part_weeks_and_closed_days_cover_too() -> None:
    rng = np.random.default_rng(9)
    drawn = demand("poisson", rng, 300, 7 * 42)
    is_open = np.tile([True] * 6 + [False], 42)
    past, future = drawn[:, : 7 * 40], np.where(is_open[7 * 40 :], drawn[:, 7 * 40 :], 0.0)
    got = forecast_by_rolling_choice(past, 7, 14, LEVELS, is_open=is_open)
    groups = np.array([0, 0, 0] + [1] * 11)
    summed = aggregate_quantiles(past, 7, got, groups, is_open=is_open)
    actual = np.stack([future[:, :3].sum(axis=1), future[:, 3:].sum(axis=1)], axis=1)
    assert 0.74 <= interval_coverage(actual, summed.quantiles[0], summed.quantiles[2]).mean() <= 0.86
    assert np.all(got.mean[:, 6::7] == 0.0)
    assert np.all(got.quantiles[:, :, 6::7] == 0.0)


def test_closed_days_do_not_drag_the_mean_down() -> None:
    is_open = np.ones(24, dtype=bool)
    is_open[[4, 12]] = False
    history = np.array(
        [[10.0, 20.0, 10.0, 20.0, 0.0, 20.0, 10.0, 20.0, 10.0, 20.0, 10.0, 20.0, 0.0, 20.0] + [10.0, 20.0] * 3]
    )
    got = seasonal_mean(history, 2, 4, LEVELS, seasons_averaged=8, is_open=is_open)
    assert got.mean.tolist() == [[10.0, 20.0, 10.0, 20.0]]


def test_what_is_too_short_or_empty_falls_back_and_says_so() -> None:
    history = np.full((3, 20), np.nan)
    history[1, -4:] = [2.0, 4.0, 4.0, 6.0]
    history[2] = np.tile([1.0, 9.0, 4.0, 4.0, 4.0], 4)
    got = forecast_by_rolling_choice(history, 5, 6, LEVELS)
    assert got.method[:2] == ("no_data", "overall_mean")
    assert got.is_fallback.tolist() == [True, True, False]
    assert got.mean[0].tolist() == [0.0] * 6
    assert got.mean[1].tolist() == [4.0] * 6
    assert got.quantiles[2, 1, 0] > 4.0
    assert np.isfinite(got.quantiles).all()
    sums = aggregate_quantiles(history, 5, got, [0] * 5 + [-1])
    assert sums.is_estimated[:2].all()
    offsets = got.quantiles[:, 1, :5] - got.mean[1, :5]
    independent, together = np.sqrt((offsets**2).sum(axis=1)), np.abs(offsets.sum(axis=1))
    found = np.abs(sums.quantiles[:, 1, 0] - sums.mean[1, 0])
    np.testing.assert_allclose(found, np.sqrt(0.75 * independent**2 + 0.25 * together**2))
    assert (found[[0, 2]] < together[[0, 2]]).all()
    none = forecast_by_rolling_choice(np.zeros((2, 0)), 7, 3, LEVELS)
    assert none.method == ("no_data", "no_data")


def test_the_past_alone_decides() -> None:
    rng = np.random.default_rng(2)
    drawn = rng.poisson(30.0, (4, 100)).astype(float)
    before = forecast_by_rolling_choice(drawn[:, :80], 7, 14, LEVELS)
    longer = drawn.copy()
    longer[:, 80:] = 1e6
    again = forecast_by_rolling_choice(longer[:, :80], 7, 14, LEVELS)
    np.testing.assert_array_equal(before.quantiles, again.quantiles)


def test_series_do_not_touch_each_other_and_scale_passes_through() -> None:
    rng = np.random.default_rng(6)
    history = rng.poisson(12.0, (20, 120)).astype(float)
    history[rng.random(history.shape) < 0.05] = np.nan
    whole = forecast_by_rolling_choice(history, 7, 21, LEVELS)
    alone = forecast_by_rolling_choice(history[7:8], 7, 21, LEVELS)
    np.testing.assert_array_equal(whole.quantiles[:, 7:8], alone.quantiles)
    scaled = forecast_by_rolling_choice(history * 4.0, 7, 21, LEVELS)
    np.testing.assert_allclose(scaled.quantiles, whole.quantiles * 4.0, rtol=1e-12)


def check_shape(got: Forecast, series: int, horizon: int) -> None:
    assert got.mean.shape == (series, horizon)
    assert got.quantiles.shape == (3, series, horizon)
    assert (np.diff(got.quantiles, axis=0) >= 0.0).all()


def test_negative_history_keeps_negative_quantiles() -> None:
    history = np.random.default_rng(0).normal(0.0, 5.0, (3, 84))
    got = seasonal_naive(history, 7, 7, LEVELS)
    check_shape(got, 3, 7)
    assert (got.quantiles[0] < 0.0).any()
    counts = seasonal_naive(np.abs(history), 7, 7, LEVELS)
    assert (counts.quantiles >= 0.0).all()


def test_scores_agree_with_their_definitions() -> None:
    actual = np.array([[10.0, 20.0, np.nan], [0.0, 0.0, 0.0]])
    forecast = np.array([[12.0, 14.0, 99.0], [0.0, 3.0, 0.0]])
    np.testing.assert_allclose(wape(actual, forecast), [8 / 30, np.nan])
    np.testing.assert_allclose(smape(actual, forecast), [(4 / 22 + 12 / 34) / 2, 2 / 3])
    history = np.array([[1.0, 2.0, 4.0, 8.0], [5.0, 5.0, 5.0, 5.0]])
    np.testing.assert_allclose(mase(actual, forecast, history, 1), [4.0 / (7 / 3), np.nan])
    sample = np.random.default_rng(1).normal(size=(1, 20_000))
    grid = np.linspace(-2, 2, 81)
    losses = [pinball_loss(sample, np.full((1, 1, 20_000), at), [0.8])[0, 0] for at in grid]
    assert grid[int(np.argmin(losses))] == pytest.approx(0.8416, abs=0.06)


def test_impossible_requests_are_refused() -> None:
    with pytest.raises(EngineInputError, match=r"quantile_levels\[1\].*increasing"):
        seasonal_naive([[1.0, 2.0]], 1, 1, [0.9, 0.1])
    with pytest.raises(EngineInputError, match=r"history\[0, 1\] is inf"):
        seasonal_naive([[1.0, np.inf]], 1, 1, [0.5])
    with pytest.raises(EngineInputError, match="is_open"):
        seasonal_naive([[1.0, 2.0]], 1, 1, [0.5], is_open=[True, True])
    with pytest.raises(EngineInputError, match="candidates is empty"):
        forecast_by_rolling_choice([[1.0, 2.0]], 1, 1, [0.5], candidates=())
