"""Service by interval while rates and agents change: what a plan gives, and the plan that a promise needs.

`day` holds per interval, in minutes: arrivals per minute, 1/handling, 1/patience, length, threshold. `work[base + k]`:
scratch space for states; `meta[k]` holds the windows of the same states.
"""

import math

from closeknit.engine.compiled import Cube, IntCube, IntMatrix, IntVector, Matrix, kernel
from closeknit.engine.queueing.transient_kernels import _advance, _clear, _copy, _reschedule, _survive

MEASURES = 9
"""Columns of a result: level, virtual level, not waiting, queue, busy, staying on, waiting and present at end, lost."""

_P, _Q, _END, _AREA, _V, _W, _SUM, _NOW, _BEST = 0, 1, 2, 3, 4, 5, 6, 7, 8
STATES = 9
"""Scratch states per lane, before the states kept at the starts of the last intervals."""

_MARGIN = 10.0
MOST_ROUNDS = 60
_NODES = (
    0.019855071751231884,
    0.10166676129318664,
    0.2372337950418355,
    0.4082826787521751,
    0.5917173212478249,
    0.7627662049581645,
    0.8983332387068134,
    0.9801449282487681,
)
_NODE_WEIGHTS = (
    0.05061426814518813,
    0.11119051722668724,
    0.15685332293894363,
    0.18134189168918100,
    0.18134189168918100,
    0.15685332293894363,
    0.11119051722668724,
    0.05061426814518813,
)


@kernel
def _later(j: int, count: int, cyclic: bool) -> int:
    """The interval that an index past the end stands for: the next day's, or the last one going on."""
    return j % count if cyclic else min(j, count - 1)


@kernel
def _rows_at(plan: IntVector, i: int, j: int, rows: int, cyclic: bool, finish: bool) -> int:
    """Most agents who may stay on in interval j, where `rows` do in interval i."""
    if not finish:
        return 0
    count = plan.shape[0]
    busiest = plan[_later(i, count, cyclic)] + rows
    for k in range(i + 1, j + 1):
        busiest = max(busiest, plan[_later(k, count, cyclic)])
    return busiest - plan[_later(j, count, cyclic)] if j > i else rows


@kernel
def _columns_at(plan: IntVector, i: int, j: int, columns: int, cyclic: bool, finish: bool) -> int:
    """Places in the line to look at in interval j, where there are `columns` in interval i."""
    count = plan.shape[0]
    if finish:
        return columns
    return int(max(1, columns + plan[_later(i, count, cyclic)] - plan[_later(j, count, cyclic)]))


@kernel
def _shift(v: Matrix, w: Matrix, rows: int, columns: int, next_columns: int, agents: int, next_agents: int) -> None:
    """Chances just before a change of agents, from those just after it."""
    for e in range(rows + 1):
        for a in range(columns):
            if next_agents >= agents + e:
                free = next_agents - agents - e
                w[e, a] = 1.0 if a < free else v[0, min(a - free, next_columns - 1)]
            elif rows > 0 or next_columns == columns:
                w[e, a] = v[agents + e - next_agents, a]
            else:
                w[e, a] = v[0, a + agents - next_agents]
    for e in range(rows + 1):
        for a in range(columns):
            v[e, a] = w[e, a]


