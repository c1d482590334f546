"""Simulate a plan, look at its calls one by one, or compare two plans on the same calls."""

from dataclasses import dataclass, field

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, whole_number
from closeknit.engine.errors import EngineInputError
from closeknit.engine.simulation import runs
from closeknit.engine.simulation.draws import Draws, Memory, draw, seed_of
from closeknit.engine.simulation.estimates import Estimate, RatioSums, t_quantile
from closeknit.engine.simulation.event_kernels import BLOCKED
from closeknit.engine.simulation.model import SimulationPlan
from closeknit.engine.simulation.results import (
    IF_NO_CALL,
    CallRecords,
    Outcome,
    SimulationResult,
    account_measures,
    account_ratios,
    call_measures,
    call_ratios,
    group_measures,
    parts_of,
)
from closeknit.engine.simulation.tables import Tables, tables_of
from closeknit.engine.simulation.tally_kernels import BUSY, MEASURES, TAKEN


@dataclass(slots=True, eq=False)
class _Sums:
    """All that's kept of replications: sums, and numerators and denominators by class for comparisons."""

    on_duty: FloatArray
    calls: FloatArray
    taken: FloatArray
    accounts: FloatArray
    by_class: RatioSums = field(default_factory=RatioSums)
    by_interval: RatioSums = field(default_factory=RatioSums)
    by_group: RatioSums = field(default_factory=RatioSums)
    by_group_interval: RatioSums = field(default_factory=RatioSums)
    by_account: RatioSums = field(default_factory=RatioSums)
    tops: list[FloatArray] = field(default_factory=list)
    bottoms: list[FloatArray] = field(default_factory=list)


def simulate(
    plan: SimulationPlan, *, replications: int, rng: np.random.Generator, confidence_share: float = 0.95
) -> SimulationResult:
    """Run a plan `replications` (R >= 2) times and say what was seen, with confidence intervals.

    Every run asserts flow balance (offered = served + abandoned + blocked + left) and Little's law (minutes waited and
    worked, by the kernel's clock and call by call), and raises `EngineError` where one fails. The same plan and the
    same state of `rng` give the same bits; two plans with the same state of `rng` meet the same arrivals, work,
    patience and accounts, call by call (common random numbers).
    Formula: a share is the ratio of its sums over replications, +- t(R-1) x the root of its delta-method variance.
    Validity: replications are independent days that begin empty; for a steady state give warm-up intervals.
    Source: Law, Simulation Modeling and Analysis, ch. 9 and 11.

    >>> from closeknit.engine.simulation import Exponential, staffing_plan
    >>> plan = staffing_plan([[60.0, 80.0]], [[4, 5]], [[1]], [Exponential(3.0)], [Exponential(5.0)])
    >>> seen = simulate(plan, replications=20, rng=np.random.default_rng(1))
    >>> seen.by_interval.offered_calls.shape, bool(seen.by_class.abandoned_share.half_width[0] < 0.05)
    ((1, 2), True)
    """
    runs_asked = whole_number("replications", replications, minimum=2, maximum=10**7)
    _check_share(confidence_share)
    return _result(plan, _run(plan, runs_asked, seed_of(rng)), runs_asked, confidence_share)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """`second` minus `first` by class, on the same calls; `unpaired_half_width[measure]` is what separate calls give.

    Each difference is an `Estimate` of shape [class].
    """

    first: SimulationResult
    second: SimulationResult
    served_in_time_of_offered: Estimate
    virtual_in_time_of_offered: Estimate
    served_in_time_of_served: Estimate
    abandoned_share: Estimate
    blocked_share: Estimate
    mean_wait_minutes: Estimate
    mean_wait_of_served_minutes: Estimate
    mean_queue: Estimate


