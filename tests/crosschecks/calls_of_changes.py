"""One call of each public function about changes and the choice of methods: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

MOVED = np.random.default_rng(4).poisson(np.where(np.arange(70) >= 40, 30.0, 12.0), (3, 70)).astype(float)

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.classify_change: {
        "history": MOVED,
        "season_periods": 7,
        "known_factor": np.where(np.arange(70) % 7 < 6, 1.0, 0.5),
        "long_cycle_periods": 30.0,
    },
    forecasting.treat_outliers: {"history": MOVED, "season_periods": 7, "limit": 2.0},
    forecasting.forecast_demand: {
        "history": MOVED,
        "seasons": (7,),
        "horizon": 7,
        "quantile_levels": np.array([0.1, 0.5, 0.9]),
        "n_windows": 2,
        "is_open": np.arange(MOVED.shape[1]) % 7 < 6,
        "is_open_ahead": np.arange(7) < 6,
        "indicators": np.arange(MOVED.shape[1])[None] % 20 // 19.0,
        "indicators_ahead": np.arange(7)[None] // 6.0,
        "group_of_series": np.array([0, 1, 0]),
        "is_tail": np.array([True, False, False]),
    },
    forecasting.forecast_selected: {
        "history": MOVED,
        "season_periods": 7,
        "horizon": 7,
        "quantile_levels": np.array([0.1, 0.5, 0.9]),
        "n_windows": 2,
        "group_of_series": np.array([0, 1, 0]),
        "is_tail": np.array([True, False, False]),
    },
    forecasting.standard_methods: {"seasons": (7, 28)},
    forecasting.break_even_weeks: {
        "extra_hours_per_week": np.array([20.0, 40.0]),
        "overtime_cost_per_hour": np.array([45.0, 40.0]),
        "temp_cost_per_hour": np.array([35.0, 39.0]),
        "hire_cost_per_hour": np.array([25.0, 30.0]),
        "temp_fixed_cost": np.array([500.0, 2000.0]),
        "hire_fixed_cost": np.array([4000.0, 6000.0]),
        "temp_lead_weeks": np.array([1.0, 2.0]),
        "hire_lead_weeks": np.array([6.0, 8.0]),
        "hire_notice_weeks": np.array([0.0, 4.0]),
    },
}