@kernel
def _chances(
    day: Matrix,
    plan: IntVector,
    cyclic: bool,
    finish: bool,
    i: int,
    at: float,
    rows: int,
    columns: int,
    virtual: bool,
    work: Cube,
    base: int,
    vectors: Matrix,
) -> bool:
    """Fill the chances to be answered within the threshold of a call that arrives `at` minutes into interval i."""
    count, v, w, total = plan.shape[0], work[base + _V], work[base + _W], work[base + _SUM]
    rest, j = at + day[i, 4], i
    while rest > day[_later(j, count, cyclic), 3] and (cyclic or j < count - 1):
        rest -= day[_later(j, count, cyclic), 3]
        j += 1
    last_rows, last_columns = (
        _rows_at(plan, i, j, rows, cyclic, finish),
        _columns_at(plan, i, j, columns, cyclic, finish),
    )
    if last_rows >= v.shape[0] or last_columns > v.shape[1]:
        return False
    _clear(v, last_rows, last_columns, last_columns)
    while True:
        now = _later(j, count, cyclic)
        here_rows, here = _rows_at(plan, i, j, rows, cyclic, finish), _columns_at(plan, i, j, columns, cyclic, finish)
        if here_rows >= v.shape[0] or here > v.shape[1]:
            return False
        minutes = rest - at if j == i else rest
        theta = day[now, 2]
        _survive(
            v, w, total, vectors, here_rows, here, plan[now], day[now, 1], theta, 0.0 if virtual else theta, minutes
        )
        if j == i:
            return True
        j -= 1
        before = _later(j, count, cyclic)
        rest = day[before, 3]
        rows_before = _rows_at(plan, i, j, rows, cyclic, finish)
        columns_before = _columns_at(plan, i, j, columns, cyclic, finish)
        if rows_before >= v.shape[0] or columns_before > v.shape[1]:
            return False
        _shift(v, w, rows_before, columns_before, here, plan[before], plan[now])


@kernel
def _answered(p: Matrix, v: Matrix, low: int, high: int, rows: int, last: int, agents: int) -> float:
    """Chance of an answer in time, over a state."""
    total = 0.0
    for n in range(low, min(high, agents - 1) + 1):
        total += p[0, n]
    for n in range(max(low, agents), high + 1):
        total += p[0, n] * v[0, n - agents]
    for e in range(1, rows + 1):
        for w in range(last + 1):
            total += p[e, w] * v[e, w]
    return total


@kernel
def _measure(area: Matrix, high: int, rows: int, last: int, agents: int, out: Matrix, row: int) -> None:
    """Add what an integrated state says of line, work and those who need not wait."""
    for n in range(high + 1):
        out[row, 3] += area[0, n] * max(n - agents, 0)
        out[row, 4] += area[0, n] * min(n, agents)
        if n < agents:
            out[row, 2] += area[0, n]
    for e in range(1, rows + 1):
        for w in range(last + 1):
            out[row, 3] += area[e, w] * w
            out[row, 4] += area[e, w] * agents
            out[row, 5] += area[e, w] * e


@kernel
def _widest(area: Matrix, rows: int) -> tuple[int, int]:
    """The last number in the system, and the last waiting, of an integrated state."""
    high, last = area.shape[1] - 1, area.shape[1] - 1 if rows > 0 else 0
    while high > 0 and area[0, high] == 0.0:
        high -= 1
    while last > 0:
        for e in range(1, rows + 1):
            if area[e, last] > 0.0:
                return high, last
        last -= 1
    return high, last


@kernel
def _early(
    day: Matrix,
    plan: IntVector,
    cyclic: bool,
    finish: bool,
    i: int,
    minutes: float,
    both: bool,
    margin: float,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    row: int,
) -> bool:
    """Those whose threshold ends within the interval: one vector of chances for all of them."""
    p, area, agents, rows = work[base + _P], work[base + _AREA], plan[i], meta[_P, 2]
    _clear(area, rows, area.shape[1], area.shape[1])
    _advance(
        p,
        work[base + _Q],
        work[base + _END],
        area,
        vectors,
        meta[_P],
        minutes,
        day[i, 0],
        day[i, 1],
        day[i, 2],
        agents,
        margin,
    )
    high, last = _widest(area, rows)
    _measure(area, high, rows, last, agents, out, row)
    columns = max(high - agents, last, 0) + 1
    for virtual in range(2):
        if (both or virtual == 0) and day[i, 4] > 0.0:
            if not _chances(day, plan, cyclic, finish, i, 0.0, rows, columns, virtual == 1, work, base, vectors):
                return False
            out[row, virtual] += _answered(area, work[base + _V], 0, high, rows, last, agents)
        elif day[i, 4] == 0.0:
            out[row, virtual] = out[row, 2]
    return True


