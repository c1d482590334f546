"""The decision table: which proposals settle by rule, and which wait for whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

TIERS = ("strategic", "key", "standard", "volume")
NO_TIER = "none"
OTHER_CURRENCY = "other"


class RulesSay(StrEnum):
    """What the rules of a kind say together: every one holds, or at least one does not."""

    HOLD = "hold"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class MoneyBand:
    """Amounts of one currency from `at_least` on and `below` a limit (None: no limit).

    `currency` is "other" for every currency that the kind's table does not name.
    """

    currency: str
    at_least: Decimal
    below: Decimal | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule on one fact. Exactly one of `at_most`, `at_least`, `equals` is given.

    A fact that is not known (None) makes the rule hold or fail as `unknown_holds` says. `setting` names the setting by
    place that may stand in for the limit. `shown_as`: number, share, signed share, or text.
    """

    name: str
    fact: str
    sentence: str
    at_most: float | None = None
    at_least: float | None = None
    equals: str | bool | int | None = None
    unknown_holds: bool = False
    unknown_sentence: str = ""
    holds_sentence: str = ""
    setting: str = ""
    shown_as: str = "number"

    @property
    def limit(self) -> float | str | bool | int | None:
        """What the fact is compared with, unless a setting says otherwise."""
        limits = (self.at_most, self.at_least, self.equals)
        return next((limit for limit in limits if limit is not None), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a row says: settle now, or wait for so many people of certain roles, for how long.

    `approvals` is 1, or 2 for four eyes. Hours run on the database's clock from the moment of the proposal.
    """

    settles: bool
    roles: tuple[str, ...] = ()
    approvals: int = 0
    answer_within_hours: int = 0
    expires_after_hours: int = 0
    escalation: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: it answers where tier, money and rules all match. `money` None means any, also none at all."""

    number: int
    tiers: frozenset[str]
    money: tuple[MoneyBand, ...] | None
    takes_no_money: bool
    rules: frozenset[RulesSay]
    outcome: Outcome
    sentence: str


@dataclass(frozen=True, slots=True)
class KindTable:
    """Rules and rows of one kind of proposal."""

    kind: str
    title: str
    rules: tuple[Rule, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A whole policy: proven to answer every case of every kind exactly once. `digest` is SHA-256 of its text."""

    version: str
    title: str
    kinds: Mapping[str, KindTable]
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that a judgement depends on beside the table; stored, so that it can be made again.

    `limits` are the limits by rule that settings put in the place of the table's own. `tier` is "none" where no account
    or tier is concerned; `money` None where none is at stake.
    """

    kind: str
    tier: str
    money: Decimal | None
    currency: str
    facts: Mapping[str, Any]
    limits: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A decision table as it was adopted. `thread_id` leads to why; a shipped table has none."""

    version: str
    digest: str
    adopted_by: str
    adopted_at: datetime | None
    reason: str
    in_force: bool
    thread_id: UUID | None


@dataclass(frozen=True, slots=True)
class RowCard:
    """One row of a decision table in words."""

    number: int
    tier: str
    money: str
    rules: str
    outcome: str
    because: str


@dataclass(frozen=True, slots=True)
class KindCard:
    """One kind of a decision table in words; `rules` as they read with their limits."""

    kind: str
    title: str
    rules: tuple[str, ...]
    rows: tuple[RowCard, ...]


@dataclass(frozen=True, slots=True)
class PolicyCard:
    """A decision table in words, with the text it was read from."""

    version: str
    title: str
    digest: str
    text: str
    kinds: tuple[KindCard, ...]
