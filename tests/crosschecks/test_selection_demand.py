"""Demand in one call: closed periods, outliers, shifts and events, each put where it belongs."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import DemandForecast, effect_errors, forecast_demand

LEVELS = [0.1, 0.5, 0.9]
WEEK = np.array([50.0, 45.0, 40.0, 42.0, 38.0, 12.0, 8.0])


def weeks(rng: np.random.Generator, series: int, periods: int, factor: float | np.ndarray = 1.0) -> np.ndarray:
    return rng.poisson(np.tile(WEEK, periods // 7 + 1)[:periods] * factor, (series, periods)).astype(float)


def error(history: np.ndarray, truth: np.ndarray, **options: object) -> float:
    done = forecast_demand(history, (7,), truth.size, LEVELS, **options)  # type: ignore[arg-type]
    return float(np.abs(done.mean - truth).sum() / (truth.sum() * history.shape[0]))


def test_closed_periods_are_forecast_as_zero_and_teach_nothing() -> None:
    history = weeks(np.random.default_rng(1), 5, 140)
    is_open = np.ones(140, dtype=bool)
    is_open[130:133] = False
    history[:, 130:133] = 9000.0
    ahead = np.arange(7) != 2
    done = forecast_demand(history, (7,), 7, LEVELS, is_open=is_open, is_open_ahead=ahead)
    assert not done.mean[:, 2].any()
    assert not done.quantiles[:, :, 2].any()
    assert error(history, WEEK, is_open=is_open) < 0.15
    assert error(history, WEEK) > error(history, WEEK, is_open=is_open)


def test_an_outlier_is_reported_and_hardly_moves_the_forecast() -> None:
    history = weeks(np.random.default_rng(2), 1, 140)
    struck = history.copy()
    struck[0, 133] *= 20.0
    done = forecast_demand(struck, (7,), 7, LEVELS)
    assert done.outliers.period.tolist() == [133]
    assert "1 outlier treated" in done.reasons[0]
    plain = forecast_demand(history, (7,), 7, LEVELS)
    np.testing.assert_allclose(done.mean, plain.mean, rtol=0.35)


def test_a_settled_shift_is_followed() -> None:
    factor = np.where(np.arange(210) < 100, 1.0, 2.5)
    history = weeks(np.random.default_rng(3), 4, 210, factor)
    done = forecast_demand(history, (7,), 7, LEVELS)
    assert set(done.shifts.kind) == {"permanent"}
    assert np.all(done.level_factor[:, 50] > 2.0)
    assert all("level followed through a shift" in reason for reason in done.reasons)
    assert error(history, 2.5 * WEEK) < 0.1


def test_events_are_taken_out_of_the_past_and_put_into_the_future() -> None:
    rng = np.random.default_rng(4)
    on = (np.arange(217) % 40 < 3).astype(float)
    history = weeks(rng, 6, 210, 1.0 + 0.6 * on[:210])
    ahead = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    told = error(history, WEEK * (1.0 + 0.6 * ahead), indicators=on[None, :210], indicators_ahead=ahead[None])
    assert told < 0.1
    assert error(history, WEEK * (1.0 + 0.6 * ahead)) > 1.5 * told
    with pytest.raises(EngineInputError, match="indicators and indicators_ahead go together"):
        forecast_demand(history, (7,), 7, LEVELS, indicators=on[None, :210])


def test_ranges_of_days_with_events_are_as_much_wider_as_the_effect_is_unsure() -> None:
    ahead = np.array([[0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])

    def width(times: int) -> tuple[np.ndarray, DemandForecast]:
        on = np.zeros(210)
        on[[20 + 40 * i + j for i in range(times) for j in range(2)]] = 1.0
        history = weeks(np.random.default_rng(7), 1, 210, (1.0 + 0.6 * on) * 40.0)
        done = forecast_demand(history, (7,), 7, LEVELS, indicators=on[None], indicators_ahead=ahead)
        return (done.quantiles[2] - done.quantiles[0])[0] / done.mean[0], done

    seen_often, often = width(4)
    seen_once, once = width(1)
    assert once.events is not None
    assert often.events is not None
    assert once.events.standard_error[0, 0] > 1.2 * often.events.standard_error[0, 0]
    # 2.563 standard deviations lie between a tenth and nine tenths.
    off = effect_errors(once.mean, once.events, ahead)[0]
    assert off[1] > 0.0
    assert off[0] == 0.0
    assert np.all((once.quantiles[2] - once.quantiles[0])[0][1:3] > 2.56 * off[1:3])
    plain = seen_once[1] / seen_once[3], seen_often[1] / seen_often[3]
    assert plain[0] > plain[1]


@pytest.mark.parametrize("series", [1, 60])
def test_eighty_percent_intervals_hold_where_levels_wander(series: int) -> None:
    rng = np.random.default_rng(5)
    inside = []
    for _ in range(1 if series > 1 else 40):
        level = np.exp(rng.normal(0.0, 0.03, (series, 154)).cumsum(axis=1))
        mean = np.tile(WEEK, 22) * level * rng.lognormal(1.0, 0.5, (series, 1))
        values = rng.poisson(mean).astype(float)
        done = forecast_demand(values[:, :140], (7,), 14, LEVELS)
        inside.append((values[:, 140:] >= done.quantiles[0]) & (values[:, 140:] <= done.quantiles[2]))
    # Days of one series go together: forty lone ones leave a standard error of 0.031 (120 of them cover 0.765).
    low, high = (0.74, 0.87) if series > 1 else (0.7, 0.89)
    assert low <= np.mean(inside) <= high


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="seasons is empty"):
        forecast_demand(np.ones((1, 30)), (), 7, LEVELS)
    with pytest.raises(EngineInputError, match="is_open has shape"):
        forecast_demand(np.ones((1, 30)), (7,), 7, LEVELS, is_open=np.ones(29, dtype=bool))
    with pytest.raises(EngineInputError, match="combination is 'median'"):
        forecast_demand(np.ones((1, 30)), (7,), 7, LEVELS, combination="median")
