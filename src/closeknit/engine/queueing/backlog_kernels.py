"""Stationary backlog carry-over: what one short period can't start is offered to the next."""

import math

from closeknit.engine.compiled import Cube, IntMatrix, Vector, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of, erlang_c_of


@kernel
def carry_backlogs(start: int, stop: int, days: Cube, plans: IntMatrix, opening: Vector, out: Cube) -> None:
    """Fill per interval: level, share who wait, mean queue, occupancy, calls handed on, calls started per minute.

    `days` as in time_varying_run. A period is as near to one handling time as divides the interval.
    """
    for q in range(start, stop):
        backlog = opening[q]
        for i in range(plans.shape[1]):
            arrivals, mu, length, agents = days[q, i, 0], days[q, i, 1], days[q, i, 3], plans[q, i]
            periods = max(int(length * mu + 0.5), 1)
            for k in range(6):
                out[q, i, k] = 0.0
            for _ in range(periods):
                offered = arrivals + backlog * periods / length
                blocked = erlang_b_of(float(agents), offered / mu)
                started, backlog = offered * (1.0 - blocked), offered * blocked * length / periods
                load = started / mu
                waits = erlang_c_of(float(agents), load) if agents > 0 else 1.0
                spare = agents - load
                level, queue = 0.0, backlog
                if agents > 0:
                    level = 1.0 - waits * math.exp(-spare * mu * days[q, i, 4])
                    queue = waits * load / spare if spare > 0.0 else backlog
                out[q, i, 0] += level / periods
                out[q, i, 1] += waits / periods
                out[q, i, 2] += queue / periods
                out[q, i, 3] += load / agents / periods if agents > 0 else 0.0
                out[q, i, 5] += started / periods
            out[q, i, 4] = backlog
