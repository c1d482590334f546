"""What other rooms may know of sensing: feeds, batches, the standard model of work and facts, and the event.

The standard model has two shapes. *Work* is what customers ask of us, many rows, each with an instant and an
amount of work: order lines, calls, incidents, requests, visits. *Facts* are what source systems state:
accounts, contract terms, pools, rosters, staff, stock, survey answers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.org.contracts.fields import MONEY


class FactKind(StrEnum):
    """Kinds of facts and, in `FACT_FIELDS`, what each must state."""

    ACCOUNT = "account"
    SITE = "site"
    TERM = "term"
    POOL = "pool"
    ROSTER = "roster"
    STAFF = "staff"
    STOCK = "stock"
    SURVEY = "survey"
    CLOSURE = "closure"
    EVENT = "event"
    OPPORTUNITY = "opportunity"
    CALENDAR = "calendar"


FACT_FIELDS: dict[FactKind, dict[str, str]] = {
    FactKind.ACCOUNT: {
        "account_number": "text!",
        "name": "text",
        "tier": "tier",
        "team": "text",
        "region": "text",
        "time_zone": "zone",
        "jurisdiction": "text",
        "opened_on": "date",
    },
    FactKind.SITE: {
        "site_id": "text!",
        "account_number": "text",
        "name": "text",
        "time_zone": "zone",
        "jurisdiction": "text",
        "region": "text",
    },
    FactKind.TERM: {
        "term_number": "text!",
        "contract_number": "text",
        "account_number": "text",
        "tier": "tier",
        "operation": "text!",
        "service": "text",
        "work_class": "text",
        "measure": "measure!",
        "threshold_minutes": "positive!",
        "clock": "reckoning",
        "target_share": "share!",
        "credit_per_miss": "fee",
        "currency": "text",
        "starts_on": "date!",
        "ends_on": "date",
    },
    FactKind.POOL: {
        "pool": "text!",
        "name": "text",
        "operation": "text!",
        "services": "list!",
        "regions": "list",
        "site": "text",
        "unit": "text!",
        "staffing": "staffing!",
        "handle_minutes": "positive!",
        "shrinkage_parts": "list",
        "cost_per_hour": "hourly-fee!",
        "overtime_cost_per_hour": "hourly-fee!",
        "overtime_share_max": "fraction!",
        "currency": "text!",
        "time_zone": "zone!",
    },
    FactKind.ROSTER: {
        "pool": "text!",
        "weekday": "weekday!",
        "starts_local": "clock!",
        "ends_local": "clock!",
        "headcount": "count!",
        "from_on": "date!",
        "to_on": "date",
    },
    FactKind.STAFF: {
        "staff_number": "text!",
        "name": "text",
        "pool": "text",
        "skills": "list",
        "hired_on": "date",
    },
    FactKind.STOCK: {"item": "text!", "site": "text!", "on_hand": "number!", "as_of": "date!"},
    FactKind.SURVEY: {
        "survey_number": "text!",
        "account_number": "text",
        "answered_at": "time!",
        "kind": "text!",
        "score": "number!",
        "comment": "text",
    },
    FactKind.CLOSURE: {"region": "text!", "closed_on": "date!", "reason": "text"},
    FactKind.EVENT: {
        "event_number": "text!",
        "kind": "event-kind!",
        "title": "text",
        "account_number": "text",
        "region": "text",
        "operation": "text",
        "service": "text",
        "starts_on": "date!",
        "ends_on": "date!",
        "expected_share": "number",
    },
    FactKind.OPPORTUNITY: {
        "opportunity_number": "text!",
        "account_number": "text",
        "operation": "text!",
        "service": "text",
        "region": "text",
        "stage": "text!",
        "units_per_week": "number",
        "amount": "money",
        "currency": "currency",
        "opened_on": "date!",
        "expected_close_on": "date",
        "closed_on": "date",
        "outcome": "outcome",
        "starts_on": "date",
        "ends_on": "date",
        "stated_share": "fraction",
    },
    FactKind.CALENDAR: {"region": "text", "country": "country!"},
}
"""What each kind of fact states: field -> type, "!" where it must be given.

