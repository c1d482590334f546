"""Waits where handling times, or the gaps between arrivals, vary more or less than exponentially (M/G/c, G/G/c)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen, numbers, together, whole_numbers
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.queueing.arguments import LARGEST_LOAD
from closeknit.engine.queueing.constant_service_kernels import fill_constant_service
from closeknit.engine.queueing.erlang import erlang_c
from closeknit.engine.queueing.search import limits, smallest_meeting

_TIE = 1e-12
_STEPS_PER_CASE = 2_000.0
_MORE_OF_FEW, _MORE_OF_MANY = 0.8, 0.45
"""Fitted to simulations of 1 to 50 agents: how arrivals' variability splits between who waits and how long."""


@dataclass(frozen=True, slots=True, eq=False)
class VariabilityPerformance:
    """What a team gives when times vary in their own way. Shares 0..1, times in minutes.

    `is_exact` where mean wait and waiting share are no approximation: constant or exponential handling, or (mean wait
    only) one agent, each with Poisson arrivals. Unstable: level 0, infinite waits.
    """

    offered_erlangs: FloatArray
    wait_share: FloatArray
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_wait_of_waiting_minutes: FloatArray
    occupancy_share: FloatArray
    is_stable: BoolArray
    is_exact: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class VariabilityStaffing:
    """The fewest agents that meet all targets, and what they give."""

    agents: IntArray
    performance: VariabilityPerformance


@dataclass(frozen=True, slots=True, eq=False)
class _Times:
    """Flat, checked: erlangs, handling and threshold minutes, squared variations of service and of arrival."""

    load: FloatArray
    handle: FloatArray
    threshold: FloatArray
    service: FloatArray
    arrival: FloatArray

    def at(self, cases: IntArray) -> "_Times":
        parts = (self.load, self.handle, self.threshold, self.service, self.arrival)
        return _Times(*(part[cases] for part in parts))


def variability_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    squared_cv: ArrayLike,
    arrival_squared_cv: ArrayLike = 1.0,
) -> VariabilityPerformance:
    """Waits and service level of a team whose handling times have a squared coefficient of variation (M/G/c, G/G/c).

    Parameters (broadcast together): `agents` (c, whole, >= 1), `arrivals_per_hour` (lambda >= 0), `handle_minutes`
    (1/mu > 0), `threshold_minutes` (T >= 0), `squared_cv` (variance of handling time over its squared mean, 0..100; 0
    constant, 1 exponential), `arrival_squared_cv` (the same of the gaps between arrivals, 0..100; 1 Poisson).
    Formula: W = W_M + (cv^2 - 1)(W_M - W_D), with W_M of Erlang C and W_D of M/D/c, both exact; above cv^2 = 1 its
    mean with W_M ((1 + cv^2)/2)^(log2(W_M/W_D)). At one agent both are Pollaczek and Khinchine's formula. Arrivals
    multiply it by Kingman's (ca^2 + cv^2)/(1 + cv^2), with the correction of Kraemer and Langenbach-Belz, to a power
    fitted to simulations. The level takes the wait of those who wait as gamma with M/G/1's second moment.
    Validity: with Poisson arrivals mean waits within 5 % of simulations for cv^2 <= 1 and 12 % to cv^2 = 4, levels
    within 0.03 and 0.05. With ca^2 from 0.5 to 4: 12 %, 0.07. Nearly constant gaps: 40 %, 0.11. No abandonment.
    Source: Crommelin (1932); Tijms (2003), A First Course in Stochastic Models, 9.6; Kraemer and Langenbach-Belz
    (1976).

    >>> p = variability_performance(10, 102.0, 5.0, 1.0, [0.0, 1.0, 2.0])
    >>> p.mean_wait_minutes.round(3).tolist(), p.service_level_share.round(3).tolist()
    ([0.928, 1.766, 2.59], [0.698, 0.607, 0.572])
    """
    team = whole_numbers("agents", agents, minimum=1, maximum=int(LARGEST_LOAD)).astype(np.float64)
    times, shape = _checked(arrivals_per_hour, handle_minutes, threshold_minutes, squared_cv, arrival_squared_cv, team)
    return _performance(np.broadcast_to(team, shape).reshape(-1), times, shape)


