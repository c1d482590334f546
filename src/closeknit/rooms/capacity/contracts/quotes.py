"""What a proposed term or one more request would take, cost and do to others."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, SeriesShare, TermChange, UnitRequest
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
class GuaranteeAsked:
    """Capacity that an account would have held ready each week: so many units of its pool, or so many productive hours.

    One of the two. Of the pool that does its work in that service ("": in any); from `starts_on` on, or all weeks.
    """

    account_number: str
    units: float | None = None
    hours_per_week: float | None = None
    service: str = ""
    starts_on: date | None = None


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
class QuoteStockItem:
    """One item at one site under a quoted term, for all accounts: pieces needed, how many more, and what that binds.

    `short_pieces`: what of the need is neither on hand nor on order; None where nobody counted. `value_more`: the
    pieces more at what customers pay for them; `cost_per_week_more`: what those that lie there cost.
    """

    item: str
    site: str
    needed_pieces: float
    pieces_more: float
    short_pieces: float | None
    short_pieces_more: float | None
    value_more: Decimal | None = field(metadata=PRICES)
    cost_per_week_more: Decimal | None = field(metadata=PRICES)
    currency: str


@dataclass(frozen=True, slots=True)
class QuoteStock:
    """What a quoted term asks of the shelves beside now, from the operation's stock as last sized. Pieces and money.

    The term's share is the share of pieces to be served at once. Of the `items` that the account buys, `items_more`
    need another number. `own_…`: the change of the account's own part. The others are sums over all accounts, None
    where they are withheld; money is in the plan's currency, without the `items_in_other_money`. `worst`: the most
    money first.
    """

    stock_plan_id: UUID
    as_of_on: date
    target_share: float
    items: int
    items_more: int
    items_in_other_money: int
    own_pieces_more: float
    own_cost_per_week_more: Decimal | None = field(metadata=PRICES)
    pieces_more: float | None
    short_pieces_more: float | None
    value_more: Decimal | None = field(metadata=PRICES)
    cost_per_week_more: Decimal | None = field(metadata=PRICES)
    worst: tuple[QuoteStockItem, ...]


@dataclass(frozen=True, slots=True)
class QuoteCard:
    """A quote for a proposed term or guarantee, over the weeks of the plan that it was made on; it never changes.

    One of `term` and `guarantee` is there. `guarantees_in_the_way`: of how many other accounts the guaranteed hours
    cannot all be held beside the proposed ones, all overtime of the pool included. `stock`: where a term to ship was
    quoted and the stock of the account's items is sized; price and margin count what it costs a week.

    `price` is the least that covers what it costs us: overtime and credits more, or the full cost of the hours
    more, whichever is larger, and the stock more. Per week of the `weeks_held` in which the term would hold. Margin
    is what the account is worth a week, as last valued, less the full cost of all its hours. `others` counts who
    would get less; `sufferers` are those of them that the reader may see.
    """

    quote_id: UUID
    thread_id: UUID
    plan_id: UUID
    operation: str
    account_number: str
    term: TermChange | None
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
    guarantee: GuaranteeChange | None = None
    guarantees_in_the_way: int = 0
    stock: QuoteStock | None = None

    @property
    def proposed(self) -> TermChange | GuaranteeChange:
        """What was quoted."""
        found = self.guarantee or self.term
        assert found is not None, "a quote is of something"
        return found


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
    """A proposed term or guarantee has a quote."""

    quote_id: UUID
    account_number: str
