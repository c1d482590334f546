"""What fits a number of agents: the largest load, and the time within which a share is reached."""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel
from closeknit.engine.queueing.staffing_kernels import MOST, NOTHING, STABILITY, TARGETS, TIE, asks, gauge
from closeknit.engine.queueing.wait_kernels import tails

ALL, VIRTUAL, ANSWERED, ABANDONED = range(4)
"""Whose wait: of who gets a line; of who would never give up; of the answered; of who gives up."""

LARGEST = 1e6


@kernel
def tightest(
    agents: float,
    load: float,
    theta: float,
    lines: float,
    time: float,
    limits: Matrix,
    i: int,
    definition: int,
    nodes: Vector,
    weights: Vector,
) -> tuple[float, int]:
    """(the smallest gauge of the targets that are asked; which)."""
    if lines == math.inf and theta <= 0.0 and load >= agents:
        return -MOST, STABILITY
    least, binding = MOST, NOTHING
    for which in range(TARGETS):
        if asks(which, float(limits[which, i])):
            gap = gauge(which, float(limits[which, i]), agents, load, theta, lines, time, definition, nodes, weights)
            if gap < least:
                least, binding = gap, which
    return least, binding


@kernel
def largest_loads(
    start: int,
    stop: int,
    inputs: Matrix,
    limits: Matrix,
    definition: int,
    nodes: Vector,
    weights: Vector,
    out: Matrix,
) -> None:
    """Rows of `inputs`: agents, theta, lines, time; of `limits`: one per target; of `out`: load, what binds."""
    for i in range(start, stop):
        agents, theta, lines, time = float(inputs[0, i]), float(inputs[1, i]), float(inputs[2, i]), float(inputs[3, i])
        low, low_gap, high = 0.0, MOST, agents + 1.0
        high_gap, binding = tightest(agents, high, theta, lines, time, limits, i, definition, nodes, weights)
        while high_gap >= -TIE and high <= LARGEST:
            low, low_gap = high, high_gap
            high *= 2.0
            high_gap, binding = tightest(agents, high, theta, lines, time, limits, i, definition, nodes, weights)
        if high_gap >= -TIE:
            out[0, i], out[1, i] = math.inf, NOTHING
            continue
        for turn in range(2000):
            middle = 0.5 * (low + high)
            if turn % 3 != 2 and low_gap < MOST and high_gap > -MOST:
                middle = low + (high - low) * low_gap / (low_gap - high_gap)
            if high - low <= 3e-14 * high:
                break
            # a root found from one side leaves the other far away
            middle = min(max(middle, low + 1e-14 * high), high - 1e-14 * high)
            gap, which = tightest(agents, middle, theta, lines, time, limits, i, definition, nodes, weights)
            if gap >= 0.0:
                low, low_gap = middle, gap
            else:
                high, high_gap, binding = middle, gap, which
        out[0, i], out[1, i] = low, binding


@kernel
def share_beyond(whose: int, agents: float, load: float, theta: float, lines: float, time: float) -> float:
    """Share of offered arrivals, of those meant, whose wait is longer than `time`."""
    virtual, answered, abandoned, _ = tails(agents, load, theta, lines, time)
    if whose == ANSWERED:
        return answered
    if whose == ABANDONED:
        return abandoned
    return virtual if whose == VIRTUAL else virtual * math.exp(-theta * time)


@kernel
def times_until(start: int, stop: int, whose: int, inputs: Matrix, out: Vector) -> None:
    """The first time by which at most a share still waits. Rows of `inputs`: agents, load, theta, lines, share.

    0 where so few wait at all; infinity where the share is below 0, or the queue grows without end.
    """
    for i in range(start, stop):
        agents, load, theta, lines, share = (
            float(inputs[0, i]),
            float(inputs[1, i]),
            float(inputs[2, i]),
            float(inputs[3, i]),
            float(inputs[4, i]),
        )
        goal = share * (1.0 + TIE)
        low, high = 0.0, 1.0 / max(agents, 1.0)
        low_value = share_beyond(whose, agents, load, theta, lines, 0.0)
        if low_value <= goal:
            out[i] = 0.0
            continue
        high_value = share_beyond(whose, agents, load, theta, lines, high)
        while high_value > goal and high < 1e12:
            low, low_value = high, high_value
            high *= 2.0
            high_value = share_beyond(whose, agents, load, theta, lines, high)
        if high_value > goal or goal <= 0.0:
            out[i] = math.inf
            continue
        for turn in range(300):
            middle = 0.5 * (low + high)
            # a tail is close to an exponential
            if turn % 3 != 2 and high_value > 0.0 and high_value < goal:
                fall = math.log(low_value / goal)
                middle = low + (high - low) * fall / (fall + math.log(goal / high_value))
            if high - low <= 3e-14 * high:
                break
            # a root found from one side leaves the other far away
            middle = min(max(middle, low + 1e-14 * high), high - 1e-14 * high)
            value = share_beyond(whose, agents, load, theta, lines, middle)
            if value > goal:
                low, low_value = middle, value
            else:
                high, high_value = middle, value
        out[i] = high
