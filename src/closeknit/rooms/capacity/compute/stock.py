"""From promises to pieces on the shelf: the bridge to the engine's inventory. Pure; no database."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from closeknit.engine.inventory import fill_rate_stock
from closeknit.kernel.canonical import canonical_bytes
from closeknit.rooms.capacity.contracts.stock import AccountStock, ShortItem, StockItem

STOCK_VERSION = "stock/2"
WEEKS_SEEN = 52
WEEKS_A_YEAR = 52.0
WORST = 5
HIGHEST_TARGET_SHARE = 0.9999
CENT = Decimal("0.01")

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StockPromise:
    """One account's promise on one kind of work: which share is to be kept, and in words; "" where nothing is."""

    account_number: str
    target_share: float
    sentence: str


@dataclass(frozen=True, slots=True)
class StockSeries:
    """One item at one site: pieces asked for week by week, oldest first, by which promises, and what there is.

    `on_order_pieces`: asked of suppliers and not there yet; None where nobody stated it, and it counts as nothing.
    `promises` are places in the inputs' list, `pieces` what was asked for under each, in all weeks together.
    `price_per_piece`: what customers paid on average; 0 where nothing is known.
    """

    item: str
    site: str
    weekly_pieces: tuple[float, ...]
    promises: tuple[int, ...]
    pieces: tuple[float, ...]
    on_hand_pieces: float | None
    price_per_piece: float
    currency: str
    on_order_pieces: float | None = None


@dataclass(frozen=True, slots=True)
class StockSite:
    """How long suppliers take to deliver to a site, and how often it orders."""

    site: str
    lead_days: int
    review_days: int

    @property
    def cycle_days(self) -> int:
        """From deciding what to order until what is ordered the next time is there."""
        return self.lead_days + self.review_days


@dataclass(frozen=True, slots=True)
class StockInputs:
    """All that stock is sized from; its canonical bytes are kept. Every series has as many weeks, two or more."""

    operation: str
    as_of_on: date
    holding_share: float
    sites: tuple[StockSite, ...]
    promises: tuple[StockPromise, ...]
    series: tuple[StockSeries, ...]


@dataclass(frozen=True, slots=True)
class StockTold:
    """What comes of it, items by item and site, accounts by number and site."""

    items: tuple[StockItem, ...]
    accounts: tuple[AccountStock, ...]


def stock_bytes(inputs: StockInputs) -> bytes:
    """Return the canonical bytes of the inputs."""
    return canonical_bytes(inputs)


def stock_inputs_of(data: bytes) -> StockInputs:
    """Read the inputs back, for replay."""
    return msgspec.json.decode(data, type=StockInputs)


def stock_inputs_digest(data: bytes) -> str:
    """Return the digest by which the inputs are known."""
    return hashlib.sha256(data).hexdigest()


def stock_digest(told: StockTold) -> str:
    """Return the digest by which what was found is known."""
    return hashlib.sha256(canonical_bytes(told)).hexdigest()


def size_shelves(inputs: StockInputs) -> StockTold:
    """Return the pieces of each item at each site that keep every promise, and each account's part of them.

    One shelf serves everybody, so the strictest promise sets it. What a stricter promise adds to a looser one is
    carried by those who have it, by their share of what they ask for: so parts add up to the need, to the last piece.
    """
    parts = _Parts(inputs)
    items = tuple(_item(inputs, parts, i) for i in range(len(inputs.series)))
    return StockTold(items, parts.accounts(items))


