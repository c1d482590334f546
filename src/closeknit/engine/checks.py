"""One way to refuse bad input: every public function of the engine passes its arrays through here.

Messages name the parameter, the first bad index, the value and the fix.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.errors import EngineInputError

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

LARGEST = 1e15
"""Largest magnitude accepted anywhere: beyond it one unit is lost in float64 sums."""


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, made read-only, for a frozen result."""
    result = np.asarray(array)
    result.setflags(write=False)
    return result


def refuse_where(bad: BoolArray, name: str, values: NDArray[Any], fix: str) -> None:
    """Raise naming the first index where `bad` is true; do nothing when nowhere."""
    if not np.any(bad):
        return
    if values.ndim == 0:
        raise EngineInputError(f"{name} is {values[()]!s}: {fix}")
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    place = ", ".join(str(i) for i in index)
    count = int(np.count_nonzero(bad))
    more = f" ({count} such values)" if count > 1 else ""
    raise EngineInputError(f"{name}[{place}] is {values[index]!s}{more}: {fix}")


def _plain_numbers(name: str, value: ArrayLike, kinds: str) -> NDArray[Any]:
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise EngineInputError(f"{name} is ragged: give rows of equal length ({error})") from error
    if array.size and array.dtype.kind not in kinds:
        raise EngineInputError(
            f"{name} holds {array.dtype} values: give plain numbers (int or float), "
            "not text, None, Decimal, booleans or dates"
        )
    return array


def numbers(
    name: str,
    value: ArrayLike,
    *,
    minimum: float = -LARGEST,
    maximum: float = LARGEST,
    above: float | None = None,
    below: float | None = None,
    ndim: int | None = None,
    missing_allowed: bool = False,
    fix: str = "",
) -> FloatArray:
    """A fresh float64 array of finite numbers within bounds.

    `above`/`below` are strict bounds; `missing_allowed` lets NaN (never infinity) through.
    """
    array: FloatArray = np.array(_plain_numbers(name, value, "iuf"), dtype=np.float64)
    if ndim is not None and array.ndim != ndim:
        raise EngineInputError(f"{name} has {array.ndim} dimensions: give {ndim}")
    if _is_within(array, minimum, maximum, above, below):
        return array
    missing = np.isnan(array)
    if not missing_allowed:
        refuse_where(missing, name, array, "give a finite number; drop or fill missing values first")
    refuse_where(np.isinf(array), name, array, "give a finite number")
    checked = np.where(missing, np.clip(0.0, minimum, maximum), array)
    why = f" ({fix})" if fix else ""
    refuse_where(checked < minimum, name, array, f"give a number of at least {minimum:g}{why}")
    refuse_where(checked > maximum, name, array, f"give a number of at most {maximum:g}{why}")
    if above is not None:
        refuse_where(~missing & (array <= above), name, array, f"give a number above {above:g}{why}")
    if below is not None:
        refuse_where(~missing & (array >= below), name, array, f"give a number below {below:g}{why}")
    return array


def _is_within(array: FloatArray, minimum: float, maximum: float, above: float | None, below: float | None) -> bool:
    """What is plainly in order, seen from its ends: calls on small arrays would spend their time on saying it."""
    if not array.size:
        return False
    low, high = float(array.min()), float(array.max())
    # Ends that are not numbers, or endless, compare false.
    inside = max(minimum, -LARGEST) <= low and high <= min(maximum, LARGEST)
    return inside and (above is None or low > above) and (below is None or high < below)


def whole_numbers(
    name: str,
    value: ArrayLike,
    *,
    minimum: int,
    maximum: int = 2**53,
    ndim: int | None = None,
) -> IntArray:
    """A fresh int64 array of whole numbers within bounds; 22.5 is refused, 22.0 is not."""
    array = numbers(name, value, minimum=minimum, maximum=maximum, ndim=ndim)
    refuse_where(array != np.floor(array), name, array, "give a whole number")
    return array.astype(np.int64)


def whole_number(name: str, value: int, *, minimum: int, maximum: int = 2**31) -> int:
    """One whole number within bounds."""
    # What is plainly in order needs no array: calls on a single series would spend their time on it.
    if type(value) is int and minimum <= value <= maximum:
        return value
    return int(whole_numbers(name, value, minimum=minimum, maximum=maximum, ndim=0))


def flags(name: str, value: ArrayLike) -> BoolArray:
    """A fresh boolean array."""
    array = np.array(value)
    if array.dtype.kind != "b":
        raise EngineInputError(f"{name} holds {array.dtype} values: give booleans (True or False)")
    return array.astype(np.bool_)


def same_shape(named: Sequence[tuple[str, NDArray[Any]]], shape: tuple[int, ...], what: str) -> None:
    """Refuse the first array whose shape is not `shape`, said in the words of `what`."""
    for name, array in named:
        if array.shape != shape:
            raise EngineInputError(f"{name} has shape {array.shape}: give {shape}, {what}")


def together(*named: tuple[str, NDArray[Any]]) -> tuple[NDArray[Any], ...]:
    """The arrays broadcast against each other."""
    try:
        return tuple(np.broadcast_arrays(*(array for _, array in named)))
    except ValueError as error:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in named)
        raise EngineInputError(f"shapes do not fit together: {shapes}") from error


def rising_levels(name: str, value: ArrayLike) -> FloatArray:
    """Strictly increasing levels in (0, 1), at least one."""
    levels = numbers(name, value, above=0.0, below=1.0, ndim=1)
    if levels.size == 0:
        raise EngineInputError(f"{name} is empty: give at least one level, such as 0.5")
    falling = np.concatenate([[False], np.diff(levels) <= 0])
    refuse_where(falling, name, levels, "give levels in strictly increasing order")
    return levels
