"""The allocation problem: checked, frozen arrays over cells, claims and overtime budgets."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import (
    FloatArray,
    IntArray,
    frozen,
    numbers,
    refuse_where,
    same_shape,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError

LARGEST_COST = 1e7
"""Largest cost per hour accepted: beyond it HiGHS' tolerances are worth real money."""


@dataclass(frozen=True, slots=True, eq=False)
class AllocationProblem:
    """Hours and costs per hour over cells (pool x period), claims and overtime budgets.

    Cells: `capacity_hours` (regular hours there), `regular_cost_per_hour` (of each regular hour used; 0 when
    the roster is paid anyway), `overtime_cost_per_hour`, `overtime_limit_hours`, `overtime_budget_of_cell`
    (index into `overtime_budget_hours`, or -1). Claims: `claim_cell` (index of its cell), `claim_hours`
    (asked), `claim_minimum_hours` (guaranteed, at most the hours asked), `shortfall_cost_per_hour` (of each
    hour asked and not given). Build it with `AllocationProblem.of`, which fills defaults and checks.
    """

    capacity_hours: FloatArray
    regular_cost_per_hour: FloatArray
    overtime_cost_per_hour: FloatArray
    overtime_limit_hours: FloatArray
    overtime_budget_of_cell: IntArray
    overtime_budget_hours: FloatArray
    claim_cell: IntArray
    claim_hours: FloatArray
    claim_minimum_hours: FloatArray
    shortfall_cost_per_hour: FloatArray

    def __post_init__(self) -> None:
        for name, value in _checked(self).items():
            object.__setattr__(self, name, frozen(value))

    @classmethod
    def of(
        cls,
        *,
        capacity_hours: ArrayLike,
        claim_cell: ArrayLike,
        claim_hours: ArrayLike,
        shortfall_cost_per_hour: ArrayLike,
        claim_minimum_hours: ArrayLike = 0.0,
        regular_cost_per_hour: ArrayLike = 0.0,
        overtime_cost_per_hour: ArrayLike = 0.0,
        overtime_limit_hours: ArrayLike = 0.0,
        overtime_budget_of_cell: ArrayLike = -1,
        overtime_budget_hours: ArrayLike = (),
    ) -> "AllocationProblem":
        """A problem with single numbers spread over cells or claims, and no overtime unless given.

        >>> AllocationProblem.of(
        ...     capacity_hours=[80.0], claim_cell=[0, 0], claim_hours=[60.0, 40.0],
        ...     shortfall_cost_per_hour=9.0,
        ... ).shortfall_cost_per_hour.tolist()
        [9.0, 9.0]
        """
        cells, claims = np.shape(capacity_hours), np.shape(claim_cell)
        return cls(
            capacity_hours=_plain(capacity_hours),
            regular_cost_per_hour=_spread(regular_cost_per_hour, cells),
            overtime_cost_per_hour=_spread(overtime_cost_per_hour, cells),
            overtime_limit_hours=_spread(overtime_limit_hours, cells),
            overtime_budget_of_cell=_spread(overtime_budget_of_cell, cells),
            overtime_budget_hours=_plain(overtime_budget_hours),
            claim_cell=_plain(claim_cell),
            claim_hours=_plain(claim_hours),
            claim_minimum_hours=_spread(claim_minimum_hours, claims),
            shortfall_cost_per_hour=_spread(shortfall_cost_per_hour, claims),
        )

    @property
    def asked_hours(self) -> FloatArray:
        """Hours asked per cell."""
        return self.per_cell(self.claim_hours)

    @property
    def minimum_hours(self) -> FloatArray:
        """Guaranteed hours per cell."""
        return self.per_cell(self.claim_minimum_hours)

    def per_cell(self, of_claim: FloatArray) -> FloatArray:
        """A claim quantity summed per cell."""
        total = np.bincount(self.claim_cell, weights=of_claim, minlength=self.capacity_hours.size)
        return total.astype(np.float64)


def _plain(value: ArrayLike) -> NDArray[Any]:
    # dtype and content are checked in one place, when the problem is built
    return value if isinstance(value, np.ndarray) else np.asarray(value)


def _spread(value: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]:
    array = _plain(value)
    return np.broadcast_to(array, shape) if array.ndim == 0 else array


_HOURS = (
    "capacity_hours",
    "overtime_limit_hours",
    "overtime_budget_hours",
    "claim_hours",
    "claim_minimum_hours",
)
_COSTS = ("regular_cost_per_hour", "overtime_cost_per_hour", "shortfall_cost_per_hour")
_PER_CELL = (
    "regular_cost_per_hour",
    "overtime_cost_per_hour",
    "overtime_limit_hours",
    "overtime_budget_of_cell",
)
_PER_CLAIM = ("claim_hours", "claim_minimum_hours", "shortfall_cost_per_hour")


def _checked(problem: AllocationProblem) -> dict[str, NDArray[Any]]:
    checked: dict[str, NDArray[Any]] = {}
    for name in _HOURS:
        checked[name] = numbers(name, getattr(problem, name), minimum=0.0, ndim=1)
    for name in _COSTS:
        checked[name] = numbers(name, getattr(problem, name), minimum=0.0, maximum=LARGEST_COST, ndim=1)
    cells, budgets = checked["capacity_hours"].size, checked["overtime_budget_hours"].size
    checked["overtime_budget_of_cell"] = whole_numbers(
        "overtime_budget_of_cell", problem.overtime_budget_of_cell, minimum=-1, maximum=budgets - 1, ndim=1
    )
    checked["claim_cell"] = whole_numbers(
        "claim_cell", problem.claim_cell, minimum=0, maximum=max(cells - 1, 0), ndim=1
    )
    same_shape([(name, checked[name]) for name in _PER_CELL], (cells,), "one per cell")
    claims = checked["claim_cell"].shape
    same_shape([(name, checked[name]) for name in _PER_CLAIM], claims, "one per claim")
    if claims[0] and not cells:
        raise EngineInputError("claim_cell names cells, but capacity_hours is empty: give the cells")
    refuse_where(
        checked["claim_minimum_hours"] > checked["claim_hours"],
        "claim_minimum_hours",
        checked["claim_minimum_hours"],
        "give at most claim_hours: a guaranteed minimum cannot exceed what is asked",
    )
    return checked
