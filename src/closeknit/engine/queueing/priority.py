"""Tiers in one line: who is served first, what each class then gets, and how many agents all of them need."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    frozen,
    numbers,
    together,
    whole_numbers,
)
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import LARGEST_LOAD
from closeknit.engine.queueing.erlang import erlang_c
from closeknit.engine.queueing.priority_kernels import priority_levels

_STEPS_PER_CLASS = 60.0
_LEAST_SHARE = 1e-6
_TIE = 1e-12
"""Relative slack for ties that only rounding breaks."""


@dataclass(frozen=True, slots=True, eq=False)
class PriorityPerformance:
    """What each class gets; the last axis of every field but the last two is the class, best first.

    Shares are 0..1; times in minutes. `service_level_share` and `mean_first_wait_minutes` (also of those who wait)
    count the time until work on a request first begins; `mean_wait_minutes`, `mean_queue` and `mean_in_system` count
    all time in line, which with preemption includes the time after an interruption. A class that grows without end
    (`is_stable` false) has level 0 and infinite waits; classes above it may be well. `is_exact` is false where a
    mean rests on an approximation; `level_is_exact` where the service level does.
    """

    offered_erlangs: FloatArray
    wait_share: FloatArray
    service_level_share: FloatArray
    mean_wait_minutes: FloatArray
    mean_first_wait_minutes: FloatArray
    mean_first_wait_of_waiting_minutes: FloatArray
    mean_queue: FloatArray
    mean_in_system: FloatArray
    is_stable: BoolArray
    is_exact: BoolArray
    level_is_exact: BoolArray
    occupancy_share: FloatArray
    total_offered_erlangs: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Checked inputs, [case, class]: arrivals per minute, mean and second moment of handling, threshold, in minutes."""

    arrivals: FloatArray
    handle: FloatArray
    second_moment: FloatArray
    threshold: FloatArray
    one_rate: BoolArray

    def at(self, cases: IntArray) -> "Classes":
        return Classes(
            self.arrivals[cases],
            self.handle[cases],
            self.second_moment[cases],
            self.threshold[cases],
            self.one_rate[cases],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Waits:
    """[case, class]: chance to wait, mean first wait, of those who wait, mean time in line, level."""

    chance: FloatArray
    first: FloatArray
    of_waiting: FloatArray
    whole: FloatArray
    level: FloatArray
    stable: BoolArray


def priority_performance(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    *,
    squared_cv: ArrayLike = 1.0,
    preemptive: bool = False,
) -> PriorityPerformance:
    """Waits and service level of each class where agents always take the best class that waits.

    Parameters: `agents` (c, whole, >= 1, shape of the cases), `arrivals_per_hour` (lambda_k >= 0, last axis the class,
    best first), `handle_minutes` (1/mu_k > 0), `threshold_minutes` (T_k >= 0) and `squared_cv` (variance of the
    handling time over its squared mean, >= 0; 1 is exponential), all three by class or for all; `preemptive`: a better
    class interrupts, and interrupted work resumes where it stopped.
    Formula: with the classes' shares of capacity added up, s_k = sum_{i<=k} lambda_i / (c mu_i), Erlang's C and
    R = C E[S^2] / (2 c E[S]): W_k = R / ((1 - s_{k-1})(1 - s_k)). The level is one minus C times the tail of a delay
    busy period, inverted from its transform to 1e-13. Preemptive: class k sees a queue of classes 1..k alone, and
    lambda_k W_k is the difference of two such queues.
    Validity: means are exact for equal exponential handling times (M/M/c) and for one agent with any (M/G/1); levels
    for equal exponential ones. Elsewhere the one-agent answer is scaled (`is_exact` false): mean waits within
    about a fifth of a simulation's, levels within 0.03, where handling times differ up to threefold.
    Source: Cobham (1954); Davis (1966); Kella and Yechiali (1985); scaling: Bondi and Buzen (1984).

    >>> p = priority_performance(2, [12.0, 36.0, 72.0], 0.75, 0.5)
    >>> p.mean_wait_minutes.round(3).tolist(), p.service_level_share.round(3).tolist()
    ([0.261, 0.372, 1.378], [0.813, 0.737, 0.518])
    """
    classes, lead = checked_classes(arrivals_per_hour, handle_minutes, threshold_minutes, squared_cv)
    team = whole_numbers("agents", agents, minimum=1, maximum=int(LARGEST_LOAD)).astype(np.float64)
    shape = _shape_of_cases(team, lead)
    flat = np.broadcast_to(team, shape).reshape(-1)
    return performance_of(flat, classes.at(_cases(classes, lead, shape)), preemptive, shape)


def conserved_wait_minutes(
    agents: ArrayLike, arrivals_per_hour: ArrayLike, handle_minutes: ArrayLike, squared_cv: ArrayLike = 1.0
) -> FloatArray:
    """The sum over classes of load share times mean wait, which no order of serving can change.

    Parameters as `priority_performance`. Formula: sum_k s_k W_k = s R / (1 - s), where s_k = lambda_k / (c mu_k), s is
    their sum and R the mean time until an agent comes free while all are busy. Whoever goes first pays with another's
    wait: a queue's measured waits can be held against this number.
    Validity: no interruption, nobody idle while work waits; exact for equal exponential handling times, and for one
    agent with any. Unstable: infinite. Source: Kleinrock (1965), Naval Research Logistics Quarterly 12.

    >>> round(float(conserved_wait_minutes(1, [0.2, 0.6, 1.2], 20.0)) / 60.0, 10)
    0.4444444444
    """
    classes, lead = checked_classes(arrivals_per_hour, handle_minutes, 0.0, squared_cv)
    team = whole_numbers("agents", agents, minimum=1, maximum=int(LARGEST_LOAD)).astype(np.float64)
    shape = _shape_of_cases(team, lead)
    classes = classes.at(_cases(classes, lead, shape))
    flat = np.broadcast_to(team, shape).reshape(-1)
    share = (classes.arrivals * classes.handle).sum(axis=1) / flat
    stable = share < 1.0
    chance, time = _busy_and_residual(flat, classes.arrivals, classes)
    total = share * chance * time / np.where(stable, 1.0 - share, 1.0)
    return frozen(np.where(stable, total, np.inf).reshape(shape))


def checked_classes(
    arrivals_per_hour: ArrayLike, handle_minutes: ArrayLike, threshold_minutes: ArrayLike, squared_cv: ArrayLike
) -> tuple[Classes, tuple[int, ...]]:
    """Classes as [case, class], and the shape of the cases."""
    arrivals = numbers("arrivals_per_hour", arrivals_per_hour, minimum=0.0, maximum=1e9)
    if arrivals.ndim == 0 or arrivals.shape[-1] == 0:
        raise EngineInputError(
            "arrivals_per_hour has no classes: give one number per class, best first, on its last axis"
        )
    handle = numbers("handle_minutes", handle_minutes, above=0.0, maximum=1e6)
    threshold = numbers("threshold_minutes", threshold_minutes, minimum=0.0, maximum=1e9)
    variability = numbers("squared_cv", squared_cv, minimum=0.0, maximum=1e4)
    arrivals, handle, threshold, variability = together(
        ("arrivals_per_hour", arrivals),
        ("handle_minutes", handle),
        ("threshold_minutes", threshold),
        ("squared_cv", variability),
    )
    lead, count = arrivals.shape[:-1], arrivals.shape[-1]
    fix = "offered load in erlangs; split the stream, or check the units of arrivals and handling time"
    load = (arrivals * handle / 60.0).sum(axis=-1)
    numbers("sum of arrivals_per_hour x handle_minutes / 60", load, maximum=LARGEST_LOAD, fix=fix)
    one_rate = (handle == handle[..., :1]).all(axis=-1) & (variability == 1.0).all(axis=-1)
    flat = [np.ascontiguousarray(part).reshape(-1, count) for part in (arrivals / 60.0, handle, threshold)]
    second = (handle * handle * (1.0 + variability)).reshape(-1, count)
    return Classes(flat[0], flat[1], second, flat[2], one_rate.reshape(-1)), lead


def _shape_of_cases(team: FloatArray, lead: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(team.shape, lead)
    except ValueError as error:
        raise EngineInputError(
            f"agents has shape {team.shape}: give what broadcasts with {lead}, the cases without their classes"
        ) from error


def _cases(classes: Classes, lead: tuple[int, ...], shape: tuple[int, ...]) -> IntArray:
    """Which row of `classes` each case of the broadcast shape has."""
    rows = np.arange(classes.arrivals.shape[0]).reshape(lead)
    return np.broadcast_to(rows, shape).reshape(-1)


def performance_of(team: FloatArray, classes: Classes, preemptive: bool, lead: tuple[int, ...]) -> PriorityPerformance:
    got = waits(team, classes, preemptive)
    offered = classes.arrivals * classes.handle
    total = offered.sum(axis=1)
    queue = _product(classes.arrivals, got.whole)
    full = (*lead, classes.arrivals.shape[1])
    one_rate = classes.one_rate
    return PriorityPerformance(
        offered_erlangs=frozen(offered.reshape(full)),
        wait_share=frozen(got.chance.reshape(full)),
        service_level_share=frozen(got.level.reshape(full)),
        mean_wait_minutes=frozen(got.whole.reshape(full)),
        mean_first_wait_minutes=frozen(got.first.reshape(full)),
        mean_first_wait_of_waiting_minutes=frozen(got.of_waiting.reshape(full)),
        mean_queue=frozen(queue.reshape(full)),
        mean_in_system=frozen((queue + offered).reshape(full)),
        is_stable=frozen(got.stable.reshape(full)),
        is_exact=frozen((one_rate | (team == 1.0)).reshape(lead)),
        level_is_exact=frozen(one_rate.reshape(lead)),
        total_offered_erlangs=frozen(total.reshape(lead)),
        occupancy_share=frozen(np.minimum(total / team, 1.0).reshape(lead)),
    )


def _product(rate: FloatArray, time: FloatArray) -> FloatArray:
    """Rate times time, 0 where nobody comes, however long the time."""
    return np.where(rate > 0.0, rate * np.where((rate > 0.0) | np.isfinite(time), time, 0.0), 0.0)


def waits(team: FloatArray, classes: Classes, preemptive: bool) -> Waits:
    share = classes.arrivals * classes.handle / team[:, None]
    with_own = np.cumsum(share, axis=1)
    above = np.concatenate([np.zeros((team.size, 1)), with_own[:, :-1]], axis=1)
    stable = with_own < 1.0
    if preemptive:
        pairs = [_busy_and_residual(team, _only_first(classes.arrivals, k), classes) for k in range(share.shape[1])]
        chance, time = (np.stack([pair[part] for pair in pairs], axis=1) for part in (0, 1))
    else:
        chance, time = (np.repeat(part[:, None], share.shape[1], axis=1) for part in _alone(team, classes, with_own))
    room = np.where(stable, (1.0 - np.minimum(above, 1.0)) * (1.0 - with_own), 1.0)
    of_waiting = np.where(stable, time / room, np.inf)
    first = np.where(stable, chance * time / room, np.inf)
    level = np.zeros_like(share)
    cells = [array(part) for part in (chance, classes.threshold / time, above, with_own)]
    run_in_parts(priority_levels, team.size, share.size * _STEPS_PER_CLASS, *cells, level)
    whole = _with_interruptions(team, classes, first, above, with_own, chance) if preemptive else first
    return Waits(np.where(stable, chance, 1.0), first, of_waiting, whole, level, stable)


def _only_first(arrivals: FloatArray, last: int) -> FloatArray:
    return np.where(np.arange(arrivals.shape[1]) <= last, arrivals, 0.0)


def _alone(team: FloatArray, classes: Classes, with_own: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The first class that grows without end gives work whenever there is room; those after it are never served."""
    before = np.concatenate([np.zeros((team.size, 1)), with_own[:, :-1]], axis=1)
    fits = np.clip(1.0 - before, 0.0, None) * team[:, None] / classes.handle
    return _busy_and_residual(team, np.minimum(classes.arrivals, fits), classes)


def _busy_and_residual(team: FloatArray, arrivals: FloatArray, classes: Classes) -> tuple[FloatArray, FloatArray]:
    """Per case: the chance that all are busy, and while they are the mean time until one comes free."""
    work = (arrivals * classes.handle).sum(axis=1)
    twice = (arrivals * classes.second_moment).sum(axis=1)
    none = work <= 0.0
    # A team of one exponential rate has one whatever the mix; and a class that nobody uses must not divide by zero.
    mean = np.where(none, classes.handle[:, 0], twice / np.where(none, 1.0, 2.0 * work))
    time = np.where(classes.one_rate, classes.handle[:, 0], mean) / team
    # With no variability and no mean there is no tail: the smallest time keeps quotients finite.
    return np.array(erlang_c(team, np.minimum(work, LARGEST_LOAD))), np.maximum(time, 1e-12)


def _with_interruptions(
    team: FloatArray, classes: Classes, first: FloatArray, above: FloatArray, with_own: FloatArray, chance: FloatArray
) -> FloatArray:
    """Mean time in line, with that after an interruption: exact for one rate (differences) and for one agent."""
    stable, chance_of_all = with_own < 1.0, chance
    gone = 1.0 - np.minimum(above, 1.0)
    # On one agent of c-fold speed, an interrupted request waits while its betters are served.
    again = classes.handle / team[:, None] * above / np.where(stable, gone, 1.0)
    scale = np.divide(chance, with_own, out=np.zeros_like(chance), where=stable & (with_own > 0.0))
    scaled = np.where(stable, np.where(stable, first, 0.0) + scale * again, np.inf)
    if not classes.one_rate.any():
        return scaled
    # The lines of classes 1..k and 1..k-1 differ by those of class k. Of a class that hardly comes the difference is
    # lost in rounding: a little more of it waits as long.
    share = with_own - above
    raised = np.where(
        share < _LEAST_SHARE, np.minimum(above + _LEAST_SHARE, with_own + (1.0 - with_own) / 2.0), with_own
    )
    rare = stable & (raised > with_own)
    chance = np.where(rare, erlang_c(team[:, None], np.where(rare, raised, 0.0) * team[:, None]), chance)
    before = np.concatenate([np.zeros((team.size, 1)), _line(chance_of_all, with_own)[:, :-1]], axis=1)
    own = _line(chance, np.where(rare, raised, with_own)) - before
    rate = (np.where(rare, raised, with_own) - above) * team[:, None] / classes.handle
    exact = np.where(stable, own / np.where(stable, rate, 1.0), np.inf)
    return np.where(classes.one_rate[:, None] & (team[:, None] > 1.0), exact, scaled)


def _line(chance: FloatArray, share: FloatArray) -> FloatArray:
    """Mean number in line of an M/M/c with these chances to wait and shares of capacity; 0 where it has no mean."""
    return np.where(share < 1.0, chance * share / np.where(share < 1.0, 1.0 - share, 1.0), 0.0)