A stored body holds every field of its kind in plain JSON: text ("" when empty), list of text, number or null,
money as decimal text or null, date as ISO text or "", time as ISO text in UTC, clock as "HH:MM". Lists may
hold "*" for any.
"""

FACT_KEYS: dict[FactKind, tuple[str, ...]] = {
    FactKind.ACCOUNT: ("account_number",),
    FactKind.SITE: ("site_id",),
    FactKind.TERM: ("term_number", "starts_on"),
    FactKind.POOL: ("pool",),
    FactKind.ROSTER: ("pool", "weekday", "starts_local", "from_on"),
    FactKind.STAFF: ("staff_number",),
    FactKind.STOCK: ("item", "site", "as_of"),
    FactKind.SURVEY: ("survey_number",),
    FactKind.CLOSURE: ("region", "closed_on"),
    FactKind.EVENT: ("event_number",),
    FactKind.OPPORTUNITY: ("opportunity_number",),
    FactKind.CALENDAR: ("region",),
}
"""Which fields tell one fact of a kind from another.

Saying the same key again with other content is a new version.
"""


class BatchState(StrEnum):
    """A batch is `loading` until its last chunk is in; a crash leaves it there, and loading again resumes
    it.
    """

    LOADING = "loading"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of observed work in the standard model.

    `quantity` counts units of work (calls in an interval, lines, incidents); `handle_minutes` is measured
    effort per unit where the source knows it; `promised_minutes` is the time to do it that the source itself
    recorded.
    """

    key: str
    operation: str
    service: str
    occurred_at: datetime
    quantity: float = 1.0
    work_class: str = ""
    region: str = ""
    channel: str = ""
    product: str = ""
    account_number: str = ""
    handle_minutes: float | None = None
    amount: Decimal | None = None
    currency: str = ""
    promised_minutes: float | None = None
    finished_at: datetime | None = None
    met_promise: bool | None = None
    is_return: bool = False
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One stated fact: its kind, its key within the feed, and its body (see `FACT_FIELDS`).

    `is_assumed` marks what a recipe brought as a stated assumption because the source has no such record.
    """

    kind: FactKind
    key: str
    body: Mapping[str, Any]
    is_assumed: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Counts:
    """The balance of a batch or feed: read = accepted + quarantined + duplicate, always."""

    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicate: int = 0

    @property
    def balances(self) -> bool:
        return self.read == self.accepted + self.quarantined + self.duplicate


@dataclass(frozen=True, slots=True)
class BatchCard:
    """One load of one file through one feed."""

    batch_id: int
    feed: str
    source_name: str
    state: BatchState
    counts: Counts
    started_at: datetime
    finished_at: datetime | None
    thread_id: UUID
    recipe_version: str
    superseded: int = 0


@dataclass(frozen=True, slots=True)
class FeedCard:
    """A feed with its balances over all batches, how old its newest data is, and what it assumes."""

    feed: str
    title: str
    recipe: str
    recipe_version: str
    time_zone: str
    counts: Counts
    newest_data_at: datetime | None
    last_loaded_at: datetime | None
    waiting_in_quarantine: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedCard:
    """A row that was refused: where it came from, its raw content, and why."""

    row_id: int
    feed: str
    source_name: str
    line: int
    code: str
    reason: str
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FactCard:
    """A stated fact as read back, in force. `fact_id` grows with every new version."""

    fact_id: int
    feed: str
    batch_id: int
    kind: FactKind
    key: str
    body: Mapping[str, Any]
    is_assumed: bool
    source_name: str
    line: int


class EventKind(StrEnum):
    """What a known event is: our own promotion, or something at the customer."""

    PROMOTION = "promotion"
    LAUNCH = "launch"
    CONTRACT_START = "contract-start"
    SHUTDOWN = "shutdown"
    CUSTOMER_EVENT = "customer-event"


@dataclass(frozen=True, slots=True)
class EventCard:
    """One event in force that moves demand, known ahead or recorded: from `starts_on` up to, not including,
    `ends_on`.

    An empty place ("") means every account, region, operation or service. `expected_share` is what the source
    expects it to change, as a share of the usual work (0.25: a quarter more; -1: nothing comes); None: unsaid.
    """

    fact_id: int
    event_number: str
    kind: EventKind
    title: str
    account_number: str
    region: str
    operation: str
    service: str
    starts_on: date
    ends_on: date
    expected_share: float | None
    feed: str
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class OpportunityCard:
    """One sales opportunity as the source states it now.

    `units_per_week` is the work it would bring from `starts_on` up to, not including, `ends_on` (None: no end
    stated). `outcome` is "won" or "lost" once it is closed, else "". `stated_share` is the seller's own
    chance of winning, 0..1; None: unsaid. `amount` is its whole worth.
    """

    fact_id: int
    opportunity_number: str
    account_number: str
    operation: str
    service: str
    region: str
    stage: str
    units_per_week: float | None
    amount: Decimal | None = field(metadata=MONEY)
    currency: str
    opened_on: date
    expected_close_on: date | None
    closed_on: date | None
    outcome: str
    starts_on: date | None
    ends_on: date | None
    stated_share: float | None
    feed: str
    is_assumed: bool

    @property
    def is_open(self) -> bool:
        return not self.outcome


@dataclass(frozen=True, slots=True)
class AccountRule:
    """How a feed's accounts without a stated tier get one: by rank of a sum, closest tier first.

    `shares` are (tier, share of all accounts) in order; the rest get `otherwise`.
    """

    rank_by: str
    shares: tuple[tuple[str, float], ...]
    otherwise: str
    team: str = ""
    region: str = ""
    time_zone: str = ""
    jurisdiction: str = ""


@dataclass(frozen=True, slots=True)
class PromiseRule:
    """That a feed's recorded durations are promises: what they measure, and the share of work they are to
    hold for.
    """

    measure: str
    target_share: float


@dataclass(frozen=True, slots=True)
class RecordedPromise:
    """A duration that the source itself promises for one service and class of work, and on how many rows."""

    operation: str
    service: str
    work_class: str
    promised_minutes: float
    rows: int
    first_at: datetime


@dataclass(frozen=True, slots=True)
class LineageRow:
    """One observed unit of work with the place it came from: the file and line behind a number."""

    feed: str
    batch_id: int
    source_name: str
    line: int
    key: str
    operation: str
    service: str
    region: str
    work_class: str
    account_number: str
    occurred_at: datetime
    quantity: float
    amount: Decimal | None
    currency: str
    is_return: bool
    thread_id: UUID


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row of a source that could not even be read as a row."""

    code: str
    reason: str
    raw: Mapping[str, Any]


