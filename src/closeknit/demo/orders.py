"""Orders, their lines, when they shipped, and what came back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from closeknit.demo.accounts import Profiles
from closeknit.demo.capacity import Congestion
from closeknit.demo.catalogue import ITEM_COUNT, RETURN_SHARE_OF_LINES, TIERS, item_codes
from closeknit.demo.finishing import counts_to_events, finish_clocks, late_chance, ordinals
from closeknit.demo.places import REGIONS
from closeknit.demo.rates import Rates
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.timeline import DAY_MINUTES, Bools, Floats, Ints, Timeline
from closeknit.demo.writing import Columns

DOCK_HOURS = (7 * 60 + 30, 18 * 60)
CHANNELS = ("web", "edi", "email", "phone", "rep")
CHANNEL_SHARES = (0.42, 0.28, 0.14, 0.10, 0.06)
OWN_PROMISE_SHARE = 0.05
ITEM_CODES = item_codes()
UNITS_LOG_MEAN, UNITS_LOG_SPREAD = -0.32, 0.8
UNITS_SQUARED_MEAN = float(np.exp(2.0 * UNITS_LOG_MEAN + 2.0 * UNITS_LOG_SPREAD**2))
"""The mean square of a line's units, over the square of what is usual for the tier."""


@dataclass(frozen=True)
class ItemBook:
    """Prices (in the order's currency) and popularity of the items."""

    price: Floats
    popularity: Floats

    @property
    def cumulative(self) -> Floats:
        """Cumulative popularity, for drawing items."""
        return np.cumsum(self.popularity)


def item_book(seed: int) -> ItemBook:
    """The company's items: popularity falls as a power of rank, prices are heavy-tailed."""
    rng = stream(seed, Stream.COMPANY, 1)
    weight = 1.0 / np.arange(2, ITEM_COUNT + 2) ** 0.8
    return ItemBook(np.round(rng.lognormal(3.0, 0.9, ITEM_COUNT), 2), weight / weight.sum())


@dataclass(frozen=True)
class Orders:
    """Orders of a granule in order of time; `shipped_clock` may lie after the end of the data."""

    account: Ints
    day: Ints
    second: Ints
    ordinal: Ints
    lines: Ints
    promised: Ints
    promise_minutes: Floats
    clock: Ints
    shipped_clock: Ints

    @property
    def late(self) -> Bools:
        """Orders shipped after their promise, in business minutes."""
        return self.shipped_clock - self.clock > self.promise_minutes


