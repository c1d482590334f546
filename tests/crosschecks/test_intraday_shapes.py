"""Shapes of the day and the day under way: exact sums, calibration in simulation, and real calls held out."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import (
    day_profile,
    forecast_by_rolling_choice,
    level_deviation,
    pinball_loss,
    rest_of_day,
    to_slots,
)

ROOT = Path(__file__).resolve().parents[2]
CALLS = Path(os.environ.get("CLOSEKNIT_SHARED", ROOT.parent / "shared")) / "data/contact_center/bank_calls_5min.parquet"
LEVELS = [0.1, 0.5, 0.9]
SHAPE = np.array([0.02, 0.08, 0.2, 0.3, 0.2, 0.12, 0.08])


def days_of(rng: np.random.Generator, total: float, days: int, shape: np.ndarray = SHAPE) -> np.ndarray:
    size = total * rng.gamma(25.0, 1.0 / 25.0, days)
    return rng.poisson(size[:, None] * shape).astype(float)


def test_slots_sum_to_their_day_and_shares_to_one() -> None:
    rng = np.random.default_rng(1)
    history = np.stack([days_of(rng, 300.0, 60).ravel(), days_of(rng, 4.0, 60).ravel()])
    found = day_profile(history, 7, np.arange(60) % 7)
    assert found.share.sum(axis=2) == pytest.approx(np.ones((2, 7)), abs=1e-12)
    ahead = to_slots([[100.0, 7.0], [3.0, 0.0]], [[[80.0, 5.0], [1.0, 0.0]]] * 3, LEVELS, found, [0, 3])
    assert ahead.mean.reshape(2, 2, 7).sum(axis=2) == pytest.approx(np.array([[100.0, 7.0], [3.0, 0.0]]), abs=1e-9)
    assert (np.diff(ahead.quantiles, axis=0) >= 0.0).all()


def test_holidays_and_odd_days_do_not_bend_the_shape() -> None:
    rng = np.random.default_rng(2)
    days = days_of(rng, 500.0, 100)
    days[[10, 40, 70]] = [[900, 0, 0, 0, 0, 0, 0]]  # everything at once
    days[20] = np.nan
    days[30] = 0.0
    found = day_profile(days.reshape(1, -1), 7, np.zeros(100, dtype=int))
    assert np.abs(found.share[0, 0] - SHAPE).max() < 0.01
    assert (found.day_weight[0, [10, 40, 70]] < 0.1).all()
    assert (found.day_weight[0, [20, 30]] == 0.0).all()


def test_a_thin_series_leans_on_its_group_and_a_weekday_on_its_series() -> None:
    rng = np.random.default_rng(3)
    other = SHAPE[::-1]
    thick = [days_of(rng, 400.0, 70, shape).ravel() for shape in (SHAPE, other)]
    thin = [days_of(rng, 1.0, 70, shape).ravel() for shape in (SHAPE, other)]
    found = day_profile(np.stack(thick + thin), 7, np.arange(70) % 7, group_of_series=[0, 1, 0, 1])
    assert np.abs(found.share[2] - SHAPE).max() < 0.05
    assert np.abs(found.share[3] - other).max() < 0.05
    assert (found.own_weight_share[0] > found.own_weight_share[2]).all()


def test_a_weekday_of_another_shape_keeps_it() -> None:
    rng = np.random.default_rng(4)
    days = days_of(rng, 400.0, 140)
    days[5::7] = days_of(rng, 400.0, 20, SHAPE[::-1])
    found = day_profile(days.reshape(1, -1), 7, np.arange(140) % 7)
    assert np.abs(found.share[0, 5] - SHAPE[::-1]).max() < 0.03
    assert np.abs(found.share[0, 1] - SHAPE).max() < 0.03


def test_quantiles_of_slots_cover() -> None:
    rng = np.random.default_rng(5)
    history = np.stack([days_of(rng, total, 120).ravel() for total in (20.0, 80.0, 300.0, 1000.0)])
    found = day_profile(history, 7, np.zeros(120, dtype=int))
    size = np.array([20.0, 80.0, 300.0, 1000.0])[:, None] * np.ones(400)
    of_day = size * np.quantile(rng.gamma(25.0, 1.0 / 25.0, 100_000), LEVELS)[:, None, None]
    ahead = to_slots(size, of_day, LEVELS, found, np.zeros(400, dtype=int))
    actual = np.stack([days_of(rng, total, 400).ravel() for total in (20.0, 80.0, 300.0, 1000.0)])
    inside = (actual >= np.floor(ahead.quantiles[0])) & (actual <= np.ceil(ahead.quantiles[2]))
    assert 0.76 <= inside[1:].mean() <= 0.88


def bank_calls() -> tuple[np.ndarray, np.ndarray]:
    """Calls per half-hour from 7 to 21 o'clock [weekday, slot] and the weekdays; a day that is not there is NaN."""
    parquet = pytest.importorskip("pyarrow.parquet")
    if not CALLS.exists():
        pytest.skip("the shared real sets are not here")
    table = parquet.read_table(CALLS)
    moment, calls = (table.column(i).to_numpy(zero_copy_only=False) for i in (0, 1))
    day = moment.astype("datetime64[D]").astype(np.int64)
    slot = ((moment - moment.astype("datetime64[D]")).astype("timedelta64[m]").astype(np.int64) - 420) // 30
    counted, first = slot < 28, day.min()
    grid = np.full((day.max() - first + 1, 28), np.nan)
    for one in np.unique(day):
        mine = counted & (day == one)
        grid[one - first] = np.bincount(slot[mine], weights=calls[mine], minlength=28)
    weekday = (np.arange(grid.shape[0]) + first + 3) % 7
    return grid[weekday < 5], weekday[weekday < 5]


