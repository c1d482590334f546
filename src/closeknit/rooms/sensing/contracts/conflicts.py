"""Two feeds that disagree on what a field is: what each says, which rule would reconcile them, and who is asked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting


class ConflictKind(StrEnum):
    """In what two feeds disagree on a field."""

    NAME = "name"
    TYPE = "type"
    UNIT = "unit"
    CODES = "codes"
    TIME_ZONE = "time-zone"


class ConflictState(StrEnum):
    """Where a conflict stands: it waits, a rule reconciled it, or a steward said that both are right."""

    WAITING = "waiting"
    RECONCILED = "reconciled"
    BOTH_RIGHT = "both-right"


CONFLICT_DUE_HOURS = Setting(
    key="sensing.conflict_due_hours",
    kind=Kind.HOURS,
    default=72.0,
    unit="",
    sentence="Within how many hours a data steward answers a conflict between two feeds.",
    lowest=0.1,
    highest=2000.0,
    levels=(Level.GLOBAL,),
)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What two feeds say of one field of one target ("work:desk", "account"), and the rule that would reconcile them.

    `rule` is a line of a recipe: a renamed column, a unit, a zone, or words for codes.
    """

    kind: ConflictKind
    target: str
    field: str
    one_says: str
    other_says: str
    sentence: str
    rule: str


@dataclass(frozen=True, slots=True)
class ConflictCard:
    """A disagreement of two feeds, who is asked until when, and what came of it."""

    conflict_id: UUID
    kind: ConflictKind
    target: str
    field: str
    one_feed: str
    other_feed: str
    one_says: str
    other_says: str
    sentence: str
    rule: str
    state: ConflictState
    steward: str
    found_at: datetime
    due_at: datetime
    settled_by: str
    settled_at: datetime | None
    settled_why: str
    thread_id: UUID

    def is_overdue(self, at: datetime) -> bool:
        """Tell whether it should have been answered by now."""
        return self.state is ConflictState.WAITING and at > self.due_at


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What a rule that reconciles two feeds would change in the recipe of `feed`, so that it follows the other one.

    `before` and `after` are the lines that differ, `seen_version` the recipe's version that they belong to. `why_not`
    says why no rule can be written by itself; "" where one can.
    """

    feed: str
    follows: str
    says: str
    seen_version: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    why_not: str


@dataclass(frozen=True, slots=True)
class RecipeChanged(Event):
    """A feed has a recipe, or another version of it."""

    feed_id: int
