"""The fewest agents that meet targets, the largest load that so many carry, and how soon a share is reached.

Every target has a gauge: a smooth function of the number of agents that rises with it, at least 0 where the target is
met. Each target is solved by itself; the answer is the largest of theirs. Time is counted in handling times.
"""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of, erlang_c_of
from closeknit.engine.queueing.palm_kernels import palm_late, palm_now
from closeknit.engine.queueing.wait_kernels import line_measures, palm_waits

LEVEL, MEAN_WAIT, ANSWERED_WAIT, OCCUPANCY, ABANDONED, BLOCKED = range(6)
"""Targets, in the order of their rows."""

TARGETS = 6
STABILITY, NO_WORK, NOTHING = 6, 7, 8
"""What else may bind."""

OF_OFFERED, VIRTUAL, OF_ANSWERED = range(3)
"""What a level is a share of."""

TIE = 1e-12
"""Relative slack for ties that only rounding breaks (8.5 erlangs on 10 agents is 85 %, not more)."""

MOST = 700.0
"""Bound of a gauge: what is beyond is 0 or 1 in a float."""

SCAN_BELOW = 48.0
"""Below this load counting up from no agents is fastest."""


@kernel
def gauge(
    which: int,
    limit: float,
    agents: float,
    load: float,
    theta: float,
    lines: float,
    time: float,
    definition: int,
    nodes: Vector,
    weights: Vector,
) -> float:
    """How well a target is met: the difference of logits for a level, of logarithms for what has an upper limit."""
    if load <= 0.0:
        return MOST
    if lines == math.inf and theta <= 0.0 and load >= agents:
        return -MOST
    if agents <= 0.0 and (which in (LEVEL, ANSWERED_WAIT, OCCUPANCY) or (which == MEAN_WAIT and theta <= 0.0)):
        return -MOST
    blocked = late = wait = 0.0
    if lines < math.inf:
        found = line_measures(agents, load, theta, lines - agents, time)
        blocked, abandoned = found[0], found[4]
        late = found[2] if definition == VIRTUAL else found[3]
        wait = found[6] + found[7] if which == MEAN_WAIT else found[6]
    elif theta > 0.0:
        first, _, abandoned = palm_now(agents, load, theta)
        if which == LEVEL:
            virtual, answered = palm_late(first, agents, load, theta, time)
            late = virtual if definition == VIRTUAL else answered
        elif which == MEAN_WAIT:
            wait = abandoned / theta
        elif which == ANSWERED_WAIT:
            wait, _ = palm_waits(agents, load, theta, nodes, weights)
    else:
        waits = erlang_c_of(agents, load)
        abandoned = 0.0
        late = waits * math.exp(-(agents - load) * time)
        wait = waits / (agents - load)
    answered = 1.0 - blocked - abandoned
    if which == LEVEL:
        reached = 1.0 - blocked - late if definition == VIRTUAL else answered - late
        whole = answered if definition == OF_ANSWERED else 1.0
        return _logit_gap(reached, whole, limit)
    if which == MEAN_WAIT:
        return _log_gap(limit * (1.0 - blocked), wait)
    if which == ANSWERED_WAIT:
        return _log_gap(limit * answered, wait)
    if which == OCCUPANCY:
        return _log_gap(limit * agents, load * answered)
    return _log_gap(limit, abandoned if which == ABANDONED else blocked)


@kernel
def _logit_gap(part: float, whole: float, limit: float) -> float:
    if part <= 0.0 or whole <= 0.0:
        return -MOST if limit > 0.0 else MOST
    if limit <= 0.0 or part >= whole:
        return MOST
    return max(-MOST, min(MOST, math.log(part / (whole - part) * (1.0 - limit) / limit)))


@kernel
def _log_gap(limit: float, value: float) -> float:
    if value <= 0.0:
        return MOST
    if limit <= 0.0:
        return -MOST
    return max(-MOST, min(MOST, math.log(limit / value)))


@kernel
def asks(which: int, limit: float) -> bool:
    """Whether a target asks anything: an occupancy of 100 % does not."""
    if which == LEVEL:
        return limit > 0.0
    return limit < math.inf if which in (MEAN_WAIT, ANSWERED_WAIT) else limit < 1.0


