"""Purchases: what each account ordered on which day, as columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class PurchaseDays:
    """One row per account, currency and local day, ordered so. `day` counts from 1970-01-01.

    `net` is money less returns. `has_order` is false on days with returns only.
    """

    account_number: tuple[str, ...]
    currency: tuple[str, ...]
    day: NDArray[np.int64]
    net: NDArray[np.float64]
    has_order: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class HandlingTotal:
    """Minutes that work for an account was measured to take, and how many pieces of work were measured."""

    account_number: str
    minutes: float
    measured: int
