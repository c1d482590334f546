"""Terms: the measurable promises, and which one holds for a piece of work."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from closeknit.rooms.org.contracts.fields import MONEY


class Measure(StrEnum):
    """What a term measures. Service level here is *served within the threshold, of all offered*."""

    ANSWER_WITHIN = "answer_within"
    SHIP_WITHIN = "ship_within"
    RESOLVE_WITHIN = "resolve_within"
    VISIT_WITHIN = "visit_within"


class Clock(StrEnum):
    """How a threshold counts: every minute, or 1,440 minutes for each open day and none for a closed one."""

    CALENDAR = "calendar"
    BUSINESS = "business"


class TermSource(StrEnum):
    """Where a term comes from: a contract, a tier's default, the source's own record, or a recipe's
    assumption.
    """

    CONTRACT = "contract"
    TIER_DEFAULT = "tier default"
    RECORDED = "recorded by the source"
    ASSUMED = "assumed by the recipe"


@dataclass(frozen=True, slots=True)
class Term:
    """One promise in force: `target_share` of work is to be done within `threshold_minutes`.

    The account is "" for a default of a tier, the tier "" for a term that holds for all tiers; the service
    and the work class are "" where the term holds for any. `ends_on` is exclusive.
    """

    term_number: str
    contract_number: str
    account_number: str
    tier: str
    operation: str
    service: str
    work_class: str
    measure: Measure
    threshold_minutes: float
    target_share: float
    credit_per_miss: Decimal | None = field(metadata=MONEY)
    currency: str
    starts_on: date
    ends_on: date | None
    source: TermSource
    clock: Clock = Clock.CALENDAR

    @property
    def sentence(self) -> str:
        """Say the promise as a person would."""
        return say_promise(self.target_share, self.measure, self.threshold_minutes, self.clock)


_VERBS = {
    Measure.ANSWER_WITHIN: "answered",
    Measure.SHIP_WITHIN: "shipped",
    Measure.RESOLVE_WITHIN: "resolved",
    Measure.VISIT_WITHIN: "visited",
}


def say_promise(target_share: float, measure: Measure, threshold_minutes: float, clock: Clock) -> str:
    """Say a share of work that is to be done within a time as a person would."""
    return f"{target_share * 100:.4g}% {_VERBS[measure]} within {_duration(threshold_minutes, clock)}"


def _duration(minutes: float, clock: Clock) -> str:
    if clock is Clock.BUSINESS:
        if minutes >= 1440:
            return f"{minutes / 1440:g} open day{'' if minutes == 1440 else 's'}"
        return f"{minutes / 60:g} hours of an open day"
    if minutes < 1:
        return f"{minutes * 60:.0f} seconds"
    if minutes < 120:
        return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
    if minutes < 48 * 60:
        return f"{minutes / 60:g} hours"
    return f"{minutes / 1440:g} days"


def longest_days(terms: Iterable[Term]) -> int:
    """Return how many calendar days the longest promise may reach beyond the day of the work, weekends
    included.
    """
    longest = 0.0
    for term in terms:
        days = term.threshold_minutes / 1440
        longest = max(longest, days * 7 / 5 + 2 if term.clock is Clock.BUSINESS else days)
    return int(longest)


def pick_term(terms: Iterable[Term], *, account_number: str, tier: str, service: str, work_class: str) -> Term | None:
    """Return the most specific of the terms that hold for a piece of work, or None where none does.

    An account's own term comes before its tier's default, and that before a term for everyone (recorded or
    assumed). Among equals the one that names the service wins, then the one that names the class of work,
    then the stricter (shorter time, higher share), then the term number, so that the answer never depends on
    the order of `terms`. A term that names something never holds for work that states nothing there.
    """
    holding = [term for term in terms if _holds(term, account_number, tier, service, work_class)]
    return min(holding, key=_rank, default=None)


def _holds(term: Term, account_number: str, tier: str, service: str, work_class: str) -> bool:
    if term.account_number:
        who = term.account_number == account_number
    else:
        who = term.tier in ("", tier)
    return who and term.service in ("", service) and term.work_class in ("", work_class)


def _rank(term: Term) -> tuple[int, bool, bool, float, float, str]:
    closeness = 0 if term.account_number else 1 if term.tier else 2
    return (
        closeness,
        not term.service,
        not term.work_class,
        term.threshold_minutes,
        -term.target_share,
        term.term_number,
    )
