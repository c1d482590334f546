"""Adherence: rates against promises with their intervals, and what misses cost by the terms."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from closeknit.engine import customers as engine
from closeknit.rooms.agreements.contracts.adherence import INTERVAL_LEVEL, AdherenceMonth, AdherenceVerdict

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ShareInterval:
    """A rate and the bounds within which the rate behind it lies."""

    share: float
    low_share: float
    high_share: float


def share_interval(kept: int, settled: int, level: float = INTERVAL_LEVEL) -> ShareInterval | None:
    """Return the rate of what was kept with Wilson's interval, or None where nothing was settled.

    Clocks are taken as independent of one another.
    """
    if settled == 0:
        return None
    found = engine.share_interval(kept, settled, level=level)
    return ShareInterval(float(found.share), float(found.low_share), float(found.high_share))


def verdict_of(kept: int, settled: int, target_share: float) -> AdherenceVerdict:
    """Tell whether a promise was kept: by what was counted, as contracts read, not by its interval.

    Shares are compared as people write them, in twelve decimals: 0.9 of ten is nine.
    """
    if settled == 0:
        return AdherenceVerdict.NOTHING_DUE
    return AdherenceVerdict.KEPT if round(kept / settled - target_share, 12) >= 0 else AdherenceVerdict.NOT_KEPT


def month_of(
    month_on: date,
    kept: Sequence[bool],
    *,
    is_whole: bool,
    target_share: float,
    penalty_per_point: Decimal | None,
    penalty_cap: Decimal | None,
) -> AdherenceMonth:
    """Return what a month came to, with its penalty where it is whole: points below the target times that per point."""
    count, held = len(kept), sum(kept)
    share = held / count if count else None
    penalty = None
    if is_whole and penalty_per_point is not None:
        # In exact numbers: what is due must not depend on rounding.
        below = Decimal(repr(target_share)) - Decimal(held) / Decimal(count) if count else Decimal(0)
        due = max(below, Decimal(0)) * 100 * penalty_per_point
        penalty = min(due, penalty_cap if penalty_cap is not None else due).quantize(CENT, ROUND_HALF_UP)
    return AdherenceMonth(month_on, is_whole, count, held, share, penalty)


def months_between(from_on: date, until_on: date) -> list[date]:
    """Return the first days of the months that a period touches."""
    found, month = [], from_on.replace(day=1)
    while month < until_on:
        found.append(month)
        month = next_month(month)
    return found


def next_month(month_on: date) -> date:
    """Return the first day of the month after that of a day."""
    year, month = divmod(month_on.year * 12 + month_on.month, 12)
    return date(year, month + 1, 1)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum of the amounts there are, or None where there is none."""
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None