def test_days_with_a_shape_beat_half_hours_forecast_directly_on_real_calls() -> None:
    grid, weekday = bank_calls()
    loss: dict[str, list[float]] = {"shape": [], "direct": []}
    for origin in range(60, grid.shape[0] - 4, 5):
        past, actual = grid[:origin], grid[origin : origin + 5].reshape(1, -1)
        days = forecast_by_rolling_choice(past.sum(axis=1)[None], 5, 5, LEVELS)
        found = day_profile(past.reshape(1, -1), 28, weekday[:origin])
        by_shape = to_slots(days.mean, days.quantiles, LEVELS, found, weekday[origin : origin + 5])
        direct = forecast_by_rolling_choice(past.reshape(1, -1), 140, 140, LEVELS)
        for name, one in (("shape", by_shape), ("direct", direct)):
            loss[name].append(float(np.mean(pinball_loss(actual, one.quantiles, LEVELS))))
    print({name: round(float(np.mean(values)), 2) for name, values in loss.items()})
    assert np.mean(loss["shape"]) < np.mean(loss["direct"])


@pytest.mark.parametrize("total", [8.0, 40.0, 1000.0])
@pytest.mark.parametrize("passed", [0, 3, 8])
def test_the_rest_of_the_day_is_calibrated(total: float, passed: int) -> None:
    rng = np.random.default_rng(6)
    days, deviation = 20_000, 0.3
    level = rng.gamma(1.0 / deviation**2, deviation**2, days)
    expected = np.full((days, 10), total / 10)
    drawn = rng.poisson(level[:, None] * expected).astype(float)
    over = np.broadcast_to(np.arange(10) < passed, expected.shape).astype(float)
    found = rest_of_day((drawn * over).sum(axis=1), expected, over, LEVELS, level_deviation=deviation)
    rest = (drawn * (1.0 - over)).sum(axis=1)
    assert found.rest_mean.mean() == pytest.approx(rest.mean(), rel=0.02)
    middle = 0.5 * ((rest <= found.rest_quantiles).mean(axis=1) + (rest < found.rest_quantiles).mean(axis=1))
    assert middle == pytest.approx(LEVELS, abs=0.045 if total < 10 else 0.015)


def test_without_the_days_own_level_the_rest_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(7)
    level = rng.gamma(1.0 / 0.3**2, 0.3**2, 4000)
    expected, over = np.full((4000, 10), 100.0), np.tile(np.arange(10) < 5, (4000, 1)).astype(float)
    drawn = rng.poisson(level[:, None] * expected).astype(float)
    came, rest = (drawn * over).sum(axis=1), (drawn * (1.0 - over)).sum(axis=1)

    def off(deviation: float) -> float:
        found = rest_of_day(came, expected, over, LEVELS, level_deviation=deviation)
        return float(np.abs(found.rest_mean - rest).mean())

    assert off(0.3) < 0.25 * off(0.0)


@settings(max_examples=60, deadline=None)
@given(
    came=st.floats(0.0, 5000.0),
    more=st.floats(1.0, 500.0),
    total=st.floats(0.0, 5000.0),
    deviation=st.floats(0.0, 2.0),
    noise=st.floats(0.2, 9.0),
)
def test_more_work_so_far_never_means_less_to_come(
    came: float, more: float, total: float, deviation: float, noise: float
) -> None:
    expected, over = [total / 4] * 4, [1.0, 0.5, 0.0, 0.0]
    one, other = (
        rest_of_day(units, expected, over, LEVELS, level_deviation=deviation, noise=noise)
        for units in (came, came + more)
    )
    assert (np.diff(one.rest_quantiles) >= -1e-9).all()
    assert (other.rest_quantiles >= one.rest_quantiles - 1e-6).all()
    assert other.rest_mean >= one.rest_mean - 1e-9
    assert one.whole_mean == pytest.approx(came + one.rest_mean)
    assert one.rest_by_slot.sum() == pytest.approx(float(one.rest_mean), abs=1e-9)


def test_the_level_of_past_days_is_told_from_their_noise() -> None:
    rng = np.random.default_rng(8)
    forecast = np.full((3, 2000), 200.0)
    true = np.array([0.0, 0.1, 0.3])
    level = np.stack([np.ones(2000), rng.gamma(100.0, 0.01, 2000), rng.gamma(1.0 / 0.09, 0.09, 2000)])
    actual = rng.poisson(forecast * level).astype(float)
    assert level_deviation(actual, forecast) == pytest.approx(true, abs=0.02)
    assert float(level_deviation([[np.nan] * 3], [[9.0] * 3])[0]) == pytest.approx(0.15)


def test_a_day_that_is_over_brings_nothing_more() -> None:
    found = rest_of_day([7.0, 3.0], [[5.0, 5.0]] * 2, [[1.0, 1.0]] * 2, LEVELS, level_deviation=0.2)
    assert found.rest_quantiles.tolist() == [[0.0, 0.0]] * 3
    assert found.whole_mean.tolist() == [7.0, 3.0]


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="whole days as in kind_of_day"):
        day_profile(np.ones((1, 10)), 3, [0, 0, 0])
    found = day_profile(np.ones((1, 9)), 3, [0, 0, 0])
    with pytest.raises(EngineInputError, match="daily_mean has shape"):
        to_slots([[1.0]], [[[1.0, 1.0]]], [0.5], found, [0])
    with pytest.raises(EngineInputError, match="passed_share"):
        rest_of_day(1.0, [1.0, 2.0], [1.0], [0.5], level_deviation=0.1)
