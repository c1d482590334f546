"""Calls that come again: those who gave up redial, and those who were not helped call back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, together, whole_numbers
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.queueing.arguments import LARGEST_LOAD
from closeknit.engine.queueing.retrial_kernels import fill_retrials
from closeknit.engine.queueing.search import smallest_meeting

_STEPS_PER_CASE = 2_000.0
_TIE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class RetrialPerformance:
    """What a team gives when calls come again. Shares 0..1, times in minutes.

    Of attempts (all calls that ring): `attempts_per_hour`, `attempt_erlangs`, `wait_share`, `abandoned_share`,
    `service_level_share` (answered within the threshold), `mean_wait_minutes`, `repeat_share` (attempts that are
    not the first). Of requests (first calls): `offered_erlangs`, `attempts_per_request`, `resolved_share` and
    `lost_share` (how they end; together 1), `mean_wait_per_request_minutes`. Where everybody comes back and too few
    can be served, `is_stable` is false: attempts and waits are infinite, all shares the worst.
    """

    offered_erlangs: FloatArray
    attempts_per_hour: FloatArray
    attempt_erlangs: FloatArray
    attempts_per_request: FloatArray
    repeat_share: FloatArray
    wait_share: FloatArray
    abandoned_share: FloatArray
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_wait_per_request_minutes: FloatArray
    resolved_share: FloatArray
    lost_share: FloatArray
    occupancy_share: FloatArray
    is_stable: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class RetrialStaffing:
    """The fewest agents that meet all targets when calls come again, and what they then give."""

    agents: IntArray
    performance: RetrialPerformance


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """Flat, checked: erlangs, handling and patience minutes, threshold, shares that come again."""

    load: FloatArray
    handle: FloatArray
    patience: FloatArray
    threshold: FloatArray
    redial: FloatArray
    reconnect: FloatArray

    def at(self, cases: IntArray) -> "_Line":
        return _Line(
            self.load[cases],
            self.handle[cases],
            self.patience[cases],
            self.threshold[cases],
            self.redial[cases],
            self.reconnect[cases],
        )


def retrial_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    redial_share: ArrayLike,
    reconnect_share: ArrayLike = 0.0,
) -> RetrialPerformance:
    """Waits, abandonment and extra load where a share of the unserved, and of the served, calls again.

    Parameters (broadcast together): `agents` (c, whole, >= 0), `arrivals_per_hour` (lambda >= 0: first calls only),
    `handle_minutes` (1/mu > 0), `patience_minutes` (1/theta >= 0, mean; 0: nobody waits, the blocked are lost or
    redial), `threshold_minutes` (T >= 0), `redial_share` (r, 0..1, of those who give up or are blocked),
    `reconnect_share` (u, 0 <= u < 1, of those answered: not helped the first time).
    Formula: the rate of attempts l is the one root of l ((1 - r) P + (1 - u)(1 - P)) = lambda, with P the abandonment
    of an M/M/c+M (Erlang B where nobody waits) offered l; its left side rises with l.
    Validity: callers come back much later than the line remembers (some handling times), so that attempts look Poisson
    again; one patience for all attempts. For redials within a minute the waits are longer than said here.
    Source: fixed point as in Cohen (1957) and Aguir, Karaesmen, Aksin and Chauvet (2004), OR Spectrum 26.

    >>> p = retrial_performance(18, 200.0, 6.0, 2.0, 1.0 / 3.0, redial_share=0.6)
    >>> p.attempts_per_hour.round(1).tolist(), p.abandoned_share.round(4).tolist(), p.lost_share.round(4).tolist()
    (239.2, 0.2734, 0.1308)
    """
    line, shape = _checked(
        arrivals_per_hour, handle_minutes, patience_minutes, threshold_minutes, redial_share, reconnect_share, agents
    )
    team = whole_numbers("agents", agents, minimum=0, maximum=int(LARGEST_LOAD)).astype(np.float64)
    return _performance(np.broadcast_to(team, shape).reshape(-1), line, shape)


def required_agents_with_retrials(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    redial_share: ArrayLike,
    reconnect_share: ArrayLike = 0.0,
    max_abandoned_share: ArrayLike = 1.0,
    max_occupancy_share: ArrayLike = 1.0,
) -> RetrialStaffing:
    """The smallest whole number of agents that meets the targets when calls come again.

    Parameters as `retrial_performance`; `target_share` (of attempts answered within T, 0 <= share < 1),
    `max_abandoned_share` (of attempts, 0 < share <= 1; 1 asks nothing), `max_occupancy_share` (0 < share <= 1; 1 asks
    nothing). All targets are monotone in agents: doubling and bisection from none. Validity and source: as there.

    >>> need = required_agents_with_retrials(200.0, 6.0, 2.0, 1.0 / 3.0, 0.8, redial_share=[0.0, 0.6])
    >>> need.agents.tolist()
    [22, 23]
    """
    level = numbers("target_share", target_share, minimum=0.0, below=1.0)
    most_lost = numbers("max_abandoned_share", max_abandoned_share, above=0.0, maximum=1.0)
    busy = numbers("max_occupancy_share", max_occupancy_share, above=0.0, maximum=1.0)
    targets = together(("target_share", level), ("max_abandoned_share", most_lost), ("max_occupancy_share", busy))
    line, shape = _checked(
        arrivals_per_hour,
        handle_minutes,
        patience_minutes,
        threshold_minutes,
        redial_share,
        reconnect_share,
        targets[0],
    )
    level, most_lost, busy = (np.broadcast_to(target, shape).reshape(-1) for target in targets)

    def meets(cases: IntArray, team: IntArray) -> BoolArray:
        got = _performance(team.astype(np.float64), line.at(cases), cases.shape)
        good = got.is_stable & (got.service_level_share >= level[cases])
        good &= (most_lost[cases] >= 1.0) | (got.abandoned_share <= most_lost[cases] * (1.0 + _TIE))
        good &= (busy[cases] >= 1.0) | (got.occupancy_share <= busy[cases] * (1.0 + _TIE))
        met: BoolArray = good | (line.load[cases] == 0.0)
        return met

    team = smallest_meeting(np.zeros(line.load.size, dtype=np.int64), meets, int(LARGEST_LOAD), "target_share")
    return RetrialStaffing(frozen(team.reshape(shape)), _performance(team.astype(np.float64), line, shape))


def _checked(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    patience_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    redial_share: ArrayLike,
    reconnect_share: ArrayLike,
    other: ArrayLike,
) -> tuple[_Line, tuple[int, ...]]:
    named = {
        "arrivals_per_hour": numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9),
        "handle_minutes": numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6),
        "patience_minutes": numbers("patience_minutes", patience_minutes, minimum=0.0, maximum=1e9),
        "threshold_minutes": numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9),
        "redial_share": numbers("redial_share", redial_share, minimum=0.0, maximum=1.0),
        "reconnect_share": numbers("reconnect_share", reconnect_share, minimum=0.0, below=1.0),
    }
    arrivals, handle, patience, threshold, redial, reconnect, _ = together(
        *named.items(), ("agents", np.zeros(np.shape(other)))
    )
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = numbers("arrivals_per_hour x handle_minutes / 60", arrivals * handle / 60.0, maximum=LARGEST_LOAD, fix=fix)
    parts = (load, handle, patience, threshold, redial, reconnect)
    return _Line(*(np.ascontiguousarray(part).reshape(-1) for part in parts)), load.shape


def _performance(team: FloatArray, line: _Line, shape: tuple[int, ...]) -> RetrialPerformance:
    waiting = line.patience > 0.0
    # Nobody waits where patience is 0; the kernel knows that by a rate of 0.
    theta = np.divide(line.handle, line.patience, out=np.zeros_like(line.handle), where=waiting)
    cases = [
        array(part) for part in (team, line.load, theta, line.threshold / line.handle, line.redial, line.reconnect)
    ]
    attempts, waits, lost, in_time = (np.zeros(team.size) for _ in range(4))
    run_in_parts(fill_retrials, team.size, team.size * _STEPS_PER_CASE, *cases, attempts, waits, lost, in_time)
    stable = attempts >= 0.0
    none = line.load == 0.0
    load = np.where(stable, attempts, np.inf)
    ratio = np.where(none, 1.0, load / np.where(none, 1.0, line.load))
    wait = np.where(stable, lost * line.patience, np.inf)
    ends_lost = np.where(none, lost, np.where(stable, ratio, 0.0) * lost * (1.0 - line.redial))
    busy = np.where(stable, attempts * (1.0 - lost), team) / np.maximum(team, 1.0)
    results = {
        "offered_erlangs": line.load,
        "attempts_per_hour": load * 60.0 / line.handle,
        "attempt_erlangs": load,
        "attempts_per_request": ratio,
        "repeat_share": 1.0 - 1.0 / ratio,
        "wait_share": waits,
        "abandoned_share": lost,
        "service_level_share": in_time,
        "mean_wait_minutes": wait,
        "mean_wait_per_request_minutes": np.where(stable, wait, 1.0) * ratio,
        "resolved_share": np.where(stable, 1.0 - ends_lost, 0.0),
        "lost_share": np.where(stable, ends_lost, 1.0),
        "occupancy_share": np.where(team > 0.0, np.minimum(busy, 1.0), np.where(none, 0.0, 1.0)),
        "is_stable": stable,
    }
    return RetrialPerformance(**{name: frozen(part.reshape(shape)) for name, part in results.items()})
