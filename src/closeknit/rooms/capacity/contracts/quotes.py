"""What a proposed term or one more request would take, cost and do to others."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.capacity.contracts.what_if import SeriesShare, TermChange, UnitRequest
from closeknit.rooms.org.contracts.fields import MONEY, PERSONAL, PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

QUOTE_DAYS = Setting(
    key="capacity.quote_days",
    kind=Kind.COUNT,
    default=14,
    unit="days",
    sentence="For how many days a quote for a proposed term stands.",
    lowest=1,
    highest=365,
    levels=(Level.GLOBAL,),
)
QUOTE_SETTINGS = (QUOTE_DAYS,)


class QuoteVerdict(StrEnum):
    """Whether it can be kept: with what is there, with overtime, only by giving others less, or not at all."""

    KEPT = "kept"
    OVERTIME = "with overtime"
    OTHERS = "others get less"
    NOT_KEPT = "cannot be kept"


@dataclass(frozen=True, slots=True)
class QuotePoolWeek:
    """What changes at one pool in one week. Hours are productive; of the pool's own, None where they are withheld.

    `own_hours` is what the account needs under the term, `own_hours_more` how much more than now. `units_more`: how
    many more agents, pickers or engineers the peak of the week needs.
    """

    pool: str
    pool_name: str
    unit: str
    week_on: date
    own_hours: float
    own_hours_more: float
    own_short_hours: float
    pool_hours_more: float | None
    units_more: int | None
    overtime_hours_more: float | None
    free_hours: float | None
    cost_more: Decimal | None = field(metadata=PRICES)
    price_per_hour: Decimal | None = field(metadata=PRICES)


@dataclass(frozen=True, slots=True)
class QuoteSufferer:
    """Who would get less: an account, or the rest of a tier together (account "")."""

    account_number: str
    tier: str
    short_hours_more: float
    cost_more: Decimal | None = field(metadata=PRICES)
    sentence: str


@dataclass(frozen=True, slots=True)
class QuoteCard:
    """A quote for a proposed term, over the weeks of the plan that it was made on; it never changes.

    `price` is the least that covers what it costs us: overtime and credits more, or the full cost of the hours more,
    whichever is larger. Per week of the `weeks_held` in which the term would hold. Margin is what the account is worth
    a week, as last valued, less the full cost of all its hours. `others` counts who would get less; `sufferers` are
    those of them that the reader may see.
    """

    quote_id: UUID
    thread_id: UUID
    plan_id: UUID
    operation: str
    account_number: str
    term: TermChange
    share_of_tier: tuple[SeriesShare, ...]
    now_sentence: str
    proposed_sentence: str
    verdict: QuoteVerdict
    reason: str
    weeks: int
    weeks_held: int
    own_hours: float
    own_hours_more: float
    own_short_hours: float
    overtime_hours_more: float | None
    cost_more: Decimal | None = field(metadata=MONEY)
    serving_cost_more: Decimal | None = field(metadata=MONEY)
    price: Decimal | None = field(metadata=MONEY)
    margin_before: Decimal | None = field(metadata=MONEY)
    margin_after: Decimal | None = field(metadata=MONEY)
    margin_reason: str
    currency: str
    others: int
    sufferers: tuple[QuoteSufferer, ...]
    pools: tuple[QuotePoolWeek, ...]
    withheld_pools: tuple[str, ...]
    made_at: datetime
    made_by: str | None = field(metadata=PERSONAL)
    expires_at: datetime
    is_expired: bool
    inputs_digest: str
    result_digest: str
    code_version: str
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequestWeek:
    """One request, done in one week: whether it can be, and what it costs. Price and others over all weeks."""

    week_on: date
    verdict: QuoteVerdict
    hours_more: float | None
    overtime_hours_more: float | None
    others: int
    price: Decimal | None = field(metadata=MONEY)


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """Promise or price for one request: the week that was asked for, and the next in which nobody gets less for it."""

    plan_id: UUID
    operation: str
    request: UnitRequest
    account_number: str
    verdict: QuoteVerdict
    asked: RequestWeek
    next_possible: RequestWeek | None
    currency: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TermQuoted(Event):
    """A proposed term has a quote."""

    quote_id: UUID
    account_number: str