def compare(
    first: SimulationPlan,
    second: SimulationPlan,
    *,
    replications: int,
    rng: np.random.Generator,
    confidence_share: float = 0.95,
) -> Comparison:
    """What `second` changes against `first`, from paired replications with common random numbers.

    Validity: the plans have equally many classes; class k of both meets the same draws.
    Formula: the difference of ratios, with the variance of the paired residuals (x - n X/N)/N of both.
    Source: Law, Simulation Modeling and Analysis, ch. 10.2 and 11.2.

    >>> from closeknit.engine.simulation import Exponential, staffing_plan
    >>> few, more = [staffing_plan([[60.0]], [[n]], [[1]], [Exponential(3.0)], [None]) for n in (4, 5)]
    >>> seen = compare(few, more, replications=40, rng=np.random.default_rng(1))
    >>> bool(seen.served_in_time_of_offered.lower[0] > 0.0)
    True
    """
    runs_asked = whole_number("replications", replications, minimum=2, maximum=10**7)
    _check_share(confidence_share)
    if len(first.classes) != len(second.classes):
        raise EngineInputError(
            f"second has {len(second.classes)} classes and first {len(first.classes)}: give plans of the same classes"
        )
    seed = seed_of(rng)
    sums = [_run(plan, runs_asked, seed) for plan in (first, second)]
    means, residuals = zip(*(_residuals(part) for part in sums), strict=True)
    spread = np.sqrt(np.sum((residuals[1] - residuals[0]) ** 2, axis=0) * runs_asked / (runs_asked - 1))
    difference = Estimate(means[1] - means[0], t_quantile(runs_asked, confidence_share) * spread)
    results = [
        _result(plan, part, runs_asked, confidence_share) for plan, part in zip((first, second), sums, strict=True)
    ]
    return Comparison(results[0], results[1], *parts_of(difference))


def simulate_calls(plan: SimulationPlan, *, rng: np.random.Generator) -> CallRecords:
    """One replication, call by call: the first of `simulate` with the same state of `rng`.

    >>> from closeknit.engine.simulation import Exponential, staffing_plan
    >>> plan = staffing_plan([[60.0]], [[3]], [[1]], [Exponential(3.0)], [Exponential(5.0)])
    >>> records = simulate_calls(plan, rng=np.random.default_rng(1))
    >>> bool((records.wait_minutes <= records.virtual_wait_minutes).all())
    True
    """
    tables = tables_of(plan)
    calls = draw(plan, seed_of(rng), range(1))
    outcomes = runs.simulate_draws(plan, tables, calls)
    runs.tally(plan, tables, calls, outcomes)
    return _records(plan, tables, calls, outcomes)


def _check_share(confidence_share: float) -> None:
    numbers("confidence_share", confidence_share, above=0.0, below=1.0, ndim=0)


def _run(plan: SimulationPlan, replications: int, seed: tuple[int, ...]) -> _Sums:
    tables = tables_of(plan)
    sums = _Sums(
        on_duty=_on_duty(plan, tables),
        calls=np.zeros((len(plan.classes), plan.intervals, MEASURES)),
        taken=np.zeros((len(plan.groups), plan.intervals)),
        accounts=np.zeros((plan.accounts, 3)),
    )
    memory = Memory()
    for part in runs.batches(plan, replications):
        calls = draw(plan, seed, part, memory)
        _add(plan, sums, runs.tally(plan, tables, calls, runs.simulate_draws(plan, tables, calls, memory)))
    return sums


def _on_duty(plan: SimulationPlan, tables: Tables) -> FloatArray:
    """Agent-minutes by group and interval."""
    edges = np.arange(plan.intervals + 1) * plan.interval_minutes
    lengths = np.diff(np.append(tables.step_at, np.inf).clip(max=plan.horizon_minutes))
    so_far = np.concatenate([np.zeros((len(plan.groups), 1)), np.cumsum(tables.agents * lengths, axis=1)], axis=1)
    at = np.append(tables.step_at, np.inf).clip(max=plan.horizon_minutes)
    return np.array([np.diff(np.interp(edges, at, row)) for row in so_far])


def _add(plan: SimulationPlan, sums: _Sums, tallies: runs.Tallies) -> None:
    minutes, measured = plan.interval_minutes, slice(plan.warm_up_intervals, plan.intervals)
    within = tallies.by_class[:, :, : plan.intervals]
    busy = tallies.by_group[:, :, : plan.intervals, BUSY]
    sums.calls += within.sum(axis=0)
    sums.taken += tallies.by_group[:, :, : plan.intervals, TAKEN].sum(axis=0)
    sums.accounts += tallies.by_account[..., :3].sum(axis=0)
    sums.by_interval.add(*call_ratios(within, minutes))
    top, bottom = call_ratios(within[:, :, measured].sum(axis=2), minutes * (plan.intervals - plan.warm_up_intervals))
    sums.by_class.add(top, bottom)
    sums.tops.append(top)
    sums.bottoms.append(bottom)
    sums.by_group_interval.add(*_busy_ratios(busy, minutes, sums.on_duty))
    sums.by_group.add(
        *_busy_ratios(
            busy[:, :, measured].sum(axis=2),
            minutes * (plan.intervals - plan.warm_up_intervals),
            sums.on_duty[:, measured].sum(axis=1),
        )
    )
    sums.by_account.add(*account_ratios(tallies.by_account))


