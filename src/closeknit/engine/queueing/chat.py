"""Chat: agents hold several conversations at once, and each takes longer the more they hold."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    LARGEST,
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    refuse_where,
    together,
    whole_numbers,
)
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import LARGEST_LOAD
from closeknit.engine.queueing.chat_kernels import fill_chat
from closeknit.engine.queueing.search import limits, smallest_meeting

LARGEST_TEAM = 100_000
MOST_AT_ONCE = 50
_TIE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class ChatPerformance:
    """What a team gives that holds several conversations at once. Shares 0..1, times in minutes.

    `mean_handle_minutes`: how long a conversation lasts, slowed by the others; `mean_at_once`: conversations per agent
    at work; `occupancy_share`: agents at work; `slot_share`: places in use. Waits are until the first answer.
    """

    offered_erlangs: FloatArray
    wait_share: FloatArray
    service_level_share: FloatArray
    abandoned_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_handle_minutes: FloatArray
    mean_at_once: FloatArray
    occupancy_share: FloatArray
    slot_share: FloatArray
    is_stable: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class ChatStaffing:
    """The fewest agents that meet all targets, and what they give."""

    agents: IntArray
    performance: ChatPerformance


@dataclass(frozen=True, slots=True, eq=False)
class _Chats:
    """Flat, checked: erlangs of conversations held alone, handling, threshold and patience minutes (0: boundless)."""

    load: FloatArray
    handle: FloatArray
    threshold: FloatArray
    patience: FloatArray
    speed: FloatArray

    def at(self, cases: IntArray) -> "_Chats":
        return _Chats(self.load[cases], self.handle[cases], self.threshold[cases], self.patience[cases], self.speed)


def chat_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    relative_speed: ArrayLike,
    threshold_minutes: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
) -> ChatPerformance:
    """Waits, conversation times and workload of agents who hold several conversations at once.

    Parameters (broadcast together, but `relative_speed`): `agents` (n, whole, >= 0), `arrivals_per_hour` (lambda >= 0),
    `handle_minutes` (1/mu > 0: of a conversation held alone), `relative_speed[j]` (s_j: how fast each of j+1
    conversations goes beside one alone; starts at 1; its length k is the most an agent holds; j s_j must not fall),
    `threshold_minutes` (T >= 0, to the first answer), `patience_minutes` (1/theta > 0; infinity: nobody gives up).
    Formula: conversations m form a birth and death chain; held by n agents as evenly as can be, they end at
    mu sum_i j_i s_{j_i}; beyond n k they wait, and give up at rate theta each. Solved exactly.
    Validity: exponential times; evenly held (new ones go to the least busy): agents whose conversations end unevenly
    moved a level by less than 0.01 in simulations. Source: birth and death queues; Tezcan and Zhang (2014), Operations
    Research 62; Cui and Tezcan (2016).

    >>> p = chat_performance(10, 150.0, 8.0, [1.0, 0.75, 0.6], 1.0, 4.0)
    >>> [x.round(3).tolist() for x in (p.service_level_share, p.mean_handle_minutes, p.mean_at_once)]
    [0.689, 12.811, 2.768]
    """
    team = whole_numbers("agents", agents, minimum=0, maximum=LARGEST_TEAM).astype(np.float64)
    chats, shape = _checked(
        arrivals_per_hour, handle_minutes, relative_speed, threshold_minutes, patience_minutes, team.shape
    )
    return _performance(np.broadcast_to(team, shape).reshape(-1), chats, shape)


def required_agents_for_chat(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    relative_speed: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    patience_minutes: ArrayLike = np.inf,
    max_abandoned_share: ArrayLike = 1.0,
    max_mean_handle_minutes: ArrayLike = np.inf,
) -> ChatStaffing:
    """The smallest whole number of agents with which chats are answered, kept and finished in time.

    Parameters as `chat_performance`; `target_share` (answered within T, 0 <= share < 1), `max_abandoned_share`
    (0 < share <= 1; 1 asks nothing), `max_mean_handle_minutes` (infinity asks nothing; else more than `handle_minutes`:
    no team is faster than one conversation at a time). Doubling and bisection. Validity and source: as there.

    >>> required_agents_for_chat(150.0, 8.0, [1.0, 0.75, 0.6], 1.0, [0.8, 0.99], 4.0).agents.tolist()
    [11, 14]
    """
    level = numbers("target_share", target_share, minimum=0.0, below=1.0)
    most_lost = numbers("max_abandoned_share", max_abandoned_share, above=0.0, maximum=1.0)
    longest = limits("max_mean_handle_minutes", max_mean_handle_minutes)
    targets = together(
        ("target_share", level), ("max_abandoned_share", most_lost), ("max_mean_handle_minutes", longest)
    )
    chats, shape = _checked(
        arrivals_per_hour, handle_minutes, relative_speed, threshold_minutes, patience_minutes, targets[0].shape
    )
    level, most_lost, longest = (np.broadcast_to(target, shape).reshape(-1) for target in targets)
    refuse_where(longest <= chats.handle, "max_mean_handle_minutes", longest, "give more than handle_minutes")

    def meets(cases: IntArray, team: IntArray) -> BoolArray:
        got = _performance(team.astype(np.float64), chats.at(cases), cases.shape)
        good = got.is_stable & (got.service_level_share >= level[cases])
        good &= (most_lost[cases] >= 1.0) | (got.abandoned_share <= most_lost[cases] * (1.0 + _TIE))
        good &= got.mean_handle_minutes <= longest[cases] * (1.0 + _TIE)
        met: BoolArray = good | (chats.load[cases] == 0.0)
        return met

    team = smallest_meeting(np.zeros(chats.load.size, dtype=np.int64), meets, LARGEST_TEAM, "target_share")
    return ChatStaffing(frozen(team.reshape(shape)), _performance(team.astype(np.float64), chats, shape))


def _checked(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    relative_speed: ArrayLike,
    threshold_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    other: tuple[int, ...],
) -> tuple[_Chats, tuple[int, ...]]:
    arrivals, handle, threshold, patience, _ = together(
        ("arrivals_per_hour", numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9)),
        ("handle_minutes", numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6)),
        ("threshold_minutes", numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9)),
        ("patience_minutes", limits("patience_minutes", patience_minutes)),
        ("agents", np.zeros(other)),
    )
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = numbers("arrivals_per_hour x handle_minutes / 60", arrivals * handle / 60.0, maximum=LARGEST_LOAD, fix=fix)
    waits = np.where(np.isinf(patience), 0.0, np.minimum(patience, LARGEST))
    parts = (load, handle, threshold, waits)
    flat = [np.ascontiguousarray(part).reshape(-1) for part in parts]
    return _Chats(flat[0], flat[1], flat[2], flat[3], _speeds(relative_speed)), load.shape


def _speeds(relative_speed: ArrayLike) -> FloatArray:
    speed = numbers("relative_speed", relative_speed, above=0.0, maximum=1.0, ndim=1)
    if not 1 <= speed.size <= MOST_AT_ONCE or speed[0] != 1.0:
        raise EngineInputError(
            f"relative_speed has {speed.size} entries from {speed[:1].tolist()}: give 1 for one conversation, "
            f"then one speed for each number held at once, at most {MOST_AT_ONCE}"
        )
    pace = speed * np.arange(1, speed.size + 1)
    falls = np.concatenate([[False], np.diff(pace) < -_TIE])
    refuse_where(falls, "relative_speed", speed, "give fewer at once: with one more, an agent finishes less")
    return speed


def _performance(team: FloatArray, chats: _Chats, shape: tuple[int, ...]) -> ChatPerformance:
    out = np.zeros((team.size, 6))
    handle, most = chats.handle, chats.speed.size
    cases = [array(part) for part in (team, chats.load)]
    times = [array(part) for part in (chats.patience / handle, chats.threshold / handle)]
    work = 10.0 * float(team.sum()) * most + 300.0 * team.size
    run_in_parts(fill_chat, team.size, work, *cases, array(chats.speed), *times, out)
    waits, late, lost, mean, held, busy = out.T
    stable = mean >= 0.0
    some = (chats.load > 0.0) & (team > 0.0)
    served = chats.load * (1.0 - lost)
    at_work = np.where(busy > 0.0, busy, 1.0)
    lasts = np.where(some & stable, handle * held / np.where(some & (served > 0.0), served, 1.0), handle)
    lasts = np.where(some & ~stable, handle / chats.speed[-1], lasts)
    results = {
        "offered_erlangs": chats.load,
        "wait_share": waits,
        "service_level_share": np.where(stable, np.clip(1.0 - late - lost, 0.0, 1.0), 0.0),
        "abandoned_share": lost,
        "mean_wait_minutes": np.where(stable, mean * handle, np.inf),
        "mean_handle_minutes": lasts,
        "mean_at_once": np.where(busy > 0.0, held / at_work, 0.0),
        "occupancy_share": np.where(team > 0.0, busy / np.maximum(team, 1.0), np.where(chats.load > 0.0, 1.0, 0.0)),
        "slot_share": np.where(team > 0.0, held / np.maximum(team * most, 1.0), np.where(chats.load > 0.0, 1.0, 0.0)),
        "is_stable": stable,
    }
    return ChatPerformance(**{name: frozen(part.reshape(shape)) for name, part in results.items()})
