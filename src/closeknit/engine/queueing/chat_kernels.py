"""Agents who hold several conversations at once, each slower the more there are: a birth and death chain, exactly.

States count conversations. Up to n k of them are held (n agents, k each), spread as evenly as can be; beyond, work
leaves at one rate as in an Erlang queue with n k servers, whose waits are those of palm_kernels, weighed anew.
"""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of
from closeknit.engine.queueing.palm_kernels import palm_tails

_HUGE = 1e280


@kernel
def held_states(agents: int, load: float, speed: Vector) -> tuple[float, float, float]:
    """Weights of the states in which nobody waits, relative to the fullest: sum, conversations held, agents at work.

    `load` is arrivals times the handling time of a conversation held alone. The sum is infinite where the fullest state
    is too rare for a number.
    """
    most = speed.shape[0]
    weight, total, held, busy = 1.0, 1.0, float(agents * most), float(agents)
    for count in range(agents * most, 0, -1):
        each = count // agents
        more = count - each * agents
        rate = 0.0
        if each > 0:
            rate += (agents - more) * each * speed[each - 1]
        if more > 0:
            rate += more * (each + 1) * speed[each]
        weight *= rate / load
        total += weight
        held += weight * (count - 1)
        busy += weight * min(count - 1, agents)
        if total > _HUGE:
            return math.inf, load, min(load, 1.0 * agents)
    return total, held / total, busy / total


@kernel
def _light(agents: int, load: float, speed: Vector) -> tuple[float, float]:
    """Conversations held and agents at work where waiting is too rare for a number: from the empty state up."""
    most = speed.shape[0]
    weight, total, held, busy = 1.0, 1.0, 0.0, 0.0
    for count in range(1, agents * most + 1):
        each = count // agents
        more = count - each * agents
        rate = 0.0
        if each > 0:
            rate += (agents - more) * each * speed[each - 1]
        if more > 0:
            rate += more * (each + 1) * speed[each]
        weight *= load / rate
        total += weight
        held += weight * count
        busy += weight * min(count, agents)
        if total > 1e200:
            weight, total, held, busy = weight / total, 1.0, held / total, busy / total
    return held / total, busy / total


@kernel
def chat(
    agents: int, load: float, speed: Vector, patience: float, time: float
) -> tuple[float, float, float, float, float, float]:
    """P(wait), answered late, gives up, mean wait, conversations held, agents at work.

    Times in handling times of a conversation held alone; `patience` 0 is boundless. Unstable: mean wait below 0.
    """
    most = speed.shape[0]
    slots = float(agents * most)
    fastest = speed[most - 1]
    if load <= 0.0:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if agents == 0 or (patience == 0.0 and load >= slots * fastest):
        gone = 0.0 if patience == 0.0 else 1.0
        return 1.0, 1.0 - gone, gone, patience if gone > 0.0 else -1.0, slots, 1.0 * agents
    total, held, busy = held_states(agents, load, speed)
    if math.isinf(total):
        held, busy = _light(agents, load, speed)
        return 0.0, 0.0, 0.0, 0.0, held, busy
    full = load / fastest
    if patience == 0.0:
        spare = slots * fastest - load
        beyond = load / spare
        waits = (1.0 + beyond) / (total + beyond)
        late = waits * math.exp(-min(spare * time, 745.0))
        lost, mean = 0.0, waits / spare
    else:
        theta = 1.0 / (patience * fastest)
        waits, _, lost = palm_tails(slots, full, theta, 0.0)
        late = palm_tails(slots, full, theta, time * fastest)[1]
        alike = 1.0 / max(erlang_b_of(slots, full), 1e-300)
        beyond = max(waits * alike - 1.0, 0.0) / max(1.0 - waits, 1e-15)
        scale = (alike + beyond) / (total + beyond)
        waits, late, lost = waits * scale, late * scale, lost * scale
        mean = lost * patience
    inside = 1.0 - waits + 1.0 / (total + beyond)
    # Weights of the states in which nobody waits, then the waiting ones, where all are at work.
    return waits, late, lost, mean, held * inside + slots * (1.0 - inside), busy * inside + agents * (1.0 - inside)


@kernel
def fill_chat(
    start: int, stop: int, agents: Vector, load: Vector, speed: Vector, patience: Vector, time: Vector, out: Matrix
) -> None:
    for i in range(start, stop):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4], out[i, 5] = chat(
            int(agents[i]), load[i], speed, patience[i], time[i]
        )
