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
RETRIALS = {
    "arrivals_per_hour": np.array([60.0, 200.0]),
    "handle_minutes": np.array([5.0, 6.0]),
    "patience_minutes": np.array([2.0, 1.0]),
    "threshold_minutes": np.array([0.5, 0.3]),
    "redial_share": np.array([0.5, 1.0]),
    "reconnect_share": np.array([0.0, 0.1]),
}
VARIED = {
    "arrivals_per_hour": np.array([60.0, 200.0]),
    "handle_minutes": np.array([5.0, 6.0]),
    "threshold_minutes": np.array([0.5, 0.3]),
    "squared_cv": np.array([0.0, 3.0]),
    "arrival_squared_cv": np.array([0.5, 1.0]),
}
CHATS = {
    "arrivals_per_hour": np.array([60.0, 200.0]),
    "handle_minutes": np.array([5.0, 6.0]),
    "relative_speed": np.array([1.0, 0.8, 0.6]),
    "threshold_minutes": np.array([0.5, 0.3]),
    "patience_minutes": np.array([3.0, np.inf]),
}
HOURS = {
    "work_minutes": np.random.default_rng(3).gamma(2.0, 30.0, (2, 12)),
    "interval_minutes": 30.0,
    "deadline_minutes": np.array([45.0, 100.0]),
    "is_open": np.arange(12) != 5,
    "start_backlog_minutes": np.full((2, 12), 2.0),
}
FLEET = {
    "machines": np.array([10, 4]),
    "hours_between_failures": np.array([50.0, 20.0]),
    "repair_hours": np.array([4.0, 2.0]),
    "spares": np.array([1, 0]),
}
BLEND = {
    "arrivals_per_hour": np.array([60.0, 20.0]),
    "handle_minutes": np.array([4.0, 5.0]),
    "outbound_handle_minutes": np.array([6.0, 3.0]),
    "threshold_minutes": np.array([0.5, 0.3]),
    "patience_minutes": np.array([3.0, np.inf]),
}
WORK = np.random.default_rng(2).gamma(2.0, 3.0, (2, 14))

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
    queueing.retrial_performance: {"agents": np.array([4, 25]), **RETRIALS},
    queueing.required_agents_with_retrials: {
        **RETRIALS,
        "target_share": np.array([0.8, 0.9]),
        "max_abandoned_share": np.array([0.1, 1.0]),
        "max_occupancy_share": np.array([0.9, 1.0]),
    },
    queueing.required_daily_capacity: {
        "work_hours": WORK,
        "window_days": np.array([1, 4]),
        "start_backlog_hours": np.array([3.0, 5.0]),
        "week_of_day": np.arange(14) // 7,
        "is_open": np.arange(14) % 7 < 6,
        "day_size": np.where(np.arange(14) % 7 < 5, 1.2, 0.4),
        "target_share": np.array([0.9, 0.8]),
        "late_window_days": np.array([2, 5]),
        "least_weekly_hours": np.array([0.0, 1.5]),
    },
    queueing.level_load: {
        "work_hours": WORK,
        "window_days": np.array([1, 4]),
        "capacity_hours": np.where(np.arange(14) % 7 < 6, 40.0, 0.0),
        "kept_free_hours": np.full(14, 5.0),
    },
    queueing.transient_performance: {
        "arrivals_per_hour": np.array([[30.0, 60.0], [5.0, 0.0]]),
        "agents": np.array([[3, 5], [1, 1]]),
        "interval_minutes": np.array([15.0, 30.0]),
        "handle_minutes": np.array([5.0, 6.0]),
        "threshold_minutes": np.array([0.5, 1.0]),
        "patience_minutes": np.array([2.0, 5.0]),
        "start_calls": np.array([2, 0]),
    },
    queueing.required_agents_by_interval: {
        "arrivals_per_hour": np.array([[30.0, 60.0], [5.0, 0.0]]),
        "interval_minutes": np.array([15.0, 30.0]),
        "handle_minutes": np.array([5.0, 6.0]),
        "threshold_minutes": np.array([0.5, 1.0]),
        "target_share": np.array([0.8, 0.7]),
        "patience_minutes": np.array([2.0, 5.0]),
        "max_occupancy_share": np.array([0.9, 0.95]),
        "max_abandoned_share": np.array([0.1, 0.2]),
        "max_mean_wait_minutes": np.array([2.0, np.inf]),
        "minimum_agents": np.array([1, 0]),
        "start_calls": np.array([2, 0]),
    },
    queueing.modified_offered_load: {
        "arrivals_per_hour": np.array([[30.0, 60.0], [5.0, 0.0]]),
        "interval_minutes": np.array([15.0, 30.0]),
        "handle_minutes": np.array([5.0, 6.0]),
    },
    queueing.backlog_carryover: {
        "arrivals_per_hour": np.array([[30.0, 60.0], [5.0, 0.0]]),
        "agents": np.array([[3, 5], [1, 1]]),
        "interval_minutes": np.array([15.0, 30.0]),
        "handle_minutes": np.array([5.0, 6.0]),
        "threshold_minutes": np.array([0.5, 1.0]),
        "start_backlog": np.array([2.0, 0.0]),
    },
    queueing.variability_performance: {"agents": np.array([6, 22]), **VARIED},
    queueing.required_agents_with_variability: {
        **VARIED,
        "target_share": np.array([0.8, 0.9]),
        "max_mean_wait_minutes": np.array([1.0, np.inf]),
        "max_occupancy_share": np.array([0.9, 1.0]),
    },
    queueing.chat_performance: {"agents": np.array([4, 14]), **CHATS},
    queueing.required_agents_for_chat: {
        **CHATS,
        "target_share": np.array([0.8, 0.9]),
        "max_abandoned_share": np.array([0.1, 1.0]),
        "max_mean_handle_minutes": np.array([8.0, np.inf]),
    },
    queueing.required_interval_agents: {
        **HOURS,
        "shift_of_interval": np.arange(12) // 6,
        "target_share": np.array([0.9, 1.0]),
    },
    queueing.deadline_shortfall: {**HOURS, "agents": np.where(np.arange(12) != 5, 4.0, 0.0)},
    queueing.repair_performance: {"repairers": np.array([2, 1]), **FLEET},
    queueing.required_repairers: {**FLEET, "target_running_share": np.array([0.9, 0.85])},
    queueing.required_machine_hours: {
        "good_units": np.array([900.0, 0.0]),
        "ideal_units_per_hour": np.array([60.0, 5.0]),
        "yield_share": np.array([0.95, 1.0]),
        "availability_share": np.array([0.9, 1.0]),
        "speed_share": np.array([0.8, 1.0]),
        "batch_units": np.array([200.0, np.inf]),
        "changeover_hours": np.array([0.5, 0.0]),
        "hours_per_machine": np.array([8.0, np.inf]),
    },
    queueing.tour_km: {
        "stops": np.array([40.0, 0.0]),
        "area_km2": np.array([50.0, 9.0]),
        "circuity": np.array([1.3, 1.0]),
    },
    queueing.required_technicians: {
        "visits_per_day": np.array([40.0, 0.0]),
        "visit_minutes": np.array([30.0, 45.0]),
        "area_km2": np.array([100.0, 30.0]),
        "working_minutes": np.array([450.0, 400.0]),
        "speed_km_per_hour": np.array([40.0, 30.0]),
        "depot_km": np.array([5.0, 0.0]),
        "circuity": np.array([1.3, 1.0]),
        "window_share": np.array([0.5, 0.0]),
        "windows_per_day": np.array([4.0, 1.0]),
        "revisit_share": np.array([0.1, 0.0]),
    },
    queueing.blended_performance: {"agents": np.array([6, 4]), "reserve": np.array([1, 2]), **BLEND},
    queueing.required_agents_blended: {
        **BLEND,
        "target_share": np.array([0.8, 0.5]),
        "target_outbound_per_hour": np.array([10.0, 0.0]),
    },
}
