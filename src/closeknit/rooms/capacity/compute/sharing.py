"""How a pool's need is split among those whose promises made it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sized:
    """Need per period (P), its split among series (S x P), hours of one unit per period, and the binding promise."""

    need: FloatArray
    split: FloatArray
    binding: str


def share_in_steps(levels: FloatArray, level_of_series: NDArray[np.int64], weight: FloatArray) -> FloatArray:
    """Split a need among series: each step up is carried, by weight, by those whose promise reaches that step.

    levels: need per promise and period (L x P); level_of_series: each series' promise (S); weight: S x P. The columns
    of the result sum to the largest level of the promises present.
    """
    split = np.zeros_like(weight)
    reach = levels[level_of_series]
    long_run = np.broadcast_to(weight.sum(axis=1, keepdims=True), weight.shape)
    floor = np.zeros(levels.shape[1])
    for step in np.sort(levels, axis=0):
        carriers = reach >= step
        base = np.where(carriers, weight, 0.0)
        base = np.where(base.sum(axis=0) > 0, base, np.where(carriers, long_run, 0.0))
        total = base.sum(axis=0)
        increment = np.where(total > 0, step - floor, 0.0)
        split += np.divide(base, total, out=np.zeros_like(base), where=total > 0) * increment
        floor = np.where(total > 0, step, floor)
    return split
