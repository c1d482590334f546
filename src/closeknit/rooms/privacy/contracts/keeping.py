"""How long data are kept and what stands against deleting them: classes, rules by law, holds, requests, erasures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.privacy.contracts.subjects import Subject

YEAR = 365


class DataClass(StrEnum):
    """What data are, as far as keeping them goes."""

    IDENTITY = "identity"
    NOTES = "notes"
    ACCOUNTING = "accounting"
    RECORDS = "records"
    MESSAGES = "messages"
    NEWS = "news"
    CONSENTS = "consents"
    RAW_INPUT = "raw-input"
    PEOPLE = "people"


CLASS_SENTENCES = {
    DataClass.IDENTITY: "Names and addresses of customers.",
    DataClass.NOTES: "What our people wrote about customers.",
    DataClass.ACCOUNTING: "Contracts, orders and what they were worth.",
    DataClass.RECORDS: "Proposals, exceptions, escalations: how decisions came about.",
    DataClass.MESSAGES: "Notices and messages to our people.",
    DataClass.NEWS: "Events between rooms, done and settled, and what failed.",
    DataClass.CONSENTS: "What customers allowed, and requests about their data.",
    DataClass.RAW_INPUT: "Rows as they came in, and rows that were refused.",
    DataClass.PEOPLE: "Names and addresses of people who work with this system.",
}


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How long one class is kept in one jurisdiction: not deleted before `least_days`, not kept after `most_days`.

    `most_days` None: as long as the subject is a customer. `law` says who asks for it.
    """

    data_class: DataClass
    jurisdiction: str
    least_days: int
    most_days: int | None
    law: str
    version: int = 1
    reason: str = "As shipped."
    adopted_by: str = ""
    adopted_at: datetime | None = None


def _rules(data_class: DataClass, *rows: tuple[str, int, int | None, str]) -> tuple[RetentionRule, ...]:
    return tuple(RetentionRule(data_class, where, least, most, law) for where, least, most, law in rows)


SHIPPED_RULES: tuple[RetentionRule, ...] = (
    *_rules(DataClass.IDENTITY, ("*", 0, None, "GDPR Art. 5(1)(e) and its like: no longer than needed")),
    *_rules(DataClass.NOTES, ("*", 0, 3 * YEAR, "House rule: notes on customers age fast")),
    *_rules(
        DataClass.ACCOUNTING,
        ("DE", 8 * YEAR, 10 * YEAR, "HGB § 257, AO § 147: vouchers eight years"),
        ("EU", 7 * YEAR, 10 * YEAR, "Accounting laws of the member states, the longer ones"),
        ("GB", 6 * YEAR, 7 * YEAR, "Companies Act 2006 s. 388, HMRC"),
        ("US", 7 * YEAR, 8 * YEAR, "IRS: seven years cover every period of limitation"),
        ("*", 10 * YEAR, 10 * YEAR, "House rule: as long as the longest of the others"),
    ),
    *_rules(DataClass.RECORDS, ("*", 0, 10 * YEAR, "House rule: how decisions came about")),
    *_rules(DataClass.MESSAGES, ("*", 0, 400, "House rule: messages are not records")),
    *_rules(DataClass.NEWS, ("*", 0, 90, "House rule: what was decided stands in the ledger")),
    *_rules(
        DataClass.CONSENTS, ("*", 3 * YEAR, None, "GDPR Art. 7(1): consent has to be shown; claims lapse in three")
    ),
    *_rules(DataClass.RAW_INPUT, ("*", 0, 2 * YEAR, "House rule: raw rows are kept while they can be mended")),
    *_rules(DataClass.PEOPLE, ("*", 0, None, "As long as they work here")),
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that must be kept whatever else says it may go: for a lawsuit, an audit.

    No subject: of every subject. No classes: of every class.
    """

    hold_id: UUID
    thread_id: UUID
    title: str
    reason: str
    subject: Subject | None
    classes: tuple[DataClass, ...]
    placed_by: str
    placed_at: datetime
    review_on: date
    released_at: datetime | None
    released_by: str
    release_reason: str


class RequestKind(StrEnum):
    """What somebody asks of us about their own data."""

    ACCESS = "access"
    ERASURE = "erasure"
    RECTIFICATION = "rectification"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    RESTRICTION = "restriction"


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class DataRequest:
    """A request about one's own data, with the day by which the law wants it answered."""

    request_id: UUID
    thread_id: UUID
    kind: RequestKind
    subject: Subject
    jurisdiction: str
    received_on: date
    due_on: date
    law: str
    extended_until: date | None
    extension_reason: str
    verified_by: str
    state: RequestState
    outcome: str
    closed_by: str
    closed_at: datetime | None
    recorded_by: str

    def days_left(self, on: date) -> int:
        """Return how many days are left until it must be answered."""
        return ((self.extended_until or self.due_on) - on).days

    def is_late(self, on: date) -> bool:
        """Tell whether it should have been answered."""
        return self.state is RequestState.OPEN and self.days_left(on) < 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate said of one deletion."""

    is_allowed: bool
    data_class: DataClass
    why: str
    keep_until: date | None = None


@dataclass(frozen=True, slots=True)
class GateLine:
    """One verdict as recorded. The subject is a pseudonym: this outlives an erasure."""

    at: datetime
    data_class: str
    subject: str
    what: str
    is_allowed: bool
    why: str
    by_name: str


@dataclass(frozen=True, slots=True)
class ErasedField:
    """A field that went, and in how many rows."""

    table: str
    column: str
    rows: int


@dataclass(frozen=True, slots=True)
class KeptClass:
    """A class that had to stay, why and until when."""

    data_class: str
    why: str
    until_on: date | None


@dataclass(frozen=True, slots=True)
class SubjectErasure:
    """What an erasure did. The subject is a pseudonym: whoever knows the reference can find it, nobody else."""

    erasure_id: UUID
    thread_id: UUID
    pseudonym: str
    kind: str
    reason: str
    fields: tuple[ErasedField, ...]
    kept: tuple[KeptClass, ...]
    keys: int
    lines: int
    erased_at: datetime
    erased_by: str


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """Where personal data stand: a table, which of its rows are a subject's, and what becomes of each column.

    `where` is a condition in SQL with %(ref)s for the reference. `columns` say how each goes: "text" and "json" lose
    their words, "mentions" and "json-mentions" only where they name the subject ("bytes-mentions": JSON as bytes),
    "bytes" are emptied where they do, "pseudonym" becomes one. `known`: columns whose values name the subject, which
    are then looked for everywhere. `made`: when a row was made, as SQL, where age alone lets it go; `by_age` says how:
    "row" or "words".
    """

    table: str
    kind: str
    data_class: DataClass
    where: str
    columns: Mapping[str, str]
    known: tuple[str, ...] = ()
    made: str = ""
    by_age: str = "words"


@dataclass(frozen=True, slots=True)
class DataExtract:
    """What we hold of one subject, for a request of access: rows by table."""

    subject: Subject
    made_at: datetime
    tables: Mapping[str, tuple[Mapping[str, Any], ...]]


@dataclass(frozen=True, slots=True)
class SubjectErased(Event):
    """A subject's personal data went. It is named by its pseudonym only."""

    erasure_id: UUID
