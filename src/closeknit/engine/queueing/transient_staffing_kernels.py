"""The fewest agents, interval by interval, that keep every interval's targets on the exact distribution.

Forward: with the state at an interval's start in hand, the smallest number that keeps its own targets and those of the
intervals before whose calls still wait. Then trimming: no interval can give one agent back without breaking a target.
`targets` holds per interval: level, whether it is the virtual one, occupancy, abandonment, mean wait (minutes).
"""

from closeknit.engine.compiled import Cube, IntCube, IntMatrix, IntVector, Matrix, kernel
from closeknit.engine.queueing.transient_kernels import _copy
from closeknit.engine.queueing.transient_plan_kernels import (
    _BEST,
    _MARGIN,
    _NOW,
    _P,
    STATES,
    _interval,
    _later,
    _open,
    _same,
    _scale,
)

_TIE = 1e-12


@kernel
def _holds(day: Matrix, targets: Matrix, i: int, agents: int, out: Matrix, row: int) -> bool:
    """Whether an interval's measures keep its targets; nothing is asked where nobody calls or nobody is open."""
    offered = day[i, 0] * day[i, 3]
    if offered == 0.0:
        return True
    if out[row, 1 if targets[i, 1] > 0.5 else 0] < targets[i, 0] - _TIE:
        return False
    if out[row, 4] > targets[i, 2] * agents * day[i, 3] * (1.0 + _TIE):
        return False
    if out[row, 3] * day[i, 2] > targets[i, 3] * offered * (1.0 + _TIE):
        return False
    return bool(out[row, 3] <= targets[i, 4] * offered * (1.0 + _TIE))


@kernel
def _run(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    i: int,
    at: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    row: int,
) -> int:
    """Run interval i from the state kept in place `at`; 1 where its targets hold, 0 where not, -1 for lack of space."""
    _copy(work[base + at], work[base + _P], meta[at], meta[_P])
    before = plan[_later(i - 1 + plan.shape[0], plan.shape[0], True)] if i > 0 or cyclic else plan[0]
    virtual = targets[i, 1] > 0.5
    if not _interval(day, plan, cyclic, finish, i, before, virtual, _MARGIN, work, base, meta, vectors, out, row):
        return -1
    if bounds[i, 1] == 0:
        return 1
    return 1 if _holds(day, targets, i, plan[i], out, row) else 0


@kernel
def _run_with_former(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    i: int,
    kept: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    spare: int,
) -> int:
    """Run interval i, and again those before whose calls may still wait in it; the state after i stays in place."""
    row, reach, j = spare, 0.0, i - 1
    while j >= 0 and j > i - kept:
        reach += day[j + 1, 3] if j + 1 < i else 0.0
        if reach < day[j, 4] and bounds[j, 1] > 0:
            at = STATES + j % kept
            held = _run(day, targets, plan, bounds, cyclic, finish, j, at, work, base, meta, vectors, out, row)
            if held != 1:
                return held
        j -= 1
    return _run(day, targets, plan, bounds, cyclic, finish, i, STATES + i % kept, work, base, meta, vectors, out, i)


@kernel
def _fewest(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    i: int,
    first: int,
    kept: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    spare: int,
) -> bool:
    """Set `plan[i]` to the smallest number that holds; the state after it is left in the best place.

    The intervals before were settled with the number that stands in the plan: they need looking at below it only.
    """
    believed, low, high = plan[i], bounds[i, 0], bounds[i, 1]
    bad, good, step, asked = low - 1, -1, 1, min(max(first, low), high)
    while good < 0 or good - bad > 1:
        plan[i] = asked
        if asked >= believed:
            held = _run(
                day, targets, plan, bounds, cyclic, finish, i, STATES + i % kept, work, base, meta, vectors, out, i
            )
        else:
            held = _run_with_former(
                day, targets, plan, bounds, cyclic, finish, i, kept, work, base, meta, vectors, out, spare
            )
        if held < 0 or (held == 0 and asked >= high):
            return False
        if held == 1:
            good = asked
            _copy(work[base + _P], work[base + _BEST], meta[_P], meta[_BEST])
            for k in range(out.shape[1]):
                out[spare + 1, k] = out[i, k]
        else:
            bad = asked
        if good < 0:
            asked = min(bad + step, high)
        elif bad < low:
            asked = max(good - step, low)
        else:
            asked = (good + bad) // 2
        step *= 2
    plan[i] = good
    return True


