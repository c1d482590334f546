"""Levels of hours, one per group of cells, that hold every stretch's work with the fewest hours together.

Unlike in the staircase, a stretch that runs over several groups is held by them together: what one group gives more,
the next needs less. Of all answers with the fewest hours the most even one is taken: there is only one.
"""

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineSolverError
from closeknit.engine.queueing.staircase import Staircase, held_by, hours_inside, sizes_by_group

_MORE = 1e-12
"""Lack of one stretch, as a share of the most work of any, that counts as none: what rounding leaves."""
_FAR = 1e5
"""How far, beside the highest level: so much more an hour counts than evenness, and so many digits are lost."""
_DIGITS = 12
_ROUNDS = 200
_STEPS = 100_000


def fewest_levels(
    within: FloatArray, size: FloatArray, first: IntArray, last: IntArray, least: FloatArray
) -> Staircase:
    """The levels, at least `least`, with the fewest hours that hold `within[s, t]`, the work inside cells s..t.

    Each group's own stretches and `least` bound its level from below. Where these bounds hold every stretch, they are
    the answer; otherwise a program adds hours for the stretches that they do not hold, and levels them.
    """
    shares = sizes_by_group(size, first, last)
    lowest = np.maximum(least, _own(within, size, first, last))
    most = float(within.max(initial=0.0))
    levels, rows, right = lowest, np.zeros((0, first.size)), np.zeros(0)
    for _ in range(_ROUNDS):
        lack = within - held_by(levels, shares)
        steepest = lack.argmax(axis=1)
        begin = np.flatnonzero(lack[np.arange(size.size), steepest] > _MORE * most)
        if not begin.size:
            return Staircase(levels, *_binding(lack, shares, levels, least, most))
        rows = np.concatenate([rows, hours_inside(begin, steepest[begin], shares)])
        right = np.concatenate([right, within[begin, steepest[begin]]])
        levels = _cheapest(rows, right, lowest, shares.sum(axis=1))
        # What rounding left too little is added to all alike.
        levels = np.maximum(_rounded_up(levels * max(1.0, float((right / (rows @ levels)).max()))), lowest)
    raise EngineSolverError("the fewest hours did not settle: ask for fewer weeks, or scale hours nearer to 1")


def _rounded_up(levels: FloatArray) -> FloatArray:
    """Levels to some digits of the highest: one machine's last digits are not another's, and plans replay on both."""
    unit = 10.0 ** (int(np.ceil(np.log10(float(levels.max())))) - _DIGITS)
    up: FloatArray = np.ceil(levels / unit - 0.01) * unit
    return up


def _own(within: FloatArray, size: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """The steepest of the stretches that lie inside each group."""
    found = np.zeros(first.size)
    total = np.concatenate([[0.0], np.cumsum(size)])
    for group, (a, b) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        length = total[None, a + 1 : b + 2] - total[a : b + 1, None]
        work = within[a : b + 1, a : b + 1]
        found[group] = np.divide(work, length, out=np.zeros_like(work), where=(length > 0.0) & (work > 0.0)).max()
    return found


def _cheapest(rows: FloatArray, right: FloatArray, lowest: FloatArray, weight: FloatArray) -> FloatArray:
    """The x >= lowest with rows @ x >= right and the least weight @ x, of those the one with the least weight @ x^2.

    Both at once: the least weight @ (x + far)^2, with `far` far above all levels, is a least distance. Its solution is
    read off the residual of a least-squares problem without negative prices (Lawson and Hanson 1974, chapter 23).
    """
    # The solver takes a tenth of a second to import; most calls never need it.
    from scipy.optimize import nnls

    used = np.flatnonzero(weight > 0.0)
    root = np.sqrt(weight[used])
    far = _FAR * max(float(lowest.max()), float((right / rows.sum(axis=1)).max()))
    sides = np.concatenate([np.diag(1.0 / root), rows[:, used] / root])
    least = np.concatenate([lowest[used], right]) / far + (sides * root).sum(axis=1)
    length = np.sqrt((sides**2).sum(axis=1))
    table = np.concatenate([sides.T, least[None]]) / length
    goal = np.zeros(used.size + 1)
    goal[-1] = 1.0
    prices, _ = nnls(table, goal, maxiter=_STEPS)
    off = table @ prices - goal
    levels = (-off[:-1] / off[-1] / root - 1.0) * far
    # What binds must bind exactly: the digits that `far` cost are found again.
    binding = prices > 0.0
    bound = np.concatenate([np.eye(used.size), rows[:, used]])[binding]
    asked = np.concatenate([lowest[used], right])[binding]
    levels += np.linalg.lstsq(bound, asked - bound @ levels, rcond=1e-10)[0]
    found = lowest.copy()
    found[used] = np.maximum(levels, lowest[used])
    return found


def _binding(
    lack: FloatArray, shares: FloatArray, levels: FloatArray, least: FloatArray, most: float
) -> tuple[IntArray, IntArray]:
    """Per group the shortest stretch without room to spare that holds cells of it; -1 where `least` sets the level."""
    tight_start, tight_end = np.nonzero(lack >= -1e-9 * most)
    start, end = np.full(levels.size, -1, dtype=np.int64), np.full(levels.size, -1, dtype=np.int64)
    inside = hours_inside(tight_start, tight_end, shares)
    length = inside.sum(axis=1)
    for group in np.flatnonzero(levels > least):
        touching = np.flatnonzero((inside[:, group] > 0.0) & (length > 0.0))
        if touching.size:
            chosen = touching[np.argmin(length[touching])]
            start[group], end[group] = tight_start[chosen], tight_end[chosen]
    return start, end
