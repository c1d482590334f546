"""Stock that keeps promises: how many pieces of each item, where, for whom, and what lying there costs."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from closeknit.rooms.org.contracts.fields import PRICES
from closeknit.rooms.org.contracts.settings import Kind, Level, Setting

STOCK_USUAL_SHARE = Setting(
    key="capacity.stock_usual_share",
    kind=Kind.SHARE,
    default=0.9,
    unit="",
    sentence="Which share of the pieces asked for the shelf is to hold where no promise says it.",
    lowest=0.5,
    highest=0.999,
    levels=(Level.GLOBAL,),
)
STOCK_HOLDING_SHARE = Setting(
    key="capacity.stock_holding_share",
    kind=Kind.SHARE,
    default=0.2,
    unit="",
    sentence="What a piece on the shelf costs in a year, as a share of what customers pay for it.",
    lowest=0.0,
    highest=1.0,
    levels=(Level.GLOBAL,),
)
STOCK_SETTINGS = (STOCK_USUAL_SHARE, STOCK_HOLDING_SHARE)


@dataclass(frozen=True, slots=True)
class StockItem:
    """One item at one site, over all accounts. Pieces, but for shares and money.

    `needed_pieces`: what must be on hand or on order so that `target_share` of what is asked for until the next
    delivery can be served at once; `buffer_pieces`: what of it lies beyond what is expected to be asked for.
    `on_order_pieces`: None where nobody stated it. `short_pieces`: what of the need is neither on hand nor on order;
    None where nobody counted. `cost_per_week`: of what lies there.
    """

    item: str
    site: str
    weekly_pieces: float
    weekly_sd_pieces: float
    target_share: float
    promised_to: str
    needed_pieces: float
    buffer_pieces: float
    on_hand_pieces: float | None
    short_pieces: float | None
    cost_per_week: Decimal | None = field(metadata=PRICES)
    currency: str
    sentence: str
    on_order_pieces: float | None = None


@dataclass(frozen=True, slots=True)
class ShortItem:
    """An item of an account of which less is on hand and on order than its promises, and those of others, need."""

    item: str
    site: str
    short_pieces: float


@dataclass(frozen=True, slots=True)
class AccountStock:
    """An account's part of the stock at one site: what its own promise adds, and its share of what all need.

    Parts of all accounts add up to what is needed. `items_short` of its `items` have less on hand than needed.
    """

    account_number: str
    site: str
    promise: str
    target_share: float
    items: int
    items_short: int
    needed_pieces: float
    buffer_pieces: float
    cost_per_week: Decimal | None = field(metadata=PRICES)
    currency: str
    worst: tuple[ShortItem, ...]


@dataclass(frozen=True, slots=True)
class StockPlanCard:
    """What was found for an operation, kept with all that it was computed from: for who sees every account."""

    stock_plan_id: UUID
    thread_id: UUID
    operation: str
    as_of_on: date
    weeks_seen: int
    lead_days: int
    review_days: int
    items: int
    items_short: int
    items_uncounted: int
    made_at: datetime
    made_by: str
    inputs_digest: str
    result_digest: str
    code_version: str
    assumptions: tuple[str, ...]
