"""What will be asked, with quantiles, for whole matrices of series at once.

- `seasonal_naive`, `seasonal_mean`: the last season, or the mean of the last few, repeated.
- `forecast_by_rolling_choice`: how many seasons to average, chosen per series on windows of its own past.
- `aggregate_quantiles`: quantiles of sums over the horizon (weeks of half-hours), from errors of sums.
- `hierarchy_of_parents`, `hierarchy_of_groups`, `add_up`, `reconcile`, `reconcile_by_errors`, `reconcile_quantiles`:
  forecasts of sums and parts made to agree.
- `croston`, `sba`, `sbj`, `tsb`, `adida`, `imapa`: demand that comes now and then; `demand_over_periods`.
- `forecast_demand`: all of it in one call: outliers, shifts, the judge's choice, quantiles.
- `forecast_selected`: every method of `standard_methods` (or your own) tried on rolling windows, chosen or weighted per
  series with its reasons, with conformal quantiles.
- `event_effects`: what holidays, promotions and other events do to each series; `without_effects`, `with_effects`;
  `effect_errors`, `widened_quantiles`: ranges that know how sure an effect is.
- `finest_period`, `branches_of_their_own`: how fine to forecast, and which branches alone.
- `day_profile`, `to_slots`: the shape of a day under a forecast of days; `rest_of_day`: what today will still bring.
- `treat_outliers`: single periods far from the usual, replaced and reported.
- `classify_change`: spike or shift, since when and by how much; `break_even_weeks`: which capacity that asks for.
- `exponential_smoothing`, `smooth_with`; `theta`: every form fitted to every series, whole matrices at once.
- `score_stated_chances`, `calibrate_chances`, `shrunk_size_ratio`: what people state, held against what happened.
- `fit_close_hazards`, `win_chance`, `probable_demand`: the sales pipeline as probable work.
- `mase`, `smape`, `wape`, `pinball_loss`, `interval_coverage`: how good a forecast was.

A series is a row; NaN is a missing or closed period and is skipped, never read as zero. Quantiles are
empirical: they come from the errors the same method made on this history at the same distance ahead.
"""

from closeknit.engine.forecasting.aggregate import AggregateForecast, aggregate_quantiles
from closeknit.engine.forecasting.break_even import BreakEven, break_even_weeks
from closeknit.engine.forecasting.changes import Changes, classify_change
from closeknit.engine.forecasting.demand import DemandForecast, forecast_demand
from closeknit.engine.forecasting.granularity import Granularity, OwnSeries, branches_of_their_own, finest_period
from closeknit.engine.forecasting.hierarchy import (
    Hierarchy,
    hierarchy_of_groups,
    hierarchy_of_parents,
    hierarchy_of_sums,
)
from closeknit.engine.forecasting.intermittent import (
    DemandOverPeriods,
    DemandPattern,
    IntermittentForecast,
    adida,
    classify_demand,
    croston,
    demand_over_periods,
    imapa,
    sba,
    sbj,
    tsb,
)
from closeknit.engine.forecasting.intraday import RestOfDay, level_deviation, rest_of_day
from closeknit.engine.forecasting.methods import Method, standard_methods
from closeknit.engine.forecasting.outliers import TreatedHistory, treat_outliers
from closeknit.engine.forecasting.pipeline import (
    CloseHazards,
    ProbableDemand,
    WinChance,
    fit_close_hazards,
    probable_demand,
    win_chance,
)
from closeknit.engine.forecasting.profile import DayProfile, SlotForecast, day_profile, to_slots
from closeknit.engine.forecasting.reconciliation import Reconciliation, add_up, reconcile
from closeknit.engine.forecasting.reconciliation_by_errors import (
    CoherentQuantiles,
    ReconciliationByErrors,
    reconcile_by_errors,
    reconcile_quantiles,
    shrinkage_intensity,
)
from closeknit.engine.forecasting.regression import (
    EventEffects,
    HistoryWithoutEvents,
    event_effects,
    with_effects,
    without_effects,
)
from closeknit.engine.forecasting.result import Forecast
from closeknit.engine.forecasting.rolling import forecast_by_rolling_choice
from closeknit.engine.forecasting.scores import interval_coverage, mase, pinball_loss, smape, wape
from closeknit.engine.forecasting.seasonal import seasonal_mean, seasonal_naive
from closeknit.engine.forecasting.selection import SelectedForecast, forecast_selected
from closeknit.engine.forecasting.smoothing import SmoothingForecast, exponential_smoothing, smooth_with
from closeknit.engine.forecasting.stated_chances import (
    StatedScore,
    calibrate_chances,
    score_stated_chances,
    shrunk_size_ratio,
)
from closeknit.engine.forecasting.theta import ThetaForecast, theta
from closeknit.engine.forecasting.widening import effect_errors, widened_quantiles

__all__ = [
    "AggregateForecast",
    "BreakEven",
    "Changes",
    "CloseHazards",
    "CoherentQuantiles",
    "DayProfile",
    "DemandForecast",
    "DemandOverPeriods",
    "DemandPattern",
    "EventEffects",
    "Forecast",
    "Granularity",
    "Hierarchy",
    "HistoryWithoutEvents",
    "IntermittentForecast",
    "Method",
    "OwnSeries",
    "ProbableDemand",
    "Reconciliation",
    "ReconciliationByErrors",
    "RestOfDay",
    "SelectedForecast",
    "SlotForecast",
    "SmoothingForecast",
    "StatedScore",
    "ThetaForecast",
    "TreatedHistory",
    "WinChance",
    "add_up",
    "adida",
    "aggregate_quantiles",
    "branches_of_their_own",
    "break_even_weeks",
    "calibrate_chances",
    "classify_change",
    "classify_demand",
    "croston",
    "day_profile",
    "demand_over_periods",
    "effect_errors",
    "event_effects",
    "exponential_smoothing",
    "finest_period",
    "fit_close_hazards",
    "forecast_by_rolling_choice",
    "forecast_demand",
    "forecast_selected",
    "hierarchy_of_groups",
    "hierarchy_of_parents",
    "hierarchy_of_sums",
    "imapa",
    "interval_coverage",
    "level_deviation",
    "mase",
    "pinball_loss",
    "probable_demand",
    "reconcile",
    "reconcile_by_errors",
    "reconcile_quantiles",
    "rest_of_day",
    "sba",
    "sbj",
    "score_stated_chances",
    "seasonal_mean",
    "seasonal_naive",
    "shrinkage_intensity",
    "shrunk_size_ratio",
    "smape",
    "smooth_with",
    "standard_methods",
    "theta",
    "to_slots",
    "treat_outliers",
    "tsb",
    "wape",
    "widened_quantiles",
    "win_chance",
    "with_effects",
    "without_effects",
]
