"""One call of each public function about events, shapes of the day and the day under way, for the engine's laws."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

ON = np.stack([(np.arange(70) % 20 == 11).astype(float), np.where(np.arange(70) % 30 == 4, 0.5, 0.0)])
PAST = np.random.default_rng(5).poisson(12.0 * (1.0 + ON[0]), (3, 70)).astype(float)
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
}
