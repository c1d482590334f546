"""What other rooms may know of agreements: terms, the measurable promises."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Measure(StrEnum):
    """What a term measures. Service level here is *served within the threshold, of all offered*."""

    ANSWER_WITHIN = "answer_within"
    SHIP_WITHIN = "ship_within"
    RESOLVE_WITHIN = "resolve_within"
    VISIT_WITHIN = "visit_within"


class TermSource(StrEnum):
    """Where a term comes from: a contract, a tier's default, the source's own record, or a recipe's assumption."""

    CONTRACT = "contract"
    TIER_DEFAULT = "tier default"
    RECORDED = "recorded by the source"
    ASSUMED = "assumed by the recipe"


@dataclass(frozen=True, slots=True)
class Term:
    """One promise in force: `target_share` of work is to be done within `threshold_minutes`.

    The account is "" for a default of a tier, the tier "" for a term that holds for all tiers; the service and the
    work class are "" where the term holds for any. `ends_on` is exclusive.
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
    credit_per_miss: Decimal
    currency: str
    starts_on: date
    ends_on: date | None
    source: TermSource

    @property
    def sentence(self) -> str:
        """Say the promise as a person would."""
        return f"{self.target_share:.0%} {_VERBS[self.measure]} within {_duration(self.threshold_minutes)}"


_VERBS = {
    Measure.ANSWER_WITHIN: "answered",
    Measure.SHIP_WITHIN: "shipped",
    Measure.RESOLVE_WITHIN: "resolved",
    Measure.VISIT_WITHIN: "visited",
}


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{minutes * 60:.0f} seconds"
    if minutes < 120:
        return f"{minutes:g} minutes"
    if minutes < 48 * 60:
        return f"{minutes / 60:g} hours"
    return f"{minutes / 1440:g} days"
