"""What a plan of agents really gives while load and agents change: the exact distribution through time."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, whole_numbers
from closeknit.engine.queueing.time_varying_run import Pools, checked_pools, run_days


class Leaving(Enum):
    """What agents do when their shift ends while they talk."""

    FINISH_CALL = "finish_call"
    """They end the call they are on, and take no other (the exhaustive discipline)."""
    AT_ONCE = "at_once"
    """They go; the call returns to the head of the line (the preemptive discipline)."""


@dataclass(frozen=True, slots=True, eq=False)
class TransientPerformance:
    """What each interval gives. Shares are 0..1, of the calls that arrive in the interval unless said otherwise.

    `level_of_offered_share`: answered within the threshold, of all offered, also where the answer falls into the next
    interval. `level_virtual_share`: the same if that call itself would never give up. `wait_share`: finds no agent
    free. `abandoned_share`: calls that give up during the interval, and `mean_wait_minutes`: minutes waited during it,
    each per call that arrives in it (0 where none does). `mean_queue`: calls waiting, on average. `occupancy_share`: of
    scheduled agents. `overtime_agent_hours`: of agents who finish a call after their shift. `waiting_at_end`,
    `in_system_at_end`: mean numbers handed to the next interval. `error_bound`: no share is wrong by more for what the
    computation left out.
    """

    level_of_offered_share: FloatArray
    level_virtual_share: FloatArray
    wait_share: FloatArray
    abandoned_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_queue: FloatArray
    occupancy_share: FloatArray
    overtime_agent_hours: FloatArray
    waiting_at_end: FloatArray
    in_system_at_end: FloatArray
    error_bound: FloatArray


def transient_performance(
    arrivals_per_hour: ArrayLike,
    agents: ArrayLike,
    interval_minutes: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    patience_minutes: ArrayLike | None = None,
    *,
    start_calls: ArrayLike = 0,
    repeats: bool = False,
    leaving: Leaving = Leaving.FINISH_CALL,
) -> TransientPerformance:
    """Service, waits and backlog of every interval while load and agents change (M(t)/M/c(t)+M, exact).

    Parameters (broadcast together; the last axis is the interval): `arrivals_per_hour` (lambda >= 0), `agents` (c,
    whole, 0 where closed), `interval_minutes`, `handle_minutes` (1/mu > 0), `threshold_minutes` (T >= 0),
    `patience_minutes` (1/theta > 0; None or infinity where nobody gives up). `start_calls`: calls in the system when
    the first interval opens, one whole number per pool. `repeats`: the intervals are a day that follows itself, run
    until it ends as it began; else the last interval's agents are taken to go on after it. `leaving`: what agents do
    at a shift's end.
    Formula: dp/dt = p Q(t) by uniformisation, p(t) = sum_k Poisson(k; Lt) p P^k; an arrival's chance to be answered in
    time solves the backward equation of the calls ahead of it through the agents of all intervals within its threshold.
    Validity: Poisson arrivals at a constant rate within an interval, exponential handling and patience.
    Source: Jensen (1953); Grassmann, Computers & OR 4 (1977); Ingolfsson et al., INFORMS J. Computing 19 (2007).

    >>> rush = transient_performance([30.0, 90.0, 30.0], [5, 10, 5], 30.0, 5.0, 1 / 3)
    >>> rush.level_of_offered_share.round(3).tolist()
    [0.932, 0.847, 0.692]
    """
    staff = whole_numbers("agents", agents, minimum=0, maximum=100_000)
    pools, (plans,) = checked_pools(
        arrivals_per_hour,
        interval_minutes,
        handle_minutes,
        patience_minutes,
        threshold_minutes,
        start_calls,
        ("agents", staff),
    )
    return follow(pools, np.ascontiguousarray(plans), repeats, leaving)


def follow(pools: Pools, plans: IntArray, repeats: bool, leaving: Leaving) -> TransientPerformance:
    """The performance of checked pools under plans (pool, interval)."""
    out, lost = run_days(pools, plans, bool(repeats), leaving is Leaving.FINISH_CALL)
    arrivals, _, theta, length, _ = np.moveaxis(pools.days, -1, 0)
    offered = arrivals * length
    each = np.divide(1.0, offered, out=np.zeros_like(offered), where=offered > 0.0)
    paid = plans * length
    columns = (
        out[:, :, 0],
        out[:, :, 1],
        1.0 - out[:, :, 2] - lost,
        out[:, :, 3] * theta * each,
        out[:, :, 3] * each,
        out[:, :, 3] / length,
        np.divide(out[:, :, 4], paid, out=np.zeros_like(paid, dtype=np.float64), where=paid > 0.0),
        out[:, :, 5] / 60.0,
        out[:, :, 6],
        out[:, :, 7],
        lost,
    )
    return TransientPerformance(*(frozen(column.reshape(pools.shape).copy()) for column in columns))
