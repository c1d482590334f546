"""How far a forecast must look and what of it is settled: both follow from how long an answer takes."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

MOST_HORIZON_WEEKS = 26
PLACES = (Level.GLOBAL, Level.REGION, Level.SITE)


class Resource(StrEnum):
    """What an answer to demand is made of."""

    LABOUR = "labour"
    EQUIPMENT = "equipment"
    SUPPLY = "supply"


class LeadStep(StrEnum):
    """One way to answer demand, and what it waits for."""

    OVERTIME = "overtime"
    ROSTER = "roster"
    HIRE = "hire"
    TRAIN = "train"
    EQUIPMENT = "equipment"
    SUPPLY = "supply"


RESOURCE_OF: dict[LeadStep, Resource] = {
    LeadStep.OVERTIME: Resource.LABOUR,
    LeadStep.ROSTER: Resource.LABOUR,
    LeadStep.HIRE: Resource.LABOUR,
    LeadStep.TRAIN: Resource.LABOUR,
    LeadStep.EQUIPMENT: Resource.EQUIPMENT,
    LeadStep.SUPPLY: Resource.SUPPLY,
}
LEAD_DAYS: dict[LeadStep, Setting] = {
    step: Setting(
        key=f"demand.lead_days.{step.value}",
        kind=Kind.DAYS,
        default=days,
        unit="",
        sentence=sentence,
        lowest=0,
        highest=730,
        levels=PLACES,
    )
    for step, days, sentence in (
        (
            LeadStep.OVERTIME,
            0,
            "How many days ahead overtime must be announced; the days before are frozen.",
        ),
        (LeadStep.ROSTER, 14, "How many days ahead rosters are published and stand."),
        (LeadStep.HIRE, 28, "How many days it takes to hire somebody."),
        (LeadStep.TRAIN, 21, "How many days somebody new is trained before they work alone."),
        (LeadStep.EQUIPMENT, 42, "How many days it takes to get equipment."),
        (LeadStep.SUPPLY, 21, "How many days suppliers need to deliver."),
    )
}
REVIEW_DAYS = Setting(
    key="demand.review_days",
    kind=Kind.DAYS,
    default=7,
    unit="",
    sentence="How many days pass between two plans: a forecast must reach the longest lead time and the next plan.",
    lowest=1,
    highest=90,
    levels=PLACES,
)
HORIZON_SETTINGS = (*LEAD_DAYS.values(), REVIEW_DAYS)


@dataclass(frozen=True, slots=True)
class LeadTime:
    """One step: how many days it takes, and the first day that it can still reach.

    New people are trained after they are hired, so the day of `train` follows both. `set_for` is where the value in
    force was set: "" for the declared default, "everywhere", or a region or site.
    """

    step: LeadStep
    resource: Resource
    lead_days: int
    settled_until_on: date
    set_for: str


@dataclass(frozen=True, slots=True)
class ResourceFreeze:
    """Before this day nothing of a kind of resource can be changed any more, and which step is its quickest."""

    resource: Resource
    frozen_until_on: date
    quickest: LeadStep


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far an operation's forecast must look at a place, and what of it is settled, with the reason in words.

    `weeks` reach the longest lead time and one review more, `wanted_weeks` before the bound of 26. Before
    `frozen_until_on` not even the quickest answer comes in time; `freezes` says it for each kind of resource.
    """

    operation: str
    region: str
    site: str
    first_on: date
    weeks: int
    wanted_weeks: int
    longest_days: int
    review_days: int
    frozen_until_on: date
    reason: str
    leads: tuple[LeadTime, ...]
    freezes: tuple[ResourceFreeze, ...]


@dataclass(frozen=True, slots=True)
class FrozenChange:
    """How much a forecast changed, against the one before, on days that a step can no longer reach."""

    step: LeadStep
    resource: Resource
    until_on: date
    units_before: float
    units_now: float

    @property
    def change_share(self) -> float | None:
        """More (or less, below 0) than before, as a share of it; None where nothing was forecast before."""
        return self.units_now / self.units_before - 1.0 if self.units_before > 0 else None
