"""What an assumption said of a forecast, and whether it held. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from closeknit.rooms.demand.compute.adjusting import adjust_panels
from closeknit.rooms.demand.compute.placing import FloatArray
from closeknit.rooms.demand.contracts import AccountShares, AdjustedWeek, Adjustment, AssumptionState, Panel


@dataclass(frozen=True, slots=True)
class Outcome:
    """Units forecast, assumed and observed over the window, or in its busiest week; and whether the assumption held."""

    units_forecast: float
    units_assumed: float
    units_actual: float
    state: AssumptionState
    verdict: str


def assumed_weeks(
    panels: Sequence[Panel], levels: FloatArray, adjustment: Adjustment, shares: AccountShares
) -> tuple[AdjustedWeek, ...]:
    """Return what the methods alone said of the place by week, and what the assumption would have made of it."""
    plain = [replace(panel, mean=panel.statistical_mean, total_mean=panel.total_statistical_mean) for panel in panels]
    return adjust_panels(plain, levels, [adjustment], shares)[1][0].weeks


def judge(
    weeks: Sequence[AdjustedWeek], came: Mapping[date, float], *, is_peak: bool, tolerance_share: float
) -> Outcome:
    """Compare what was assumed with what came: over the window, or the busiest week of each."""
    together = max if is_peak else sum
    forecast = float(together([week.units_before for week in weeks]))
    assumed = float(together([week.units_after for week in weeks]))
    actual = float(together([came.get(week.week_on, 0.0) for week in weeks]))
    held = abs(actual - assumed) <= tolerance_share * assumed + 1e-9
    state = AssumptionState.HELD if held else AssumptionState.NOT_HELD
    off = f"{actual / assumed - 1:+.0%}" if assumed > 0 else f"{actual:+,.6g} units"
    where = "in the busiest week" if is_peak else "over the window"
    verdict = (
        f"Assumed {assumed:,.6g} units {where} ({forecast:,.6g} without the assumption), {actual:,.6g} came: {off},"
        f" {'within' if held else 'outside'} {tolerance_share:.0%}."
    )
    return Outcome(forecast, assumed, actual, state, verdict)