@kernel
def _forward(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    kept: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    spare: int,
) -> bool:
    """Settle every interval once, in order, from the state in hand."""
    correction = 0
    for i in range(plan.shape[0]):
        at = STATES + i % kept
        _copy(work[base + _P], work[base + at], meta[_P], meta[at])
        guess = plan[i]
        if not _fewest(
            day,
            targets,
            plan,
            bounds,
            cyclic,
            finish,
            i,
            guess + correction,
            kept,
            work,
            base,
            meta,
            vectors,
            out,
            spare,
        ):
            return False
        correction = plan[i] - guess
        _copy(work[base + _BEST], work[base + _P], meta[_BEST], meta[_P])
    return True


@kernel
def _can_give_back(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    i: int,
    kept: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    spare: int,
) -> bool:
    """Whether all targets hold with one agent fewer in interval i (as `plan` says already)."""
    held = _run_with_former(day, targets, plan, bounds, cyclic, finish, i, kept, work, base, meta, vectors, out, spare)
    j, last = i + 1, plan.shape[0] + i if cyclic else plan.shape[0]
    while held == 1 and j < last:
        _copy(work[base + _P], work[base + _BEST], meta[_P], meta[_BEST])
        now = _later(j, plan.shape[0], cyclic)
        held = _run(day, targets, plan, bounds, cyclic, finish, now, _BEST, work, base, meta, vectors, out, spare)
        j += 1
    return held == 1


@kernel
def _trim_plan(
    day: Matrix,
    targets: Matrix,
    plan: IntVector,
    bounds: IntMatrix,
    cyclic: bool,
    finish: bool,
    kept: int,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    spare: int,
) -> int:
    """Take back every agent that no target needs; how many were taken, or -1 where the plan as it is doesn't hold."""
    taken = 0
    for i in range(plan.shape[0]):
        at = STATES + i % kept
        _copy(work[base + _P], work[base + at], meta[_P], meta[at])
        while plan[i] > bounds[i, 0]:
            plan[i] -= 1
            if not _can_give_back(
                day, targets, plan, bounds, cyclic, finish, i, kept, work, base, meta, vectors, out, spare
            ):
                plan[i] += 1
                break
            taken += 1
        if _run(day, targets, plan, bounds, cyclic, finish, i, at, work, base, meta, vectors, out, i) != 1:
            return -1
    return taken


@kernel
def staff_days(
    start: int,
    stop: int,
    lanes: int,
    days: Cube,
    targets: Cube,
    plans: IntMatrix,
    bounds: IntCube,
    opening: IntMatrix,
    cyclic: bool,
    finish: bool,
    kept: int,
    work: Cube,
    metas: IntCube,
    vectors: Cube,
    out: Cube,
    status: IntMatrix,
) -> None:
    """Turn each guess in `plans` into a plan that holds and is trimmed.

    `status`: 0 done, 1 no room (state or highest number of agents too small); then rounds of trimming; and 1 where the
    last round took nothing, so that the plan is minimal.
    """
    for lane in range(start, stop):
        base, meta = lane * (work.shape[0] // lanes), metas[lane]
        for q in range(lane, plans.shape[0], lanes):
            plan, spare = plans[q], plans.shape[1]
            _open(work[base + _P], meta[_P], opening[q, 0])
            for turn in range(12):
                _copy(work[base + _P], work[base + _NOW], meta[_P], meta[_NOW])
                if not _forward(
                    days[q],
                    targets[q],
                    plan,
                    bounds[q],
                    cyclic and turn > 0,
                    finish,
                    kept,
                    work,
                    base,
                    meta,
                    vectors[lane],
                    out[q],
                    spare,
                ):
                    status[q, 0] = 1
                    break
                if not cyclic or _same(work[base + _P], work[base + _NOW], meta[_P], meta[_NOW]):
                    break
                _scale(work[base + _P], meta[_P])
            for turn in range(6):
                if status[q, 0] == 1:
                    break
                if not cyclic:
                    _open(work[base + _P], meta[_P], opening[q, 0])
                taken = _trim_plan(
                    days[q],
                    targets[q],
                    plan,
                    bounds[q],
                    cyclic,
                    finish,
                    kept,
                    work,
                    base,
                    meta,
                    vectors[lane],
                    out[q],
                    spare,
                )
                status[q, 1] = turn + 1
                status[q, 2] = 1 if taken == 0 else 0
                if taken <= 0:
                    break
