"""Outliers: planted ones are found and put right, everything else is left alone."""

import numpy as np
import pytest

from closeknit.engine.forecasting.outliers import treat_outliers


def weeks(rng: np.random.Generator, series: int, size: float) -> np.ndarray:
    return rng.poisson(np.tile(size * np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2]), 20), (series, 140)).astype(float)


@pytest.mark.parametrize("size", [2.0, 50.0])
def test_noise_is_left_alone(size: float) -> None:
    history = weeks(np.random.default_rng(1), 50, size)
    done = treat_outliers(history, 7)
    assert done.series.size <= 0.003 * history.size
    untouched = np.ones(history.shape, dtype=bool)
    untouched[done.series, done.period] = False
    np.testing.assert_array_equal(done.history[untouched], history[untouched])


def test_planted_outliers_are_found_and_put_near_the_usual() -> None:
    rng = np.random.default_rng(2)
    history = weeks(rng, 30, 50.0)
    planted = rng.integers(0, 140, 30)
    history[np.arange(30), planted] = 400.0
    done = treat_outliers(history, 7)
    found = dict(zip(done.series.tolist(), done.period.tolist(), strict=True))
    assert [found[i] for i in range(30)] == planted.tolist() or len(done.series) > 30
    for i in range(30):
        assert planted[i] in done.period[done.series == i]
        assert done.history[i, planted[i]] < 130.0
        assert done.weights[i, planted[i]] < 0.7
    assert "where" in done.reason[0]


def test_a_shift_is_no_outlier_and_what_is_missing_stays_missing() -> None:
    history = np.random.default_rng(3).poisson(np.where(np.arange(80) < 40, 50.0, 120.0), (20, 80)).astype(float)
    history[:, 10] = np.nan
    done = treat_outliers(history, 1)
    assert done.series.size <= 8
    assert not done.is_observed[:, 10].any()
    assert (done.weights[:, 10] == 0.0).all()


def test_peaks_that_grow_with_their_series_are_none() -> None:
    month = np.arange(180)
    season = np.where(month % 12 == 6, 3.0, 1.0) * np.exp(0.012 * month)
    history = 100.0 * season * np.random.default_rng(5).lognormal(0.0, 0.02, (20, 180))
    assert treat_outliers(history, 12).series.size <= 2
    history[0, 150] *= 2.0
    assert 150 in treat_outliers(history, 12).period[treat_outliers(history, 12).series == 0]


def test_replacements_follow_the_unit() -> None:
    history = np.random.default_rng(4).gamma(20.0, 5.0, (3, 60)) + 0.5
    history[1, 30] = 900.0
    one, other = treat_outliers(history, 1), treat_outliers(history * 1000.0, 1)
    np.testing.assert_array_equal(one.period, other.period)
    np.testing.assert_allclose(one.history * 1000.0, other.history, rtol=1e-9)


@pytest.mark.parametrize("periods", [0, 1, 4, 8])
def test_short_histories_are_left_alone(periods: int) -> None:
    assert treat_outliers(np.full((2, periods), 3.0), 7).series.size == 0
