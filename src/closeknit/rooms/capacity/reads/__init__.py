"""Every question about capacity, one file per subject."""

from closeknit.rooms.capacity.reads.buffers import account_buffers, get_buffers
from closeknit.rooms.capacity.reads.dedicated import get_dedicated_case, list_tiers_planned
from closeknit.rooms.capacity.reads.differences import (
    count_differences,
    find_plan_in_force,
    get_difference,
    list_differences,
    project_pools,
)
from closeknit.rooms.capacity.reads.levels import get_levels
from closeknit.rooms.capacity.reads.plans import (
    account_claims,
    find_plan_of_thread,
    get_plan,
    get_planning_weeks,
    list_cells,
    list_claims,
    list_operations_planned,
    list_plans,
    list_pool_weeks,
    list_pools,
    list_withheld_pools,
    tier_claims,
)
from closeknit.rooms.capacity.reads.prices import get_prices
from closeknit.rooms.capacity.reads.quotes import get_quote, list_quotes
from closeknit.rooms.capacity.reads.rosters import (
    find_roster_of_thread,
    get_roster_board,
    get_roster_why_not,
    list_rosters,
    list_staff,
)
from closeknit.rooms.capacity.reads.scenarios import compare_scenarios, get_scenario, list_scenarios
from closeknit.rooms.capacity.reads.shortage import get_shortage, list_shortages
from closeknit.rooms.capacity.reads.today import find_need_today, get_need_today
from closeknit.rooms.capacity.reads.training import get_training_case

__all__ = [
    "account_buffers",
    "account_claims",
    "compare_scenarios",
    "count_differences",
    "find_need_today",
    "find_plan_in_force",
    "find_plan_of_thread",
    "find_roster_of_thread",
    "get_buffers",
    "get_dedicated_case",
    "get_difference",
    "get_levels",
    "get_need_today",
    "get_plan",
    "get_planning_weeks",
    "get_prices",
    "get_quote",
    "get_roster_board",
    "get_roster_why_not",
    "get_scenario",
    "get_shortage",
    "get_training_case",
    "list_cells",
    "list_claims",
    "list_differences",
    "list_operations_planned",
    "list_plans",
    "list_pool_weeks",
    "list_pools",
    "list_quotes",
    "list_rosters",
    "list_scenarios",
    "list_shortages",
    "list_staff",
    "list_tiers_planned",
    "list_withheld_pools",
    "project_pools",
    "tier_claims",
]