def draw_orders(
    rng: np.random.Generator, profiles: Profiles, rates: Rates, jam: Congestion, timeline: Timeline
) -> Orders:
    """Draw a granule's orders and their shipping."""
    account, day = counts_to_events(rng, rates.orders)
    second = np.floor((7.0 + 12.0 * rng.beta(2.0, 2.2, len(day))) * 3600.0).astype(np.int64)
    by_time = np.lexsort((account, second, day))
    account, day, second = account[by_time], day[by_time], second[by_time]
    lines = rng.geometric(1.0 / profiles.lines_per_order[account]).astype(np.int64)
    own = rng.random(len(day)) < OWN_PROMISE_SHARE
    # Big accounts schedule ahead, small ones pay for express.
    promised = np.where(own, np.where(profiles.tier[account] <= 1, 7200, 1440), 0)
    promise = np.where(own, promised, profiles.ship_minutes[account]).astype(np.float64)
    region = profiles.region[account]
    clock = timeline.clock(region, day, second // 60)
    chance = late_chance(profiles.late_share[account], jam.picking_delay_days[region, day], promise)
    shipped = finish_clocks(rng, clock, promise, chance, DOCK_HOURS)
    return Orders(account, day, second, ordinals(account, profiles.count), lines, promised, promise, clock, shipped)


@dataclass(frozen=True)
class _Lines:
    """Order lines and returns, one entry per row."""

    order: Ints
    line: Ints
    item: Ints
    units: Ints
    amount: Floats


def _draw_lines(rng: np.random.Generator, profiles: Profiles, orders: Orders, book: ItemBook) -> _Lines:
    order = np.repeat(np.arange(len(orders.lines)), orders.lines)
    ends = np.cumsum(orders.lines)
    line = np.arange(len(order)) - np.repeat(ends - orders.lines, orders.lines) + 1
    item = np.minimum(np.searchsorted(book.cumulative, rng.random(len(order))), ITEM_COUNT - 1)
    tier = profiles.tier[orders.account[order]]
    usual = np.array([t.units_per_line for t in TIERS])[tier]
    units = np.maximum(1, np.rint(usual * rng.lognormal(UNITS_LOG_MEAN, UNITS_LOG_SPREAD, len(order)))).astype(np.int64)
    discount = np.array([t.discount for t in TIERS])[tier]
    amount = book.price[item] * units * (1.0 - discount) * rng.uniform(0.98, 1.02, len(order))
    return _Lines(order, line, item, units, np.maximum(0.01, np.round(amount, 2)))


def _line_columns(
    profiles: Profiles, orders: Orders, lines: _Lines, channel: Ints, timeline: Timeline, prefix: str
) -> Columns:
    region = profiles.region[orders.account]
    ordered_at = timeline.stamps(region, orders.day, orders.second)
    ship_day, ship_minute = timeline.at_clock(region, orders.shipped_clock)
    shipped_at = timeline.stamps(region, ship_day, ship_minute * 60 + orders.second % 60)
    is_open = (ship_day >= timeline.days).tolist()
    shipped_at = ["" if still else text for still, text in zip(is_open, shipped_at, strict=True)]
    numbers = [profiles.numbers[a] for a in orders.account.tolist()]
    keys = [f"{prefix}-{n[1:]}-{o:05d}" for n, o in zip(numbers, orders.ordinal.tolist(), strict=True)]
    promised = [str(p) if p else "" for p in orders.promised.tolist()]
    codes = [REGIONS[r].code for r in region.tolist()]
    money = [REGIONS[r].currency for r in region.tolist()]
    of = lines.order.tolist()
    return {
        "order_number": [keys[o] for o in of],
        "line": [str(n) for n in lines.line.tolist()],
        "account_number": [numbers[o] for o in of],
        "ordered_at": [ordered_at[o] for o in of],
        "item": [ITEM_CODES[i] for i in lines.item.tolist()],
        "units": [str(u) for u in lines.units.tolist()],
        "amount": [f"{a:.2f}" for a in lines.amount.tolist()],
        "currency": [money[o] for o in of],
        "channel": [CHANNELS[channel[o]] for o in of],
        "region": [codes[o] for o in of],
        "promised_minutes": [promised[o] for o in of],
        "shipped_at": [shipped_at[o] for o in of],
        "kind": ["order"] * len(of),
    }


def _return_columns(
    rng: np.random.Generator,
    profiles: Profiles,
    orders: Orders,
    lines: _Lines,
    channel: Ints,
    timeline: Timeline,
    prefix: str,
) -> tuple[Columns, Ints, Ints]:
    """Returned lines, with their day and second: some open days after shipping, while the data run."""
    back = np.flatnonzero(rng.random(len(lines.order)) < RETURN_SHARE_OF_LINES)
    order = lines.order[back]
    region = profiles.region[orders.account[order]]
    clock = orders.shipped_clock[order] + rng.integers(3, 20, len(back)) * DAY_MINUTES
    day, _ = timeline.at_clock(region, clock)
    second = rng.integers(9 * 3600, 17 * 3600, len(back))
    units = np.maximum(1, np.floor(lines.units[back] * rng.uniform(0.2, 1.0, len(back)))).astype(np.int64)
    amount = np.maximum(0.01, np.round(lines.amount[back] * units / lines.units[back], 2))
    kept = np.flatnonzero(day < timeline.days)
    kept = kept[np.lexsort((second[kept], day[kept]))]
    account = orders.account[order[kept]]
    numbers = [profiles.numbers[a] for a in account.tolist()]
    ordinal = ordinals(account, profiles.count).tolist()
    columns: Columns = {
        "order_number": [f"{prefix}-{n[1:]}-{o:05d}" for n, o in zip(numbers, ordinal, strict=True)],
        "line": ["1"] * len(kept),
        "account_number": numbers,
        "ordered_at": timeline.stamps(region[kept], day[kept], second[kept]),
        "item": [ITEM_CODES[i] for i in lines.item[back[kept]].tolist()],
        "units": [str(u) for u in units[kept].tolist()],
        "amount": [f"{a:.2f}" for a in amount[kept].tolist()],
        "currency": [REGIONS[r].currency for r in region[kept].tolist()],
        "channel": [CHANNELS[channel[o]] for o in order[kept].tolist()],
        "region": [REGIONS[r].code for r in region[kept].tolist()],
        "promised_minutes": [""] * len(kept),
        "shipped_at": [""] * len(kept),
        "kind": ["return"] * len(kept),
    }
    return columns, day[kept], second[kept]


def order_line_columns(
    rng: np.random.Generator,
    profiles: Profiles,
    orders: Orders,
    book: ItemBook,
    timeline: Timeline,
    prefixes: tuple[str, str] = ("SO", "RT"),
) -> Columns:
    """Rows of `order_lines.csv` for a granule, in order of time; order and return numbers begin with `prefixes`."""
    lines = _draw_lines(rng, profiles, orders, book)
    channel = rng.choice(len(CHANNELS), len(orders.day), p=CHANNEL_SHARES)
    channel = np.where(orders.day % 7 >= 5, 0, channel)
    sold = _line_columns(profiles, orders, lines, channel, timeline, prefixes[0])
    back, back_day, back_second = _return_columns(rng, profiles, orders, lines, channel, timeline, prefixes[1])
    day = np.concatenate([orders.day[lines.order], back_day])
    second = np.concatenate([orders.second[lines.order], back_second])
    by_time = np.lexsort((second, day)).tolist()
    return {name: [both[i] for i in by_time] for name, both in ((n, sold[n] + back[n]) for n in sold)}