@kernel
def _panel(
    day: Matrix,
    plan: IntVector,
    cyclic: bool,
    finish: bool,
    i: int,
    start: float,
    stop: float,
    both: bool,
    margin: float,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    row: int,
) -> bool:
    """Those whose threshold ends in a later interval: Gauss-Legendre over their times of arrival."""
    p, area, agents = work[base + _P], work[base + _AREA], plan[i]
    at = start
    for k in range(9):
        to = start + (stop - start) * _NODES[k] if k < 8 else stop
        _advance(
            p,
            work[base + _Q],
            work[base + _END],
            area,
            vectors,
            meta[_P],
            to - at,
            day[i, 0],
            day[i, 1],
            day[i, 2],
            agents,
            margin,
        )
        at = to
        if k == 8:
            break
        low, high, rows, last = meta[_P, 0], meta[_P, 1], meta[_P, 2], meta[_P, 3]
        columns = max(high - agents, last, 0) + 1
        for virtual in range(2):
            if both or virtual == 0:
                if not _chances(day, plan, cyclic, finish, i, at, rows, columns, virtual == 1, work, base, vectors):
                    return False
                chance = _answered(p, work[base + _V], low, high, rows, last, agents)
                out[row, virtual] += (stop - start) * _NODE_WEIGHTS[k] * chance
    return True


@kernel
def _late(
    day: Matrix,
    plan: IntVector,
    cyclic: bool,
    finish: bool,
    i: int,
    start: float,
    both: bool,
    margin: float,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    row: int,
) -> bool:
    """All panels from `start` to the end of the interval, cut where a threshold crosses into another interval."""
    area, agents, rows = work[base + _AREA], plan[i], meta[_P, 2]
    _clear(area, rows, area.shape[1], area.shape[1])
    length, threshold, count = day[i, 3], day[i, 4], plan.shape[0]
    at, j, end = start, i, length
    while at < length * (1.0 - 1e-12):
        while end <= (at + threshold) * (1.0 + 1e-12) and (cyclic or j < count - 1):
            j += 1
            end += day[_later(j, count, cyclic), 3]
        cut = min(length, end - threshold) if end > (at + threshold) * (1.0 + 1e-12) else length
        pieces = max(1, math.ceil((cut - at) * day[i, 1] * 2.0))
        width = (cut - at) / pieces
        for k in range(pieces):
            stop = cut if k == pieces - 1 else at + (k + 1) * width
            if not _panel(
                day, plan, cyclic, finish, i, at + k * width, stop, both, margin, work, base, meta, vectors, out, row
            ):
                return False
        at = cut
    high, last = _widest(area, rows)
    _measure(area, high, rows, last, agents, out, row)
    return True


@kernel
def _is_patient(day: Matrix) -> bool:
    """Whether nobody ever gives up: then both levels are one."""
    fastest = 0.0
    for i in range(day.shape[0]):
        fastest = max(fastest, day[i, 2])
    return fastest == 0.0


@kernel
def _interval(
    day: Matrix,
    plan: IntVector,
    cyclic: bool,
    finish: bool,
    i: int,
    before: int,
    both: bool,
    margin: float,
    work: Cube,
    base: int,
    meta: IntMatrix,
    vectors: Matrix,
    out: Matrix,
    row: int,
) -> bool:
    """Move the state through interval i and write what it gave into `out[row]`; False where the space is too small."""
    p, length = work[base + _P], day[i, 3]
    for k in range(MEASURES):
        out[row, k] = 0.0
    patient = _is_patient(day)
    both = both and not patient
    if not _reschedule(p, work[base + _Q], meta[_P], before, plan[i], finish):
        return False
    early = max(length - day[i, 4], 0.0)
    if i == plan.shape[0] - 1 and not cyclic:
        early = length
    if early > 0.0 and not _early(
        day, plan, cyclic, finish, i, early, both, margin, work, base, meta, vectors, out, row
    ):
        return False
    if early < length and not _late(
        day, plan, cyclic, finish, i, early, both, margin, work, base, meta, vectors, out, row
    ):
        return False
    for k in range(3):
        out[row, k] /= length
    if patient:
        out[row, 1] = out[row, 0]
    _ending(p, meta[_P], plan[i], out, row)
    return True


