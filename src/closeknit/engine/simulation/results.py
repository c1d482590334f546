"""What a simulation answers: measures by class, interval, group and account."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray, frozen
from closeknit.engine.simulation.estimates import Estimate, RatioSums
from closeknit.engine.simulation.tally_kernels import (
    ABANDONED,
    BLOCKED_CALLS,
    LEFT,
    LOST,
    OFFERED,
    QUEUED,
    RETRIED,
    SERVED,
    SERVED_IN_TIME,
    SERVED_WAITED,
    VIRTUAL_IN_TIME,
    WAITED,
    WAITING_AT_END,
)


class Outcome(IntEnum):
    """How a call ended."""

    SERVED = 0
    ABANDONED = 1
    BLOCKED = 2
    LEFT = 3


@dataclass(frozen=True, slots=True, eq=False)
class CallMeasures:
    """Measures of calls, shape [class] or [class, interval]; every attempt is a call, in the interval it arrives.

    Calls, as means of one replication: `offered_calls` = `served_calls` + `abandoned_calls` + `blocked_calls` +
    `left_calls`; of the offered, `retried_calls` are second or later attempts, `lost_calls` were not served and did
    not try again, `waiting_at_end_calls` waited when the plan ended.
    Service level within T, by the three definitions: `served_in_time_of_offered`; `virtual_in_time_of_offered` (one
    who never gives up, in the place of each, would have waited at most T); `served_in_time_of_served`. With no call at
    all they are 1.
    `abandoned_share` and `blocked_share` of offered; `mean_wait_minutes` of all not blocked, abandoned or not;
    `mean_wait_of_served_minutes` (the speed of answer); `mean_queue` (calls waiting, over time).
    """

    offered_calls: FloatArray
    retried_calls: FloatArray
    served_calls: FloatArray
    abandoned_calls: FloatArray
    blocked_calls: FloatArray
    left_calls: FloatArray
    lost_calls: FloatArray
    waiting_at_end_calls: FloatArray
    served_in_time_of_offered: Estimate
    virtual_in_time_of_offered: Estimate
    served_in_time_of_served: Estimate
    abandoned_share: Estimate
    blocked_share: Estimate
    mean_wait_minutes: Estimate
    mean_wait_of_served_minutes: Estimate
    mean_queue: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class GroupMeasures:
    """Measures of groups, shape [group] or [group, interval].

    `taken_calls` (begun there, mean of one replication), `agents` (on duty, outages taken off), `busy_agents`,
    `occupancy_share` = busy / on duty. It may exceed 1: agents finish the call in hand after their time.
    """

    taken_calls: FloatArray
    agents: FloatArray
    busy_agents: Estimate
    occupancy_share: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class AccountMeasures:
    """Measures of accounts, shape [account], over all classes; see `CallMeasures`."""

    offered_calls: FloatArray
    served_calls: FloatArray
    abandoned_calls: FloatArray
    served_in_time_of_offered: Estimate
    abandoned_share: Estimate
    mean_wait_minutes: Estimate
    mean_wait_of_served_minutes: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class SimulationResult:
    """What `replications` runs of a plan show; intervals cover with probability `confidence_share`, each on its own.

    Warm-up intervals are left out of `by_class`, `by_group` and `by_account`, and stand in `by_interval` and
    `by_group_interval` as simulated. So are attempts and work after the last interval.
    """

    replications: int
    confidence_share: float
    by_class: CallMeasures
    by_interval: CallMeasures
    by_group: GroupMeasures
    by_group_interval: GroupMeasures
    by_account: AccountMeasures


@dataclass(frozen=True, slots=True, eq=False)
class CallRecords:
    """One replication call by call (every attempt is one), in order of arrival; all arrays [call].

    `work_class`, `account` (-1: none), `arrival_minutes`, `wait_minutes` (until served, abandoned or, for `left`, the
    end of the plan), `virtual_wait_minutes` (-1 where no agent came), `handle_minutes` (0 where not served), `group`
    (-1 where not served), `outcome` (see `Outcome`), `first_attempt` (whose retrial this is, or its own place).
    """

    work_class: IntArray
    account: IntArray
    arrival_minutes: FloatArray
    wait_minutes: FloatArray
    virtual_wait_minutes: FloatArray
    handle_minutes: FloatArray
    group: IntArray
    outcome: IntArray
    first_attempt: IntArray


CALL_RATIOS = (
    (SERVED_IN_TIME, OFFERED),
    (VIRTUAL_IN_TIME, OFFERED),
    (SERVED_IN_TIME, SERVED),
    (ABANDONED, OFFERED),
    (BLOCKED_CALLS, OFFERED),
)
"""Numerators and denominators of shares; three means follow."""
IF_NO_CALL = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
IF_NO_ACCOUNT_CALL = np.array([1.0, 0.0, 0.0, 0.0])
CALL_COUNTS = (OFFERED, RETRIED, SERVED, ABANDONED, BLOCKED_CALLS, LEFT, LOST, WAITING_AT_END)


def call_ratios(sums: FloatArray, minutes: float) -> tuple[FloatArray, FloatArray]:
    """Numerators and denominators of all estimates of `CallMeasures`, from measures along the last axis."""
    top = [sums[..., x] for x, _ in CALL_RATIOS] + [sums[..., x] for x in (WAITED, SERVED_WAITED, QUEUED)]
    bottom = [sums[..., n] for _, n in CALL_RATIOS]
    bottom += [sums[..., OFFERED] - sums[..., BLOCKED_CALLS], sums[..., SERVED], np.full(sums.shape[:-1], minutes)]
    return np.stack(top, axis=-1), np.stack(bottom, axis=-1)


def account_ratios(sums: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The same for `AccountMeasures`."""
    offered, served, abandoned, in_time, waited, served_waited = np.moveaxis(sums, -1, 0)
    top = np.stack([in_time, abandoned, waited, served_waited], axis=-1)
    return top, np.stack([offered, offered, offered, served], axis=-1)


def parts_of(estimate: Estimate) -> list[Estimate]:
    """One estimate for each entry of the last axis."""
    return [
        Estimate(frozen(estimate.mean[..., i].copy()), frozen(estimate.half_width[..., i].copy()))
        for i in range(estimate.mean.shape[-1])
    ]


def call_measures(counts: FloatArray, ratios: RatioSums, confidence_share: float) -> CallMeasures:
    """The measures from summed counts and ratios over all replications."""
    values: list[Any] = [frozen(counts[..., count] / ratios.count) for count in CALL_COUNTS]
    values += parts_of(ratios.estimate(confidence_share, IF_NO_CALL))
    return CallMeasures(*values)


def group_measures(
    taken: FloatArray, ratios: RatioSums, minutes: float, on_duty: FloatArray, confidence_share: float
) -> GroupMeasures:
    """The measures from busy minutes, one ratio for time and one for agents on duty."""
    busy, occupancy = parts_of(ratios.estimate(confidence_share, np.zeros(2)))
    return GroupMeasures(frozen(taken / ratios.count), frozen(on_duty / minutes), busy, occupancy)


def account_measures(counts: FloatArray, ratios: RatioSums, confidence_share: float) -> AccountMeasures:
    """The measures from summed counts and ratios over all replications."""
    values: list[Any] = [frozen(counts[..., i] / ratios.count) for i in range(3)]
    values += parts_of(ratios.estimate(confidence_share, IF_NO_ACCOUNT_CALL))
    return AccountMeasures(*values)
