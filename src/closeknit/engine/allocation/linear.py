"""A guarded door to HiGHS: sparse arrays in, a proven optimum with duals out.

HiGHS itself accepts NaN costs and answers "Optimal"; this door refuses them. highspy and ortools cannot
live in one process, so highspy is imported on first use and ortools nowhere.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from closeknit.engine.checks import FloatArray, frozen, numbers, same_shape
from closeknit.engine.errors import EngineInputError, EngineSolverError


@dataclass(frozen=True, slots=True, eq=False)
class LinearSolution:
    """An optimal basic solution. `row_dual` is the change of cost per unit of the row's active bound."""

    x: FloatArray
    cost: float
    row_dual: FloatArray
    reduced_cost: FloatArray


def solve_linear_program(
    cost: ArrayLike,
    matrix: sparse.spmatrix | sparse.sparray | ArrayLike,
    row_lower: ArrayLike,
    row_upper: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
) -> LinearSolution:
    """Minimise cost @ x with row_lower <= matrix @ x <= row_upper and lower <= x <= upper.

    Bounds may be infinite on their open side; everything else must be finite.

    >>> matrix = [[1, 0], [0, 2], [3, 2]]
    >>> solve_linear_program([-3.0, -5.0], matrix, -np.inf, [4.0, 12.0, 18.0], 0.0, np.inf).cost
    -36.0
    """
    costs = numbers("cost", cost, ndim=1)
    columns = sparse.csc_array(matrix if sparse.issparse(matrix) else numbers("matrix", matrix, ndim=2))
    columns.data[:] = numbers("matrix", columns.data)
    rows = columns.shape[0]
    if columns.shape[1] != costs.size:
        raise EngineInputError(f"matrix has {columns.shape[1]} columns: give {costs.size}, one per cost")
    bounds = (
        _bound("row_lower", row_lower, rows, -np.inf),
        _bound("row_upper", row_upper, rows, np.inf),
        _bound("lower", lower, costs.size, -np.inf),
        _bound("upper", upper, costs.size, np.inf),
    )
    model = Model(costs, columns, *bounds)
    solution = model.solve()
    if solution is None:
        raise EngineSolverError("the linear program has no feasible point: no values satisfy all rows and bounds")
    return solution


class Model:
    """One program held in HiGHS, so that a changed bound is re-solved from the last basis."""

    def __init__(
        self,
        cost: FloatArray,
        matrix: sparse.csc_array,
        row_lower: FloatArray,
        row_upper: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        solver: str = "simplex",
    ) -> None:
        """`solver`: "simplex", or "ipm" for the interior point without a crossover to a corner."""
        import highspy

        self._highspy = highspy
        new: Any = highspy.Highs
        self._highs: Any = new()
        for option, value in (
            ("output_flag", False),
            ("threads", 1),
            ("parallel", "off"),
            ("random_seed", 0),
            ("solver", solver),
            ("run_crossover", "off" if solver == "ipm" else "on"),
            ("primal_feasibility_tolerance", 1e-9),
            ("dual_feasibility_tolerance", 1e-9),
        ):
            self._highs.setOptionValue(option, value)
        # Arrays straight in: filling a HighsLp goes over every number one by one.
        rows, columns = matrix.shape
        status = self._highs.passModel(
            columns,
            rows,
            matrix.nnz,
            highspy.MatrixFormat.kColwise.value,
            highspy.ObjSense.kMinimize.value,
            0.0,
            *(np.ascontiguousarray(each, dtype=np.float64) for each in (cost, lower, upper, row_lower, row_upper)),
            *(np.ascontiguousarray(each, dtype=np.int32) for each in (matrix.indptr, matrix.indices)),
            np.ascontiguousarray(matrix.data, dtype=np.float64),
            np.full(columns, highspy.HighsVarType.kContinuous.value, dtype=np.int32),
        )
        if status != highspy.HighsStatus.kOk:
            raise EngineSolverError(f"HiGHS did not take the program as given ({status.name})")

    def set_column_bounds(self, column: int, lower: float, upper: float) -> None:
        """Change one variable's bounds before the next `solve`."""
        self._highs.changeColBounds(column, lower, upper)

    def solve(self) -> LinearSolution | None:
        """The optimum, or None when no point is feasible."""
        self._highs.run()
        status = self._highs.getModelStatus()
        known = self._highspy.HighsModelStatus
        if status == known.kInfeasible:
            return None
        # HiGHS calls a program without rows and columns "empty"; its optimum is 0
        if status not in (known.kOptimal, known.kModelEmpty):
            raise EngineSolverError(f"HiGHS stopped without an optimum: {self._highs.modelStatusToString(status)}")
        found = self._highs.getSolution()
        return LinearSolution(
            x=frozen(np.array(found.col_value, dtype=np.float64)),
            cost=float(self._highs.getInfo().objective_function_value),
            row_dual=frozen(np.array(found.row_dual, dtype=np.float64)),
            reduced_cost=frozen(np.array(found.col_dual, dtype=np.float64)),
        )


def _bound(name: str, value: ArrayLike, size: int, open_side: float) -> FloatArray:
    raw = np.asarray(value)
    if raw.dtype.kind not in "iuf":
        raise EngineInputError(f"{name} must be plain numbers (or {open_side} for no bound)")
    unbounded = raw == open_side
    checked = np.where(unbounded, open_side, numbers(name, np.where(unbounded, 0.0, raw)))
    if checked.ndim == 0:
        return np.full(size, float(checked))
    same_shape([(name, checked)], (size,), "one per row of the matrix or per cost")
    return checked
