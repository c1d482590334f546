"""The symmetric system behind reconciliation where groupings cross: one row per sum, solved directly."""

from typing import Any

import numpy as np
from scipy import linalg, sparse
from scipy.sparse import linalg as sparse_linalg

from closeknit.engine.checks import BoolArray, FloatArray
from closeknit.engine.errors import EngineInputError, EngineSolverError
from closeknit.engine.forecasting.hierarchy import Hierarchy

_DENSE_ROWS = 3000
_DENSE_SHARE = 0.1
_REFINEMENTS = 2
_ROUNDING = 1e-7
_TRIES_OF_ALL = 5
_LONGEST = 10_000


class SumSolver:
    """K = W_u + A W_l A' factored: K price = what the sums ask beyond their leaves, leaf = base + W_l A' price."""

    def __init__(self, hierarchy: Hierarchy, variances: FloatArray) -> None:
        """Build and factor the system for one set of variances."""
        self.members = hierarchy.members
        self.turned = hierarchy.members.T.tocsr()
        self.uppers, self.leaf_nodes = hierarchy.uppers, hierarchy.leaves
        self.upper_variances, self.leaf_variances = variances[self.uppers], variances[self.leaf_nodes]
        system = (self.members * self.leaf_variances[None, :]) @ self.turned + sparse.diags_array(self.upper_variances)
        size = system.diagonal()
        # A sum that is certain, like all below it, has no say.
        self.has_say = size > 0.0
        if np.any(self.has_say & (self.upper_variances == 0.0)):
            node = int(self.uppers[np.argmax(self.has_say & (self.upper_variances == 0.0))])
            raise EngineInputError(
                f"variances[{node}] is 0 for a sum whose leaves are not certain: where groupings cross give it a "
                "positive variance, for certain sums may contradict each other"
            )
        self.scale = 1.0 / np.sqrt(np.where(self.has_say, size, 1.0))
        scaled = sparse.diags_array(self.scale) @ system @ sparse.diags_array(self.scale)
        try:
            self._solve = _factored(scaled + sparse.diags_array((~self.has_say).astype(np.float64)))
        except (linalg.LinAlgError, RuntimeError) as error:
            raise EngineSolverError(
                "reconciliation has no single answer in these digits: sums over the same leaves are nearly certain; "
                "give less extreme variances"
            ) from error

    def times(self, price: FloatArray) -> FloatArray:
        """K price."""
        beneath: FloatArray = self.members @ (self.leaf_variances[:, None] * (self.turned @ price))
        return beneath + self.upper_variances[:, None] * price

    def price(self, asked: FloatArray) -> FloatArray:
        """K^-1 of columns [sum, column], solved again for what is left."""
        wanted = np.where(self.has_say[:, None], asked, 0.0)
        price = self._once(wanted)
        for _ in range(_REFINEMENTS):
            left = np.where(self.has_say[:, None], wanted - self.times(price), 0.0)
            price = price + self._once(left)
        self.refuse_unsettled(wanted, wanted - self.times(price))
        return price

    def refuse_unsettled(self, wanted: FloatArray, left: FloatArray) -> None:
        """Raise where what is left of a solved system is no rounding error."""
        size = self.scale[:, None]
        limit = _ROUNDING * np.abs(size * wanted).max(axis=0, initial=0.0)
        if np.any(self.has_say[:, None] & (np.abs(size * left) > limit)):
            raise EngineSolverError(
                "reconciliation lost its digits: sums over nearly the same leaves are nearly certain; give "
                "less extreme variances"
            )

    def leaves(self, base: FloatArray) -> FloatArray:
        """Reconciled leaves [leaf, period]."""
        bottom = base[self.leaf_nodes]
        asked = base[self.uppers] - self.members @ bottom
        result: FloatArray = bottom + self.leaf_variances[:, None] * (self.turned @ self.price(asked))
        return result

    def _once(self, asked: FloatArray) -> FloatArray:
        if asked.size == 0:
            return asked
        result: FloatArray = self.scale[:, None] * self._solve(self.scale[:, None] * asked)
        return result


def _factored(system: Any) -> Any:
    rows = system.shape[0]
    if rows == 0:
        return lambda asked: asked
    if rows <= _DENSE_ROWS and (rows <= 200 or system.nnz > _DENSE_SHARE * rows * rows):
        factor = linalg.cho_factor(system.toarray(), lower=True)
        return lambda asked: linalg.cho_solve(factor, asked)
    options = {"SymmetricMode": True}
    return sparse_linalg.splu(system.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options=options).solve


def above_zero(base: FloatArray, hierarchy: Hierarchy, variances: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Leaves of one period under leaves >= 0, and which are held at zero: block principal pivoting.

    All leaves on the wrong side change sides at once; when that stops helping, only the last one does, which ends.
    """
    leaf_nodes, turned = hierarchy.leaves, hierarchy.members.T.tocsr()
    own = variances[leaf_nodes]
    held = np.zeros(leaf_nodes.size, dtype=np.bool_)
    fewest, tries = leaf_nodes.size + 1, _TRIES_OF_ALL
    scale = max(float(np.abs(base).max()), 1e-300)
    for _ in range(_LONGEST):
        tied, spread = base[:, None].copy(), variances.copy()
        tied[leaf_nodes[held]], spread[leaf_nodes[held]] = 0.0, 0.0
        solver = SumSolver(hierarchy, spread)
        price = solver.price(tied[hierarchy.uppers] - hierarchy.members @ tied[leaf_nodes])
        push = (turned @ price)[:, 0] * own
        wish = base[leaf_nodes] + push
        wrong = np.where(held, wish > 1e-12 * scale, tied[leaf_nodes, 0] + push < 0.0) & (~held | (own > 0.0))
        count = int(np.count_nonzero(wrong))
        if count == 0:
            return np.where(held, 0.0, np.maximum(tied[leaf_nodes, 0] + push, 0.0)), held
        if count < fewest:
            fewest, tries = count, _TRIES_OF_ALL
        elif tries > 0:
            tries -= 1
        else:
            wrong = np.arange(wrong.size) == np.flatnonzero(wrong)[-1]
        held = held ^ wrong
    raise EngineSolverError("reconciliation above zero did not settle: give less extreme variances")
