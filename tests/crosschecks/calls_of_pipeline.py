"""One call of each public function about stated chances and the sales pipeline, for the laws of the engine."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

STATED = np.array([0.9, 0.7, 0.7, 0.2])
HAPPENED = np.array([1.0, 0.0, 1.0, 0.0])

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.score_stated_chances: {"stated": STATED, "happened": HAPPENED, "n_bins": 4},
    forecasting.calibrate_chances: {"chances": np.array([0.8, 0.1]), "stated": STATED, "happened": HAPPENED},
    forecasting.shrunk_size_ratio: {"stated_size": np.array([0.3, 50.0]), "actual_size": np.array([0.2, 60.0])},
}
