"""What other rooms may know of changes of level: spike or shift, since when, and which capacity that asks for."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from closeknit.rooms.demand.contracts.accuracy import ScoreLevel
from closeknit.rooms.org.contracts.fields import PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

PLACES = (Level.GLOBAL, Level.REGION)


def _response(
    name: str, kind: Kind, default: float | Decimal, unit: str, sentence: str, bounds: tuple[Any, Any] = (None, None)
) -> Setting:
    lowest, highest = bounds
    return Setting(f"demand.response.{name}", kind, default, unit, sentence, lowest, highest, levels=PLACES)


def _cost(name: str, default: str, sentence: str, bounds: tuple[str, str]) -> Setting:
    return _response(name, Kind.MONEY, Decimal(default), "EUR", sentence, (Decimal(bounds[0]), Decimal(bounds[1])))


def _premium(name: str, default: float, sentence: str) -> Setting:
    return _response(name, Kind.SHARE, default, "", sentence)


def _weeks(name: str, default: float, sentence: str) -> Setting:
    return _response(name, Kind.NUMBER, default, "weeks", sentence, (0, 104))


HOUR_COST = _cost(
    "hour_cost",
    "25.00",
    "What an hour of the own people costs, where a lasting change of demand is weighed.",
    ("0.01", "10000"),
)
OVERTIME_PREMIUM = _premium(
    "overtime_premium", 0.5, "What overtime costs on top of an hour, where a change of demand is weighed."
)
TEMP_PREMIUM = _premium("temp_premium", 0.3, "What an hour of temps costs on top of an hour of the own people.")
TEMP_COST = _cost("temp_cost", "600.00", "What it costs once to get and train one temp.", ("0", "1000000"))
TEMP_LEAD_WEEKS = _weeks("temp_lead_weeks", 1.0, "How long it takes until temps work.")
HIRE_COST = _cost(
    "hire_cost", "4000.00", "What it costs once to find and train one person, and in the end to part.", ("0", "1000000")
)
HIRE_LEAD_WEEKS = _weeks("hire_lead_weeks", 6.0, "How long it takes until people who are hired work.")
HIRE_NOTICE_WEEKS = _weeks("hire_notice_weeks", 4.0, "How long people who are hired are paid after the work has ended.")
PERSON_HOURS = _response(
    "hours_per_person",
    Kind.NUMBER,
    32.0,
    "hours a week",
    "How many hours a week one person works at customers' tasks.",
    (1, 168),
)
UNIT_MINUTES = _response(
    "minutes_per_unit",
    Kind.NUMBER,
    10.0,
    "minutes",
    "How long one unit of work takes, where no source measures it.",
    (0.01, 100_000),
)
RESPONSE_SETTINGS = (
    HOUR_COST,
    OVERTIME_PREMIUM,
    TEMP_PREMIUM,
    TEMP_COST,
    TEMP_LEAD_WEEKS,
    HIRE_COST,
    HIRE_LEAD_WEEKS,
    HIRE_NOTICE_WEEKS,
    PERSON_HOURS,
    UNIT_MINUTES,
)


class ChangeKind(StrEnum):
    """What a change of level is: none, a spike that ended, a shift that settled, or too recent to say."""

    NONE = "none"
    TEMPORARY = "temporary"
    PERMANENT = "permanent"
    UNKNOWN = "unknown"


class ResponseKind(StrEnum):
    """What capacity does about it."""

    NOTHING = "nothing"
    OVERTIME = "overtime"
    TEMPS = "temps"
    HIRE = "hire"


@dataclass(frozen=True, slots=True)
class SeriesName:
    """Which series of an operation. What is not told apart is "": a total has no class, tier or account."""

    level: ScoreLevel
    service: str
    region: str
    work_class: str
    tier: str
    account_number: str


@dataclass(frozen=True, slots=True)
class ResponseCosts:
    """What each way of doing more work costs at a place: per hour, once per person, and how long it takes."""

    overtime_per_hour: float
    temp_per_hour: float
    hire_per_hour: float
    temp_once: float
    hire_once: float
    temp_lead_weeks: float
    hire_lead_weeks: float
    hire_notice_weeks: float
    hours_per_person: float
    minutes_per_unit: float


@dataclass(frozen=True, slots=True)
class CapacityResponse:
    """Which capacity a change asks for, with its break-even: from how many weeks on temps, and hiring, are cheapest.

    `weeks` None: never. Costs are expected ones over a year, in the currency of the settings; None for who may not
    read prices.
    """

    kind: ResponseKind
    extra_hours_per_week: float
    temps_from_weeks: float | None
    hiring_from_weeks: float | None
    overtime_cost: float | None = field(metadata=PRICES)
    temps_cost: float | None = field(metadata=PRICES)
    hire_cost: float | None = field(metadata=PRICES)
    sentence: str


@dataclass(frozen=True, slots=True)
class ChangeCard:
    """The latest change of level of one series, with its evidence.

    `change_share`: +0.31 for 31 % more (None: from nothing), `low_share` and `high_share` its 95 % interval;
    `lasting_share`: the probability that it stays. `chance`: how likely noise alone would show as much in a series
    that did not change (None: not known, or no change), `evidence` the same in words. `strength` is the likelihood
    ratio behind it, `threshold` what a lasting change must reach.
    """

    operation: str
    name: str
    series: SeriesName
    kind: ChangeKind
    since_on: date | None
    until_on: date | None
    units_before: float
    units_after: float
    change_share: float | None
    low_share: float | None
    high_share: float | None
    lasting_share: float
    strength: float
    threshold: float
    sentence: str
    response: CapacityResponse
    chance: float | None = None
    evidence: str = ""
