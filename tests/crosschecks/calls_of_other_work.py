"""One call of each public function for tiers and other kinds of work: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import queueing

TIERS = {
    "arrivals_per_hour": np.array([[30.0, 60.0, 90.0], [5.0, 0.0, 4.0]]),
    "handle_minutes": np.array([5.0, 5.0, 5.0]),
    "threshold_minutes": np.array([0.5, 1.0, 5.0]),
    "squared_cv": np.array([1.0, 1.0, 1.0]),
}

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    queueing.priority_performance: {"agents": np.array([18, 3]), **TIERS},
    queueing.required_agents_with_priorities: {
        **TIERS,
        "target_share": np.array([0.95, 0.8, 0.5]),
        "max_mean_wait_minutes": np.array([1.0, 2.0, np.inf]),
        "max_occupancy_share": np.array([0.95, 0.9]),
    },
    queueing.conserved_wait_minutes: {
        "agents": np.array([18, 3]),
        "arrivals_per_hour": TIERS["arrivals_per_hour"],
        "handle_minutes": TIERS["handle_minutes"],
        "squared_cv": TIERS["squared_cv"],
    },
}
