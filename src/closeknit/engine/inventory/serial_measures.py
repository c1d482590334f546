"""What is carried through a serial system at once: its cost, and the means that make it up."""

from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Measures:
    """Linear measures of x_1..x_N, the inventory of each echelon: sum of `holding[m, j]` x_j + `shortage[m]` x_1-.

    `step_at_zero[m]` is the step of a measure that counts the time with x_1 < 0 (-1), or 0.
    """

    holding: FloatArray
    shortage: FloatArray
    step_at_zero: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Sweep:
    """Echelon base-stock levels, the expected value of each measure under them, and how far the first may be off."""

    levels: FloatArray
    values: FloatArray
    error: float


def measures_of(echelon_holding_cost: FloatArray, penalty_cost: float) -> Measures:
    """The cost; the backorders; the share of time with backorders; and the mean inventory of each echelon."""
    stages = echelon_holding_cost.size
    holding = np.vstack([echelon_holding_cost, np.zeros((2, stages)), np.eye(stages)])
    shortage = np.zeros(stages + 3)
    shortage[0], shortage[1] = penalty_cost + echelon_holding_cost.sum(), 1.0
    step = np.zeros(stages + 3)
    step[2] = -1.0
    return Measures(holding, shortage, step)
