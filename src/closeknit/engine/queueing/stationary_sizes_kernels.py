"""The fewest agents in steady state for the rates of one interval, of which SIPP, lagged SIPP and MOL are made."""

import math

from closeknit.engine.compiled import IntVector, Matrix, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_c_of
from closeknit.engine.queueing.palm_kernels import palm_tails

_TIE = 1e-12


@kernel
def _suffices(agents: int, load: float, theta: float, time: float, asked: Matrix, i: int) -> bool:
    """Whether so many agents keep all targets of row i: level, virtual or not, occupancy, abandonment, mean wait."""
    if theta == 0.0:
        if agents <= load * (1.0 + _TIE):
            return False
        waiting, gone = erlang_c_of(float(agents), load), 0.0
        level = 1.0 - waiting * math.exp(-(agents - load) * time)
        wait = waiting / (agents - load)
    else:
        virtual, answered, _ = palm_tails(float(agents), load, theta, time)
        gone = palm_tails(float(agents), load, theta, 0.0)[2]
        level = 1.0 - virtual if asked[i, 1] > 0.5 else 1.0 - gone - answered
        wait = gone / theta
    if level < asked[i, 0] - _TIE or wait > asked[i, 4] * (1.0 + _TIE) or gone > asked[i, 3] * (1.0 + _TIE):
        return False
    return bool(load * (1.0 - gone) <= asked[i, 2] * agents * (1.0 + _TIE))


@kernel
def stationary_sizes(start: int, stop: int, rates: Matrix, asked: Matrix, out: IntVector) -> None:
    """Fill the fewest agents. Rows of `rates`: load, handling / patience (0: nobody gives up), threshold / handling.

    `asked` as in `_suffices`, with the wait counted in handling times.
    """
    for i in range(start, stop):
        load, theta, time = rates[i, 0], rates[i, 1], rates[i, 2]
        if load <= 0.0:
            out[i] = 0
            continue
        bad, good, step = -1, max(int(load), 1), int(math.sqrt(load)) + 1
        if _suffices(good, load, theta, time, asked, i):
            while good - step > bad and _suffices(good - step, load, theta, time, asked, i):
                good -= step
                step *= 2
            bad = max(bad, good - step)
        else:
            bad = good
            good += step
            while not _suffices(good, load, theta, time, asked, i):
                bad = good
                step *= 2
                good += step
        while good - bad > 1:
            middle = (good + bad) // 2
            if middle > 0 and _suffices(middle, load, theta, time, asked, i):
                good = middle
            else:
                bad = middle
        out[i] = good
