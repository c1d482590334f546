"""Service levels under a rate that is itself drawn from a gamma law: integrals over the rate, and the search on them.

Time is counted in handling times, so the rate is the offered load. A gamma law has shape k = 1/cv^2; `shape` 0 stands
for a rate that is certain. The integral runs over the logarithm of the load, cut into pieces where the level bends.
"""

import math

from closeknit.engine.compiled import Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_c_of
from closeknit.engine.queueing.palm_kernels import palm_tails

_NODES = (  # ten points, then five for the rough integral
    -0.9739065285171717,
    -0.8650633666889845,
    -0.6794095682990244,
    -0.4333953941292472,
    -0.14887433898163122,
    0.14887433898163122,
    0.4333953941292472,
    0.6794095682990244,
    0.8650633666889845,
    0.9739065285171717,
    -0.906179845938664,
    -0.5384693101056831,
    0.0,
    0.5384693101056831,
    0.906179845938664,
)
_WEIGHTS = (
    0.06667134430868814,
    0.1494513491505806,
    0.21908636251598204,
    0.26926671930999635,
    0.29552422471475287,
    0.29552422471475287,
    0.26926671930999635,
    0.21908636251598204,
    0.1494513491505806,
    0.06667134430868814,
    0.23692688505618928,
    0.4786286704993663,
    0.5688888888888887,
    0.4786286704993663,
    0.23692688505618928,
)
_PIECES = 6
_BENDS = (-3.0, 0.0, 3.0, -20.0, -8.0, -1.0, -0.3, 1.0, 8.0, 20.0)
_NOTHING = 1e-14
_ROUGH, _FINE = 3, 10
"""How many of the bends are looked at: few while searching, all where the answer is decided."""
_MOST = 1_000_000.0


@kernel
def _level_at(agents: float, load: float, theta: float, time: float, is_virtual: bool) -> float:
    """Share served in time at a certain rate: of all offered, or by the wait that endless patience would have met."""
    if load <= 0.0:
        return 1.0
    if theta <= 0.0:
        if load >= agents:
            return 0.0
        return 1.0 - erlang_c_of(agents, load) * math.exp(-(agents - load) * time)
    late, answered_late, _gone_late = palm_tails(agents, load, theta, time)
    if is_virtual:
        return 1.0 - late
    _wait, _answered, gone = palm_tails(agents, load, theta, 0.0)
    return max(0.0, 1.0 - answered_late - gone)


@kernel
def _mixed_levels(
    agents: float,
    mean: float,
    shape: float,
    low: float,
    high: float,
    theta: float,
    time: float,
    is_virtual: bool,
    bends: int,
) -> tuple[float, float]:
    """(Share of calls served in time, mean over intervals); the load's law lies between `low` and `high`."""
    if shape <= 0.0 or mean <= 0.0:
        level = _level_at(agents, mean, theta, time, is_virtual)
        return level, level
    scale = _log_scale(shape)
    left, top = math.log(low), math.log(high)
    if theta <= 0.0:
        # Beyond the agents nobody is served in time.
        top = min(top, math.log(max(agents, low)))
    of_calls, of_intervals = 0.0, 0.0
    step = (math.log(high) - left) / _PIECES
    first, last = (0, 10) if bends == _FINE else (10, 15)
    while left < top - 1e-12:
        right = _next_edge(left, top, step, agents, theta, time, bends)
        half = 0.5 * (right - left)
        for node in range(first, last):
            at = left + half * (1.0 + _NODES[node])
            load = math.exp(at)
            share = load / mean
            weight = math.exp(scale + shape * (math.log(share) - share + 1.0)) * half * _WEIGHTS[node]
            if weight < _NOTHING:
                continue
            # Nobody waits where the agents are ten deviations above the load.
            level = weight
            if agents - load <= 9.0 * (1.0 + math.sqrt(load)):
                level *= _level_at(agents, load, theta, time, is_virtual)
            of_intervals += level
            of_calls += share * level
        left = right
    return min(of_calls, 1.0), min(of_intervals, 1.0)


@kernel
def _log_scale(shape: float) -> float:
    """log(k^k e^-k / Gamma(k)), without cancellation for large k."""
    if shape > 100.0:
        inverse = 1.0 / shape
        series = inverse / 12.0 - inverse**3 / 360.0 + inverse**5 / 1260.0
        return 0.5 * math.log(shape / (2.0 * math.pi)) - series
    return shape * math.log(shape) - shape - math.lgamma(shape)


