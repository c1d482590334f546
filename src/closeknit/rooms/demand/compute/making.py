"""A whole forecast from its inputs: each grain on its own clock, then one clock, then what people changed."""

from collections.abc import Sequence
from dataclasses import dataclass

from closeknit.rooms.demand.compute.adjusting import adjust_panels
from closeknit.rooms.demand.compute.archive import result_digest
from closeknit.rooms.demand.compute.inputs import ForecastInputs
from closeknit.rooms.demand.compute.laying import join_panels, on_clock
from closeknit.rooms.demand.compute.panels import Accuracy, forecast_panel, join_accuracy
from closeknit.rooms.demand.compute.parts import QUANTILE_LEVELS, Each
from closeknit.rooms.demand.compute.placing import account_shares
from closeknit.rooms.demand.contracts import AppliedAdjustment, Grain, Panel


@dataclass(frozen=True, slots=True)
class MadeForecast:
    """What came out: panels by grain, how good the methods are, what people's changes did, and the numbers' digest."""

    panels: tuple[Panel, ...]
    accuracy: Accuracy
    applied: tuple[AppliedAdjustment, ...]
    digest: str


def make_forecast(inputs: ForecastInputs, each: Each = map) -> MadeForecast:
    """Forecast all that there is a history of. The same inputs give the same numbers, bit for bit.

    `each` applies a function to the forecast's parts, in this process (`map`) or wherever there is room.
    """
    statistical, accuracy = _statistical(inputs, each)
    keys = [key for panel in statistical for key in panel.keys]
    shares = account_shares([source.history for source in inputs.sources], keys, inputs.tiers)
    panels, applied = adjust_panels(statistical, QUANTILE_LEVELS, inputs.adjustments, shares)
    return MadeForecast(panels, accuracy, applied, result_digest(panels))


def _statistical(inputs: ForecastInputs, each: Each) -> tuple[Sequence[Panel], Accuracy]:
    made = [
        (
            forecast_panel(
                source.history,
                inputs.tiers,
                inputs.horizon_days,
                inputs.own_from,
                inputs.occasions,
                inputs.best_tiers,
                each,
            ),
            source.zone,
        )
        for source in inputs.sources
    ]
    panels, accuracies = [], []
    for grain in Grain:
        mine = [(panel, accuracy, zone) for (panel, accuracy), zone in made if panel.grain is grain]
        if mine:
            panels.append(join_panels([on_clock(panel, zone, inputs.zone) for panel, _, zone in mine]))
            accuracies.append(join_accuracy([accuracy for _, accuracy, _ in mine]))
    return panels, join_accuracy(accuracies)
