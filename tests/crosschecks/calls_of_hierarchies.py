"""One call of each public function for sums and their parts: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import forecasting

CROSSED = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1]])
SUMS = forecasting.hierarchy_of_groups(CROSSED)
BASE = np.random.default_rng(5).gamma(3.0, 5.0, (9, 3))

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    forecasting.hierarchy_of_parents: {"parents": np.array([-1, 0, 0, 1, 1])},
    forecasting.hierarchy_of_groups: {"labels": CROSSED},
    forecasting.hierarchy_of_sums: {"summing": np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])},
    forecasting.reconcile: {"base": BASE, "hierarchy": SUMS, "variances": np.arange(1.0, 10.0)},
}