@kernel
def fewest_patient(load: float, time: float, level: float, start: float) -> tuple[float, float]:
    """(fewest agents from `start` on with that level in M/M/c, 1/B there); `start` is above the load."""
    miss = (1.0 - level) * (1.0 + TIE)
    agents = start
    if load < SCAN_BELOW:
        inverse = 1.0
        for n in range(1, int(agents) + 1):
            inverse = 1.0 + n / load * inverse
    else:
        # Halfin and Whitt's limit, its logarithm taken as -(1.2 beta + 0.3 beta^2)
        goal = -math.log(1.0 - level)
        root = math.sqrt(load)
        slope = 1.2 + root * time
        beta = 2.0 * goal / (slope + math.sqrt(slope * slope + 1.2 * goal))
        agents = max(start, float(math.ceil(load + beta * root)))
        inverse = 1.0 / max(erlang_b_of(agents, load), 1e-300)
    spare = agents - load
    left = math.exp(-spare * time)
    factor = math.exp(-time)
    if agents * left <= miss * (spare * inverse + load):
        while agents > start:
            # 1/B of one fewer; the target is missed there, or it's the next candidate
            fewer = (inverse - 1.0) * load / agents
            left = math.exp(-(spare - 1.0) * time)
            if (agents - 1.0) * left > miss * ((spare - 1.0) * fewer + load):
                break
            agents -= 1.0
            spare -= 1.0
            inverse = fewer
        return agents, inverse
    while agents * left > miss * (spare * inverse + load):
        agents += 1.0
        spare = agents - load
        inverse = 1.0 + agents / load * inverse
        left *= factor
    return agents, inverse


@kernel
def fewest_for(
    which: int,
    limit: float,
    start: float,
    load: float,
    theta: float,
    lines: float,
    time: float,
    definition: int,
    nodes: Vector,
    weights: Vector,
) -> float:
    """The fewest whole agents from `start` on that meet one target; infinity where the lines end before."""
    gap = gauge(which, limit, start, load, theta, lines, time, definition, nodes, weights)
    if gap >= -TIE:
        return start
    if lines < math.inf and which == LEVEL and definition == VIRTUAL:
        # fewer agents leave more places to wait: the one target that may get worse with an agent more
        agents = start
        while gap < -TIE and agents < lines:
            agents += 1.0
            gap = gauge(which, limit, agents, load, theta, lines, time, definition, nodes, weights)
        return agents if gap >= -TIE else math.inf
    low, low_gap = start, gap
    high, high_gap = math.inf, MOST
    spread = math.sqrt(load * min(max(theta, 0.1), 1.0)) + 0.5
    agents, slope = start + 1.0, 1.7 / spread
    if which == LEVEL and start <= 0.0:
        odds = math.log(limit / (1.0 - limit))
        agents = max(agents, float(math.ceil(load * math.exp(-theta * time) + 0.5 * odds * spread)))
    elif low_gap > -MOST:
        agents = max(agents, float(math.ceil(start - low_gap / slope)))
    elif start < load:
        agents = max(agents, float(math.ceil(load)))
    reach = float(math.ceil(4.0 * spread + 4.0))
    width = math.inf
    while True:
        agents = min(agents, lines)
        before, before_gap = (low, low_gap) if high == math.inf or agents - low < high - agents else (high, high_gap)
        gap = gauge(which, limit, agents, load, theta, lines, time, definition, nodes, weights)
        if abs(before_gap) < MOST and abs(gap) < MOST and agents != before:
            slope = max((gap - before_gap) / (agents - before), 1e-3 * slope)
        if gap >= -TIE:
            high, high_gap = agents, gap
        else:
            low, low_gap = agents, gap
            if low >= lines:
                return math.inf
        if high - low <= 1.0:
            return high
        if high == math.inf:
            # beyond all guesses the step doubles
            agents = low + min(max(1.0, float(math.ceil(-low_gap / slope))), reach)
            reach *= 2.0
            continue
        if low_gap > -MOST and high_gap < MOST:
            agents = float(math.ceil(low + (high - low) * -low_gap / (high_gap - low_gap)))
        elif high_gap < MOST:
            agents = float(math.ceil(high - high_gap / slope))
        else:
            agents = float(math.floor(0.5 * (low + high)))
        # a secant that closes in from one side only
        if high - low > 0.5 * width and high - low > 4.0:
            agents = float(math.floor(0.5 * (low + high)))
            width = math.inf
        else:
            width = high - low
        agents = min(max(agents, low + 1.0), high - 1.0)


