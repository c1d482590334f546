"""How many calls come when some of those who were not served, or not helped, call again."""

from closeknit.engine.compiled import Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of
from closeknit.engine.queueing.palm_kernels import palm_tails

_LARGEST_LOAD = 1e9
_CLOSE = 1e-14
_ROUNDS = 200


@kernel
def _lost_share(agents: float, load: float, theta: float) -> float:
    """Share of attempts that give up; with `theta` 0 nobody waits (theta infinite is written so)."""
    if theta == 0.0:
        return erlang_b_of(agents, load)
    return palm_tails(agents, load, theta, 0.0)[2]


@kernel
def _settled(agents: float, load: float, theta: float, redial: float, reconnect: float) -> float:
    """Erlangs of requests that end with this offered load of attempts: for good, served or lost. It rises with load."""
    lost = _lost_share(agents, load, theta)
    return load * ((1.0 - redial) * lost + (1.0 - reconnect) * (1.0 - lost))


@kernel
def attempts_load(agents: float, load: float, theta: float, redial: float, reconnect: float) -> float:
    """Offered erlangs of all attempts, or -1 where calls come back faster than they can be served.

    The one root of `_settled` = load, by regula falsi with the weight of Anderson and Bjorck.
    """
    if load <= 0.0:
        return 0.0
    if (redial >= 1.0 and load >= agents * (1.0 - reconnect)) or reconnect >= 1.0:
        return -1.0
    low, below = load, _settled(agents, load, theta, redial, reconnect) - load
    if below >= 0.0:
        return load
    high, over = low, below
    while over < 0.0:
        low, below = high, over
        high *= 1.5
        if high > _LARGEST_LOAD:
            return -1.0
        over = _settled(agents, high, theta, redial, reconnect) - load
    for _ in range(_ROUNDS):
        if over == 0.0 or high - low <= _CLOSE * high:
            break
        guess = high - over * (high - low) / (over - below)
        if not low < guess < high:
            guess = 0.5 * (low + high)
        value = _settled(agents, guess, theta, redial, reconnect) - load
        if value == 0.0:
            return guess
        if value < 0.0:
            # The same side twice: let the other end weigh less, or it would never move.
            weight = 1.0 - value / below
            low, below = guess, value
            over *= weight if weight > 0.0 else 0.5
        else:
            weight = 1.0 - value / over
            high, over = guess, value
            below *= weight if weight > 0.0 else 0.5
    return 0.5 * (low + high) if over > 0.0 else high


@kernel
def fill_retrials(
    start: int,
    stop: int,
    agents: Vector,
    load: Vector,
    theta: Vector,
    time: Vector,
    redial: Vector,
    reconnect: Vector,
    attempts: Vector,
    waits: Vector,
    lost: Vector,
    in_time: Vector,
) -> None:
    """Attempts (erlangs; -1: without end), and of them: who waits, who gives up, who is answered within `time`."""
    for i in range(start, stop):
        attempts[i] = attempts_load(agents[i], load[i], theta[i], redial[i], reconnect[i])
        if attempts[i] < 0.0:
            waits[i], lost[i], in_time[i] = 1.0, 1.0, 0.0
        elif theta[i] == 0.0:
            waits[i] = 0.0
            lost[i] = erlang_b_of(agents[i], attempts[i])
            in_time[i] = 1.0 - lost[i]
        else:
            waits[i], _, lost[i] = palm_tails(agents[i], attempts[i], theta[i], 0.0)
            late = palm_tails(agents[i], attempts[i], theta[i], time[i])[1]
            in_time[i] = max(1.0 - lost[i] - late, 0.0)
