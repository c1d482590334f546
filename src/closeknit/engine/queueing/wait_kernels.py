"""What a number of agents gives, for every model of one queue: M/M/c, M/M/c+M and both with limited lines.

Time is counted in handling times. `theta` = 0: nobody gives up; `lines` infinite: nobody is turned away.
"""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of, erlang_c_of
from closeknit.engine.queueing.gamma_kernels import LARGE, above, below, log_excess, log_whole, stirling_error
from closeknit.engine.queueing.palm_kernels import palm_later, palm_now, palm_tails, slack

HALF_LOG_TWO_PI = 0.9189385332046728

HUGE = 1e200
TINY = 1e-200
LOG_HUGE = 460.51701859880916

SPAN = 45.0
"""What is below e^-45 of a density's peak is left out."""

BLOCKED, WAITS, LATE, ANSWERED_LATE, ABANDONED, QUEUE, ANSWERED_WAIT, ABANDONED_WAIT = range(8)
"""Rows of what `fill_measures` gives. All but the queue's length are shares of, or waits per, offered arrival."""


@kernel
def line_measures(
    agents: float, load: float, theta: float, places: float, time: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """The eight measures where at most `places` may wait, by summing over who finds how many waiting.

    Who finds k waiting waits for k + 1 departures, at rates c, c + theta, ..., c + k theta: longer than t with the
    incomplete beta probability I(s, k+1) at e^(-theta t), s = c/theta (a Poisson sum where theta = 0), and is
    answered with probability c/(c + (k+1) theta), which tilts s to s + 1.
    """
    if load <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if agents <= 0.0 and theta <= 0.0:
        return 1.0, 0.0, 0.0, 0.0, 0.0, places, 0.0, 0.0
    gain = -math.expm1(-theta * time) / theta if theta > 0.0 else time
    term = total = scale = 1.0
    waits = late = answered_late = queue = answered = abandoned = sojourn = gone = 0.0
    mass = sum_ = tilted = tilted_sum = 1.0
    exponent = -agents * time
    tilted_exponent = exponent - theta * time
    factor = math.exp(exponent)
    tilted_factor = math.exp(tilted_exponent)
    for k in range(int(places)):
        rate = agents + (k + 1) * theta
        waits += term
        late += term * min(1.0, sum_ * factor)
        answered_late += term * agents / rate * min(1.0, tilted_sum * tilted_factor)
        term *= load / rate
        sojourn += 1.0 / rate
        gone += theta * (k + 1) / rate
        total += term
        queue += (k + 1) * term
        answered += term * sojourn
        abandoned += term * gone
        mass *= gain * (rate - theta) / (k + 1)
        sum_ += mass
        tilted *= gain * rate / (k + 1)
        tilted_sum += tilted
        if mass > HUGE:
            mass, sum_, exponent = mass * TINY, sum_ * TINY, exponent + LOG_HUGE
            factor = math.exp(exponent)
        if tilted > HUGE:
            tilted, tilted_sum, tilted_exponent = tilted * TINY, tilted_sum * TINY, tilted_exponent + LOG_HUGE
            tilted_factor = math.exp(tilted_exponent)
        if term > HUGE:
            term, total, scale, waits, late = term * TINY, total * TINY, scale * TINY, waits * TINY, late * TINY
            answered_late, queue = answered_late * TINY, queue * TINY
            answered, abandoned = answered * TINY, abandoned * TINY
        if term <= 0.0:
            break
    loss = erlang_b_of(agents, load)
    first = loss / (scale + loss * (total - scale))
    per = first / load
    return (
        first * term,
        first * waits,
        first * late,
        first * answered_late,
        per * theta * queue,
        first * queue,
        per * agents * answered,
        per * abandoned,
    )


@kernel
def palm_waits(agents: float, load: float, theta: float, nodes: Vector, weights: Vector) -> tuple[float, float]:
    """Mean wait per arrival (spent by those answered; by those who give up), lines unlimited, theta > 0.

    Of the density f of the virtual wait v (in patiences): the integrals of v e^-v f and (1 - (1 + v) e^-v) f.
    """
    if load <= 0.0 or agents <= 0.0:
        return 0.0, (1.0 / theta if load > 0.0 else 0.0)
    s = agents / theta
    if s < LARGE and load / theta > 1000.0:
        # so overloaded that z e^-v is a Gamma(s) variable
        z = load / theta
        answered = s / z * (math.log(z) - _digamma(s + 1.0))
        return answered / theta, (1.0 - s / z - answered) / theta
    if s < LARGE:
        return _short_waits(agents, load, theta)
    excess = (load - agents) / agents
    low, high, first = _window(agents, load, theta, excess)
    half = 0.5 * (high - low)
    answered = abandoned = 0.0
    for i in range(nodes.shape[0]):
        v = low + half * (1.0 + float(nodes[i]))
        left = math.exp(-v)
        if excess > 0.0:
            density = math.exp(-s * log_excess(excess + (1.0 + excess) * math.expm1(-v)))
        else:
            density = math.exp(s * v * (excess - (1.0 + excess) * slack(v)))
        answered += float(weights[i]) * density * v * left
        abandoned += float(weights[i]) * density * left * _beyond_linear(v)
    return first * half * answered * s / theta, first * half * abandoned * s / theta


@kernel
def _digamma(x: float) -> float:
    """The derivative of log Gamma, for x >= 1."""
    total = 0.0
    while x < 16.0:
        total -= 1.0 / x
        x += 1.0
    v = 1.0 / (x * x)
    tail = v * (1.0 / 12.0 - v * (1.0 / 120.0 - v * (1.0 / 252.0 - v * (1.0 / 240.0 - v / 132.0))))
    return total + math.log(x) - 0.5 / x - tail


@kernel
def _beyond_linear(v: float) -> float:
    """e^v - 1 - v, for v >= 0."""
    if v > 0.3:
        return math.expm1(v) - v
    total = 0.0
    for power in range(13, 1, -1):
        total = (1.0 + total) * v / power
    return total * v


@kernel
def _window(agents: float, load: float, theta: float, excess: float) -> tuple[float, float, float]:
    """Where the density of the virtual wait lies, and its factor: relative to its peak, or its start where lower."""
    s = agents / theta
    z = load / theta
    if excess > 0.0:
        reach = math.sqrt(2.0 * SPAN / s)
        peak = math.log1p(excess)
        whole = math.exp(-log_whole(s, z, math.log(z), excess))
        first = 1.0 / (1.0 + (1.0 / erlang_b_of(agents, load) - below(s, z, excess)) * whole)
        first *= math.exp(-HALF_LOG_TWO_PI - 0.5 * math.log(s) - stirling_error(s))
        return max(0.0, peak - reach), peak + reach * (1.0 + reach / 3.0), first
    loss = erlang_b_of(agents, load)
    reach = math.sqrt(2.0 * SPAN / z)
    high = reach * (1.0 + reach / 3.0)
    if -excess * s * high > SPAN:
        high = SPAN / (-excess * s)
    return 0.0, high, loss / (1.0 + loss * above(s, z, excess))


@kernel
def _short_waits(agents: float, load: float, theta: float) -> tuple[float, float]:
    """`palm_waits` by summing over who finds how many waiting."""
    term = total = scale = 1.0
    answered = abandoned = sojourn = gone = 0.0
    k = 0.0
    while True:
        k += 1.0
        rate = agents + k * theta
        term *= load / rate
        sojourn += 1.0 / rate
        gone += theta * k / rate
        total += term
        answered += term * sojourn
        abandoned += term * gone
        if term > HUGE:
            term, total, scale = term * TINY, total * TINY, scale * TINY
            answered, abandoned = answered * TINY, abandoned * TINY
        if rate > load and term * gone <= 1e-17 * abandoned and term <= 1e-17 * total:
            break
    loss = erlang_b_of(agents, load)
    per = loss / (scale + loss * (total - scale)) / load
    return per * agents * answered, per * abandoned


@kernel
def measures(
    agents: float, load: float, theta: float, lines: float, time: float, nodes: Vector, weights: Vector
) -> tuple[float, float, float, float, float, float, float, float]:
    """The eight measures of any model."""
    if lines < math.inf:
        return line_measures(agents, load, theta, lines - agents, time)
    if load <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if theta > 0.0:
        first, waits, abandoned = palm_now(agents, load, theta)
        late, answered_late, _ = palm_later(first, agents, load, theta, time)
        answered_wait, abandoned_wait = palm_waits(agents, load, theta, nodes, weights)
        queue = abandoned * load / theta
        return 0.0, waits, late, answered_late, abandoned, queue, answered_wait, abandoned_wait
    if load >= agents:
        return 0.0, 1.0, 1.0, 1.0, 0.0, math.inf, math.inf, 0.0
    waits = erlang_c_of(agents, load)
    late = waits * math.exp(-(agents - load) * time)
    wait = waits / (agents - load)
    return 0.0, waits, late, late, 0.0, wait * load, wait, 0.0


@kernel
def fill_measures(start: int, stop: int, inputs: Matrix, nodes: Vector, weights: Vector, out: Matrix) -> None:
    """Rows of `inputs`: agents, load, theta, lines, time; of `out`: BLOCKED and those after it."""
    for i in range(start, stop):
        found = measures(
            float(inputs[0, i]),
            float(inputs[1, i]),
            float(inputs[2, i]),
            float(inputs[3, i]),
            float(inputs[4, i]),
            nodes,
            weights,
        )
        out[0, i], out[1, i], out[2, i], out[3, i] = found[0], found[1], found[2], found[3]
        out[4, i], out[5, i], out[6, i], out[7, i] = found[4], found[5], found[6], found[7]


@kernel
def tails(agents: float, load: float, theta: float, lines: float, time: float) -> tuple[float, float, float, float]:
    """Shares of offered arrivals: (would still wait at `time`; answered later; gives up later; blocked)."""
    if lines < math.inf:
        found = line_measures(agents, load, theta, lines - agents, time)
        return found[2], found[3], max(0.0, found[2] * math.exp(-theta * time) - found[3]), found[0]
    if load <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    if theta > 0.0:
        virtual, answered, abandoned = palm_tails(agents, load, theta, time)
        return virtual, answered, abandoned, 0.0
    if load >= agents:
        return 1.0, 1.0, 0.0, 0.0
    late = erlang_c_of(agents, load) * math.exp(-(agents - load) * time)
    return late, late, 0.0, 0.0


@kernel
def fill_tails(start: int, stop: int, inputs: Matrix, out: Matrix) -> None:
    """Rows of `inputs`: agents, load, theta, lines, time; of `out`: what `tails` gives."""
    for i in range(start, stop):
        found = tails(
            float(inputs[0, i]), float(inputs[1, i]), float(inputs[2, i]), float(inputs[3, i]), float(inputs[4, i])
        )
        out[0, i], out[1, i], out[2, i], out[3, i] = found[0], found[1], found[2], found[3]
