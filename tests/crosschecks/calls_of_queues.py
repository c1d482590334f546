"""One call of each public function for one queue: the laws of the engine run over them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine import queueing

STREAM = {"arrivals_per_hour": np.array([60.0, 200.0]), "handle_minutes": np.array([5.0, 6.0])}
LIMITED = {"patience_minutes": np.array([2.0, 4.0]), "lines": np.array([9.0, 40.0])}
TARGETS = {
    "threshold_minutes": np.array([0.5, 0.3]),
    "target_share": np.array([0.6, 0.7]),
    "max_occupancy_share": np.array([0.9, 0.95]),
    "max_mean_wait_minutes": np.array([2.0, 1.0]),
    "max_mean_wait_of_answered_minutes": np.array([2.0, 1.0]),
    "max_abandoned_share": np.array([0.3, 0.2]),
    "max_blocked_share": np.array([0.3, 0.2]),
}
TEAM = {"agents": np.array([6.0, 21.0]), **STREAM}

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    queueing.queue_performance: {**TEAM, **LIMITED, "threshold_minutes": np.array([0.5, 0.3])},
    queueing.erlang_a: {
        **TEAM,
        "patience_minutes": np.array([2.0, 4.0]),
        "threshold_minutes": np.array([0.5, 0.3]),
    },
    queueing.erlang_b_load: {"servers": np.array([3.0, 50.5]), "blocking_share": np.array([0.1, 0.01])},
    queueing.required_lines: {"offered_erlangs": np.array([3.0, 50.0]), "max_blocking_share": np.array([0.1, 0.01])},
    queueing.largest_arrivals: {
        "agents": np.array([6.0, 21.0]),
        "handle_minutes": np.array([5.0, 6.0]),
        **LIMITED,
        **TARGETS,
    },
    queueing.waiting_time_distribution: {**TEAM, **LIMITED, "times_minutes": np.array([0.0, 1.0, 4.0])},
    queueing.waiting_time_quantile: {**TEAM, **LIMITED, "share": np.array([0.5, 0.99])},
    queueing.reachable_threshold: {**TEAM, **LIMITED, "target_share": np.array([0.5, 0.9])},
    queueing.system_size_distribution: {**TEAM, **LIMITED, "largest": 5},
    queueing.time_in_system_longer_share: {**TEAM, "times_minutes": np.array([1.0, 4.0])},
    queueing.halfin_whitt_wait_share: {"beta": np.array([1.0, 2.0]), "patience_ratio": np.array([0.5, 1.0])},
    queueing.check_published: {},
    queueing.required_agents: {**STREAM, **LIMITED, **TARGETS},
}
