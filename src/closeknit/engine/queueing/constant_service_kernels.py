"""M/D/c exactly: the wait where every job takes equally long, by Spitzer's identity.

A job waits like the walk of every c-th arrival. With X_i Poisson(i a): P(no wait) = exp(-sum P(X_i >= i c) / i), and in
handling times W = sum E[(X_i - i c)+] / (i a), over i >= 1 (Crommelin 1932). Far terms are summed as an integral.
"""

import math

import numpy as np

from closeknit.engine.compiled import Vector, kernel
from closeknit.engine.queueing.gamma_kernels import above, above_moment, log_excess, log_whole

_DIRECT = 192
_ENOUGH = 45.0
"""Terms are below e^-45 of the first from here on."""
_NODES, _WEIGHTS = (tuple(float(x) for x in part) for part in np.polynomial.legendre.leggauss(16))


@kernel
def _term(agents: float, busy: float, i: float) -> tuple[float, float]:
    """P(X >= i c) / i, and E[(X - i c)+] / (i a)."""
    n = agents * i
    x = n * busy
    mass = math.exp(-log_whole(n, x, math.log(x), busy - 1.0))
    return mass * (1.0 + above(n, x, busy - 1.0)) / i, mass * above_moment(n, x, busy - 1.0) / x


@kernel
def constant_service(agents: float, load: float) -> tuple[float, float]:
    """P(wait) and mean wait in handling times of M/D/c, 0 < load < agents."""
    busy = load / agents
    count = _ENOUGH / (agents * log_excess(busy - 1.0))
    logs, wait = 0.0, 0.0
    for i in range(1, _DIRECT + 1):
        chance, excess = _term(agents, busy, float(i))
        logs += chance
        wait += excess
        if i > count:
            return -math.expm1(-logs), wait
    start = _DIRECT + 0.5
    panel = 0
    while start * math.exp(panel) < count:
        for k in range(16):
            far = start * math.exp(panel + 0.5 * (_NODES[k] + 1.0))
            chance, excess = _term(agents, busy, far)
            logs += chance * 0.5 * _WEIGHTS[k] * far
            wait += excess * 0.5 * _WEIGHTS[k] * far
        panel += 1
    # The midpoint rule's first correction: the slope at the edge, by five points.
    for k in range(1, 3):
        low, low_excess = _term(agents, busy, start - k)
        high, high_excess = _term(agents, busy, start + k)
        weight = (8.0 if k == 1 else -1.0) / 288.0
        logs += weight * (high - low)
        wait += weight * (high_excess - low_excess)
    return -math.expm1(-logs), wait


@kernel
def fill_constant_service(start: int, stop: int, agents: Vector, load: Vector, chance: Vector, wait: Vector) -> None:
    for k in range(start, stop):
        chance[k], wait[k] = constant_service(agents[k], load[k])
