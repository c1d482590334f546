"""The distribution of the number of calls in a pool, moved through time by uniformisation: sums of positive terms only.

State. Row 0 holds P(n calls in the system) where no more agents are busy than are scheduled; row e >= 1 holds P(w calls
wait while e agents beyond the schedule still finish a call). A window around the mass is moved; what falls out of it is
lost, never put elsewhere, so one minus the sum bounds every error from above. `meta`: first n, last n, rows, last w.
"""

import math

from closeknit.engine.compiled import IntVector, Matrix, Vector, kernel

_CHUNK = 3000.0
"""Mean number of uniformised events moved at once: weights of at most `WEIGHTS` terms."""
WEIGHTS = 3700
_DUST = 1e-16
"""Probability below which the edge of a window is dropped (and counted as lost)."""


@kernel
def _poisson(mean: float, weights: Vector, tails: Vector) -> int:
    """Fill `weights[k]` = P(N = k) and `tails[k]` = P(N > k) for N Poisson; the last k that counts."""
    mode = int(mean)
    peak = math.exp(-mean + mode * math.log(mean) - math.lgamma(mode + 1.0))
    last, term = mode, peak
    weights[mode] = peak
    while term > 1e-19 and last + 1 < WEIGHTS:
        last += 1
        term *= mean / last
        weights[last] = term
    term = peak
    for k in range(mode, 0, -1):
        term *= k / mean
        weights[k - 1] = term
    total = 0.0
    for k in range(last, -1, -1):
        total += weights[k]
    beyond = 0.0
    for k in range(last, -1, -1):
        tails[k] = beyond
        weights[k] /= total
        beyond += weights[k]
    return last


@kernel
def _reach(
    highest: int, minutes: float, arrivals: float, mu: float, theta: float, agents: int, margin: float, columns: int
) -> int:
    """A number in the system that is not passed within `minutes`, but for a mass that is counted as lost."""
    if arrivals == 0.0:
        return highest
    grown = arrivals * minutes
    free = highest + grown + margin * math.sqrt(grown) + 30.0
    spread, level = arrivals / mu + 2.0 * grown, arrivals / mu
    if arrivals >= agents * mu:
        level = free if theta == 0.0 else agents + (arrivals - agents * mu) / theta
    if theta > 0.0:
        spread = min(spread, arrivals / min(mu, theta))
    above = max(highest - level, 0.0)
    calm = level + max(math.sqrt(above * above + 0.36 * margin * margin * spread), margin * math.sqrt(spread)) + 30.0
    return max(highest, min(int(min(free, calm)), columns - 3))


@kernel
def _step_rows(
    p: Matrix, q: Matrix, rows: int, last: int, cap: int, up: float, mu_step: float, theta_step: float, agents: int
) -> int:
    """One uniformised event for the rows of agents who stay on; the new last w."""
    reach = min(last + 1, cap)
    for e in range(1, rows + 1):
        p[e, last + 1] = 0.0
        p[e, last + 2] = 0.0
        leave, enter = (agents + e) * mu_step, (agents + e + 1) * mu_step
        q[e, 0] = p[e, 0] * (1.0 - up - leave) + p[e, 1] * theta_step
        for w in range(1, reach + 1):
            stay = 1.0 - up - leave - w * theta_step
            q[e, w] = p[e, w] * stay + p[e, w - 1] * up + p[e, w + 1] * (w + 1) * theta_step
        if e < rows:
            for w in range(min(last, reach) + 1):
                q[e, w] += p[e + 1, w] * enter
    while reach > 0:
        for e in range(1, rows + 1):
            if q[e, reach] >= _DUST:
                return reach
        reach -= 1
    return reach


@kernel
def _step(
    p: Matrix,
    q: Matrix,
    meta: IntVector,
    down: Vector,
    cap: int,
    wait_cap: int,
    up: float,
    mu_step: float,
    theta_step: float,
    agents: int,
) -> None:
    """One uniformised event for the whole state: q from p."""
    low, high, rows, last = meta[0], meta[1], meta[2], meta[3]
    for n in range(max(low - 2, 0), low):
        p[0, n] = 0.0
    p[0, high + 1] = 0.0
    p[0, high + 2] = 0.0
    first, final = max(low - 1, 0), min(high + 1, cap)
    if rows > 0:
        for n in range(high + 3, agents + last + 3):
            p[0, n] = 0.0
        for n in range(max(agents - 1, 0), first):
            p[0, n] = 0.0
        first, final = min(first, agents), max(final, min(agents + last, cap))
    q[0, first] = p[0, first] * (1.0 - up - down[first]) + p[0, first + 1] * down[first + 1]
    if first > 0:
        q[0, first] += p[0, first - 1] * up
    if final > first:
        # Views that start at 0: the compiler then knows that no index is negative, and makes vectors.
        to, here, below, above = q[0, first + 1 :], p[0, first + 1 :], p[0, first:], p[0, first + 2 :]
        fall, next_fall = down[first + 1 :], down[first + 2 :]
        for k in range(final - first):
            to[k] = here[k] * (1.0 - up - fall[k]) + below[k] * up + above[k] * next_fall[k]
    if rows > 0:
        enter = (agents + 1) * mu_step
        for w in range(min(last, cap - agents) + 1):
            q[0, agents + w] += p[1, w] * enter
        meta[3] = _step_rows(p, q, rows, last, wait_cap, up, mu_step, theta_step, agents)
    while first < final and q[0, first] < _DUST:
        first += 1
    while final > first and q[0, final] < _DUST:
        final -= 1
    meta[0], meta[1] = first, final


