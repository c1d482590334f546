"""What work with due times asks of capacity, stretch by stretch of a row of cells (days, or parts of a day).

A piece of work may be done from the start of its release cell to the end of its due cell. A capacity is enough for all
of it exactly when every stretch of cells holds the work that must be done inside it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.errors import EngineSolverError

_MORE = 1e-9
"""Relative slack of one stretch against a level: what a solver's rounding leaves."""
_ROUNDS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Staircase:
    """One level per group of cells (per size), and the stretch that sets it (-1: no work touches the group)."""

    levels: FloatArray
    start: IntArray
    end: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Flat: work, the cells between which it can be done, its class, and the cell by which it's done if let late.

    A due cell at or beyond the number of cells asks nothing of this horizon.
    """

    work: FloatArray
    release: IntArray
    due: IntArray
    late_due: IntArray
    owner: IntArray


def density(work: FloatArray, release: IntArray, due: IntArray, size: FloatArray) -> FloatArray:
    """[s, t]: work that must be done inside cells s..t, per size of these cells; 0 where they have none."""
    within = work_inside(work, release, due, size.size)
    length = stretch_sizes(size)
    return np.divide(within, length, out=np.zeros_like(within), where=length > 0.0)


def work_inside(work: FloatArray, release: IntArray, due: IntArray, cells: int) -> FloatArray:
    """[s, t]: work that must be done inside cells s..t."""
    inside = due < cells
    demand = np.bincount(release[inside] * cells + due[inside], work[inside], cells * cells).astype(np.float64)
    within: FloatArray = np.cumsum(np.cumsum(demand.reshape(cells, cells)[::-1], axis=0)[::-1], axis=1)
    return within


def stretch_sizes(size: FloatArray) -> FloatArray:
    """[s, t]: size of cells s..t; 0 where t < s or all of them are closed."""
    total = np.concatenate([[0.0], np.cumsum(size)])
    opened = np.concatenate([[0], np.cumsum(size > 0.0)])
    count = opened[1:][None, :] - opened[:-1][:, None]
    return np.where(np.triu(count > 0), total[1:][None, :] - total[:-1][:, None], 0.0)


def sizes_by_group(size: FloatArray, first: IntArray, last: IntArray) -> FloatArray:
    """[group, cell]: the cell's size in its own group, 0 elsewhere."""
    cell = np.arange(size.size)
    return np.where((cell >= first[:, None]) & (cell <= last[:, None]), size, 0.0)


def held_by(levels: FloatArray, sizes: FloatArray) -> FloatArray:
    """[s, t]: hours in cells s..t at one level per group; endless where t < s, for nothing is asked there."""
    total = np.concatenate([[0.0], np.cumsum(levels @ sizes)])
    inside = total[None, 1:] - total[:-1, None]
    return np.where(np.tri(total.size - 1, k=-1, dtype=np.bool_), np.inf, inside)


def hours_inside(begin: IntArray, end: IntArray, sizes: FloatArray) -> FloatArray:
    """[i, group]: size of the group's cells within begin[i]..end[i]."""
    total = np.concatenate([np.zeros((sizes.shape[0], 1)), np.cumsum(sizes, axis=1)], axis=1)
    inside: FloatArray = (total[:, end + 1] - total[:, begin]).T
    return inside


def climb(per_size: FloatArray, first: IntArray, last: IntArray) -> Staircase:
    """The highest density among the stretches that touch each group of cells `first`..`last`."""
    levels = np.zeros(first.size)
    start, end = np.full(first.size, -1, dtype=np.int64), np.full(first.size, -1, dtype=np.int64)
    for group, (begin, stop) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        touching = per_size[: stop + 1, begin:]
        if touching.max(initial=0.0) > 0.0:
            row, offset = np.unravel_index(int(np.argmax(touching)), touching.shape)
            start[group], end[group], levels[group] = int(row), begin + int(offset), touching.max()
    return Staircase(levels, start, end)


def let_late(
    pieces: Pieces,
    share: FloatArray,
    size: FloatArray,
    first: IntArray,
    last: IntArray,
    least: FloatArray | None = None,
) -> FloatArray:
    """Work per piece to let late, so that the staircase is lowest while each class has its `share` in time.

    A linear program over the work let late and the levels; stretches enter it as they are found too steep. Of all
    choices with the lowest staircase, one that lets least work be late. `least`: levels are at least this, and groups
    hold a stretch together (see `fewest_hours`); None: each holds every stretch that touches it by itself.
    """
    cells = size.size
    asked = (pieces.due < cells) & (pieces.work > 0.0)
    total = np.bincount(pieces.owner[asked], pieces.work[asked], share.size)
    may = np.flatnonzero(asked & (share[pieces.owner] < 1.0) & (pieces.late_due > pieces.due))
    late = np.zeros(pieces.work.size)
    if not may.size:
        return late
    program = _Program(pieces, may, total * (1.0 - share), size, first, last, least)
    program.solve()
    late[may] = program.solve(lowest=True)
    return late


