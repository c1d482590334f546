"""The smallest whole number that meets a condition which holds from some number on, for many items in lock step."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import LARGEST, BoolArray, FloatArray, IntArray, numbers
from closeknit.engine.errors import EngineInputError


def smallest_meeting(
    lowest: IntArray, meets: Callable[[IntArray, IntArray], BoolArray], most: int, what: str
) -> IntArray:
    """Per item the smallest number of at least `lowest` at which `meets(items, numbers)` is true.

    Doubles the step from `lowest` until the condition holds, then halves: about 2 log2(distance) calls, each over the
    items not yet settled. Beyond `most` it refuses, in the words of `what`.
    """
    items = np.arange(lowest.size)
    best, worst = lowest.copy(), lowest - 1
    # A team's room for chance is about the root of its size: most answers lie within the first steps.
    step = np.maximum(1, np.sqrt(np.maximum(lowest, 0)).astype(np.int64) // 2)
    open_items = items
    while open_items.size:
        short = ~meets(open_items, best[open_items])
        open_items = open_items[short]
        worst[open_items] = best[open_items]
        best[open_items] += step[open_items]
        step[open_items] *= 2
        if open_items.size and best[open_items].max() > most:
            raise EngineInputError(f"{what}: no number up to {most} is enough; ask for less, or split the work")
    open_items = items[best - worst > 1]
    while open_items.size:
        middle = (best[open_items] + worst[open_items]) // 2
        good = meets(open_items, middle)
        best[open_items[good]] = middle[good]
        worst[open_items[~good]] = middle[~good]
        open_items = open_items[best[open_items] - worst[open_items] > 1]
    return best


def limits(name: str, value: ArrayLike) -> FloatArray:
    """Checked limits above 0; infinity asks nothing."""
    given = np.asarray(value)
    endless = given == np.inf if given.dtype.kind == "f" else np.zeros(given.shape, dtype=np.bool_)
    checked = numbers(name, np.where(endless, LARGEST, given) if endless.any() else given, above=0.0)
    return np.where(endless, np.inf, checked)
