"""How many people keep a promise.

- `erlang_b`, `erlang_c`: blocking and waiting probabilities, stable to 100,000 servers.
- `erlang_c_performance`: what a number of agents gives; `required_agents`: the fewest that meet all targets.
- `compose_shrinkage`, `scheduled_agents`, `net_agents`: from people answering to people on the roster and
  back, in exact arithmetic.
- `staff_skills`, `skills_are_covered`, `pooling_gain`, `pooled_team_bound`, `raise_until_met`: people with several
  skills, each agent-hour used once.
- `required_daily_capacity`, `edf_lateness`: work with deadlines, not waits (back office, picking, field).

The model of the first two is M/M/c: Poisson arrivals, exponential handling, nobody gives up, steady state
within the interval. Patience, priorities and time-varying rates are other models.
"""

from closeknit.engine.queueing.deadline import (
    DeadlineCapacity,
    EdfLateness,
    edf_lateness,
    required_daily_capacity,
)
from closeknit.engine.queueing.erlang import ErlangCPerformance, erlang_b, erlang_c, erlang_c_performance
from closeknit.engine.queueing.pooling import PooledTeamBound, PoolingGain, pooled_team_bound, pooling_gain
from closeknit.engine.queueing.priority import PriorityPerformance, conserved_wait_minutes, priority_performance
from closeknit.engine.queueing.priority_staffing import PriorityStaffing, required_agents_with_priorities
from closeknit.engine.queueing.shrinkage import compose_shrinkage, net_agents, scheduled_agents
from closeknit.engine.queueing.skill_cover import SkillCover, skills_are_covered
from closeknit.engine.queueing.skill_search import MetTeam, raise_until_met
from closeknit.engine.queueing.skills import SkillStaffing, staff_skills
from closeknit.engine.queueing.staffing import StaffingRequirement, required_agents

__all__ = [
    "DeadlineCapacity",
    "EdfLateness",
    "ErlangCPerformance",
    "MetTeam",
    "PooledTeamBound",
    "PoolingGain",
    "PriorityPerformance",
    "PriorityStaffing",
    "SkillCover",
    "SkillStaffing",
    "StaffingRequirement",
    "compose_shrinkage",
    "conserved_wait_minutes",
    "edf_lateness",
    "erlang_b",
    "erlang_c",
    "erlang_c_performance",
    "net_agents",
    "pooled_team_bound",
    "pooling_gain",
    "priority_performance",
    "raise_until_met",
    "required_agents",
    "required_agents_with_priorities",
    "required_daily_capacity",
    "scheduled_agents",
    "skills_are_covered",
    "staff_skills",
]
