"""One call of each public function of smoothing and theta: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

WEEKS = np.random.default_rng(5).gamma(9.0, 3.0, (3, 42)) * (1.0 + 0.4 * np.sin(2.0 * np.pi * np.arange(42) / 7.0))

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.exponential_smoothing: {"history": WEEKS, "season_periods": 7, "horizon": 9},
    forecasting.smooth_with: {
        "history": WEEKS,
        "horizon": 5,
        "alpha": np.array([0.2, 0.3, 0.4]),
        "level": np.array([25.0, 27.0, 30.0]),
        "beta": np.array([0.1, 0.0, 0.2]),
        "slope": np.array([0.5, 0.0, -0.2]),
        "phi": np.array([0.9, 1.0, 0.95]),
    },
    forecasting.theta: {"history": WEEKS, "season_periods": 7, "horizon": 9, "optimised": True},
}
