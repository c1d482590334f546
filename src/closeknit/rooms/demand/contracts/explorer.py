"""One branch of a forecast, as the explorer shows it: its weeks, its parts, and why its numbers are what they are."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from closeknit.rooms.demand.contracts.runs import EventEffect, ForecastCard, Grain

TOGETHER = "*"
"""Stands for the accounts of a tier that are forecast together, where an account's number would stand."""


class BranchLevel(StrEnum):
    """How deep a branch stands in the tree of a forecast."""

    OPERATION = "operation"
    SERVICE = "service"
    REGION = "region"
    TIER = "tier"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Branch:
    """A place in the tree of a forecast. Below an empty part, everything counts; the tree has one order of parts."""

    service: str = ""
    region: str = ""
    tier: str = ""
    account_number: str = ""

    @property
    def level(self) -> BranchLevel:
        """Return the deepest part that is named."""
        if self.account_number:
            return BranchLevel.ACCOUNT
        if self.tier:
            return BranchLevel.TIER
        if self.region:
            return BranchLevel.REGION
        return BranchLevel.SERVICE if self.service else BranchLevel.OPERATION


@dataclass(frozen=True, slots=True)
class BranchWeek:
    """One week of a branch. `statistical` is the forecast before people changed it; None in the past, as all below."""

    week_on: date
    observed: float | None
    statistical: float | None
    mean: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class BranchPart:
    """One part of a branch, one row: what it will bring, what it brought, and how well it was forecast.

    `recent_per_week`: observed units per week over the eight weeks before the forecast. `moved_share`: forecast against
    those, minus one. `series`: forecast series below it; `changed_by_people`: some number in it is not the statistical
    one; `is_widest`: its range is the sum of several, wider than 80 %.
    """

    branch: Branch
    name: str
    units_per_week: float
    low_per_week: float
    high_per_week: float
    recent_per_week: float | None
    moved_share: float | None
    wape_share: float | None
    method: str
    series: int
    changed_by_people: bool
    is_widest: bool = False


@dataclass(frozen=True, slots=True)
class BranchReason:
    """Why a series of the branch is forecast as it is: its name, method, the reason in words, its error."""

    name: str
    grain: Grain
    method: str
    reason: str
    wape_share: float | None


@dataclass(frozen=True, slots=True)
class BranchCard:
    """A branch of a forecast run.

    `reasons`: of its largest series. `effects`: what holidays and events do in it. `is_widest`: its range is the sum of
    several ranges, wider than 80 %, as this part has none of its own.
    """

    run: ForecastCard
    branch: Branch
    path: tuple[tuple[str, Branch], ...]
    weeks: tuple[BranchWeek, ...]
    part_level: BranchLevel | None
    parts: tuple[BranchPart, ...]
    reasons: tuple[BranchReason, ...]
    effects: tuple[EventEffect, ...]
    series: int
    is_widest: bool
