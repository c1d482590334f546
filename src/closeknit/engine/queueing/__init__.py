"""How many people keep a promise.

- `erlang_b`, `erlang_c`: blocking and waiting probabilities, stable to 100,000 servers; `erlang_b_load`,
  `required_lines`: their inverses.
- `queue_performance` (`erlang_a`, `erlang_c_performance`): what a number of agents gives, with patience and limited
  lines; `waiting_time_distribution`, `waiting_time_quantile`, `system_size_distribution`: in whole.
- `required_agents`: the fewest that meet all targets; `largest_arrivals`, `reachable_threshold`: what fits a team.
- `check_published`: results of the literature, computed again.
- `compose_shrinkage`, `scheduled_agents`, `net_agents`: from people answering to people on the roster and
  back, in exact arithmetic.
- `fit_handle_times`, `fit_patience`, `patience_survival`, `arrival_dispersion`, `fit_gamma_mixed_rate`: parameters from
  data, and whether the model's assumptions hold in it.
- `required_agents_uncertain_rate`, `level_under_uncertain_rate`: the correction that over-dispersion demands.
- `staff_skills`, `skills_are_covered`, `pooling_gain`, `pooled_team_bound`, `raise_until_met`: people with several
  skills, each agent-hour used once.
- `required_agents_by_interval`, `transient_performance`: load that moves within the day, on its exact distribution;
  `modified_offered_load`, `backlog_carryover`: quick looks at the same.
- `priority_performance`, `required_agents_with_priorities`, `conserved_wait_minutes`: tiers in one line.
- `variability_performance`, `retrial_performance`, `chat_performance`, `blended_performance`, each with its
  `required_agents_...`: other handling times, calls that come again, several chats at once, outbound calls between.
- `required_daily_capacity`, `edf_lateness`; `required_interval_agents`, `deadline_shortfall`: work with deadlines, not
  waits, in days and in working minutes; `level_load`: the same days filled as alike as due dates allow, with room kept.
- `required_technicians`, `tour_km`; `required_machine_hours`, `repair_performance`, `required_repairers`: field visits
  and machines.

The model of the first five is M/M/c, with exponential patience (+M) and limited lines (/K) where given: Poisson
arrivals, exponential handling, steady state within the interval. Each other model says its own assumptions.
"""

from closeknit.engine.queueing.backlog import BacklogCarryover, backlog_carryover
from closeknit.engine.queueing.blending import (
    BlendedPerformance,
    BlendedStaffing,
    blended_performance,
    required_agents_blended,
)
from closeknit.engine.queueing.chat import ChatPerformance, ChatStaffing, chat_performance, required_agents_for_chat
from closeknit.engine.queueing.deadline import (
    DeadlineCapacity,
    EdfLateness,
    edf_lateness,
    required_daily_capacity,
)
from closeknit.engine.queueing.dispersion import (
    ArrivalDispersion,
    GammaMixedRate,
    arrival_dispersion,
    fit_gamma_mixed_rate,
)
from closeknit.engine.queueing.erlang import erlang_b, erlang_b_load, erlang_c, required_lines
from closeknit.engine.queueing.field import FieldStaffing, required_technicians, tour_km
from closeknit.engine.queueing.handle_times import (
    FittedLaw,
    HandleLaw,
    HandleTimeFit,
    draw_handle_times,
    fit_handle_times,
    handle_time_cdf,
    handle_time_quantiles,
)
from closeknit.engine.queueing.hours import (
    DeadlineAgents,
    DeadlineShortfall,
    deadline_shortfall,
    required_interval_agents,
)
from closeknit.engine.queueing.levelling import LevelledLoad, level_load
from closeknit.engine.queueing.machines import (
    MachineHours,
    RepairPerformance,
    RepairStaffing,
    repair_performance,
    required_machine_hours,
    required_repairers,
)
from closeknit.engine.queueing.patience import (
    PatienceFit,
    PatienceHazard,
    SurvivalCurve,
    fit_patience,
    fit_patience_from_totals,
    patience_hazard,
    patience_survival,
)
from closeknit.engine.queueing.performance import (
    LevelDefinition,
    QueuePerformance,
    erlang_a,
    erlang_c_performance,
    queue_performance,
)
from closeknit.engine.queueing.pooling import PooledTeamBound, PoolingGain, pooled_team_bound, pooling_gain
from closeknit.engine.queueing.priority import PriorityPerformance, conserved_wait_minutes, priority_performance
from closeknit.engine.queueing.priority_staffing import PriorityStaffing, required_agents_with_priorities
from closeknit.engine.queueing.published import PUBLISHED, CheckedResult, PublishedResult, check_published
from closeknit.engine.queueing.retrials import (
    RetrialPerformance,
    RetrialStaffing,
    required_agents_with_retrials,
    retrial_performance,
)
from closeknit.engine.queueing.service_variability import (
    VariabilityPerformance,
    VariabilityStaffing,
    required_agents_with_variability,
    variability_performance,
)
from closeknit.engine.queueing.shrinkage import compose_shrinkage, net_agents, scheduled_agents
from closeknit.engine.queueing.skill_cover import SkillCover, skills_are_covered
from closeknit.engine.queueing.skill_search import MetTeam, raise_until_met
from closeknit.engine.queueing.skills import SkillStaffing, staff_skills
from closeknit.engine.queueing.staffing import StaffingRequirement, required_agents
from closeknit.engine.queueing.system import (
    halfin_whitt_wait_share,
    system_size_distribution,
    time_in_system_longer_share,
)
from closeknit.engine.queueing.time_varying import Leaving, TransientPerformance, transient_performance
from closeknit.engine.queueing.time_varying_load import modified_offered_load
from closeknit.engine.queueing.time_varying_staffing import (
    IntervalStaffing,
    StaffingMethod,
    required_agents_by_interval,
)
from closeknit.engine.queueing.uncertain_rate import (
    RatePromise,
    UncertainRateLevel,
    UncertainRateRequirement,
    level_under_uncertain_rate,
    required_agents_uncertain_rate,
)
from closeknit.engine.queueing.volume import LargestArrivals, largest_arrivals
from closeknit.engine.queueing.waiting import (
    WaitingTimeDistribution,
    WaitOf,
    reachable_threshold,
    waiting_time_distribution,
    waiting_time_quantile,
)

