"""Scores: what people weigh an account by, term by term."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.org.contracts.fields import INTERNAL
from closeknit.rooms.org.contracts.settings import LEVELS, Kind, Level, Setting

SCORE_RULE = "score/1"


class ScoreTermName(StrEnum):
    """What a score is made of."""

    VALUE = "value"
    STAYS = "stays"
    STRATEGIC = "strategic"
    GROWTH = "growth"
    COST_TO_SERVE = "cost_to_serve"


_SAYS = {
    ScoreTermName.VALUE: (35, "its value beside other accounts'"),
    ScoreTermName.STAYS: (20, "the chance that it stays"),
    ScoreTermName.STRATEGIC: (20, "how strategic people say it is"),
    ScoreTermName.GROWTH: (15, "how its orders grow"),
    ScoreTermName.COST_TO_SERVE: (10, "how little work it makes for what it orders"),
}
_PLACES = tuple(level for level in LEVELS if level is not Level.SITE)
SCORE_WEIGHTS: dict[ScoreTermName, Setting] = {
    name: Setting(
        key=f"customers.score_weight.{name.value}",
        kind=Kind.COUNT,
        default=default,
        unit="parts",
        sentence=f"How much of an account's score is {what}: so many parts of all five weights.",
        lowest=0,
        highest=100,
        levels=_PLACES,
    )
    for name, (default, what) in _SAYS.items()
}
STRATEGIC = Setting(
    key="customers.strategic_share",
    kind=Kind.SHARE,
    default=0.0,
    unit="",
    sentence="How strategic accounts are, 0 to 1, whatever they order. Where nobody says, the score goes without.",
    lowest=0,
    highest=1,
    levels=_PLACES,
)
SCORE_SETTINGS = (*SCORE_WEIGHTS.values(), STRATEGIC)


@dataclass(frozen=True, slots=True)
class ScoreTerm:
    """One term: `thousandths` = `weight` (per cent, all known terms together 100) x `measure` (0..1000).

    Not known: weight and thousandths are 0, `measure` is None, and `sentence` says what is missing.
    """

    term: ScoreTermName
    weight: int
    measure: int | None
    thousandths: int
    sentence: str

    @property
    def points(self) -> Decimal:
        """What it adds to the score, exactly."""
        return Decimal(self.thousandths) / 1000


@dataclass(frozen=True, slots=True)
class TermMove:
    """What one term added to or took from the score since the score before."""

    term: ScoreTermName
    points: Decimal
    sentence: str


@dataclass(frozen=True, slots=True)
class AccountScore:
    """An account's score, 0 to 100, as of a day: exactly the sum of its terms.

    `moves` add up exactly to the difference from `previous_score`. `data_until_on` is the newest day of its orders.
    """

    account_number: str
    name: str
    tier: str
    as_of_on: date | None
    score: Decimal | None = field(metadata=INTERNAL)
    terms: tuple[ScoreTerm, ...] | None = field(metadata=INTERNAL)
    missing: tuple[str, ...] | None = field(metadata=INTERNAL)
    previous_on: date | None
    previous_score: Decimal | None = field(metadata=INTERNAL)
    moves: tuple[TermMove, ...] | None = field(metadata=INTERNAL)
    rule_version: str | None = field(metadata=INTERNAL)
    data_until_on: date | None
    run_id: UUID | None
    thread_id: UUID | None
