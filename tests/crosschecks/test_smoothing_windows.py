"""Windows judged in one call are what each is alone, and so are candidates taken side by side."""

import numpy as np
import pytest

from closeknit.engine.forecasting import smooth_with, smoothing_lanes_kernels
from closeknit.engine.forecasting.smoothing import smoothing_from_origins
from closeknit.engine.forecasting.theta import theta_from_origins

ORIGINS = np.array([40, 52, 61, 70])
PARTS = (np.array([40, 52]), np.array([61]), np.array([70]))
LANES = smoothing_lanes_kernels.LANES


def of_all_kinds() -> np.ndarray:
    """Seasons, gaps, zeros, negative values, a late start, one that only becomes negative late, and nothing at all."""
    rng = np.random.default_rng(31)
    history = 60.0 + 20.0 * np.sin(np.arange(84.0) * 2.0 * np.pi / 7.0) + rng.normal(0.0, 4.0, (9, 84)).cumsum(axis=1)
    history[1, rng.random(84) < 0.2] = np.nan
    history[2] = rng.poisson(0.7, 84)
    history[3] -= 70.0
    history[4, :45] = np.nan
    history[5, 65:] -= 200.0
    history[6, :66] = np.nan
    history[7] = np.nan
    return history


@pytest.mark.parametrize("from_origins", [smoothing_from_origins, theta_from_origins])
@pytest.mark.parametrize("season", [1, 7])
def test_fits_for_several_windows_in_one_call_are_those_of_each_alone(from_origins, season: int) -> None:  # type: ignore[no-untyped-def]
    history = of_all_kinds()
    together = from_origins(history, season, 9, ORIGINS, fits=3)
    alone = [from_origins(history[:, : part[-1]], season, 9, part) for part in PARTS]
    np.testing.assert_allclose(together, np.concatenate(alone, axis=1), rtol=1e-12)
    assert np.isfinite(together).mean() > 0.7
    # The red twin: had fits seen more than lies before the first of their own origins, they would differ.
    later = from_origins(history, season, 9, ORIGINS[1:], fits=3)
    assert not np.allclose(later[:, 0], together[:, 1], equal_nan=True)


@pytest.mark.parametrize("trend", [0, 1, 2])
@pytest.mark.parametrize("cycle", [1, 2, 3, 7])
def test_candidates_side_by_side_are_each_the_plain_recursion(cycle: int, trend: int) -> None:
    """With gaps, so that periods are taken by fours, by twos and one by one; from the third to before the last two."""
    rng = np.random.default_rng(cycle * 3 + trend)
    values = rng.normal(100.0, 9.0, (2, 61))
    values[1, [9, 10, 24, 40, 41, 42, 58]] = np.nan
    lane = np.zeros(smoothing_lanes_kernels.LANE_ROWS * LANES)
    level, slope = rng.normal(100.0, 5.0, LANES), rng.normal(0.0, 1.0, LANES) * (trend > 0)
    alpha, phi = rng.uniform(0.05, 0.9, LANES), np.full(LANES, 1.0) if trend < 2 else rng.uniform(0.8, 0.98, LANES)
    beta, gamma = 0.3 * alpha * (trend > 0), 0.4 * (1.0 - alpha) * (cycle > 1)
    season = rng.normal(0.0, 5.0, (cycle, LANES)) * (cycle > 1)
    lane[: 7 * LANES] = np.concatenate([level, slope, np.zeros(LANES), alpha, beta, gamma, phi])
    seasons = season.reshape(-1).copy()
    smoothing_lanes_kernels._advance(values, 1, 3, 59, cycle, trend, LANES, lane, seasons)
    past = np.repeat(values[1:, 3:59], LANES, axis=0)
    fitted, _ = smooth_with(past, 1, alpha, level, beta, slope, phi, gamma, season.T)
    wanted = np.nansum((past - fitted) ** 2, axis=1)
    np.testing.assert_allclose(lane[2 * LANES : 3 * LANES], wanted, rtol=1e-12)
