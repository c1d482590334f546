"""When work gets done: in time or late against its promise, within opening hours, on the business clock."""

from __future__ import annotations

import numpy as np

from closeknit.demo.timeline import DAY_MINUTES, Floats, Ints

DELAY_EFFECT, MAX_LATE_SHARE = 0.40, 0.85
_LEAST_MINUTES = 15


def late_chance(usual_share: Floats, delay_days: Floats, promised_minutes: Floats) -> Floats:
    """Chance of lateness: the account's usual one, raised by the pool's backlog against the promise."""
    strain = np.minimum(delay_days / (promised_minutes / DAY_MINUTES), 1.5)
    return np.clip(usual_share + DELAY_EFFECT * strain, 0.0, MAX_LATE_SHARE)


def finish_clocks(
    rng: np.random.Generator, start: Ints, promised_minutes: Floats, chance: Floats, hours: tuple[int, int]
) -> Ints:
    """Business-clock times of completion within opening `hours` (minutes of the day)."""
    count = len(start)
    in_time = promised_minutes * 0.97 * rng.beta(1.6, 1.2, count)
    late = promised_minutes * (1.05 + rng.exponential(0.6, count))
    took = np.where(rng.random(count) < chance, late, in_time)
    target = start + np.maximum(_LEAST_MINUTES, took).astype(np.int64)
    return _within_hours(rng, start, target, hours)


def _within_hours(rng: np.random.Generator, start: Ints, target: Ints, hours: tuple[int, int]) -> Ints:
    """Move `target` back to the last closing time if that is after `start`, else on to the next opening."""
    opens, closes = hours
    slack = rng.integers(0, 45, len(target))
    minute = target % DAY_MINUTES
    midnight = target - minute
    before, after = minute < opens, minute > closes
    closing = midnight + closes - slack - np.where(before, DAY_MINUTES, 0)
    opening = midnight + opens + slack + np.where(after, DAY_MINUTES, 0)
    moved = np.where(closing >= start + _LEAST_MINUTES, closing, opening)
    return np.where(before | after, moved, target)


def ordinals(account: Ints, count: int) -> Ints:
    """Running number from 1 within each account, in the given order."""
    order = np.argsort(account, kind="stable")
    sizes = np.bincount(account, minlength=count)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    numbers = np.empty(len(account), np.int64)
    numbers[order] = np.arange(len(account)) - starts + 1
    return numbers


def counts_to_events(rng: np.random.Generator, rates: Floats) -> tuple[Ints, Ints]:
    """Poisson events: the account and day of each, day by day."""
    counts = rng.poisson(rates.T)
    day, account = np.nonzero(counts)
    repeats = counts[day, account]
    return np.repeat(account, repeats).astype(np.int64), np.repeat(day, repeats).astype(np.int64)