class _Program:
    """Variables: work let late per piece of `may`, then one level per group."""

    def __init__(
        self,
        pieces: Pieces,
        may: IntArray,
        room: FloatArray,
        size: FloatArray,
        first: IntArray,
        last: IntArray,
        least: FloatArray | None,
    ) -> None:
        self.pieces, self.may, self.size, self.first, self.last = pieces, may, size, first, last
        self.lengths = stretch_sizes(size)
        self.sizes = sizes_by_group(size, first, last)
        self.group_sizes = np.array([size[a : b + 1].sum() for a, b in zip(first, last, strict=True)])
        self.together, self.least = least is not None, np.zeros(first.size) if least is None else least
        owners = np.unique(pieces.owner[may])
        self.best = np.inf
        self.rows = [np.append((pieces.owner[may] == k).astype(np.float64), np.zeros(first.size)) for k in owners]
        self.bounds = [float(room[k]) for k in owners]
        self.whole = density(*self._remaining(np.zeros(may.size)), size)
        self.add_cuts(self.whole, np.zeros(first.size))

    def _remaining(self, late: FloatArray) -> tuple[FloatArray, IntArray, IntArray]:
        pieces, may = self.pieces, self.may
        work = pieces.work.copy()
        work[may] -= late
        again = np.concatenate([work, late]), np.concatenate([pieces.release, pieces.release[may]])
        return again[0], again[1], np.concatenate([pieces.due, pieces.late_due[may]])

    def add_cuts(self, per_size: FloatArray, levels: FloatArray) -> bool:
        """Add, per group and first cell, the steepest stretch above the group's level; false where there is none."""
        slack = _MORE * float(self.whole.max(initial=0.0))
        found = False
        if self.together:
            lack = np.where(self.lengths > 0.0, per_size - self._held(levels), 0.0)
            steepest = lack.argmax(axis=1)
            for s in np.flatnonzero(lack.max(axis=1) > slack).tolist():
                self._add_cut(s, int(steepest[s]), None)
                found = True
            return found
        for group, (begin, stop) in enumerate(zip(self.first.tolist(), self.last.tolist(), strict=True)):
            touching = per_size[: stop + 1, begin:]
            steepest = begin + touching.argmax(axis=1)
            for s in np.flatnonzero(touching.max(axis=1) > levels[group] + slack).tolist():
                self._add_cut(s, int(steepest[s]), group)
                found = True
        return found

    def _held(self, levels: FloatArray) -> FloatArray:
        held = held_by(levels, self.sizes)
        return np.divide(held, self.lengths, out=np.zeros_like(held), where=self.lengths > 0.0)

    def _add_cut(self, s: int, t: int, group: int | None) -> None:
        pieces, may = self.pieces, self.may
        inside = (pieces.release[may] >= s) & (pieces.due[may] <= t) & (pieces.late_due[may] > t)
        row = np.append(-inside.astype(np.float64), np.zeros(self.first.size))
        if group is None:
            row[may.size :] = -hours_inside(np.array([s]), np.array([t]), self.sizes)[0]
        else:
            row[may.size + group] = -self.lengths[s, t]
        self.rows.append(row)
        self.bounds.append(-float(self.whole[s, t] * self.lengths[s, t]))

    def solve(self, lowest: bool = False) -> FloatArray:
        """Work let late with the lowest staircase; with `lowest`, of those the least (the staircase is held)."""
        late_cost = np.append(np.ones(self.may.size), np.zeros(self.first.size))
        level_cost = np.append(np.zeros(self.may.size), self.group_sizes)
        if lowest:
            self.rows.append(level_cost)
            self.bounds.append(self.best * (1.0 + 1e-9))
        for _ in range(_ROUNDS):
            solved = self._solve(late_cost if lowest else level_cost)
            levels = solved[self.may.size :]
            late: FloatArray = np.clip(solved[: self.may.size], 0.0, self.pieces.work[self.may])
            if not self.add_cuts(density(*self._remaining(late), self.size), levels):
                self.best = float(level_cost @ solved)
                return late
        raise EngineSolverError("the linear program of late work did not settle: ask for fewer groups or shares of 1")

    def _solve(self, cost: FloatArray) -> FloatArray:
        # The solver takes a tenth of a second to import; most calls never need it.
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        upper = np.append(self.pieces.work[self.may], np.full(self.first.size, np.inf))
        matrix: NDArray[np.float64] = np.array(self.rows)
        bounds = np.column_stack([np.append(np.zeros(self.may.size), self.least), upper])
        solved = linprog(cost, A_ub=csr_array(matrix), b_ub=self.bounds, bounds=bounds, method="highs")
        if solved.status != 0:
            raise EngineSolverError(f"the linear program of late work was not solved: {solved.message}")
        return np.asarray(solved.x, dtype=np.float64)
