"""Adherence: whether an account's promises were kept in a period, with what proves it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.rooms.agreements.contracts.deals import Guarantee
from closeknit.rooms.agreements.contracts.terms import Measure
from closeknit.rooms.agreements.contracts.tolerances import BendCard
from closeknit.rooms.org.contracts.fields import MONEY

INTERVAL_LEVEL = 0.95
"""How sure the interval of a rate is."""
BEARING = (
    "account.",
    "bend.",
    "clocks.",
    "contract.",
    "exception.",
    "need.",
    "renegotiation.",
    "setting.",
    "shortage.",
    "work.",
)
"""How kinds of ledger lines begin that tell of what bore on promises to an account."""


class AdherenceVerdict(StrEnum):
    """How a rate compares with what was promised."""

    KEPT = "kept"
    NOT_KEPT = "not kept"
    NOTHING_DUE = "nothing came due"


@dataclass(frozen=True, slots=True)
class ClockHold:
    """A time in which a piece of work waited, and whether the terms of that time let its clock pause for it."""

    reason: str
    from_at: datetime
    until_at: datetime | None
    is_pause: bool


@dataclass(frozen=True, slots=True)
class SettledClock:
    """A promise about one piece of work that was kept or broken within the period.

    It counts where it was settled: kept when the work ended in time, or broken at the instant at which time ran out,
    whichever came first. So it counts in one period only. `is_noted`: the ledger has a line of the breach.
    `is_tolerated`: it was missed, and a bend that was granted for that day allows the time that it took so far.
    """

    operation: str
    work_key: str
    service: str
    work_class: str
    measure: Measure
    term_number: str
    term_starts_on: date
    started_at: datetime
    settled_at: datetime
    ended_at: datetime | None
    allowed_minutes: float
    passed_minutes: float
    held_minutes: float
    is_kept: bool
    is_noted: bool
    is_tolerated: bool
    holds: tuple[ClockHold, ...]


@dataclass(frozen=True, slots=True)
class AdherenceMonth:
    """What one obligation came to in one month of the account's time zone.

    `penalty` is due for a month that is whole and over: points below the target times the penalty per point, in
    proportion, up to its cap. None where nothing is due by term, or it is not to be seen.
    """

    month_on: date
    is_whole: bool
    settled: int
    kept: int
    kept_share: float | None
    penalty: Decimal | None = field(default=None, metadata=MONEY)


@dataclass(frozen=True, slots=True)
class Obligation:
    """One version of one term in force within the period, and how it was kept.

    `low_share` and `high_share` bound the rate behind what was counted (Wilson, 95 %): within them chance alone may
    have made it. `contract_version` is None for terms that a source states. `credits` are misses times the credit for
    each.
    """

    term_number: str
    contract_number: str
    contract_version: int | None
    account_number: str
    tier: str
    operation: str
    service: str
    work_class: str
    measure: Measure
    promise: str
    pause_reasons: tuple[str, ...]
    starts_on: date
    ends_on: date | None
    target_share: float
    settled: int
    kept: int
    missed: int
    kept_share: float | None
    low_share: float | None
    high_share: float | None
    verdict: AdherenceVerdict
    currency: str
    months: tuple[AdherenceMonth, ...]
    credit_per_miss: Decimal | None = field(default=None, metadata=MONEY)
    credits: Decimal | None = field(default=None, metadata=MONEY)
    penalty_per_point: Decimal | None = field(default=None, metadata=MONEY)
    penalty_cap: Decimal | None = field(default=None, metadata=MONEY)
    penalties: Decimal | None = field(default=None, metadata=MONEY)


@dataclass(frozen=True, slots=True)
class PromisedGuarantee:
    """A promise beside times that stood within the period. Clocks do not measure it."""

    contract_number: str
    contract_version: int
    guarantee: Guarantee


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A line of the ledger that bore on the promises; its receipt proves it."""

    entry_id: int
    recorded_at: datetime
    kind: str
    sentence: str
    thread_id: UUID
    leaf_sha256: str


@dataclass(frozen=True, slots=True)
class Adherence:
    """What was promised to an account in a period, how it was kept, and what in the ledger bore on it.

    Days are those of `time_zone`, the account's own; `until_on` is exclusive. `as_of_at`: when it was computed, by what
    was known then. `lines_left_out` counts ledger lines beyond those that a pack holds.
    """

    account_number: str
    account_name: str
    from_on: date
    until_on: date
    time_zone: str
    is_zone_known: bool
    as_of_at: datetime
    obligations: tuple[Obligation, ...]
    guarantees: tuple[PromisedGuarantee, ...]
    clocks: tuple[SettledClock, ...]
    bends: tuple[BendCard, ...]
    lines: tuple[EvidenceLine, ...]
    lines_left_out: int

    @property
    def missed(self) -> tuple[SettledClock, ...]:
        """The clocks that broke."""
        return tuple(clock for clock in self.clocks if not clock.is_kept)


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A pack as a file: its name, its bytes, the digest of its content, and the ledger's line that holds it."""

    name: str
    content: bytes
    digest: str
    entry_id: int
    receipts: int
    unsealed: int
