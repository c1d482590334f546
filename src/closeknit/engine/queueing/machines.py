"""Machines: hours that an output takes, and the repair crew that keeps enough of them running."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.queueing.arguments import numbers_or_infinity
from closeknit.engine.queueing.machine_kernels import fill_repair
from closeknit.engine.queueing.search import smallest_meeting

LARGEST_FLEET = 100_000
_TIE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class MachineHours:
    """Hours that good output takes.

    `started_units` counts scrap too; `oee_share` is the ideal time of good units over all hours.
    """

    started_units: FloatArray
    batches: FloatArray
    run_hours: FloatArray
    changeover_hours: FloatArray
    scheduled_hours: FloatArray
    machines: IntArray
    oee_share: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RepairPerformance:
    """A fleet with repairers and spares. Shares 0..1, times in hours.

    `running_machines` on average of those wanted; `all_running_share` of time that none of them is missing;
    `down_machines` under or waiting for repair; `mean_wait_hours` for a repairer, of each failure; `repairer_share`
    busy.
    """

    running_machines: FloatArray
    running_share: FloatArray
    all_running_share: FloatArray
    down_machines: FloatArray
    failures_per_hour: FloatArray
    wait_share: FloatArray
    mean_wait_hours: FloatArray
    repairer_share: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RepairStaffing:
    """The fewest repairers that keep the share of machines running, and what they give."""

    repairers: IntArray
    performance: RepairPerformance


def required_machine_hours(
    good_units: ArrayLike,
    ideal_units_per_hour: ArrayLike,
    yield_share: ArrayLike = 1.0,
    availability_share: ArrayLike = 1.0,
    speed_share: ArrayLike = 1.0,
    batch_units: ArrayLike = np.inf,
    changeover_hours: ArrayLike = 0.0,
    hours_per_machine: ArrayLike = np.inf,
) -> MachineHours:
    """Machine hours, and machines, that an amount of good output takes.

    Parameters (broadcast together): `good_units` (>= 0), `ideal_units_per_hour` (> 0, at full speed), `yield_share`
    (good of started, 0 < y <= 1), `availability_share` (up time of scheduled, 0 < A <= 1), `speed_share` (real of ideal
    speed, 0 < P <= 1), `batch_units` (started per changeover, > 0; infinity: one batch), `changeover_hours` (>= 0, per
    batch, no output), `hours_per_machine` (> 0, that one machine is scheduled; infinity: one machine does all).
    Formula: started = good / y; batches = ceil(started / batch); scheduled = (started / (rate P) + batches x
    changeover) / A; OEE = good / rate / scheduled. Validity: scrap is found at the end and not reworked; changeovers
    stop as machines do. Source: Nakajima (1988), Introduction to TPM.

    >>> need = required_machine_hours(950.0, 60.0, 0.95, 0.9, 0.8, 250.0, 0.5, 8.0)
    >>> need.scheduled_hours.round(3).tolist(), need.machines.tolist(), need.oee_share.round(3).tolist()
    (25.37, 4, 0.624)
    """
    good, rate, quality, up, speed, batch, change, hours = together(
        ("good_units", numbers("good_units", good_units, minimum=0.0, maximum=1e12)),
        ("ideal_units_per_hour", numbers("ideal_units_per_hour", ideal_units_per_hour, above=0.0, maximum=1e12)),
        ("yield_share", numbers("yield_share", yield_share, minimum=1e-6, maximum=1.0)),
        ("availability_share", numbers("availability_share", availability_share, minimum=1e-6, maximum=1.0)),
        ("speed_share", numbers("speed_share", speed_share, minimum=1e-6, maximum=1.0)),
        ("batch_units", numbers_or_infinity("batch_units", batch_units, above=0.0)),
        ("changeover_hours", numbers("changeover_hours", changeover_hours, minimum=0.0, maximum=1e6)),
        ("hours_per_machine", numbers_or_infinity("hours_per_machine", hours_per_machine, above=0.0)),
    )
    started = good / quality
    batches = np.where(good > 0.0, np.maximum(np.ceil(started / batch * (1.0 - _TIE)), 1.0), 0.0)
    run = started / (rate * speed)
    scheduled = (run + batches * change) / up
    machines = np.maximum(np.ceil(scheduled / hours * (1.0 - _TIE)), np.where(good > 0.0, 1.0, 0.0))
    return MachineHours(
        started_units=frozen(started),
        batches=frozen(batches),
        run_hours=frozen(run),
        changeover_hours=frozen(batches * change),
        scheduled_hours=frozen(scheduled),
        machines=frozen(machines.astype(np.int64)),
        oee_share=frozen(np.divide(good / rate, scheduled, out=np.ones_like(scheduled), where=scheduled > 0.0)),
    )


def repair_performance(
    repairers: ArrayLike,
    machines: ArrayLike,
    hours_between_failures: ArrayLike,
    repair_hours: ArrayLike,
    spares: ArrayLike = 0,
) -> RepairPerformance:
    """How many machines run when a crew repairs those that fail (machine repair, finite source M/M/c//N with spares).

    Parameters (broadcast together): `repairers` (c, whole, >= 0), `machines` (N wanted at work, whole, >= 0),
    `hours_between_failures` (1/lambda > 0, of a machine that runs), `repair_hours` (1/mu > 0), `spares` (S, whole, >=
    0: take over at once; do not fail while they stand by).
    Formula: with i down, failures at lambda min(N, N + S - i), repairs at mu min(i, c): birth and death, exactly.
    Validity: exponential times between failures (repair times matter little); any repairer repairs any machine.
    Source: Palm (1947); Gross and Harris, Fundamentals of Queueing Theory, finite source queues.

    >>> p = repair_performance(1, 4, 10.0, 2.0)
    >>> p.running_machines.round(4).tolist(), p.repairer_share.round(4).tolist()
    (3.0083, 0.6017)
    """
    crew, fleet, between, repair, extra = together(
        ("repairers", whole_numbers("repairers", repairers, minimum=0, maximum=LARGEST_FLEET)),
        *_fleet(machines, hours_between_failures, repair_hours, spares),
    )
    flat = [part.reshape(-1) for part in (crew, fleet, between, repair, extra)]
    return _repair(*flat, shape=crew.shape)


def required_repairers(
    machines: ArrayLike,
    hours_between_failures: ArrayLike,
    repair_hours: ArrayLike,
    target_running_share: ArrayLike,
    spares: ArrayLike = 0,
) -> RepairStaffing:
    """The smallest whole number of repairers that keeps a share of the machines running on average.

    Parameters as `repair_performance`; `target_running_share` (running of wanted, 0..1). Refused where even a repairer
    for each machine is not enough: more spares or shorter repairs are. Validity and source: as there.

    >>> need = required_repairers(40, 100.0, 8.0, [0.9, 0.92], [0, 0])
    >>> need.repairers.tolist()
    [4, 5]
    """
    share, fleet, between, repair, extra = together(
        (
            "target_running_share",
            numbers("target_running_share", target_running_share, minimum=0.0, maximum=1.0),
        ),
        *_fleet(machines, hours_between_failures, repair_hours, spares),
    )
    shape = share.shape
    target, *flat = (part.reshape(-1) for part in (share, fleet, between, repair, extra))
    best = _repair(flat[0] + flat[3], *flat, shape=target.shape)
    refuse_where(
        best.running_share < target * (1.0 - _TIE),
        "target_running_share",
        target,
        "a repairer for each machine gives less: add spares, or shorten repairs",
    )

    def meets(cases: IntArray, crew: IntArray) -> BoolArray:
        got = _repair(crew, *(part[cases] for part in flat), shape=cases.shape)
        met: BoolArray = got.running_share >= target[cases] * (1.0 - _TIE)
        return met

    crew = smallest_meeting(np.zeros(target.size, dtype=np.int64), meets, 2 * LARGEST_FLEET, "target_running_share")
    got = _repair(crew, *flat, shape=shape)
    return RepairStaffing(frozen(crew.reshape(shape)), got)


def _fleet(
    machines: ArrayLike, hours_between_failures: ArrayLike, repair_hours: ArrayLike, spares: ArrayLike
) -> tuple[tuple[str, NDArray[Any]], ...]:
    return (
        ("machines", whole_numbers("machines", machines, minimum=0, maximum=LARGEST_FLEET)),
        (
            "hours_between_failures",
            numbers("hours_between_failures", hours_between_failures, above=0.0, maximum=1e9),
        ),
        ("repair_hours", numbers("repair_hours", repair_hours, above=0.0, maximum=1e9)),
        ("spares", whole_numbers("spares", spares, minimum=0, maximum=LARGEST_FLEET)),
    )


def _repair(
    crew: NDArray[Any],
    fleet: NDArray[Any],
    between: FloatArray,
    repair: FloatArray,
    extra: NDArray[Any],
    *,
    shape: tuple[int, ...],
) -> RepairPerformance:
    out = np.zeros((crew.size, 5))
    cases = [array(part) for part in (crew, fleet, extra, repair / between)]
    run_in_parts(fill_repair, crew.size, 12.0 * float((fleet + extra).sum()), *cases, out)
    running, all_running, down, waiting, wait_share = out.T
    failures = running / between
    moving = failures > 0.0
    stuck = (crew == 0) & (fleet > 0)
    wait = np.divide(waiting, failures, out=np.zeros_like(waiting), where=moving)
    busy = np.divide(failures * repair, crew, out=np.where(stuck, 1.0, 0.0), where=crew > 0)
    results = {
        "running_machines": running,
        "running_share": np.divide(running, fleet, out=np.ones_like(running), where=fleet > 0),
        "all_running_share": all_running,
        "down_machines": down,
        "failures_per_hour": failures,
        "wait_share": wait_share,
        "mean_wait_hours": np.where(stuck, np.inf, wait),
        "repairer_share": busy,
    }
    return RepairPerformance(**{name: frozen(part.reshape(shape)) for name, part in results.items()})