def _busy_ratios(busy: FloatArray, minutes: float, on_duty: FloatArray) -> tuple[FloatArray, FloatArray]:
    bottom = np.stack([np.full(busy.shape, minutes), np.broadcast_to(on_duty, busy.shape)], axis=-1)
    return np.stack([busy, busy], axis=-1), bottom


def _residuals(sums: _Sums) -> tuple[FloatArray, FloatArray]:
    top, bottom = np.concatenate(sums.tops), np.concatenate(sums.bottoms)
    total = bottom.sum(axis=0)
    some = np.where(total > 0.0, total, 1.0)
    ratio = np.where(total > 0.0, top.sum(axis=0) / some, IF_NO_CALL)
    return ratio, (top - ratio * bottom) / some


def _result(plan: SimulationPlan, sums: _Sums, replications: int, confidence_share: float) -> SimulationResult:
    measured = slice(plan.warm_up_intervals, plan.intervals)
    minutes = plan.interval_minutes
    return SimulationResult(
        replications=replications,
        confidence_share=confidence_share,
        by_class=call_measures(sums.calls[:, measured].sum(axis=1), sums.by_class, confidence_share),
        by_interval=call_measures(sums.calls, sums.by_interval, confidence_share),
        by_group=group_measures(
            sums.taken[:, measured].sum(axis=1),
            sums.by_group,
            minutes * (plan.intervals - plan.warm_up_intervals),
            sums.on_duty[:, measured].sum(axis=1),
            confidence_share,
        ),
        by_group_interval=group_measures(sums.taken, sums.by_group_interval, minutes, sums.on_duty, confidence_share),
        by_account=account_measures(sums.accounts, sums.by_account, confidence_share),
    )


def _records(plan: SimulationPlan, tables: Tables, calls: Draws, outcomes: runs.Outcomes) -> CallRecords:
    """The attempts that happened, in order of arrival."""
    lengths = (calls.last - calls.first)[0]
    work_class = np.repeat(np.arange(len(plan.classes)), lengths)
    place = np.arange(calls.enter.size)
    first_attempt = place.copy()
    for call in np.flatnonzero(calls.next_try >= 0):
        first_attempt[calls.next_try[call]] = first_attempt[call]
    happened = np.flatnonzero(np.isfinite(calls.enter))
    order = happened[np.argsort(calls.enter[happened], kind="stable")]
    new_place = np.zeros(calls.enter.size, dtype=np.int64)
    new_place[order] = np.arange(order.size)
    enter, taken_by, start = calls.enter[order], outcomes.taken_by[order], outcomes.start_at[order]
    until = np.minimum(start, enter + calls.patience[order])
    served = taken_by >= 0
    outcome = np.select(
        [served, taken_by == BLOCKED, until < runs.stop_at(plan)],
        [int(Outcome.SERVED), int(Outcome.BLOCKED), int(Outcome.ABANDONED)],
        int(Outcome.LEFT),
    )
    until = np.where(outcome == Outcome.LEFT, np.maximum(enter, plan.horizon_minutes), until)
    until = np.where(outcome == Outcome.BLOCKED, enter, until)
    factor = tables.factor[work_class[order], np.maximum(taken_by, 0)]
    return CallRecords(
        work_class=_frozen_ints(work_class[order]),
        account=_frozen_ints(calls.account[order] if calls.account.size else np.full(order.size, -1)),
        arrival_minutes=frozen(enter),
        wait_minutes=frozen(until - enter),
        virtual_wait_minutes=frozen(np.where(np.isfinite(start), start, enter - 1.0) - enter),
        handle_minutes=frozen(np.where(served, calls.handle[order] * factor, 0.0)),
        group=_frozen_ints(np.maximum(taken_by, -1)),
        outcome=_frozen_ints(outcome),
        first_attempt=_frozen_ints(new_place[first_attempt[order]]),
    )


def _frozen_ints(values: IntArray) -> IntArray:
    return frozen(values.astype(np.int64))