def buffer_costs(inputs: StockInputs) -> dict[tuple[str, str, str], Decimal]:
    """Return what each account's part of the pieces beyond what a delivery cycle takes costs a week.

    By account, site and currency; the rest of what its part costs is for the pieces that the cycle itself takes.
    """
    parts = _Parts(inputs)
    found: dict[tuple[str, str, str], float] = {}
    for i, one in enumerate(inputs.series):
        pieces = np.array(one.pieces)
        beyond = parts.of_item(i) - pieces / pieces.sum() * float(parts.cycle_mean[i])
        for place, buffer, asked in zip(one.promises, beyond.tolist(), one.pieces, strict=True):
            account = inputs.promises[place].account_number
            if account and asked > 0:
                key = (account, one.site, one.currency)
                found[key] = found.get(key, 0.0) + parts.cost(i, max(buffer, 0.0))
    return {key: _money(cost) for key, cost in found.items()}


class _Parts:
    """The need of each item at each level of strictness that somebody was promised there."""

    def __init__(self, inputs: StockInputs) -> None:
        self.inputs = inputs
        weekly = np.array([one.weekly_pieces for one in inputs.series], dtype=np.float64)
        self.weekly_mean, self.weekly_sd = weekly.mean(axis=1), weekly.std(axis=1, ddof=1)
        by_name = {site.site: site for site in inputs.sites}
        self.sites = [by_name[one.site] for one in inputs.series]
        cycle = np.array([site.cycle_days / 7.0 for site in self.sites])
        self.cycle_mean = self.weekly_mean * cycle
        # Fewer surprises than chance alone brings cannot be relied on.
        self.cycle_sd = np.sqrt(np.maximum(self.weekly_sd**2 * cycle, self.cycle_mean))
        self.levels: list[list[float]] = [self._targets(one) for one in inputs.series]
        owner = np.repeat(np.arange(len(inputs.series)), [len(levels) for levels in self.levels])
        targets = np.array([share for levels in self.levels for share in levels])
        needed = fill_rate_stock(self.cycle_mean[owner], self.cycle_sd[owner], targets).reorder_point
        starts = np.concatenate([[0], np.cumsum([len(levels) for levels in self.levels])])
        self.needed: list[Floats] = [needed[a:b] for a, b in pairwise(starts.tolist())]

    def _targets(self, one: StockSeries) -> list[float]:
        asked = {self.target_of(place) for place, pieces in zip(one.promises, one.pieces, strict=True) if pieces > 0}
        return sorted(asked)

    def target_of(self, place: int) -> float:
        """The share that a promise asks of the shelf."""
        return min(self.inputs.promises[place].target_share, HIGHEST_TARGET_SHARE)

    def lying(self, i: int, buffer: float, mean_share: float = 1.0) -> float:
        """Pieces on the shelf on average: the buffer, and half of what one delivery brings."""
        return max(buffer, 0.0) + mean_share * float(self.weekly_mean[i]) * self.sites[i].review_days / 14.0

    def cost(self, i: int, lying_pieces: float) -> float:
        """What they cost a week."""
        return lying_pieces * self.inputs.series[i].price_per_piece * self.inputs.holding_share / WEEKS_A_YEAR

    def of_item(self, i: int) -> Floats:
        """Each promise's part of one item's need, in the order of the series' promises."""
        one = self.inputs.series[i]
        pieces, levels, needed = np.array(one.pieces), self.levels[i], self.needed[i]
        target = np.array([self.target_of(place) for place in one.promises])
        part = np.zeros(pieces.size)
        before = 0.0
        for level, total in zip(levels, needed.tolist(), strict=True):
            carry = np.where(target >= level, pieces, 0.0)
            part += (total - before) * carry / carry.sum()
            before = total
        return part

    def accounts(self, items: Sequence[StockItem]) -> tuple[AccountStock, ...]:
        """Each account's part of all items, by site."""
        found: dict[tuple[str, str, str], _Part] = {}
        for i, (one, item) in enumerate(zip(self.inputs.series, items, strict=True)):
            pieces, parts = np.array(one.pieces), self.of_item(i)
            shares = pieces / pieces.sum()
            for place, part, share in zip(one.promises, parts.tolist(), shares.tolist(), strict=True):
                promise = self.inputs.promises[place]
                if promise.account_number and share > 0:
                    key = (promise.account_number, one.site, one.currency)
                    mine = found.setdefault(key, _Part())
                    mine.add(promise, item, part, part - share * float(self.cycle_mean[i]))
                    mine.cost += self.cost(i, self.lying(i, mine.last_buffer, share))
        return tuple(found[key].told(*key) for key in sorted(found))


