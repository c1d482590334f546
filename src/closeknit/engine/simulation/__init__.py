"""What happens, event by event, when a plan meets a day."""

from closeknit.engine.simulation.distributions import (
    Deterministic,
    Distribution,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
)
from closeknit.engine.simulation.estimates import Estimate
from closeknit.engine.simulation.model import (
    AgentGroup,
    Outage,
    RoutingRule,
    SimulationPlan,
    WorkClass,
    staffing_plan,
)
from closeknit.engine.simulation.results import (
    AccountMeasures,
    CallMeasures,
    CallRecords,
    GroupMeasures,
    Outcome,
    SimulationResult,
)
from closeknit.engine.simulation.simulate import Comparison, compare, simulate, simulate_calls

__all__ = [
    "AccountMeasures",
    "AgentGroup",
    "CallMeasures",
    "CallRecords",
    "Comparison",
    "Deterministic",
    "Distribution",
    "Empirical",
    "Estimate",
    "Exponential",
    "Gamma",
    "GroupMeasures",
    "Lognormal",
    "Outage",
    "Outcome",
    "RoutingRule",
    "SimulationPlan",
    "SimulationResult",
    "WorkClass",
    "compare",
    "simulate",
    "simulate_calls",
    "staffing_plan",
]
