"""Expectation against promise: the time within which customers stay satisfied, beside the time that was promised."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closeknit.rooms.agreements.contracts.terms import Measure
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

_LEVELS = (Level.GLOBAL, Level.REGION, Level.TIER, Level.ACCOUNT)
SATISFIED_SCORE = Setting(
    key="agreements.satisfied_score",
    kind=Kind.NUMBER,
    default=4.0,
    unit="on the survey's scale",
    sentence="From which score on customers count as satisfied when promises are compared with what they expect.",
    lowest=0,
    highest=100,
    levels=_LEVELS,
)
LEAST_ANSWERS = Setting(
    key="agreements.expectation_least_answers",
    kind=Kind.COUNT,
    default=40,
    unit="answers",
    sentence="From how many answers on it is said up to which time customers stay satisfied.",
    lowest=20,
    highest=10_000,
    levels=_LEVELS,
)
LOOK_BACK_DAYS = Setting(
    key="agreements.expectation_days",
    kind=Kind.DAYS,
    default=14,
    unit="",
    sentence="Work that ended in so many days before an answer counts as what the answer speaks of.",
    lowest=1,
    highest=90,
    levels=_LEVELS,
)
EXPECTATION_SETTINGS = (SATISFIED_SCORE, LEAST_ANSWERS, LOOK_BACK_DAYS)
CLEAR_SHARE = 0.05
"""A fall of satisfaction that chance alone makes more often than this is none."""
SEEN_DAYS = 365


class ExpectationVerdict(StrEnum):
    """How the time within which customers stay satisfied compares with the time promised."""

    TOO_FEW = "too few answers"
    NO_LINK = "time makes no clear difference"
    ALWAYS = "satisfied at every time seen"
    NEVER = "not satisfied at any time seen"
    TOO_LOOSE = "they need it sooner than promised"
    TOO_TIGHT = "promised sooner than they need it"
    FITTING = "promised about when they need it"


@dataclass(frozen=True, slots=True)
class PairedAnswer:
    """An answer beside the mean time that its account's work of one promise took shortly before."""

    account_number: str
    minutes: float
    score: float
    allowed_minutes: float


@dataclass(frozen=True, slots=True)
class ExpectationStep:
    """Satisfaction between two times, the first and the last seen: the mean score, and of how many answers."""

    from_minutes: float
    to_minutes: float
    score: float
    answers: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """Work of one kind: what was promised, and up to which time answers say that customers stay satisfied.

    Minutes count as the promise's own clock does: without holds, open time where it is business time.

    Attributes:
        promised_minutes: the time allowed, the median where accounts have different promises.
        least_promised_minutes: the shortest and, below, the longest time allowed to any of these accounts.
        limit_minutes: the longest time seen with the wanted score; None where the verdict says why there is none.
        low_minutes: bounds it together with `high_minutes` (90 %, by resampling accounts); an open end is None.
        chance_share: how often chance alone makes satisfaction fall so clearly; None where answers are too few.
        steps: satisfaction as it falls with time.
    """

    operation: str
    service: str
    work_class: str
    measure: Measure
    answers: int
    accounts: int
    promised_minutes: float
    least_promised_minutes: float
    most_promised_minutes: float
    limit_minutes: float | None
    low_minutes: float | None
    high_minutes: float | None
    chance_share: float | None
    verdict: ExpectationVerdict
    sentence: str
    steps: tuple[ExpectationStep, ...]


@dataclass(frozen=True, slots=True)
class Expectations:
    """What answers to one kind of survey say of the promises to one account, to a tier, or to all in sight.

    `kinds` are the surveys that were answered; `answers` how many answers of this kind count, the latest ones where
    `is_partial`; `named` of them name their work and are held beside that. Nothing of this changes a promise: a need
    may be stated from it.
    """

    account_number: str
    tier: str
    kind: str
    kinds: tuple[str, ...]
    wanted_score: float
    least_answers: int
    look_back_days: int
    from_at: datetime
    as_of_at: datetime
    answers: int
    named: int
    is_partial: bool
    promises: tuple[Expectation, ...]
