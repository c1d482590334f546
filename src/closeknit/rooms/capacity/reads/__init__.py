"""Every question about capacity, one file per subject."""

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

__all__ = [
    "account_claims",
    "find_plan_of_thread",
    "get_plan",
    "get_planning_weeks",
    "list_cells",
    "list_claims",
    "list_operations_planned",
    "list_plans",
    "list_pool_weeks",
    "list_pools",
    "list_withheld_pools",
    "tier_claims",
]
