"""What customers under contract will be worth: a margin a period for as long as they stay."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, rising_levels, same_shape

HALVINGS = 60


@dataclass(frozen=True, slots=True)
class StayValue:
    """Value ahead of each customer, shapes (customers,); `quantiles` (levels, customers).

    `mean` = margin per period x `expected_periods`, to the last bit; `expected_periods` are discounted.
    """

    expected_periods: FloatArray
    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray


def stay_value(
    margin_per_period: ArrayLike,
    margin_sd: ArrayLike,
    stay_share: ArrayLike,
    *,
    discount_per_period: float = 0.0,
    quantile_levels: ArrayLike = (0.1, 0.9),
) -> StayValue:
    """Return what customers under contract will be worth over the periods ahead, and how sure that is.

    Args:
        margin_per_period: expected margin of a period that a customer stays, shape (customers,).
        margin_sd: standard deviation of one period's margin, at least 0.
        stay_share: chance that a customer is there in each period ahead, 0..1, falling, shape (customers, periods); the
            first is the period under way.
        discount_per_period: d, at least 0: the middle of period i counts (1+d)^-(i-1/2).
        quantile_levels: levels in (0, 1), rising.

    Mean: margin times the sum of stay x discount. Quantiles: over how many periods the customer stays, each with a
    normal law of its margins.

    Valid where leaving does not hang together with the margin.

    Source: Gupta and Lehmann, "Customers as assets", JIM 17 (2003), with a horizon.

    >>> got = stay_value([100.0], [0.0], [[1.0, 0.9, 0.81]], discount_per_period=0.1)
    >>> float(got.mean[0].round(2)), got.quantiles[:, 0].round(2).tolist()
    (237.18, [182.02, 260.82])
    """
    margin = numbers("margin_per_period", margin_per_period, ndim=1)
    spread = numbers("margin_sd", margin_sd, minimum=0.0, ndim=1)
    stay = numbers("stay_share", stay_share, minimum=0.0, maximum=1.0, ndim=2)
    same_shape([("margin_sd", spread), ("stay_share", stay[:, 0])], margin.shape, "one for each customer")
    rising = np.concatenate([np.zeros((stay.shape[0], 1), dtype=bool), np.diff(stay, axis=1) > 0.0], axis=1)
    refuse_where(rising, "stay_share", stay, "give shares that never rise: who has left does not come back")
    rate = float(numbers("discount_per_period", discount_per_period, minimum=0.0, maximum=10.0, ndim=0))
    levels = rising_levels("quantile_levels", quantile_levels)
    discount = (1.0 + rate) ** -(np.arange(stay.shape[1]) + 0.5)
    expected = stay @ discount
    # Chance to stay exactly k periods, what k periods are worth, and how that varies.
    exactly = np.concatenate([1.0 - stay[:, :1], stay[:, :-1] - stay[:, 1:], stay[:, -1:]], axis=1)
    worth = np.concatenate([[0.0], np.cumsum(discount)])
    varies = np.sqrt(np.concatenate([[0.0], np.cumsum(discount**2)]))
    found = np.stack([_quantile(level, exactly, margin[:, None] * worth, spread[:, None] * varies) for level in levels])
    return StayValue(frozen(expected), frozen(margin * expected), frozen(levels), frozen(found))


def _quantile(level: float, chance: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    low, high = (mean - 10.0 * sd).min(axis=1) - 1e-9, (mean + 10.0 * sd).max(axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        gap = middle[:, None] - mean
        below = np.where(sd > 0.0, ndtr(gap / np.where(sd > 0.0, sd, 1.0)), gap >= 0.0)
        is_below = (chance * below).sum(axis=1) < level
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return np.asarray(high)
