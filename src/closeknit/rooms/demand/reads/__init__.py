"""Every question about demand, one file per subject."""

from closeknit.rooms.demand.reads.accuracy import (
    compare_versions,
    list_accuracy,
    list_score_versions,
    list_scored_operations,
    list_scored_weeks,
)
from closeknit.rooms.demand.reads.adjustments import (
    get_adjustable_place,
    list_applied_adjustments,
    list_standing_adjustments,
)
from closeknit.rooms.demand.reads.assumptions import (
    count_assumptions,
    get_assumption,
    list_assumptions,
    list_scenarios,
)
from closeknit.rooms.demand.reads.backtests import get_backtest, list_backtests
from closeknit.rooms.demand.reads.changes import (
    classify_series,
    list_changes,
)
from closeknit.rooms.demand.reads.exceptions import (
    count_forecast_exceptions,
    get_forecast_exception,
    list_classifier_agreement,
    list_exception_steps,
    list_exception_weeks,
    list_forecast_exceptions,
    may_close,
)
from closeknit.rooms.demand.reads.explorer import get_branch
from closeknit.rooms.demand.reads.horizons import (
    get_horizons,
    get_run_horizon,
    list_frozen_changes,
    list_horizons,
)
from closeknit.rooms.demand.reads.intraday import find_intraday, get_intraday
from closeknit.rooms.demand.reads.override_value import get_override_value, list_override_value
from closeknit.rooms.demand.reads.overrides import (
    count_overrides,
    get_first_open_day,
    get_operation_day,
    get_override,
    list_overrides,
    preview_override,
)
from closeknit.rooms.demand.reads.pipeline import list_pipeline, list_pipeline_operations
from closeknit.rooms.demand.reads.runs import (
    SHARE_DAYS,
    WEEKS_SHOWN,
    account_weekly_share,
    account_weekly_units,
    find_current_run,
    get_numbers,
    get_run,
    list_event_effects,
    list_forecast_operations,
    list_runs,
    list_series,
    sees_whole,
    weekly_points,
    weekly_quantile,
)
from closeknit.rooms.demand.reads.sharing import get_sharing, list_sharing, list_sharing_accesses

__all__ = [
    "SHARE_DAYS",
    "WEEKS_SHOWN",
    "account_weekly_share",
    "account_weekly_units",
    "classify_series",
    "compare_versions",
    "count_assumptions",
    "count_forecast_exceptions",
    "count_overrides",
    "find_current_run",
    "find_intraday",
    "get_adjustable_place",
    "get_assumption",
    "get_backtest",
    "get_branch",
    "get_first_open_day",
    "get_forecast_exception",
    "get_horizons",
    "get_intraday",
    "get_numbers",
    "get_operation_day",
    "get_override",
    "get_override_value",
    "get_run",
    "get_run_horizon",
    "get_sharing",
    "list_accuracy",
    "list_applied_adjustments",
    "list_assumptions",
    "list_backtests",
    "list_changes",
    "list_classifier_agreement",
    "list_event_effects",
    "list_exception_steps",
    "list_exception_weeks",
    "list_forecast_exceptions",
    "list_forecast_operations",
    "list_frozen_changes",
    "list_horizons",
    "list_override_value",
    "list_overrides",
    "list_pipeline",
    "list_pipeline_operations",
    "list_runs",
    "list_scenarios",
    "list_score_versions",
    "list_scored_operations",
    "list_scored_weeks",
    "list_series",
    "list_sharing",
    "list_sharing_accesses",
    "list_standing_adjustments",
    "may_close",
    "preview_override",
    "sees_whole",
    "weekly_points",
    "weekly_quantile",
]
