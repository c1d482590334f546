"""What came otherwise than forecast, how much it matters, and how to say it. No database."""

from collections.abc import Sequence
from dataclasses import dataclass

from closeknit.rooms.demand.contracts.accuracy import ScoredWeek, ScoreLevel
from closeknit.rooms.demand.contracts.changes import ChangeKind
from closeknit.rooms.demand.contracts.exceptions import ExceptionCause, FindingKind

TIER_WEIGHTS = {"strategic": 8.0, "key": 4.0, "standard": 2.0, "volume": 1.25}
"""A unit off on an account of a closer tier weighs more, as an hour short does in a plan."""
STRETCH_95 = 1.959964 / 1.281552
"""How much wider than 80 % a 95 % range is, each side stretched as in a normal distribution."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed at a place. `is_own`: set for this tier or account itself, so it counts for a single series."""

    share: float
    least_units: float
    range_percent: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class Found:
    """A week that must be looked at. `low` and `high` are the range that it was held against."""

    week: ScoredWeek
    causes: tuple[ExceptionCause, ...]
    low: float
    high: float
    share_limit: float
    consequence: float


def find_exceptions(weeks: Sequence[ScoredWeek], limits: Sequence[Limits]) -> list[Found]:
    """Return the weeks that are outside their range or too far off, those first that matter most.

    A total may not be further off than its share. A single series is easily so by chance: it must leave the 80 % range,
    too, unless the share was set for its tier or account itself.
    """
    found = [_found(week, limit) for week, limit in zip(weeks, limits, strict=True)]
    return sorted((f for f in found if f is not None), key=lambda f: (-f.consequence, f.week.week_on))


def _found(week: ScoredWeek, limit: Limits) -> Found | None:
    off = week.actual - week.mean
    if abs(off) < limit.least_units:
        return None
    low, high = range_of(week, limit.range_percent)
    causes = []
    if not low <= week.actual <= high:
        causes.append(ExceptionCause.OUTSIDE_RANGE)
    counts = week.level is ScoreLevel.TOTAL or limit.is_own or not week.low <= week.actual <= week.high
    if counts and abs(off) > limit.share * week.mean:
        causes.append(ExceptionCause.OFF_FORECAST)
    if not causes:
        return None
    return Found(week, tuple(causes), low, high, limit.share, abs(off) * TIER_WEIGHTS.get(week.tier, 1.0))


def range_of(week: ScoredWeek, percent: str) -> tuple[float, float]:
    """Return the range that so many percent of weeks fall into, from the 80 % range of the forecast."""
    if percent == "80":
        return week.low, week.high
    middle = min(max(week.mean, week.low), week.high)
    return max(middle - STRETCH_95 * (middle - week.low), 0.0), middle + STRETCH_95 * (week.high - middle)


def say_exception(
    name: str, actual: float, mean: float, low: float, high: float, share_limit: float, causes: Sequence[str]
) -> str:
    """Say in one sentence what came, what was forecast, and what is allowed."""
    off = f"{(actual - mean) / mean:+.0%}" if mean > 0 else "from nothing"
    why = []
    if ExceptionCause.OUTSIDE_RANGE in causes:
        why.append(f"outside its range of {low:,.0f} to {high:,.0f}")
    if ExceptionCause.OFF_FORECAST in causes:
        why.append(f"further off than {share_limit:.0%}")
    return f"{name}: {actual:,.0f} came, {mean:,.0f} forecast ({off}), {' and '.join(why)}."


def agreement(change: str, finding: FindingKind) -> bool | None:
    """Tell whether a finding says the same as a classification; None where one of them says nothing about it."""
    if finding not in (FindingKind.LASTING, FindingKind.ONE_OFF):
        return None
    if change not in (ChangeKind.PERMANENT, ChangeKind.TEMPORARY):
        return None
    return (change == ChangeKind.PERMANENT) == (finding is FindingKind.LASTING)


def escalation_cause(operation: str, account_number: str) -> str:
    """Return the cause of an escalation: one for each account, and one for all that is of no account."""
    return f"forecast-exception:{operation}:{account_number}"[:200]


def name_series(service: str, region: str, work_class: str, tier: str, account_number: str, level: str) -> str:
    """Name a series for people: "picking, north, all" or "Acme, picking, north"."""
    who = account_number or ("all" if level == ScoreLevel.TOTAL else f"{tier} accounts together")
    parts = [service, region, work_class, who]
    return ", ".join(part for part in parts if part)