@kernel
def _next_edge(left: float, top: float, step: float, agents: float, theta: float, time: float, bends: int) -> float:
    """Where the piece that begins at `left` ends: at even steps, and about the loads where the level bends."""
    edge = min(top, left + step)
    if agents <= 0.0:
        return edge
    here = math.exp(left)
    centre = agents * math.exp(min(theta * time, 50.0))
    # Where no wait is allowed the two centres are one.
    centres = 2 if centre - agents > 0.5 * math.sqrt(agents) else 1
    for bend in range(bends):
        for middle in range(centres):
            about = centre if middle else agents
            load = about + _BENDS[bend] * math.sqrt(about)
            if load > here * (1.0 + 1e-9):
                edge = min(edge, math.log(load))
        if theta <= 0.0 and time > 0.0:
            load = agents + _BENDS[bend] / time
            if load > here * (1.0 + 1e-9):
                edge = min(edge, math.log(load))
    return edge


@kernel
def fill_mixed_levels(
    start: int,
    stop: int,
    agents: Vector,
    mean: Vector,
    shape: Vector,
    low: Vector,
    high: Vector,
    theta: Vector,
    time: Vector,
    is_virtual: bool,
    of_calls: Vector,
    of_intervals: Vector,
) -> None:
    for i in range(start, stop):
        of_calls[i], of_intervals[i] = _mixed_levels(
            agents[i], mean[i], shape[i], low[i], high[i], theta[i], time[i], is_virtual, _FINE
        )


@kernel
def fill_fewest_mixed(
    start: int,
    stop: int,
    guess: Vector,
    mean: Vector,
    shape: Vector,
    low: Vector,
    high: Vector,
    theta: Vector,
    time: Vector,
    is_virtual: bool,
    target: Vector,
    is_of_calls: bool,
    agents: Vector,
) -> None:
    """The fewest whole agents whose mean level is at least the target; -1 where a million are not enough."""
    for i in range(start, stop):
        if mean[i] <= 0.0:
            agents[i] = 0.0
            continue
        agents[i] = _fewest(
            max(0.0, guess[i]),
            mean[i],
            shape[i],
            low[i],
            high[i],
            theta[i],
            time[i],
            is_virtual,
            target[i],
            is_of_calls,
        )


@kernel
def _fewest(
    guess: float,
    mean: float,
    shape: float,
    low: float,
    high: float,
    theta: float,
    time: float,
    is_virtual: bool,
    target: float,
    is_of_calls: bool,
) -> float:
    """Found by doubling steps and halves on the rough integral, then settled step by step on the fine one."""
    short, enough, step = -1.0, -1.0, max(1.0, math.floor(0.3 * math.sqrt(mean)))
    trial = guess
    while enough - short != 1.0:
        of_calls, of_intervals = _mixed_levels(trial, mean, shape, low, high, theta, time, is_virtual, _ROUGH)
        if (of_calls if is_of_calls else of_intervals) >= target:
            enough = trial
        else:
            short = trial
        if enough < 0.0:
            if short >= _MOST:
                return -1.0
            trial = min(short + step, _MOST)
            step *= 2.0
        elif short < 0.0 and enough - step > 0.0:
            trial = enough - step
            step *= 2.0
        else:
            trial = math.floor(0.5 * (short + enough))
    if shape <= 0.0:
        return enough
    for direction in range(2):
        while enough > 0.0 or direction == 0:
            trial = enough - direction
            of_calls, of_intervals = _mixed_levels(trial, mean, shape, low, high, theta, time, is_virtual, _FINE)
            meets = (of_calls if is_of_calls else of_intervals) >= target
            if (meets and direction == 0) or (not meets and direction == 1):
                break
            enough += 1.0 - 2.0 * direction
    return enough


@kernel
def fill_load_at_target(
    start: int,
    stop: int,
    agents: Vector,
    theta: Vector,
    time: Vector,
    is_virtual: bool,
    target: Vector,
    low: Vector,
    high: Vector,
    load: Vector,
) -> None:
    """The largest load between `low` and `high` at which `agents` still meet the target at a certain rate."""
    for i in range(start, stop):
        left, right = math.log(low[i]), math.log(high[i])
        if _level_at(agents[i], high[i], theta[i], time[i], is_virtual) >= target[i]:
            load[i] = high[i]
            continue
        for _ in range(60):
            middle = 0.5 * (left + right)
            if _level_at(agents[i], math.exp(middle), theta[i], time[i], is_virtual) >= target[i]:
                left = middle
            else:
                right = middle
        load[i] = math.exp(left)