def required_agents_with_variability(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    squared_cv: ArrayLike,
    arrival_squared_cv: ArrayLike = 1.0,
    max_mean_wait_minutes: ArrayLike = np.inf,
    max_occupancy_share: ArrayLike = 1.0,
) -> VariabilityStaffing:
    """The smallest whole number of agents that meets all targets with handling times of this variability.

    Parameters as `variability_performance`; `target_share` (answered within T, 0 <= share < 1), `max_mean_wait_minutes`
    (> 0, infinity asks nothing), `max_occupancy_share` (0 < share <= 1; 1 asks nothing). No arrivals need none.
    Method: doubling and bisection from floor(load) + 1. Validity and source: as there.

    >>> required_agents_with_variability(102.0, 5.0, 1.0, 0.8, [0.0, 1.0, 4.0]).agents.tolist()
    [11, 11, 12]
    """
    level = numbers("target_share", target_share, minimum=0.0, below=1.0)
    limit = limits("max_mean_wait_minutes", max_mean_wait_minutes)
    busy = numbers("max_occupancy_share", max_occupancy_share, above=0.0, maximum=1.0)
    targets = together(("target_share", level), ("max_mean_wait_minutes", limit), ("max_occupancy_share", busy))
    times, shape = _checked(
        arrivals_per_hour, handle_minutes, threshold_minutes, squared_cv, arrival_squared_cv, targets[0]
    )
    level, limit, busy = (np.broadcast_to(target, shape).reshape(-1) for target in targets)

    def meets(cases: IntArray, team: IntArray) -> BoolArray:
        got = _performance(np.maximum(team, 1).astype(np.float64), times.at(cases), cases.shape)
        good = (got.service_level_share >= level[cases]) & got.is_stable
        good &= got.mean_wait_minutes <= limit[cases] * (1.0 + _TIE)
        good &= (busy[cases] >= 1.0) | (got.offered_erlangs <= busy[cases] * team * (1.0 + _TIE))
        met: BoolArray = good | (times.load[cases] == 0.0)
        return met

    lowest = np.where(times.load > 0.0, np.floor(times.load).astype(np.int64) + 1, 0)
    team = smallest_meeting(lowest, meets, int(LARGEST_LOAD), "target_share")
    got = _performance(np.maximum(team, 1).astype(np.float64), times, shape)
    return VariabilityStaffing(frozen(team.reshape(shape)), got)


def _checked(
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    squared_cv: ArrayLike,
    arrival_squared_cv: ArrayLike,
    other: FloatArray,
) -> tuple[_Times, tuple[int, ...]]:
    arrivals, handle, threshold, service, arrival, _ = together(
        ("arrivals_per_hour", numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9)),
        ("handle_minutes", numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6)),
        ("threshold_minutes", numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9)),
        ("squared_cv", numbers("squared_cv", squared_cv, minimum=0.0, maximum=100.0)),
        ("arrival_squared_cv", numbers("arrival_squared_cv", arrival_squared_cv, minimum=0.0, maximum=100.0)),
        ("agents", np.zeros(other.shape)),
    )
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = numbers("arrivals_per_hour x handle_minutes / 60", arrivals * handle / 60.0, maximum=LARGEST_LOAD, fix=fix)
    parts = (load, handle, threshold, service, arrival)
    return _Times(*(np.ascontiguousarray(part).reshape(-1) for part in parts)), load.shape


