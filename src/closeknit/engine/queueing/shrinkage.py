"""Shrinkage in exact arithmetic: 21 people at 3/10 are 30 on the roster, not 31 or 29 as floats may give."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import IntArray, frozen, whole_numbers
from closeknit.engine.errors import EngineInputError

ExactShare: TypeAlias = Fraction | str | Decimal | int


def compose_shrinkage(parts: Sequence[ExactShare]) -> Fraction:
    """The one shrinkage that several independent causes of absence make together.

    `parts`: shares 0 <= p < 1 of paid time lost, each of the time the others leave (holidays, then breaks
    of the days worked, ...). Formula: 1 - prod(1 - p), exact. No parts: 0.

    >>> compose_shrinkage(["1/10", "0.2"])
    Fraction(7, 25)
    """
    present = Fraction(1)
    for index, part in enumerate(parts):
        present *= 1 - _exact_share(f"parts[{index}]", part)
    return 1 - present


def scheduled_agents(agents: ArrayLike, shrinkage: ExactShare) -> IntArray:
    """People on the roster so that `agents` are there after `shrinkage`: ceil(agents / (1 - s)), exact.

    >>> scheduled_agents([0, 21, 40], "3/10").tolist()
    [0, 30, 58]
    """
    count = whole_numbers("agents", agents, minimum=0)
    present = 1 - _exact_share("shrinkage", shrinkage)
    return _scaled(count, present.denominator, present.numerator, round_up=True)


def net_agents(scheduled: ArrayLike, shrinkage: ExactShare) -> IntArray:
    """People there after `shrinkage` of `scheduled`: floor(scheduled x (1 - s)), exact.

    >>> net_agents([90, 30], "3/10").tolist()
    [63, 21]
    """
    count = whole_numbers("scheduled", scheduled, minimum=0)
    present = 1 - _exact_share("shrinkage", shrinkage)
    return _scaled(count, present.numerator, present.denominator, round_up=False)


def _scaled(count: IntArray, times: int, over: int, *, round_up: bool) -> IntArray:
    """count x times / over, rounded up or down, in integers of whatever width it takes."""
    largest = int(count.max(initial=0))
    wide = largest * times >= 2**62 or over >= 2**62
    whole = count.astype(object) if wide else count
    product = whole * times
    result = -((-product) // over) if round_up else product // over
    if wide and max(np.ravel(result), default=0) >= 2**63:
        raise EngineInputError("agents after shrinkage exceed 2^63: check the shrinkage, it is too close to 1")
    return frozen(np.asarray(result).astype(np.int64))


def _exact_share(name: str, value: ExactShare) -> Fraction:
    if isinstance(value, float | bool):
        raise EngineInputError(
            f"{name} is the {type(value).__name__} {value!r}: give a Fraction, a Decimal or text such as "
            "'3/10' or '0.3', because binary floats round people up or down"
        )
    try:
        share = Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError) as error:
        raise EngineInputError(f"{name} is {value!r}: give a share such as '3/10' or '0.3'") from error
    if not 0 <= share < 1:
        raise EngineInputError(f"{name} is {value!s}: give a share of at least 0 and below 1 (never a percent)")
    return share
