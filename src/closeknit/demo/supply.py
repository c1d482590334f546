"""What lies at the depots and what suppliers have been asked for: most items are looked after, some were forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from closeknit.demo.capacity import Load
from closeknit.demo.catalogue import TIERS
from closeknit.demo.orders import ITEM_CODES, UNITS_SQUARED_MEAN, ItemBook
from closeknit.demo.places import REGIONS
from closeknit.demo.seeds import Stream, stream
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Bools, Floats, Ints
from closeknit.demo.writing import Row

CYCLE_WEEKS, CUSHION_SPREADS = 4.0, 6.0
"""Buyers order up to what four weeks ask for and a cushion: so many standard deviations of those weeks."""
FORGOTTEN_SHARE, FORGOTTEN_LEVEL_SHARE = 0.08, 0.25
WEEKS_LOOKED_AT = 52


@dataclass(frozen=True)
class Supply:
    """Per depot and item, shape [region, item]: pieces a week, what buyers order up to, what there is."""

    weekly_units: Floats
    level_units: Floats
    on_hand: Ints
    on_order: Ints
    forgotten: Bools


def draw_supply(spec: CompanySpec, load: Load, true_load: Load, book: ItemBook) -> Supply:
    """Draw what is on hand and on order at the end of the data.

    On hand are some weeks of demand, now and then nothing. Buyers have ordered up to their level, but for a few items
    that nobody looked at: of those little is left and nothing is on order.
    """
    rng, forgets = stream(spec.seed, Stream.STAFF, 1), stream(spec.seed, Stream.SUPPLY)
    weekly, level = _levels(true_load, book)
    on_hand = np.array([_on_hand(rng, spec, load.lines[r], book) for r in range(len(REGIONS))])
    forgotten = forgets.random(level.shape) < FORGOTTEN_SHARE
    left = np.floor(FORGOTTEN_LEVEL_SHARE * level).astype(np.int64)
    on_hand = np.where(forgotten, np.minimum(on_hand, left), on_hand)
    wanted = np.maximum(np.ceil(level).astype(np.int64) - on_hand, 0)
    return Supply(weekly, level, on_hand, np.where(forgotten, 0, wanted), forgotten)


def _on_hand(rng: np.random.Generator, spec: CompanySpec, lines: Floats, book: ItemBook) -> Ints:
    per_line = sum(t.share * t.orders_per_week * t.units_per_line for t in TIERS) / sum(
        t.share * t.orders_per_week for t in TIERS
    )
    weekly_units = lines.sum() / spec.weeks * book.popularity * per_line
    cover_weeks = rng.gamma(3.0, 1.2, len(ITEM_CODES)) * (rng.random(len(ITEM_CODES)) > 0.03)
    units: Ints = np.floor(weekly_units * cover_weeks).astype(np.int64)
    return units


def _levels(load: Load, book: ItemBook) -> tuple[Floats, Floats]:
    """Return the mean pieces a week of the last year, and what buyers order up to: lines come by chance (Poisson)."""
    weight = np.array([t.share * t.orders_per_week * t.lines_per_order for t in TIERS])
    usual = np.array([t.units_per_line for t in TIERS])
    mean, square = weight @ usual / weight.sum(), weight @ usual**2 / weight.sum() * UNITS_SQUARED_MEAN
    days = min(7 * WEEKS_LOOKED_AT, load.lines.shape[1])
    lines = load.lines[:, -days:].sum(axis=1)[:, None] * 7.0 / days * book.popularity
    spread = np.sqrt(CYCLE_WEEKS * lines * square)
    return lines * mean, CYCLE_WEEKS * lines * mean + CUSHION_SPREADS * spread


def stock_rows(spec: CompanySpec, supply: Supply) -> list[Row]:
    """Rows of `stock.csv`."""
    as_of = spec.ends_on.isoformat()
    return [
        (code, region.depot_id, str(supply.on_hand[r, i]), str(supply.on_order[r, i]), as_of)
        for r, region in enumerate(REGIONS)
        for i, code in enumerate(ITEM_CODES)
    ]


def stock_truth(supply: Supply) -> dict[str, Any]:
    """Columns of `stock.parquet`."""
    return {
        "item": list(ITEM_CODES) * len(REGIONS),
        "site": [region.depot_id for region in REGIONS for _ in ITEM_CODES],
        "weekly_units": supply.weekly_units.ravel(),
        "level_units": supply.level_units.ravel(),
        "is_forgotten": supply.forgotten.ravel(),
    }
