"""How long people wait: the whole distribution, its quantiles, and the time that a promise could name."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.queueing.arguments import Flow, checked_agents, flow, refuse_agents_beyond_lines, rows
from closeknit.engine.queueing.inverse_kernels import ABANDONED, ALL, ANSWERED, VIRTUAL, times_until
from closeknit.engine.queueing.performance import LevelDefinition
from closeknit.engine.queueing.staffing import checked_level
from closeknit.engine.queueing.wait_kernels import fill_tails


class WaitOf(Enum):
    """Whose wait is meant."""

    ALL = ALL
    """Of all who get a line, until they are answered or give up."""

    VIRTUAL = VIRTUAL
    """Of somebody who would never give up."""

    ANSWERED = ANSWERED
    ABANDONED = ABANDONED


@dataclass(frozen=True, slots=True, eq=False)
class WaitingTimeDistribution:
    """Probability that a wait is longer than each of `times_minutes` (the last axis), in steady state.

    `all_longer_share` of who gets a line, `virtual_longer_share` of somebody who would never give up,
    `answered_longer_share` of the answered, `abandoned_longer_share` of who gives up (0 where nobody does).
    Small probabilities keep their digits here, as they would not in the shares served by then.
    """

    times_minutes: FloatArray
    all_longer_share: FloatArray
    virtual_longer_share: FloatArray
    answered_longer_share: FloatArray
    abandoned_longer_share: FloatArray


def waiting_time_distribution(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    times_minutes: ArrayLike,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
) -> WaitingTimeDistribution:
    """P(wait > t) at given times, of all, of the answered and of those who give up.

    Parameters: `times_minutes` (t >= 0, one-dimensional) becomes the last axis of the result; the others as in
    `queue_performance`, broadcast together. Formula: M/M/c: C exp(-(c - a) mu t); with patience an incomplete gamma
    function at z e^(-theta t), with limited lines a sum of incomplete beta functions; docs/methods/queueing.md.
    Validity: as `queue_performance`. Source: Mandelbaum and Zeltyn (2005); Gross and Harris for limited lines.

    >>> longer = waiting_time_distribution(2, 2.0, 20.0, [0.0, 30.0, 60.0])
    >>> longer.answered_longer_share.round(6).tolist()
    [0.166667, 0.022556, 0.003053]
    """
    times = numbers("times_minutes", times_minutes, minimum=0.0, maximum=1e9, ndim=1)
    given, count = _checked(agents, arrivals_per_hour, handle_minutes, patience_minutes, lines)
    size, moments = count.size, times.size
    repeated = (np.repeat(array, moments) for array in (count, given.load, given.theta, given.lines))
    scaled = (times[np.newaxis, :] / given.handle[:, np.newaxis]).ravel()
    beyond = _beyond(rows(*repeated, scaled)).reshape(4, size, moments)
    late = beyond[0] * np.exp(-np.minimum(given.theta[:, np.newaxis] * scaled.reshape(size, moments), 745.0))
    admitted, answered, abandoned = (share[:, np.newaxis] for share in _groups(given, count))
    shape = (*given.shape, moments)
    return WaitingTimeDistribution(
        times_minutes=frozen(times),
        all_longer_share=_shares(late, admitted, shape),
        virtual_longer_share=_shares(beyond[0], admitted, shape),
        answered_longer_share=_shares(beyond[1], answered, shape),
        abandoned_longer_share=_shares(beyond[2], abandoned, shape),
    )


def waiting_time_quantile(
    share: ArrayLike,
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
    of: WaitOf = WaitOf.ANSWERED,
) -> FloatArray:
    """Minutes within which a share of the waits end: the smallest t with P(wait <= t) >= share.

    Parameters (broadcast together): `share` (0 <= share < 1), `of` (whose wait), the others as in `queue_performance`.
    0 where so many don't wait at all, or nobody is meant; infinity where the queue grows without end.
    Formula: the inverse of `waiting_time_distribution`, to 1e-13. Source: as there.

    >>> waiting_time_quantile([0.5, 0.9, 0.99], 14, 200.0, 3.0).round(3).tolist()
    [0.0, 0.416, 2.143]
    """
    level = numbers("share", share, minimum=0.0, below=1.0)
    given, count = _checked(agents, arrivals_per_hour, handle_minutes, patience_minutes, lines, ("share", level))
    admitted, answered, abandoned = _groups(given, count)
    whole = {WaitOf.ANSWERED: answered, WaitOf.ABANDONED: abandoned}.get(of, admitted)
    return _time_until(given, count, (1.0 - given.others[1]) * whole, of)


def reachable_threshold(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    target_share: ArrayLike,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
) -> FloatArray:
    """Minutes within which so many agents answer a share: the smallest threshold that a promise could name.

    Parameters as in `queue_performance`, broadcast together; `target_share` is by `definition`. Infinity where no
    threshold is long enough: more give up or are turned away than the target leaves, or the queue grows without end.
    Formula: the inverse of the service level in T. Source: as `waiting_time_distribution`.

    >>> float(reachable_threshold(14, 200.0, 3.0, 0.8878526926911).round(6))
    0.33
    """
    level = checked_level(target_share)
    given, count = _checked(agents, arrivals_per_hour, handle_minutes, patience_minutes, lines, ("share", level))
    admitted, answered, _ = _groups(given, count)
    asked = given.others[1]
    if definition is LevelDefinition.VIRTUAL:
        return _time_until(given, count, admitted - asked, WaitOf.VIRTUAL)
    missed = answered - asked if definition is LevelDefinition.OF_OFFERED else answered * (1.0 - asked)
    return _time_until(given, count, np.where(answered > 0.0, missed, -1.0), WaitOf.ANSWERED)


def _checked(
    agents: ArrayLike,
    arrivals: ArrayLike,
    handle: ArrayLike,
    patience: ArrayLike,
    lines: ArrayLike,
    *others: tuple[str, FloatArray],
) -> tuple[Flow, FloatArray]:
    given = flow(arrivals, handle, patience, lines, ("agents", checked_agents("agents", agents)), *others)
    refuse_agents_beyond_lines(given.others[0], given.lines)
    return given, given.others[0]


def _beyond(inputs: FloatArray) -> FloatArray:
    """Shares of offered whose virtual wait, answer, giving up comes later than the last row of `inputs`; blocked."""
    out = np.empty((4, inputs.shape[1]))
    limited = inputs[3] < np.inf
    work = float(np.sum(100.0 + 20.0 * np.where(limited, np.where(limited, inputs[3], 0.0) - inputs[0], 0.0)))
    run_in_parts(fill_tails, inputs.shape[1], work, inputs, out)
    return out


def _groups(given: Flow, count: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shares of offered that get a line, are answered, give up."""
    now = _beyond(rows(count, given.load, given.theta, given.lines, np.zeros(count.size)))
    return 1.0 - now[3], np.maximum(1.0 - now[3] - now[2], 0.0), now[2]


def _shares(part: FloatArray, whole: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    safe = np.where(whole > 0.0, whole, 1.0)
    return frozen(np.where(whole > 0.0, np.minimum(part / safe, 1.0), 0.0).reshape(shape))


def _time_until(given: Flow, count: FloatArray, share: FloatArray, of: WaitOf) -> FloatArray:
    out = np.empty(count.size)
    inputs = rows(count, given.load, given.theta, given.lines, share)
    limited = given.lines < np.inf
    steps = 1000.0 + 400.0 * np.where(limited, np.where(limited, given.lines, 0.0) - count, 0.0)
    run_in_parts(times_until, count.size, float(np.sum(steps)), of.value, inputs, out)
    return frozen((out * given.handle).reshape(given.shape))
