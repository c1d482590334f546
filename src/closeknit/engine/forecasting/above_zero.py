"""Reconciliation by past errors with no leaf below zero."""

import numpy as np
from scipy import linalg

from closeknit.engine.checks import BoolArray, FloatArray
from closeknit.engine.errors import EngineSolverError
from closeknit.engine.forecasting.hierarchy import Hierarchy
from closeknit.engine.forecasting.hierarchy_solver import SumSolver

_REFINEMENTS = 2
_TRIES_OF_ALL = 5
_LONGEST = 2_000
_ROUNDING = 1e-10


class _Held:
    """The least squares of one period with some leaves tied to zero, W = diagonal + low rank."""

    def __init__(self, hierarchy: Hierarchy, diagonal: FloatArray, factor: FloatArray, held: BoolArray) -> None:
        """Factor the diagonal part without the held leaves, and Woodbury's inner matrix."""
        tied = diagonal.copy()
        tied[hierarchy.leaves[held]] = 0.0
        self.solver = SumSolver(hierarchy, tied)
        self.held = held
        self.own_variances = diagonal[hierarchy.leaves]
        self.own = factor[hierarchy.leaves]
        self.crossing = factor[hierarchy.uppers] - hierarchy.members @ self.own
        self.both = self._by_diagonal(self.crossing, self.own[held])
        met = self.crossing.T @ self.both[0] + self.own[held].T @ self.both[1]
        self.inner = linalg.cho_factor(np.eye(factor.shape[1]) + met, lower=True)

    def solve(self, asked: FloatArray, base: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Leaves [leaf, 1], and the pull [held, 1] that each held leaf needs to stay at zero: above 0, it should go."""
        price, pull = np.zeros(asked.shape), np.zeros((int(self.held.sum()), 1))
        for _ in range(1 + _REFINEMENTS):
            leaves = self._leaves(price, pull, base)
            met = self.crossing.T @ price + self.own[self.held].T @ pull
            left = asked - self._times(price, pull) - self.crossing @ met
            more = self._once(left, leaves[self.held])
            price, pull = price + more[0], pull + more[1]
        return self._leaves(price, pull, base), pull

    def _leaves(self, price: FloatArray, pull: FloatArray, base: FloatArray) -> FloatArray:
        met = self.crossing.T @ price + self.own[self.held].T @ pull
        leaves: FloatArray = base + self.own_variances[:, None] * (self.solver.turned @ price) - self.own @ met
        leaves[self.held] -= self.own_variances[self.held, None] * pull
        return leaves

    def _times(self, price: FloatArray, pull: FloatArray) -> FloatArray:
        """The diagonal part of the sums' rows, held leaves and all."""
        moved = self.own_variances[:, None] * (self.solver.turned @ price)
        moved[self.held] -= self.own_variances[self.held, None] * pull
        result: FloatArray = self.solver.upper_variances[:, None] * price + self.solver.members @ moved
        return result

    def _by_diagonal(self, sums: FloatArray, tied: FloatArray) -> tuple[FloatArray, FloatArray]:
        whole = np.zeros((self.held.size, sums.shape[1]))
        whole[self.held] = tied
        price = self.solver.price(sums + self.solver.members @ whole)
        pull = tied / self.own_variances[self.held, None] + (self.solver.turned @ price)[self.held]
        return price, pull

    def _once(self, sums: FloatArray, tied: FloatArray) -> tuple[FloatArray, FloatArray]:
        price, pull = self._by_diagonal(sums, tied)
        share = linalg.cho_solve(self.inner, self.crossing.T @ price + self.own[self.held].T @ pull)
        return price - self.both[0] @ share, pull - self.both[1] @ share


def errors_above_zero(
    base: FloatArray, hierarchy: Hierarchy, diagonal: FloatArray, factor: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Leaves of one period under leaves >= 0, and which are held: block principal pivoting.

    W = diag(`diagonal`) + `factor` `factor`'. A leaf without any error stays at its base, or at zero.
    """
    own = diagonal[hierarchy.leaves]
    bottom = np.where((own == 0.0) & (base[hierarchy.leaves] < 0.0), 0.0, base[hierarchy.leaves])
    asked = (base[hierarchy.uppers] - hierarchy.members @ bottom)[:, None]
    held = np.zeros(bottom.size, dtype=np.bool_)
    fewest, tries = bottom.size + 1, _TRIES_OF_ALL
    size = max(float(np.abs(base).max()), 1e-300)
    for _ in range(_LONGEST):
        system = _Held(hierarchy, diagonal, factor, held)
        leaves, pull = system.solve(np.where(system.solver.has_say[:, None], asked, 0.0), bottom[:, None])
        wrong = (leaves[:, 0] < -_ROUNDING * size) & ~held
        wrong[held] = pull[:, 0] * own[held] > _ROUNDING * size
        count = int(np.count_nonzero(wrong))
        if count == 0:
            return np.where(held, 0.0, np.maximum(leaves[:, 0], 0.0)), held
        if count < fewest:
            fewest, tries = count, _TRIES_OF_ALL
        elif tries > 0:
            tries -= 1
        else:
            wrong = np.arange(wrong.size) == np.flatnonzero(wrong)[-1]
        held = held ^ wrong
    raise EngineSolverError("reconciliation above zero did not settle: give a larger shrinkage")
