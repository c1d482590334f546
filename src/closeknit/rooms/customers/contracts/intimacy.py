"""What "we know this customer" means, per domain, and how far it holds of an account."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Knowing(StrEnum):
    """The four questions that knowing an account in a domain is made of."""

    COVERAGE = "coverage"
    """How much of what we want to know is known at all?"""
    FRESHNESS = "freshness"
    """How much of it is known from lately?"""
    DEPTH = "depth"
    """How far back, or how often?"""
    USE = "use"
    """Did decisions about the account come of it?"""


class Topic(StrEnum):
    """Where something that we want to know comes from."""

    WORK = "work"
    FACT = "fact"
    FIELD = "field"
    INSIGHT = "insight"


@dataclass(frozen=True, slots=True)
class WantedKnowledge:
    """One thing that we want to know of an account in a domain.

    Attributes:
        names: operations (work), kinds of facts, or fields of the profile; for insights nothing.
        fresh_days: from lately means within so many days.
        depth: known well means so many days of history (work), or so many statements (all else).
    """

    title: str
    topic: Topic
    names: tuple[str, ...]
    fresh_days: int
    depth: int


@dataclass(frozen=True, slots=True)
class DomainCriteria:
    """What knowing an account means in one domain; weights are points and add up to 100."""

    domain: str
    title: str
    weights: dict[Knowing, int]
    wanted: tuple[WantedKnowledge, ...]
    use_days: int
    use_decisions: int


@dataclass(frozen=True, slots=True)
class IntimacyCriteria:
    """The criteria of all domains, as their YAML says."""

    version: str
    text: str
    domains: tuple[DomainCriteria, ...]


@dataclass(frozen=True, slots=True)
class MeasureTerm:
    """One measure's part of a domain's index: `points` of `weight`, with the reason."""

    measure: Knowing
    points: Decimal
    weight: int
    reason: str


@dataclass(frozen=True, slots=True)
class DomainIndex:
    """How well an account is known in a domain: 0 to 100 points, the sum of its terms; and what is missing."""

    domain: str
    title: str
    points: Decimal
    terms: tuple[MeasureTerm, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IntimacyCard:
    """How well an account is known as of a day: the mean of its domains, one decimal, with what is missing."""

    account_number: str
    name: str
    as_of_on: date
    criteria_version: str
    points: Decimal
    domains: tuple[DomainIndex, ...]


@dataclass(frozen=True, slots=True)
class IntimacyRow:
    """One account of the list: its index, its domains' and how much is missing."""

    account_number: str
    name: str
    tier: str
    as_of_on: date
    points: Decimal
    domain_points: dict[str, Decimal]
    missing: int