def _performance(team: FloatArray, times: _Times, shape: tuple[int, ...]) -> VariabilityPerformance:
    stable = times.load < team
    some = np.flatnonzero(stable & (times.load > 0.0))
    chance, wait = np.where(times.load > 0.0, 1.0, 0.0), np.where(stable, 0.0, np.inf)
    level = np.where(stable, 1.0, 0.0)
    mean = np.where(stable, 0.0, np.inf)
    if some.size:
        found = _waits(team[some], times.at(some))
        chance[some], wait[some], level[some] = found
        mean[some] = np.divide(found[1], found[0], out=np.zeros(some.size), where=found[0] > 0.0)
    poisson = times.arrival == 1.0
    exact = poisson & ((times.service == 0.0) | (times.service == 1.0) | (team == 1.0))
    results = {
        "offered_erlangs": times.load,
        "wait_share": chance,
        "service_level_share": level,
        "mean_wait_minutes": wait,
        "mean_wait_of_waiting_minutes": mean,
        "occupancy_share": np.minimum(times.load / team, 1.0),
        "is_stable": stable,
        "is_exact": exact,
    }
    return VariabilityPerformance(**{name: frozen(part.reshape(shape)) for name, part in results.items()})


def _waits(team: FloatArray, times: _Times) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Waiting share, mean wait in minutes and level, for 0 < load < team."""
    service, arrival, busy = times.service, times.arrival, times.load / team
    markov = np.array(erlang_c(team, times.load))
    wait_markov = markov / (team - times.load)
    constant, wait_constant = np.zeros(team.size), np.zeros(team.size)
    cases = (array(team), array(times.load))
    run_in_parts(fill_constant_service, team.size, team.size * _STEPS_PER_CASE, *cases, constant, wait_constant)
    linear = wait_markov + (service - 1.0) * (wait_markov - wait_constant)
    none = wait_constant <= 0.0
    power = np.where(none, 1.0, np.log2(wait_markov / np.where(none, wait_markov, wait_constant)))
    curved = wait_markov * (0.5 * (1.0 + service)) ** power
    wait = np.where(service > 1.0, 0.5 * (linear + curved), linear)
    chance = markov + np.maximum(1.0 - service, 0.0) * (constant - markov)
    bursts = _arrival_factor(busy, service, arrival)
    wait = wait * bursts ** (1.0 + _MORE_OF_MANY * (1.0 - chance))
    chance = np.minimum(chance * bursts ** (_MORE_OF_FEW * (1.0 - chance)), 1.0)
    return chance, wait * times.handle, 1.0 - _longer(chance, wait, times.threshold / times.handle, busy, service)


def _arrival_factor(busy: FloatArray, service: FloatArray, arrival: FloatArray) -> FloatArray:
    """What the arrivals' variability makes of a Poisson stream's mean wait, at one agent."""
    both = np.maximum(arrival + service, 1e-300)
    smooth = np.exp(-np.minimum(2.0 * (1.0 - busy) * (1.0 - arrival) ** 2 / (3.0 * busy * both), 700.0))
    rough = np.exp(-(1.0 - busy) * np.maximum(arrival - 1.0, 0.0) / np.maximum(arrival + 4.0 * service, 1e-300))
    return (arrival + service) / (1.0 + service) * np.where(arrival < 1.0, smooth, rough)


def _longer(
    chance: FloatArray, wait: FloatArray, time: FloatArray, busy: FloatArray, service: FloatArray
) -> FloatArray:
    """P(wait > time): those who wait do so by a gamma law, with the second moment of M/G/1 with gamma handling."""
    from scipy.special import gammaincc

    spread = 2.0 * busy - 1.0 + 4.0 * (1.0 - busy) * (1.0 + 2.0 * service) / (3.0 * (1.0 + service))
    waiting = wait > 0.0
    scaled = np.divide(time * chance, wait * spread, out=np.zeros_like(time), where=waiting)
    tail = np.asarray(gammaincc(1.0 / spread, scaled))
    return np.where(waiting, chance * tail, np.where(time > 0.0, 0.0, chance))
