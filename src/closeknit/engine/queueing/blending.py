"""Blended teams: inbound calls first, outbound calls while more than a reserve of agents is idle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    refuse_where,
    together,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import numbers_or_infinity
from closeknit.engine.queueing.blended_chain import Blend, answered_in_time, stationary

LARGEST_BLENDED_TEAM = 200
_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class BlendedPerformance:
    """What a blended team gives. Shares 0..1, times in minutes.

    Inbound: `wait_share`, `service_level_share` (answered within the threshold, of all), `mean_wait_minutes` (of all),
    `abandoned_share`. Outbound: `outbound_per_hour` made, `outbound_agents` at it on average. `occupancy_share` of
    both. Unstable: level 0, infinite wait, no outbound call.
    """

    service_level_share: FloatArray
    wait_share: FloatArray
    mean_wait_minutes: FloatArray
    abandoned_share: FloatArray
    outbound_per_hour: FloatArray
    outbound_agents: FloatArray
    occupancy_share: FloatArray
    is_stable: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class BlendedStaffing:
    """The fewest agents, with the smallest reserve for inbound calls, that meet both targets."""

    agents: IntArray
    reserve: IntArray
    performance: BlendedPerformance


def blended_performance(
    agents: ArrayLike,
    reserve: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    outbound_handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
) -> BlendedPerformance:
    """Inbound service and outbound calls of a team that keeps a reserve of agents idle for inbound calls.

    Parameters (broadcast together): `agents` (c, whole, 1..200), `reserve` (r, whole, 0..c: an outbound call starts
    when more than r agents are idle; c: none is ever made), `arrivals_per_hour` (lambda >= 0, inbound),
    `handle_minutes` and `outbound_handle_minutes` (> 0), `threshold_minutes` (T >= 0), `patience_minutes` (> 0;
    infinity: nobody gives up).
    Formula: the chain of (inbound calls, outbound calls) exactly, by blocks; levels by uniformisation.
    Validity: exponential times; outbound work never runs out, each call reaches somebody; calls are not interrupted.
    Source: Bhulai and Koole (2003), IEEE Transactions on Automatic Control 48; Gans and Zhou (2003), Operations
    Research 51.

    >>> p = blended_performance(12, [0, 2, 12], 90.0, 5.0, 4.0, 1.0 / 3.0)
    >>> p.service_level_share.round(3).tolist(), p.outbound_per_hour.round(1).tolist()
    ([0.31, 0.745, 0.929], [67.5, 52.0, 0.0])
    """
    team, spare, arrivals, handle, outbound, threshold, patience = together(
        ("agents", whole_numbers("agents", agents, minimum=1, maximum=LARGEST_BLENDED_TEAM)),
        ("reserve", whole_numbers("reserve", reserve, minimum=0, maximum=LARGEST_BLENDED_TEAM)),
        *_calls(arrivals_per_hour, handle_minutes, outbound_handle_minutes, threshold_minutes, patience_minutes),
    )
    refuse_where(spare > team, "reserve", spare, "give at most the number of agents")
    flat = zip(
        *(part.reshape(-1).tolist() for part in (team, spare, arrivals, handle, outbound, threshold, patience)),
        strict=True,
    )
    return _result([_one(*case) for case in flat], team.shape)


def required_agents_blended(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    outbound_handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    target_outbound_per_hour: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
) -> BlendedStaffing:
    """The smallest team that answers inbound calls in time and makes a number of outbound calls an hour.

    Parameters as `blended_performance`; `target_share` (of inbound calls answered within T, 0 <= share < 1),
    `target_outbound_per_hour` (>= 0). A larger reserve serves inbound better and makes fewer outbound calls, so for
    each size the smallest reserve that meets the level decides; the team by doubling and bisection.
    Validity and source: as `blended_performance`; refused beyond 200 agents: split the team.

    >>> need = required_agents_blended(90.0, 5.0, 4.0, 1.0 / 3.0, 0.8, [0.0, 40.0])
    >>> need.agents.tolist(), need.reserve.tolist()
    ([11, 12], [4, 3])
    """
    share, calls, arrivals, handle, outbound, threshold, patience = together(
        ("target_share", numbers("target_share", target_share, minimum=0.0, below=1.0)),
        (
            "target_outbound_per_hour",
            numbers("target_outbound_per_hour", target_outbound_per_hour, minimum=0.0, maximum=1e9),
        ),
        *_calls(arrivals_per_hour, handle_minutes, outbound_handle_minutes, threshold_minutes, patience_minutes),
    )
    flat = zip(
        *(p.reshape(-1).tolist() for p in (share, calls, arrivals, handle, outbound, threshold, patience)), strict=True
    )
    found = [_smallest(*case) for case in flat]
    return BlendedStaffing(
        agents=frozen(np.array([team for team, _, _ in found], dtype=np.int64).reshape(share.shape)),
        reserve=frozen(np.array([spare for _, spare, _ in found], dtype=np.int64).reshape(share.shape)),
        performance=_result([got for _, _, got in found], share.shape),
    )


def _calls(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    outbound_handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    patience_minutes: ArrayLike,
) -> tuple[tuple[str, FloatArray], ...]:
    return (
        ("arrivals_per_hour", numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e6)),
        ("handle_minutes", numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e5)),
        (
            "outbound_handle_minutes",
            numbers("outbound_handle_minutes", outbound_handle_minutes, above=0.0, maximum=1e5),
        ),
        ("threshold_minutes", numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e4)),
        ("patience_minutes", numbers_or_infinity("patience_minutes", patience_minutes, minimum=1e-3, maximum=1e6)),
    )


def _one(
    team: int, reserve: int, arrivals: float, handle: float, outbound: float, threshold: float, patience: float
) -> tuple[float, ...]:
    """Level, P(wait), mean wait, abandoned, outbound per hour, agents at it, occupancy, stable."""
    theta = 0.0 if patience == np.inf else 1.0 / patience
    blend = Blend(team, reserve, arrivals / 60.0, 1.0 / handle, 1.0 / outbound, theta)
    if blend.theta == 0.0 and blend.arrivals >= team * blend.mu:
        return 0.0, 1.0, np.inf, 0.0, 0.0, 0.0, 1.0, 0.0
    share = stationary(blend)
    x, j = np.arange(share.shape[0])[:, None], np.arange(share.shape[1])[None, :]
    queue = np.maximum(x - (team - j), 0)
    waits = float(share[x >= team - j].sum())
    wait = float((share * queue).sum()) / blend.arrivals if arrivals > 0.0 else 0.0
    making = float((share * j).sum())
    busy = float((share * (np.minimum(x, team - j) + j)).sum())
    level = answered_in_time(blend, share, threshold)
    return level, waits, wait, wait * theta, making * 60.0 / outbound, making, min(busy / team, 1.0), 1.0


def _result(cases: list[tuple[float, ...]], shape: tuple[int, ...]) -> BlendedPerformance:
    table = np.array(cases, dtype=np.float64).reshape(-1, 8).T.reshape(8, *shape)
    level, waits, wait, lost, calls, making, busy, stable = (frozen(row.copy()) for row in table)
    return BlendedPerformance(level, waits, wait, lost, calls, making, busy, frozen(stable > 0.0))


def _smallest(
    share: float, calls: float, arrivals: float, handle: float, outbound: float, threshold: float, patience: float
) -> tuple[int, int, tuple[float, ...]]:
    def best(team: int) -> tuple[int, tuple[float, ...]] | None:
        """The smallest reserve that meets the level, and what it gives, if enough outbound calls are made with it."""
        low, high = 0, team
        got = _one(team, team, arrivals, handle, outbound, threshold, patience)
        if got[0] < share or got[7] == 0.0:
            return None
        while low < high:
            middle = (low + high) // 2
            tried = _one(team, middle, arrivals, handle, outbound, threshold, patience)
            if tried[0] >= share:
                high, got = middle, tried
            else:
                low = middle + 1
        return (high, got) if got[4] >= calls * (1.0 - _TIE) else None

    served = 0.0 if patience < np.inf else arrivals * handle / 60.0
    lowest = max(1, int(max(served, calls * outbound / 60.0)))
    short, enough, step = lowest - 1, lowest, max(1, int(np.sqrt(lowest)) // 2)
    found = best(enough)
    while found is None:
        short, enough, step = enough, enough + step, 2 * step
        if enough > LARGEST_BLENDED_TEAM:
            raise EngineInputError(f"target_share: no team up to {LARGEST_BLENDED_TEAM} is enough; split the team")
        found = best(enough)
    while enough - short > 1:
        middle = (enough + short) // 2
        tried = best(middle)
        if tried is None:
            short = middle
        else:
            enough, found = middle, tried
    return enough, *found
