"""A quick look at overload that is carried on: the stationary backlog carry-over of Stolletz."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, whole_numbers
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.queueing.backlog_kernels import carry_backlogs
from closeknit.engine.queueing.time_varying_run import checked_pools


@dataclass(frozen=True, slots=True, eq=False)
class BacklogCarryover:
    """What each interval gives, approximately. Shares 0..1.

    `backlog_at_end`: calls handed on to the next interval; `calls_started_per_hour`: calls that begin to be served, new
    ones and those carried over (the modified arrival rate); `mean_wait_minutes` is per such call.
    """

    service_level_share: FloatArray
    wait_share: FloatArray
    mean_queue: FloatArray
    mean_wait_minutes: FloatArray
    occupancy_share: FloatArray
    backlog_at_end: FloatArray
    calls_started_per_hour: FloatArray


def backlog_carryover(
    arrivals_per_hour: ArrayLike,
    agents: ArrayLike,
    interval_minutes: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    *,
    start_backlog: ArrayLike = 0.0,
) -> BacklogCarryover:
    """Service and backlog by interval when overloaded intervals hand their excess on and nobody gives up.

    Parameters (broadcast together; the last axis is the interval): `arrivals_per_hour` (lambda), `agents` (c, whole),
    `interval_minutes`, `handle_minutes` (1/mu), `threshold_minutes` (T). `start_backlog`: calls waiting at the start,
    one number per pool.
    Formula, per period of about one handling time: offered lambda' = lambda + b, of which lambda' B(c, lambda'/mu) is
    carried on; performance is that of M/M/c at the rate lambda' (1 - B).
    Validity: an approximation that takes microseconds, fair where load moves slowly against handling time; level and
    waits of a call carried over count from its new period. `transient_performance` is exact.
    Source: Stolletz, European Journal of Operational Research 190 (2008).

    >>> day = backlog_carryover([100.0, 140.0, 60.0], 10, 60.0, 5.0, 1 / 3)
    >>> day.backlog_at_end.round(2).tolist(), day.occupancy_share.round(3).tolist()
    ([3.35, 30.05, 0.1], [0.805, 0.944, 0.75])
    """
    staff = whole_numbers("agents", agents, minimum=0, maximum=100_000)
    pools, (plans,) = checked_pools(
        arrivals_per_hour, interval_minutes, handle_minutes, None, threshold_minutes, 0, ("agents", staff)
    )
    waiting = numbers("start_backlog", start_backlog, minimum=0.0, maximum=1e9)
    opening = np.array(np.broadcast_to(waiting, pools.shape[:-1]), dtype=np.float64).reshape(-1)
    out = np.zeros((*plans.shape, 6))
    periods = float(np.sum(pools.days[:, :, 3] * pools.days[:, :, 1] + 1.0))
    run_in_parts(carry_backlogs, len(plans), 200.0 * periods, pools.days, np.ascontiguousarray(plans), opening, out)
    rates = out[:, :, 5]
    waits = np.divide(out[:, :, 2], rates, out=np.zeros_like(rates), where=rates > 0.0)
    columns = (out[:, :, 0], out[:, :, 1], out[:, :, 2], waits, out[:, :, 3], out[:, :, 4], rates * 60.0)
    return BacklogCarryover(*(frozen(column.reshape(pools.shape).copy()) for column in columns))
