"""What is asked of all people together, as rows that count people: per shift, per skill, per interval."""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray, IntArray, frozen

DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Rows of demand, each a number of people to count.

    Who works a cell (day * shifts + shift) counts in the rows `cell_rows[cell_start[cell] : cell_start[cell + 1]]`.

    `counts[person, row]` says whether this person counts there (has the skill). A row wants `need` people at
    `under_weight` and `over_weight` per person away from it, and as a rule no fewer than `least`. `row_day`, and
    `row_place` within its kind (`row_kind` 0: the shift, 1: shift * skills + skill, 2: the interval), name it.
    """

    cell_start: IntArray
    cell_rows: IntArray
    counts: BoolArray
    need: IntArray
    least: IntArray
    under_weight: FloatArray
    over_weight: FloatArray
    row_kind: IntArray
    row_day: IntArray
    row_place: IntArray

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(self.need.size)

    def cost_by_count(self, people: int, rule_weight: float) -> FloatArray:
        """What a row costs with 0..people at work: [row, count]; `rule_weight` per person below the least."""
        count = np.arange(people + 1)
        need, least = self.need[:, None], self.least[:, None]
        cost = self.under_weight[:, None] * np.maximum(need - count, 0)
        cost += self.over_weight[:, None] * np.maximum(count - need, 0)
        return np.ascontiguousarray(cost + rule_weight * np.maximum(least - count, 0))


def cover_rows(
    starts: IntArray,
    lengths: IntArray,
    people: int,
    *,
    need: IntArray,
    least: IntArray,
    under_weight: FloatArray,
    over_weight: FloatArray,
    skills: tuple[IntArray, BoolArray, FloatArray] | None,
    intervals: tuple[IntArray, FloatArray, FloatArray] | None,
) -> Cover:
    """The rows of all kinds, and for every cell those in which its people count."""
    days, shifts = need.shape
    size, everyone = days * shifts, np.ones((people, days * shifts), dtype=np.bool_)
    cells = [np.arange(size)]
    rows = [np.arange(size)]
    columns = [(need.ravel(), least.ravel(), under_weight.ravel(), over_weight.ravel())]
    names = [(np.zeros(size), np.repeat(np.arange(days), shifts), np.tile(np.arange(shifts), days))]
    counts, at = [everyone], size
    if skills is not None:
        asked, owned, under = skills
        kinds = owned.shape[1]
        total = size * kinds
        cells.append(np.repeat(np.arange(size), kinds))
        rows.append(at + np.arange(total))
        columns.append((asked.ravel(), np.zeros(total, dtype=np.int64), under.ravel(), np.zeros(total)))
        names.append(
            (np.ones(total), np.repeat(np.arange(days), shifts * kinds), np.tile(np.arange(shifts * kinds), days))
        )
        counts.append(np.tile(owned, size))
        at += total
    if intervals is not None:
        asked, under, over = intervals
        per_day = asked.shape[1]
        of_cell, of_row = _at_work(starts, lengths, days, per_day)
        cells.append(of_cell)
        rows.append(at + of_row)
        columns.append((asked.ravel(), np.zeros(asked.size, dtype=np.int64), under.ravel(), over.ravel()))
        names.append((np.full(asked.size, 2), np.repeat(np.arange(days), per_day), np.tile(np.arange(per_day), days)))
        counts.append(np.ones((people, asked.size), dtype=np.bool_))
    cell, row = np.concatenate(cells), np.concatenate(rows)
    order = np.lexsort((row, cell))
    started = np.concatenate([[0], np.cumsum(np.bincount(cell, minlength=size))])
    wanted, rule, short, many = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    kind, day, place = (np.concatenate(parts).astype(np.int64) for parts in zip(*names, strict=True))
    return Cover(
        cell_start=frozen(started.astype(np.int64)),
        cell_rows=frozen(row[order].astype(np.int64)),
        counts=frozen(np.ascontiguousarray(np.concatenate(counts, axis=1))),
        need=frozen(wanted.astype(np.int64)),
        least=frozen(rule.astype(np.int64)),
        under_weight=frozen(short.astype(np.float64)),
        over_weight=frozen(many.astype(np.float64)),
        row_kind=frozen(kind),
        row_day=frozen(day),
        row_place=frozen(place),
    )


def _at_work(starts: IntArray, lengths: IntArray, days: int, per_day: int) -> tuple[IntArray, IntArray]:
    """Pairs (cell, row) of every shift and the intervals that it spans whole, those after the last day left out."""
    minutes, shifts = DAY_MINUTES // per_day, starts.size
    cells: list[int] = []
    rows: list[int] = []
    for shift in range(shifts):
        first = -(-int(starts[shift]) // minutes)
        last = int(starts[shift] + lengths[shift]) // minutes
        for day in range(days):
            for place in range(day * per_day + first, min(day * per_day + last, days * per_day)):
                cells.append(day * shifts + shift)
                rows.append(place)
    return np.array(cells, dtype=np.int64), np.array(rows, dtype=np.int64)
