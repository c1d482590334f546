"""Stewards: who answers for which data, where and since when; and what departments share of it with each other.

A domain is a word for a part of the company's data. A field ("" for the whole domain) is one column of it, in the words
of the standard model. A steward holds for everyone (*global*) or for one region or site; the closest one answers.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.access import Role, Sensitivity
from closeknit.rooms.org.contracts.settings import Level

DOMAINS: dict[str, str] = {
    "customers": "Who accounts are: names, places, tiers, value.",
    "agreements": "What was promised: contracts, terms, calendars.",
    "service": "What is being done: requests, incidents, visits, and how long they take.",
    "demand": "What is asked for, and what will be: work, events, opportunities.",
    "capacity": "Who can do it: pools, rosters, staff, their costs.",
    "supply": "What can be shipped: items, stock, sites.",
    "finance": "Money: amounts, costs, credits and prices, in whatever part they stand.",
    "feedback": "What customers say: surveys and comments.",
    "privacy": "What may be used, for what, how long.",
    "sensing": "The feeds themselves: recipes, time zones, units, code lists.",
}
STEWARD_LEVELS: tuple[Level, ...] = (Level.GLOBAL, Level.REGION, Level.SITE)
FIELD = re.compile(r"[a-z][a-z0-9_]{0,79}")


class Department(StrEnum):
    """Parts of the company between which fields are shared or not."""

    SALES = "sales"
    OPERATIONS = "operations"
    FINANCE = "finance"


DEPARTMENT_OF: dict[Role, Department] = {
    Role.ACCOUNT_MANAGER: Department.SALES,
    Role.PLANNER: Department.OPERATIONS,
    Role.SERVICE_LEAD: Department.OPERATIONS,
    Role.CONTROLLER: Department.FINANCE,
}
"""Which department a role works for. The others work for all: executives, stewards, auditors, administrators."""

DOMAIN_OF_SENSITIVITY: dict[Sensitivity, str] = {Sensitivity.MONEY: "finance", Sensitivity.PRICES: "finance"}
"""Which domain a marked field belongs to besides that of its room."""


@dataclass(frozen=True, slots=True)
class StewardCard:
    """Who answers for a domain or one field of it, for everyone or at one place, and from when until when."""

    stewardship_id: int
    domain: str
    field: str
    level: Level
    place: str
    person_key: str
    person_name: str
    is_away: bool
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    appointed_by: str
    appointed_at: datetime
    end_reason: str
    thread_id: UUID

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant: its start counts, its end does not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)

    @property
    def subject(self) -> str:
        """What it is for: "customers.name in region north"."""
        what = f"{self.domain}.{self.field}" if self.field else self.domain
        return what if self.level == Level.GLOBAL else f"{what} in {self.level} {self.place}"


@dataclass(frozen=True, slots=True)
class SharingRuleCard:
    """That a department does not get a domain's fields ("" for all that are more than public), and since when."""

    rule_id: int
    domain: str
    field: str
    department: Department
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    set_by: str
    set_at: datetime
    end_reason: str
    thread_id: UUID

    def is_in_force(self, at: datetime) -> bool:
        """Tell whether it is in force at an instant: its start counts, its end does not."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class StewardChanged(Event):
    """Someone answers for data from a time on, or (`is_ended`) until one. `before_id` 0: nobody did."""

    stewardship_id: int
    before_id: int
    is_ended: bool


@dataclass(frozen=True, slots=True)
class DepartmentSharingChanged(Event):
    """A department gets fields no more, or (`is_ended`) gets them again."""

    rule_id: int
    is_ended: bool


def check_subject(domain: str, field: str) -> None:
    """Refuse a domain that nobody knows, and a field that is no name."""
    if domain not in DOMAINS:
        raise Invalid(f"There is no domain {domain[:40]!r}.", where="domain", todo=f"Use one of {', '.join(DOMAINS)}.")
    if field and not FIELD.fullmatch(field):
        raise Invalid(
            f"{field[:40]!r} is no name of a field.",
            where="field",
            todo="Use one such as account_number, or leave it out.",
        )


def domains_of(room: str, kind: Sensitivity) -> set[str]:
    """Return the domains that a room's fields of a sensitivity belong to."""
    return {room, DOMAIN_OF_SENSITIVITY.get(kind, room)}