@kernel
def _ending(p: Matrix, windows: IntVector, agents: int, out: Matrix, row: int) -> None:
    """Who waits and who is there when the interval ends, and the probability lost so far."""
    kept = 0.0
    for n in range(windows[0], windows[1] + 1):
        kept += p[0, n]
        out[row, 6] += p[0, n] * max(n - agents, 0)
        out[row, 7] += p[0, n] * n
    for e in range(1, windows[2] + 1):
        for w in range(windows[3] + 1):
            kept += p[e, w]
            out[row, 6] += p[e, w] * w
            out[row, 7] += p[e, w] * (agents + e + w)
    out[row, 8] = max(1.0 - kept, 0.0)


@kernel
def _open(p: Matrix, windows: IntVector, calls: int) -> None:
    """The state with just so many calls in the system."""
    for k in range(4):
        windows[k] = 0
    windows[0] = windows[1] = calls
    p[0, calls] = 1.0


@kernel
def transient_days(
    start: int,
    stop: int,
    lanes: int,
    days: Cube,
    plans: IntMatrix,
    opening: IntMatrix,
    cyclic: bool,
    finish: bool,
    margin: float,
    work: Cube,
    metas: IntCube,
    vectors: Cube,
    out: Cube,
    status: IntMatrix,
) -> None:
    """What each plan gives, interval by interval; a repeating day runs until it ends as it began.

    `status`: 1 where the space is too small; then rounds of a repeating day, `MOST_ROUNDS` + 1 where it never settles.
    """
    for lane in range(start, stop):
        base = lane * (work.shape[0] // lanes)
        for q in range(lane, plans.shape[0], lanes):
            meta, count = metas[lane], plans.shape[1]
            _open(work[base + _P], meta[_P], opening[q, 0])
            for turn in range(MOST_ROUNDS):
                _copy(work[base + _P], work[base + _NOW], meta[_P], meta[_NOW])
                for i in range(count):
                    before = plans[q, i - 1] if i > 0 or turn > 0 else plans[q, 0]
                    if not _interval(
                        days[q],
                        plans[q],
                        cyclic,
                        finish,
                        i,
                        before,
                        True,
                        margin,
                        work,
                        base,
                        meta,
                        vectors[lane],
                        out[q],
                        i,
                    ):
                        status[q, 0] = 1
                        break
                if status[q, 0] == 1 or not cyclic:
                    break
                status[q, 1] = turn + 2
                if _same(work[base + _P], work[base + _NOW], meta[_P], meta[_NOW]):
                    status[q, 1] = turn + 1
                    break
                _scale(work[base + _P], meta[_P])


@kernel
def _same(p: Matrix, q: Matrix, windows: IntVector, other: IntVector) -> bool:
    """Whether two states differ by less than a billionth in all."""
    if windows[2] != other[2]:
        return False
    gap = 0.0
    for n in range(min(windows[0], other[0]), max(windows[1], other[1]) + 1):
        one = p[0, n] if windows[0] <= n <= windows[1] else 0.0
        two = q[0, n] if other[0] <= n <= other[1] else 0.0
        gap += abs(one - two)
    for e in range(1, windows[2] + 1):
        for w in range(max(windows[3], other[3]) + 1):
            one = p[e, w] if w <= windows[3] else 0.0
            two = q[e, w] if w <= other[3] else 0.0
            gap += abs(one - two)
    return gap < 1e-9


@kernel
def _scale(p: Matrix, windows: IntVector) -> None:
    """Make the probabilities sum to one again, for another round of a repeating day."""
    kept = 0.0
    for n in range(windows[0], windows[1] + 1):
        kept += p[0, n]
    for e in range(1, windows[2] + 1):
        for w in range(windows[3] + 1):
            kept += p[e, w]
    for n in range(windows[0], windows[1] + 1):
        p[0, n] /= kept
    for e in range(1, windows[2] + 1):
        for w in range(windows[3] + 1):
            p[e, w] /= kept