__all__ = [
    "PUBLISHED",
    "ArrivalDispersion",
    "BacklogCarryover",
    "BlendedPerformance",
    "BlendedStaffing",
    "ChatPerformance",
    "ChatStaffing",
    "CheckedResult",
    "DeadlineAgents",
    "DeadlineCapacity",
    "DeadlineShortfall",
    "EdfLateness",
    "FieldStaffing",
    "FittedLaw",
    "GammaMixedRate",
    "HandleLaw",
    "HandleTimeFit",
    "IntervalStaffing",
    "LargestArrivals",
    "Leaving",
    "LevelDefinition",
    "LevelledLoad",
    "MachineHours",
    "MetTeam",
    "PatienceFit",
    "PatienceHazard",
    "PooledTeamBound",
    "PoolingGain",
    "PriorityPerformance",
    "PriorityStaffing",
    "PublishedResult",
    "QueuePerformance",
    "RatePromise",
    "RepairPerformance",
    "RepairStaffing",
    "RetrialPerformance",
    "RetrialStaffing",
    "SkillCover",
    "SkillStaffing",
    "StaffingMethod",
    "StaffingRequirement",
    "SurvivalCurve",
    "TransientPerformance",
    "UncertainRateLevel",
    "UncertainRateRequirement",
    "VariabilityPerformance",
    "VariabilityStaffing",
    "WaitOf",
    "WaitingTimeDistribution",
    "arrival_dispersion",
    "backlog_carryover",
    "blended_performance",
    "chat_performance",
    "check_published",
    "compose_shrinkage",
    "conserved_wait_minutes",
    "deadline_shortfall",
    "draw_handle_times",
    "edf_lateness",
    "erlang_a",
    "erlang_b",
    "erlang_b_load",
    "erlang_c",
    "erlang_c_performance",
    "fit_gamma_mixed_rate",
    "fit_handle_times",
    "fit_patience",
    "fit_patience_from_totals",
    "halfin_whitt_wait_share",
    "handle_time_cdf",
    "handle_time_quantiles",
    "largest_arrivals",
    "level_load",
    "level_under_uncertain_rate",
    "modified_offered_load",
    "net_agents",
    "patience_hazard",
    "patience_survival",
    "pooled_team_bound",
    "pooling_gain",
    "priority_performance",
    "queue_performance",
    "raise_until_met",
    "reachable_threshold",
    "repair_performance",
    "required_agents",
    "required_agents_blended",
    "required_agents_by_interval",
    "required_agents_for_chat",
    "required_agents_uncertain_rate",
    "required_agents_with_priorities",
    "required_agents_with_retrials",
    "required_agents_with_variability",
    "required_daily_capacity",
    "required_interval_agents",
    "required_lines",
    "required_machine_hours",
    "required_repairers",
    "required_technicians",
    "retrial_performance",
    "scheduled_agents",
    "skills_are_covered",
    "staff_skills",
    "system_size_distribution",
    "time_in_system_longer_share",
    "tour_km",
    "transient_performance",
    "variability_performance",
    "waiting_time_distribution",
    "waiting_time_quantile",
]
