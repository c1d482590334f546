"""How the functions for one queue take their arguments: checked, broadcast together, in handling times."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, numbers, refuse_where, together
from closeknit.engine.errors import EngineInputError

LARGEST_LOAD = 1e6
"""Largest offered load, number of servers and of lines accepted; tested to 100,000."""

NOTHING = 1e-200
"""A load below this counts as none."""

LINES_FIX = "the lines hold those being served and those waiting; give infinity for no limit"


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """What is offered to one kind of queue, flat arrays of one length; `shape` is what the caller gave.

    Offered load a = lambda/mu (erlangs), theta = handling time / mean patience (0: nobody gives up).
    """

    load: FloatArray
    handle: FloatArray
    theta: FloatArray
    lines: FloatArray
    others: tuple[FloatArray, ...]
    shape: tuple[int, ...]


def offered(arrivals_per_hour: ArrayLike, handle_minutes: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Checked (offered erlangs, handle minutes), broadcast together."""
    arrivals = numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9)
    handle = numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6)
    arrivals, handle = together(("arrivals_per_hour", arrivals), ("handle_minutes", handle))
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = numbers("arrivals_per_hour x handle_minutes / 60", arrivals * handle / 60.0, maximum=LARGEST_LOAD, fix=fix)
    # less than one arrival in the age of the universe, and small enough to vanish when it's divided by patience
    return np.where(load < NOTHING, 0.0, load), handle


def numbers_or_infinity(
    name: str, value: ArrayLike, *, minimum: float = 0.0, above: float | None = None, maximum: float = 1e15
) -> FloatArray:
    """A checked array of at least `minimum`, where infinity says "no limit"."""
    raw = np.asarray(value)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError(f"{name} holds {raw.dtype} values: give plain numbers, or infinity for no limit")
    unlimited = raw == np.inf
    stand_in = max(minimum, 1.0)
    checked = numbers(name, np.where(unlimited, stand_in, raw), minimum=minimum, above=above, maximum=maximum)
    return np.where(unlimited, np.inf, checked)


def flow(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    lines: ArrayLike,
    *others: tuple[str, FloatArray],
) -> Flow:
    """All that a queue is offered, and the `others` (checked already) broadcast along."""
    load, handle = offered(arrivals_per_hour, handle_minutes)
    patience = numbers_or_infinity("patience_minutes", patience_minutes, minimum=1e-9)
    limit = checked_lines(lines)
    names = (("arrivals_per_hour", load), ("handle_minutes", handle), ("patience_minutes", patience))
    arrays = together(*names, ("lines", limit), *others)
    flat = [np.ascontiguousarray(np.ravel(array)) for array in arrays]
    with np.errstate(under="ignore"):
        theta = flat[1] / flat[2]
    return Flow(flat[0], flat[1], theta, flat[3], tuple(flat[4:]), arrays[0].shape)


def checked_lines(lines: ArrayLike) -> FloatArray:
    limit = numbers_or_infinity("lines", lines, maximum=LARGEST_LOAD)
    refuse_where(limit != np.floor(limit), "lines", limit, f"give a whole number; {LINES_FIX}")
    return limit


def checked_agents(name: str, agents: ArrayLike) -> FloatArray:
    """Numbers of agents or servers, whole or fractional."""
    fix = "more is not a team: split it, or check the units"
    return numbers(name, agents, minimum=0.0, maximum=LARGEST_LOAD, fix=fix if np.size(agents) else "")


def refuse_agents_beyond_lines(agents: FloatArray, lines: FloatArray) -> None:
    """Limited lines count people one by one: agents must be whole and have a line each."""
    limited = lines < np.inf
    refuse_where(
        limited & (agents != np.floor(agents)),
        "agents",
        agents,
        "give whole agents where lines are limited (a fraction of a line has no meaning)",
    )
    refuse_where(agents > lines, "agents", agents, f"give at least as many lines as agents; {LINES_FIX}")


def rows(*arrays: NDArray[Any]) -> NDArray[np.float64]:
    """The arrays as rows of what a kernel takes."""
    return np.array(arrays, dtype=np.float64, order="C")