@kernel
def _drop_empty_rows(p: Matrix, meta: IntVector) -> None:
    """Forget the highest rows where nothing is left."""
    while meta[2] > 0:
        row, most = meta[2], 0.0
        for w in range(meta[3] + 1):
            most = max(most, p[row, w])
        if most >= _DUST:
            return
        meta[2] -= 1
    meta[3] = 0


@kernel
def _gather(p: Matrix, end: Matrix, area: Matrix, meta: IntVector, weight: float, tail: float) -> None:
    """Add one term of the sums for the state at the end and for its integral."""
    for e in range(meta[2] + 1):
        low, count = (meta[0], meta[1] + 1 - meta[0]) if e == 0 else (0, meta[3] + 1)
        here, whole, ending = p[e, low:], area[e, low:], end[e, low:]
        if weight > 1e-21:
            for k in range(count):
                ending[k] += weight * here[k]
                whole[k] += tail * here[k]
        else:
            for k in range(count):
                whole[k] += tail * here[k]


@kernel
def _clear(p: Matrix, rows: int, columns: int, wait_columns: int) -> None:
    for n in range(columns):
        p[0, n] = 0.0
    for e in range(1, rows + 1):
        for w in range(wait_columns):
            p[e, w] = 0.0


@kernel
def _copy(source: Matrix, target: Matrix, meta: IntVector, target_meta: IntVector) -> None:
    """Copy a state: only its windows."""
    for n in range(meta[0], meta[1] + 1):
        target[0, n] = source[0, n]
    for e in range(1, meta[2] + 1):
        for w in range(meta[3] + 1):
            target[e, w] = source[e, w]
    for k in range(4):
        target_meta[k] = meta[k]


@kernel
def _advance(
    p: Matrix,
    q: Matrix,
    end: Matrix,
    area: Matrix,
    vectors: Matrix,
    meta: IntVector,
    minutes: float,
    arrivals: float,
    mu: float,
    theta: float,
    agents: int,
    margin: float,
) -> None:
    """Move the state `p` on by `minutes` of constant rates; add its integral over that time to `area`."""
    left, columns = minutes, p.shape[1]
    weights, tails, down = vectors[0], vectors[1], vectors[2]
    while left > 1e-12 * minutes:
        _drop_empty_rows(p, meta)
        rows = meta[2]
        highest = max(meta[1], agents + rows + meta[3]) if rows > 0 else meta[1]
        cap = _reach(highest, left, arrivals, mu, theta, agents, margin, columns)
        wait_cap = max(meta[3], cap - agents)
        busiest = min(cap, agents) + rows
        total = arrivals + busiest * mu + max(wait_cap, 0) * theta
        step = min(left, _CHUNK / total) if total > 0.0 else left
        total = max(total, 1e-6 / step)
        last = _poisson(total * step, weights, tails)
        for n in range(cap + 2):
            down[n] = (min(n, agents) * mu + max(n - agents, 0) * theta) / total
        _clear(end, rows, cap + 3, wait_cap + 3)
        reach_low, reach_high, reach_last = meta[0], meta[1], meta[3]
        for k in range(last + 1):
            _gather(p, end, area, meta, weights[k], tails[k] / total)
            reach_low, reach_high = min(reach_low, meta[0]), max(reach_high, meta[1])
            reach_last = max(reach_last, meta[3])
            if k < last:
                _step(p, q, meta, down, cap, wait_cap, arrivals / total, mu / total, theta / total, agents)
                p, q = q, p
                if rows > 0:
                    _drop_empty_rows(p, meta)
        meta[0], meta[1], meta[2], meta[3] = reach_low, reach_high, rows, reach_last
        _trim(end, meta)
        if last % 2 == 1:
            p, q = q, p
        _copy(end, p, meta, meta)
        left -= step


@kernel
def _trim(p: Matrix, meta: IntVector) -> None:
    """Drop dust at the edges of the windows."""
    while meta[0] < meta[1] and p[0, meta[0]] < _DUST:
        meta[0] += 1
    while meta[1] > meta[0] and p[0, meta[1]] < _DUST:
        meta[1] -= 1
    _drop_empty_rows(p, meta)