class _Part:
    """One account's part at one site, as it grows item by item."""

    def __init__(self) -> None:
        self.promises: Counter[StockPromise] = Counter()
        self.items: dict[str, float] = {}
        self.needed = self.buffer = self.cost = self.last_buffer = 0.0

    def add(self, promise: StockPromise, item: StockItem, needed: float, buffer: float) -> None:
        self.promises[promise] += 1
        self.items[item.item] = item.short_pieces or 0.0
        self.needed += needed
        self.buffer += buffer
        self.last_buffer = buffer

    def told(self, account: str, site: str, currency: str) -> AccountStock:
        strictest = max(self.promises, key=lambda one: (one.target_share, one.sentence))
        short = sorted(((-lack, item) for item, lack in self.items.items() if lack > 0))
        return AccountStock(
            account_number=account,
            site=site,
            promise=strictest.sentence,
            target_share=strictest.target_share,
            items=len(self.items),
            items_short=len(short),
            needed_pieces=round(self.needed, 6),
            buffer_pieces=round(self.buffer, 6),
            cost_per_week=_money(self.cost),
            currency=currency,
            worst=tuple(ShortItem(item, site, -lack) for lack, item in short[:WORST]),
        )


def _item(inputs: StockInputs, parts: _Parts, i: int) -> StockItem:
    one, needed = inputs.series[i], float(parts.needed[i][-1])
    target = parts.levels[i][-1]
    strictest = sorted(
        {
            inputs.promises[place].account_number
            for place, pieces in zip(one.promises, one.pieces, strict=True)
            if pieces > 0 and inputs.promises[place].sentence and parts.target_of(place) >= target
        }
    )
    short = None
    if one.on_hand_pieces is not None:
        short = max(needed - one.on_hand_pieces - (one.on_order_pieces or 0.0), 0.0)
    buffer = needed - float(parts.cycle_mean[i])
    return StockItem(
        item=one.item,
        site=one.site,
        weekly_pieces=round(float(parts.weekly_mean[i]), 6),
        weekly_sd_pieces=round(float(parts.weekly_sd[i]), 6),
        target_share=target,
        promised_to="" if not strictest else strictest[0] if len(strictest) == 1 else f"{len(strictest)} accounts",
        needed_pieces=needed,
        buffer_pieces=round(buffer, 6),
        on_hand_pieces=one.on_hand_pieces,
        on_order_pieces=one.on_order_pieces,
        short_pieces=short,
        cost_per_week=_money(parts.cost(i, parts.lying(i, buffer))),
        currency=one.currency,
        sentence=_sentence(inputs, one, parts, i, short),
    )


def _sentence(inputs: StockInputs, one: StockSeries, parts: _Parts, i: int, short: float | None) -> str:
    needed, target = float(parts.needed[i][-1]), parts.levels[i][-1]
    said = (
        f"{needed:,.0f} pieces serve {target:.1%} of what is asked for in the {parts.sites[i].cycle_days} "
        f"days until what is ordered next is there: {parts.cycle_mean[i]:,.0f} on average, give or take "
        f"{parts.cycle_sd[i]:,.0f}."
    )
    if short is None:
        return f"{said} Nobody stated what is on hand."
    ordered = "" if one.on_order_pieces is None else f" and {one.on_order_pieces:,.0f} on order"
    if short > 0:
        there = inputs.as_of_on + timedelta(days=parts.sites[i].lead_days)
        return f"{said} {one.on_hand_pieces:,.0f} are on hand{ordered}; what is ordered today is there on {there}."
    return f"{said} {one.on_hand_pieces:,.0f} are on hand{ordered}."


def _money(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(CENT)
