"""One call of each public function about events, shapes of the day and the day under way, for the engine's laws."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

ON = np.stack([(np.arange(70) % 20 == 11).astype(float), np.where(np.arange(70) % 30 == 4, 0.5, 0.0)])
PAST = np.random.default_rng(5).poisson(12.0 * (1.0 + ON[0]), (3, 70)).astype(float)
SHAPE = forecasting.day_profile(PAST, 10, np.arange(7))
EFFECTS = forecasting.event_effects(PAST, ON, 7)

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.event_effects: {
        "history": PAST,
        "indicators": ON,
        "season_periods": 7,
        "group_of_series": np.array([0, 1, 0]),
        "is_own": np.array([[True, True], [True, False], [False, True]]),
    },
    forecasting.without_effects: {"history": PAST, "effects": EFFECTS, "indicators": ON},
    forecasting.with_effects: {"forecast": PAST[:, :5], "effects": EFFECTS, "indicators_ahead": ON[:, :5]},
    forecasting.effect_errors: {
        "forecast": PAST[:, :5],
        "effects": EFFECTS,
        "indicators_ahead": ON[:, :5],
        "block_of_period": np.array([0, 0, 1, 1, 1]),
    },
    forecasting.widened_quantiles: {
        "mean": PAST[:, :5],
        "quantiles": np.stack([0.8 * PAST[:, :5], 1.3 * PAST[:, :5]]),
        "quantile_levels": np.array([0.1, 0.9]),
        "standard_deviation": np.full((3, 5), 1.5),
    },
    forecasting.day_profile: {
        "history": PAST,
        "slots_per_day": 10,
        "kind_of_day": np.array([0, 0, 1, 0, 0, 1, 1]),
        "group_of_series": np.array([0, 1, 0]),
        "half_life_days": 20.0,
    },
    forecasting.to_slots: {
        "daily_mean": np.array([[90.0, 110.0]] * 3),
        "daily_quantiles": np.array([[[80.0, 100.0]] * 3, [[100.0, 120.0]] * 3]),
        "quantile_levels": np.array([0.1, 0.9]),
        "profile": SHAPE,
        "kind_of_day": np.array([2, 6]),
    },
    forecasting.rest_of_day: {
        "came_units": np.array([12.0, 40.0]),
        "expected_units": np.array([[10.0, 20.0], [30.0, 5.0]]),
        "passed_share": np.array([[1.0, 0.0], [1.0, 0.5]]),
        "quantile_levels": np.array([0.1, 0.9]),
        "level_deviation": np.array([0.2, 0.1]),
        "noise": np.array([1.0, 2.0]),
    },
    forecasting.level_deviation: {"actual": PAST, "forecast": np.full((3, 70), 14.0), "noise": 1.5},
    forecasting.finest_period: {
        "history": PAST,
        "period_minutes": 720,
        "response_minutes": np.array([60.0, 1440.0, 0.0]),
    },
    forecasting.branches_of_their_own: {
        "history": PAST,
        "group_of_branch": np.array([0, 1, 0]),
        "season_periods": 7,
    },
}
