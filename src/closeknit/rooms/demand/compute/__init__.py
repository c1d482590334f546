"""From observed work to forecast numbers, and the sums behind every page of demand. No database."""

from closeknit.rooms.demand.compute.adjusting import adjust, adjust_panels
from closeknit.rooms.demand.compute.adjustment_forms import (
    adjustment_form,
    adjustment_of,
    applied_forms,
    applied_of,
)
from closeknit.rooms.demand.compute.archive import (
    archive_digest,
    history_digest,
    pack,
    pack_pieces,
    result_digest,
    unpack,
    unpack_pieces,
)
from closeknit.rooms.demand.compute.calendar import HOLIDAY, Occasion, public_holidays
from closeknit.rooms.demand.compute.explorer import whole_weeks
from closeknit.rooms.demand.compute.grouping import OWN_SERIES_WEEKS, PERIODS_PER_DAY, History, narrow
from closeknit.rooms.demand.compute.horizons import frozen_changes, horizon_of, widest
from closeknit.rooms.demand.compute.inputs import (
    ForecastInputs,
    Source,
    inputs_digest,
    pack_inputs,
    pack_inputs_pieces,
    unpack_inputs,
    unpack_inputs_pieces,
)
from closeknit.rooms.demand.compute.insights import judge_insight
from closeknit.rooms.demand.compute.laying import WORKING_WEEK_DAYS, join_panels, on_clock, shown_weeks, weekly_sums
from closeknit.rooms.demand.compute.making import MadeForecast, make_forecast
from closeknit.rooms.demand.compute.panels import (
    CODE_VERSION,
    NO_CHOICES,
    PLANNING_MINUTES,
    Accuracy,
    forecast_panel,
    grain_of,
    join_accuracy,
    score,
)
from closeknit.rooms.demand.compute.parts import HELD_OUT_DAYS, QUANTILE_LEVELS, Each
from closeknit.rooms.demand.compute.pipeline import weigh_pipeline
from closeknit.rooms.demand.compute.placing import SHARE_DAYS, account_shares, shares_of_rows, shares_of_units
from closeknit.rooms.demand.compute.ranges import weekly_range
from closeknit.rooms.demand.compute.renewals import without_renewed
from closeknit.rooms.demand.compute.sharing import derivable, shared_cells, shared_units, withheld_places

__all__ = [
    "CODE_VERSION",
    "HELD_OUT_DAYS",
    "HOLIDAY",
    "NO_CHOICES",
    "OWN_SERIES_WEEKS",
    "PERIODS_PER_DAY",
    "PLANNING_MINUTES",
    "QUANTILE_LEVELS",
    "SHARE_DAYS",
    "WORKING_WEEK_DAYS",
    "Accuracy",
    "Each",
    "ForecastInputs",
    "History",
    "MadeForecast",
    "Occasion",
    "Source",
    "account_shares",
    "adjust",
    "adjust_panels",
    "adjustment_form",
    "adjustment_of",
    "applied_forms",
    "applied_of",
    "archive_digest",
    "derivable",
    "forecast_panel",
    "frozen_changes",
    "grain_of",
    "history_digest",
    "horizon_of",
    "inputs_digest",
    "join_accuracy",
    "join_panels",
    "judge_insight",
    "make_forecast",
    "narrow",
    "on_clock",
    "pack",
    "pack_inputs",
    "pack_inputs_pieces",
    "pack_pieces",
    "public_holidays",
    "result_digest",
    "score",
    "shared_cells",
    "shared_units",
    "shares_of_rows",
    "shares_of_units",
    "shown_weeks",
    "unpack",
    "unpack_inputs",
    "unpack_inputs_pieces",
    "unpack_pieces",
    "weekly_range",
    "weekly_sums",
    "weigh_pipeline",
    "whole_weeks",
    "widest",
    "withheld_places",
    "without_renewed",
]
