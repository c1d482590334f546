"""Erlang A (Palm's model, M/M/c+M) for one queue: any size and overload, any patience, whole or fractional agents.

Time is counted in handling times (mu = 1), patience by its rate theta = handling time / mean patience.
"""

import math

from closeknit.engine.compiled import kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of
from closeknit.engine.queueing.gamma_kernels import above, above_both, below, log_whole


@kernel
def palm_tails(agents: float, load: float, theta: float, time: float) -> tuple[float, float, float]:
    """Probabilities beyond `time`, of an arrival: (virtual wait > t; answered, after t; gave up, after t).

    At time 0: (has to wait, answered after waiting, gives up). Here theta > 0, agents >= 0, load >= 0, time >= 0.
    The virtual wait is the wait of somebody who would never give up. With s = c/theta, z = a/theta, y = z e^(-theta t)
    and the sums of gamma_kernels: P(V > t) = (G(z)/G(y)) (1 + S(y)) / (R(c, a) + S(z)), G at s.
    """
    first, _, _ = palm_now(agents, load, theta)
    return palm_later(first, agents, load, theta, time)


@kernel
def palm_now(agents: float, load: float, theta: float) -> tuple[float, float, float]:
    """(what `palm_later` needs; probability of waiting; probability of giving up)."""
    if load <= 0.0:
        return 0.0, 0.0, 0.0
    if agents <= 0.0:
        return 1.0, 1.0, 1.0
    s = agents / theta
    z = load / theta
    excess = (load - agents) / agents
    if excess <= 0.0:
        loss = erlang_b_of(agents, load)
        beyond, moment = above_both(s, z, excess)
        first = loss / (1.0 + loss * beyond)
        return first, first * (1.0 + beyond), first * moment / z
    whole = math.exp(-log_whole(s, z, math.log(z), excess))
    rest = below(s, z, excess)
    first = 1.0 / (1.0 + (1.0 / erlang_b_of(agents, load) - rest) * whole)
    waits = 1.0 - (rest - 1.0) * whole
    return first, first * waits, first * s * (excess * waits + whole) / z


@kernel
def palm_late(first: float, agents: float, load: float, theta: float, time: float) -> tuple[float, float]:
    """The first two of `palm_later`, which are all that a level asks."""
    if load <= 0.0:
        return 0.0, 0.0
    if agents <= 0.0:
        return 1.0, 0.0
    s = agents / theta
    excess_y = ((load - agents) + load * math.expm1(-theta * time)) / agents
    if load > agents:
        y = load / theta * math.exp(-theta * time)
        whole = math.exp(-log_whole(s, y, math.log(load / theta) - theta * time, excess_y))
        if excess_y > 0.0:
            beyond = 1.0 - below(s, y, excess_y) * whole
            return first * (beyond + whole), first * beyond * agents / load
        first *= whole
    else:
        y = load / theta * math.exp(-theta * time)
        first *= math.exp((load - agents) * time - load * time * slack(theta * time))
    beyond = above(s, y, excess_y)
    return first * (1.0 + beyond), first * beyond * agents / load


@kernel
def palm_later(first: float, agents: float, load: float, theta: float, time: float) -> tuple[float, float, float]:
    """`palm_tails`, for what `palm_now` gave."""
    if load <= 0.0:
        return 0.0, 0.0, 0.0
    left = math.exp(-theta * time)
    if agents <= 0.0:
        return 1.0, 0.0, left
    s = agents / theta
    z = load / theta
    y = z * left
    excess = (load - agents) / agents
    excess_y = ((load - agents) + load * math.expm1(-theta * time)) / agents
    if excess > 0.0:
        whole = math.exp(-log_whole(s, y, math.log(z) - theta * time, excess_y))
        if excess_y > 0.0:
            beyond = 1.0 - below(s, y, excess_y) * whole
            moment = s * (excess_y * (beyond + whole) + whole)
            return first * (beyond + whole), first * beyond * agents / load, first * moment / z
        first *= whole
    else:
        first *= math.exp((load - agents) * time - load * time * slack(theta * time))
    beyond, moment = above_both(s, y, excess_y)
    return first * (1.0 + beyond), first * beyond * agents / load, first * moment / z


@kernel
def slack(x: float) -> float:
    """1 - (1 - e^-x)/x, for x >= 0."""
    if x > 0.1:
        return 1.0 + math.expm1(-x) / x
    total = 0.0
    for power in range(11, 1, -1):
        total = (1.0 - total) * x / power
    return total
