"""One call of each public function about stated chances and the sales pipeline, for the laws of the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

STATED = np.array([0.9, 0.7, 0.7, 0.2])
HAPPENED = np.array([1.0, 0.0, 1.0, 0.0])
PAST = {
    "stage": np.array([0, 0, 1, 1, 0]),
    "from_days": np.array([0.0, 5.0, 0.0, 0.0, 2.0]),
    "to_days": np.array([12.0, 40.0, 70.0, 20.0, 30.0]),
    "outcome": np.array([1, 2, 1, 2, 0]),
}

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.score_stated_chances: {"stated": STATED, "happened": HAPPENED, "n_bins": 4},
    forecasting.calibrate_chances: {"chances": np.array([0.8, 0.1]), "stated": STATED, "happened": HAPPENED},
    forecasting.shrunk_size_ratio: {"stated_size": np.array([0.3, 50.0]), "actual_size": np.array([0.2, 60.0])},
    forecasting.fit_close_hazards: {**PAST, "n_stages": 2, "ages_from_days": np.array([0.0, 15.0, 60.0])},
    forecasting.win_chance: {
        "hazards": forecasting.fit_close_hazards(**PAST, n_stages=2),
        "stage": np.array([0, 1]),
        "age_days": np.array([3.0, 90.0]),
        "weeks": 8,
    },
    forecasting.probable_demand: {
        "won_by_week": np.array([[0.1, 0.4], [0.2, 0.2]]),
        "units_per_week": np.array([10.0, 3.0]),
        "lead_weeks": np.array([0, 1]),
        "start_week": np.array([0, 0]),
        "end_week": np.array([2, 2]),
        "group": np.array([0, 1]),
        "n_groups": 2,
        "quantile_levels": np.array([0.1, 0.9]),
        "rng": np.random.default_rng(6),
        "draws": 50,
    },
}
