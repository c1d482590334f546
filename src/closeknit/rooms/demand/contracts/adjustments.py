"""What people, insights, the pipeline and assumptions change in a forecast, and what came of it in a run."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from closeknit.kernel.errors import Invalid

MOST_TIMES = 100.0
MOST_UNITS = 1e9
AccountShares = Mapping[tuple[str, str, str, str], float]
"""What part of its tier's series an account brings that has none of its own, by (service, region, tier, account)."""


class AdjustmentSource(StrEnum):
    """Where an adjustment comes from."""

    OVERRIDE = "override"
    INSIGHT = "insight"
    PIPELINE = "pipeline"
    ASSUMPTION = "assumption"


class AdjustmentKind(StrEnum):
    """What its size means: a factor, units per week that come on top (or go), or units per week instead."""

    MULTIPLY = "multiply"
    ADD = "add-per-week"
    SET = "set-per-week"


class AdjustmentOutcome(StrEnum):
    """What a run made of an adjustment.

    Applied; overruled by a later one that sets the same place on the same days; or unmatched: the run forecasts no such
    series, or nothing of the window.
    """

    APPLIED = "applied"
    OVERRULED = "overruled"
    UNMATCHED = "unmatched"


@dataclass(frozen=True, slots=True)
class AdjustedPlace:
    """Which part of the demand of an operation: "" in a field means any.

    For an account, `tier` is the account's own: it says with whom the account is forecast where it has no own series.
    """

    service: str = ""
    region: str = ""
    work_class: str = ""
    tier: str = ""
    account_number: str = ""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One change to a forecast: `size` as its kind says, with a probability (0..1), on days from_on until before to_on.

    `adjustment_id` names what it comes from, such as an override's id. Later ones (`made_at`) work on what earlier ones
    left.
    """

    adjustment_id: str
    source: AdjustmentSource
    kind: AdjustmentKind
    size: float
    probability: float
    place: AdjustedPlace
    from_on: date
    to_on: date
    author_key: str
    made_at: datetime
    reason: str = ""


def check_size(kind: AdjustmentKind, size: float) -> None:
    """Raise Invalid where no forecast can be changed by such a size: no number, or one out of all bounds."""
    if not math.isfinite(size) or abs(size) > MOST_UNITS:
        raise Invalid("This size cannot be.", where="size", todo="Give a number, such as 1.4 for 40 % more.")
    if kind is AdjustmentKind.MULTIPLY and not 0 <= size <= MOST_TIMES:
        raise Invalid(
            f"Forecasts are multiplied by 0 to {MOST_TIMES:g}.", where="size", todo="Write 1.4 for 40 % more."
        )
    if kind is AdjustmentKind.SET and size < 0:
        raise Invalid("No week has less than no work.", where="size", todo="Give 0 or more units per week.")


@dataclass(frozen=True, slots=True)
class AdjustedWeek:
    """What an adjustment did to one week of its place, on the days of its window: expected units before and after."""

    week_on: date
    units_before: float
    units_after: float


@dataclass(frozen=True, slots=True)
class AppliedAdjustment:
    """An adjustment in one run: its outcome, by whom it was overruled (or ""), and its effect by week."""

    adjustment: Adjustment
    outcome: AdjustmentOutcome
    overruled_by: str
    weeks: tuple[AdjustedWeek, ...]

    @property
    def units_change(self) -> float:
        """Return the expected units that it brings over the run, below zero where it takes some away."""
        return sum(week.units_after - week.units_before for week in self.weeks)