@kernel
def least_for(
    which: int,
    limit: float,
    low: float,
    high: float,
    load: float,
    theta: float,
    time: float,
    definition: int,
    nodes: Vector,
    weights: Vector,
) -> float:
    """The least fractional agents in (low, high] that meet a target which `high` meets."""
    low_gap = gauge(which, limit, low, load, theta, math.inf, time, definition, nodes, weights)
    if low_gap >= -TIE:
        return low
    high_gap = gauge(which, limit, high, load, theta, math.inf, time, definition, nodes, weights)
    for turn in range(200):
        middle = 0.5 * (low + high)
        if turn % 3 != 2 and high_gap < MOST and low_gap > -MOST:
            middle = low + (high - low) * -low_gap / (high_gap - low_gap)
        if high - low <= 3e-14 * high:
            break
        # a root found from one side leaves the other far away
        middle = min(max(middle, low + 1e-14 * high), high - 1e-14 * high)
        gap = gauge(which, limit, middle, load, theta, math.inf, time, definition, nodes, weights)
        if gap >= 0.0:
            high, high_gap = middle, gap
        else:
            low, low_gap = middle, gap
    return high


@kernel
def outcome(
    agents: float, load: float, theta: float, lines: float, time: float, definition: int, inverse: float
) -> tuple[float, float, float, float, float]:
    """(level, mean wait of all, occupancy, gives up, blocked); `inverse` is 1/B where it's known, else 0."""
    if lines < math.inf:
        found = line_measures(agents, load, theta, lines - agents, time)
        answered = 1.0 - found[0] - found[4]
        reached = 1.0 - found[0] - found[2] if definition == VIRTUAL else answered - found[3]
        wait = (found[6] + found[7]) / (1.0 - found[0]) if found[0] < 1.0 else 0.0
        abandoned, blocked = found[4], found[0]
    elif theta > 0.0:
        first, _, abandoned = palm_now(agents, load, theta)
        virtual, late = palm_late(first, agents, load, theta, time)
        answered = 1.0 - abandoned
        reached = 1.0 - virtual if definition == VIRTUAL else answered - late
        wait, blocked = abandoned / theta, 0.0
    else:
        spare = agents - load
        waits = agents / (spare * inverse + load) if inverse > 0.0 else erlang_c_of(agents, load)
        return 1.0 - waits * math.exp(-spare * time), waits / spare, load / agents, 0.0, 0.0
    if agents <= 0.0:
        return 0.0, wait if theta > 0.0 else math.inf, 1.0, abandoned, blocked
    if definition == OF_ANSWERED:
        reached = reached / answered if answered > 0.0 else 0.0
    busy = min(1.0, load * answered / agents)
    return max(0.0, min(1.0, reached)), wait, busy, abandoned, blocked


@kernel
def required(
    start: int,
    stop: int,
    inputs: Matrix,
    limits: Matrix,
    definition: int,
    whole: bool,
    nodes: Vector,
    weights: Vector,
    out: Matrix,
) -> None:
    """Rows of `inputs`: load, theta, lines, time; of `limits`: one per target; of `out`: agents, what binds, and
    `outcome` there.
    """
    for i in range(start, stop):
        load, theta, lines, time = float(inputs[0, i]), float(inputs[1, i]), float(inputs[2, i]), float(inputs[3, i])
        if load <= 0.0:
            out[0, i], out[1, i], out[2, i] = 0.0, NO_WORK, 1.0
            out[3, i], out[4, i], out[5, i], out[6, i] = 0.0, 0.0, 0.0, 0.0
            continue
        agents, binding, inverse = 0.0, NOTHING, 0.0
        patient = theta <= 0.0 and lines == math.inf
        if patient:
            agents = float(math.floor(load * (1.0 + TIE))) + 1.0 if whole else load * (1.0 + TIE)
            binding = STABILITY
            if whole and asks(LEVEL, float(limits[LEVEL, i])):
                fewest, inverse = fewest_patient(load, time, float(limits[LEVEL, i]), agents)
                if fewest > agents:
                    agents, binding = fewest, LEVEL
        for turn in range(TARGETS if lines == math.inf else 3 * TARGETS):
            which = turn % TARGETS
            limit = float(limits[which, i])
            if not asks(which, limit) or (patient and (which >= ABANDONED or (which == LEVEL and whole))):
                continue
            if patient and which == OCCUPANCY:
                enough = load / limit * (1.0 - TIE) if whole else load / limit
                enough = float(math.ceil(enough)) if whole else enough
            else:
                enough = fewest_for(
                    which, limit, float(math.ceil(agents)), load, theta, lines, time, definition, nodes, weights
                )
                if not whole:
                    low = max(agents, enough - 1.0)
                    enough = least_for(which, limit, low, enough, load, theta, time, definition, nodes, weights)
            if enough > agents:
                agents, binding, inverse = enough, which, 0.0
            if agents == math.inf:
                break
        out[0, i], out[1, i] = agents, binding
        if agents == math.inf:
            continue
        found = outcome(agents, load, theta, lines, time, definition, inverse)
        out[2, i], out[3, i], out[4, i], out[5, i], out[6, i] = found[0], found[1], found[2], found[3], found[4]
