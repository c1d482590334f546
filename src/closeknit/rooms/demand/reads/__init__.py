"""Every question about demand, one file per subject."""

from closeknit.rooms.demand.reads.adjustments import list_applied_adjustments, list_standing_adjustments
from closeknit.rooms.demand.reads.explorer import get_branch
from closeknit.rooms.demand.reads.runs import (
    SHARE_DAYS,
    WEEKS_SHOWN,
    WORKING_WEEK_DAYS,
    account_weekly_share,
    account_weekly_units,
    find_current_run,
    get_numbers,
    get_run,
    list_runs,
    list_series,
    sees_whole,
    weekly_points,
    weekly_quantile,
)

__all__ = [
    "SHARE_DAYS",
    "WEEKS_SHOWN",
    "WORKING_WEEK_DAYS",
    "account_weekly_share",
    "account_weekly_units",
    "find_current_run",
    "get_branch",
    "get_numbers",
    "get_run",
    "list_applied_adjustments",
    "list_runs",
    "list_series",
    "list_standing_adjustments",
    "sees_whole",
    "weekly_points",
    "weekly_quantile",
]
