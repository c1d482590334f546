"""A problem as the kernels take it: costs with what must not be, the machines, and room to work in."""

from dataclasses import dataclass, field

import numpy as np

from closeknit.engine.checks import BoolArray, FloatArray, IntArray
from closeknit.engine.compiled import run
from closeknit.engine.rostering.automata import Machines, machines_of
from closeknit.engine.rostering.problem import RosterProblem
from closeknit.engine.rostering.roster_kernels import best_days

LARGEST_ROOM = 40_000_000
"""Steps kept to find a path back (days x states): a third of a gigabyte."""


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """Arrays for the kernels, made once per problem; not to be changed but for the last three."""

    problem: RosterProblem
    machines: Machines
    cost: FloatArray
    row_cost: FloatArray
    counts: BoolArray
    rule_weight: float
    value: FloatArray = field(repr=False)
    back: IntArray = field(repr=False)
    price: FloatArray = field(repr=False)

    @property
    def work(self) -> float:
        """Steps to find the best days of one person."""
        size = self.machines.layout[:, 0] * self.machines.layout[:, 1]
        return float(size.mean()) * self.problem.days * (self.problem.shifts + 1)

    @property
    def tables(self) -> tuple[IntArray, IntArray, IntArray, FloatArray, IntArray, IntArray]:
        """The machines in the order in which kernels take them."""
        m = self.machines
        return m.layout, m.step, m.tally, m.ending, m.is_work, m.day_kind

    def best(self, price: FloatArray, people: IntArray) -> tuple[IntArray, FloatArray]:
        """The best days of people, each by a price of its own [place, day, action], and what they come to."""
        path = np.full((people.size, self.problem.days), -1, dtype=np.int64)
        least = np.zeros(people.size)
        # It's asked again in every round: what is worth compiling is the whole.
        work = 20.0 * self.work * people.size
        run(best_days, work, price, people.astype(np.int64), *self.tables, self.value, self.back, path, least)
        return path, least


def room_of(problem: RosterProblem) -> Room:
    """The room of a problem."""
    machines = machines_of(problem)
    cost = np.array(problem.action_cost)
    cost[:, :, 1:][~problem.may_work] = np.inf
    weight = _rule_weight(problem)
    largest = machines.largest
    return Room(
        problem=problem,
        machines=machines,
        cost=cost,
        row_cost=problem.cover.cost_by_count(problem.people, weight),
        counts=np.array(problem.cover.counts),
        rule_weight=weight,
        value=np.empty((2, largest)),
        back=np.empty((problem.days, largest), dtype=np.int64),
        price=np.empty((problem.days, problem.shifts + 1)),
    )


def _rule_weight(problem: RosterProblem) -> float:
    """More than all that one person's days can save: no least cover is given up for it."""
    spread = (problem.action_cost.max(axis=2) - problem.action_cost.min(axis=2)).sum(axis=1).max()
    cover = problem.cover
    weight = (cover.under_weight + cover.over_weight)[cover.cell_rows]
    of_cell = np.add.reduceat(np.append(weight, 0.0), cover.cell_start[:-1])
    turns = float(problem.turn_weight.sum()) * problem.days
    return 1.0 + float(spread) + turns + problem.days * float(of_cell.max())