@kernel
def _reschedule(p: Matrix, q: Matrix, meta: IntVector, before: int, after: int, finish: bool) -> bool:
    """Change the number of scheduled agents; False where more agents stay on than there are rows.

    `finish`: who leaves ends the call first; else the call goes back to the head of the line.
    """
    if before == after and meta[2] == 0:
        return True
    spare = meta[2]
    rows = max(before + spare - after, 0) if finish and (spare > 0 or meta[1] > after) else 0
    waits = max(meta[3], meta[1] - before, 0)
    highest = max(meta[1], before + spare + meta[3])
    if rows >= p.shape[0] or highest + 3 > p.shape[1]:
        return False
    _clear(q, rows, highest + 3, waits + 3)
    low, high = highest, 0
    for n in range(meta[0], meta[1] + 1):
        busy = min(n, before)
        if not finish or busy <= after:
            q[0, n] += p[0, n]
            low, high = min(low, n), max(high, n)
        else:
            q[busy - after, n - busy] += p[0, n]
    for e in range(1, spare + 1):
        for w in range(meta[3] + 1):
            if before + e <= after:
                q[0, before + e + w] += p[e, w]
                low, high = min(low, before + e + w), max(high, before + e + w)
            else:
                q[before + e - after, w] += p[e, w]
    if low > high:
        low, high = after, after
    meta[0], meta[1], meta[2], meta[3] = low, high, rows, waits if rows > 0 else 0
    _copy(q, p, meta, meta)
    return True


@kernel
def _survive(
    v: Matrix,
    w: Matrix,
    total_of: Matrix,
    vectors: Matrix,
    rows: int,
    columns: int,
    agents: int,
    mu: float,
    theta: float,
    giving_up: float,
    minutes: float,
) -> None:
    """Move backwards by `minutes` the chance of a waiting call to be answered in time.

    `v[e, a]`: e agents beyond the schedule finish calls, a calls are ahead. Nobody new gets ahead, so the calls ahead
    only leave; the call itself gives up at rate `giving_up`.
    """
    left, top = minutes, columns - 1
    weights, tails = vectors[0], vectors[1]
    while left > 1e-12 * minutes:
        while top > 0 and not _any_at(v, rows, top):
            top -= 1
        wide = _in_reach(columns, top, agents, mu, theta, left)
        total = (agents + rows) * mu + (wide - 1) * theta + giving_up
        if total == 0.0:
            return
        step = min(left, _CHUNK / total)
        last = _poisson(total * step, weights, tails)
        _clear(total_of, rows, wide, wide)
        for k in range(last + 1):
            top = min(top + 1, wide - 1)
            _add_rows(total_of, v, rows, top + 1, weights[k])
            if k < last:
                _answer_step(v, w, rows, top + 1, agents * mu / total, mu / total, theta / total, giving_up / total)
                v, w = w, v
                if top + 1 < wide:
                    for e in range(rows + 1):
                        v[e, top + 1] = 0.0
        if last % 2 == 1:
            v, w = w, v
        for e in range(rows + 1):
            for a in range(wide):
                v[e, a] = total_of[e, a]
        left -= step


@kernel
def _any_at(v: Matrix, rows: int, a: int) -> bool:
    most = 0.0
    for e in range(rows + 1):
        most = max(most, v[e, a])
    return most > 0.0


@kernel
def _in_reach(columns: int, top: int, agents: int, mu: float, theta: float, minutes: float) -> int:
    """Places in the line from where the end can be reached in time; from beyond it the chance is dust."""
    grown = theta * minutes
    if grown > 30.0:
        return columns
    more = math.exp(grown)
    flow = agents * mu * (math.expm1(grown) / theta if theta > 0.0 else minutes)
    far = top * more + flow + 10.0 * math.sqrt((top * (more - 1.0) + flow) * more) + 30.0
    return min(columns, int(min(far, 1e9)) + 1)


@kernel
def _add_rows(total: Matrix, v: Matrix, rows: int, columns: int, weight: float) -> None:
    for e in range(rows + 1):
        whole, part = total[e, 0:], v[e, 0:]
        for a in range(columns):
            whole[a] += weight * part[a]


@kernel
def _answer_step(
    v: Matrix, w: Matrix, rows: int, columns: int, serve: float, mu_step: float, theta_step: float, gone: float
) -> None:
    """One uniformised event, backwards: w from v."""
    w[0, 0] = v[0, 0] * (1.0 - serve - gone) + serve
    to, here, before = w[0, 1:], v[0, 1:], v[0, 0:]
    for k in range(columns - 1):
        left = serve + (k + 1) * theta_step
        to[k] = here[k] * (1.0 - left - gone) + before[k] * left
    for e in range(1, rows + 1):
        end = serve + e * mu_step
        w[e, 0] = v[e, 0] * (1.0 - end - gone) + v[e - 1, 0] * end
        for a in range(1, columns):
            ahead = a * theta_step
            w[e, a] = v[e, a] * (1.0 - end - ahead - gone) + v[e - 1, a] * end + v[e, a - 1] * ahead