RawRow = tuple[Any, ...] | BadRow


class SourceFile(Protocol):
    """One file of a source: named columns, and rows in a fixed order that can be read again from any row
    on.
    """

    name: str
    sha256: str
    columns: tuple[str, ...]
    rows_estimate: int

    def read(self, skip_rows: int, chunk_rows: int) -> Iterator[list[tuple[int, RawRow]]]:
        """Yield chunks of (line, row) after skipping rows, without holding the file in memory."""
        ...


class RowSource(Protocol):
    """What a batch is read from: a file, a folder of files, or the rows of a request."""

    @property
    def name(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def files(self) -> Sequence[SourceFile]: ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is: rows read of about how many, and in which file."""

    source_name: str
    counts: Counts
    rows_estimate: int


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What distinguishes one stream of work: operation, service, region, class of work, and account ("" =
    none known).
    """

    operation: str
    service: str
    region: str
    work_class: str
    account_number: str


@dataclass(frozen=True, slots=True)
class WorkTotal:
    """Work of one account in one operation: units, money, first and last instant."""

    operation: str
    account_number: str
    quantity: float
    amount: Decimal
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class OperationSpan:
    """When an operation's observed work begins and ends, in UTC, how much there is, and the zone it lives
    in.
    """

    operation: str
    first_at: datetime
    last_at: datetime
    rows: int
    time_zone: str
    digest: str


@dataclass(frozen=True, slots=True)
class DemandObserved(Event):
    """A batch came in with new work or facts."""

    batch_id: int
    operations: tuple[str, ...]
    fact_kinds: tuple[str, ...]
