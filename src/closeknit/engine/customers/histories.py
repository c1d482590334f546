"""Purchases on days made into histories: how often, how recently, since when, and for how much."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, same_shape, whole_numbers


@dataclass(frozen=True, slots=True)
class PurchaseHistories:
    """One history per customer, by rising customer code; shapes (customers,).

    `frequency`: repeat purchase days (x). `recency`: periods from the first to the last (t_x). `age`: periods from the
    first to the last day observed (T). `mean_spend`: mean worth of a repeat day, 0 where there is none.
    `spend_days`: days that the mean is of: repeat days worth more than nothing.
    """

    customer: IntArray
    frequency: FloatArray
    recency: FloatArray
    age: FloatArray
    mean_spend: FloatArray
    spend_days: FloatArray


def purchase_histories(
    customer: ArrayLike,
    day: ArrayLike,
    amount: ArrayLike,
    *,
    until_day: int,
    days_per_period: float = 7.0,
) -> PurchaseHistories:
    """Return each customer's history up to a day: what a customer buys on one day is one purchase.

    Args:
        customer: whole code of the customer, shape (purchases,).
        day: whole number of the day, from any start.
        amount: what was paid; days on which it adds up to nothing or less count as purchases, but not for the mean.
        until_day: last day observed; purchases after it are left out, as are customers who had not bought by then.
        days_per_period: days in a period of recency and age.

    x = distinct days after the first, t_x = (last - first) / days_per_period, T = (until - first) / days_per_period.

    Source: Fader, Hardie and Lee (2005), data of section 4.

    >>> got = purchase_histories([7, 7, 7, 9], [0, 14, 14, 3], [5.0, 8.0, 2.0, 1.0], until_day=21)
    >>> got.frequency.tolist(), got.recency.tolist(), got.age.round(2).tolist(), got.mean_spend.tolist()
    ([1.0, 0.0], [2.0, 0.0], [3.0, 2.57], [10.0, 0.0])
    """
    who = whole_numbers("customer", customer, minimum=-(2**53), ndim=1)
    days = whole_numbers("day", day, minimum=-(2**31), maximum=2**31, ndim=1)
    paid = numbers("amount", amount, ndim=1)
    same_shape([("day", days), ("amount", paid)], who.shape, "one for each purchase")
    last_day = int(whole_numbers("until_day", until_day, minimum=-(2**31), maximum=2**31, ndim=0))
    width = float(numbers("days_per_period", days_per_period, above=0.0, ndim=0))
    inside = days <= last_day
    who, days, paid = who[inside], days[inside], paid[inside]
    order = np.lexsort((days, who))
    who, days, paid = who[order], days[order], paid[order]
    is_new_customer = _changes(who)
    is_new_day = is_new_customer | _changes(days)
    starts = np.flatnonzero(is_new_day)
    of_day = np.add.reduceat(paid, starts) if starts.size else np.zeros(0)
    firsts = np.flatnonzero(is_new_customer[starts])
    visits = np.diff(np.append(firsts, starts.size))
    first_day, last_seen = days[starts][firsts], days[starts][firsts + visits - 1]
    repeats = np.ones(starts.size, dtype=bool)
    repeats[firsts] = False
    counted = repeats & (of_day > 0.0)
    owner = np.repeat(np.arange(firsts.size), visits)
    spend_days = np.bincount(owner[counted], minlength=firsts.size).astype(np.float64)
    spent = np.bincount(owner[counted], weights=of_day[counted], minlength=firsts.size)
    mean = np.divide(spent, spend_days, out=np.zeros(firsts.size), where=spend_days > 0)
    refuse_where(~np.isfinite(mean), "amount", mean, "give amounts whose sum is a number")
    return PurchaseHistories(
        customer=frozen(who[starts][firsts]),
        frequency=frozen((visits - 1).astype(np.float64)),
        recency=frozen((last_seen - first_day) / width),
        age=frozen((last_day - first_day) / width),
        mean_spend=frozen(mean),
        spend_days=frozen(spend_days),
    )


def _changes(values: IntArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if values.size == 0:
        return np.zeros(0, dtype=bool)
    return np.concatenate([[True], np.diff(values) != 0])
