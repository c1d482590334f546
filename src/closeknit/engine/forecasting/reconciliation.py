"""Forecasts of sums and of their parts, made to agree."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import LARGEST, BoolArray, FloatArray, frozen, numbers
from closeknit.engine.compiled import array, run, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.hierarchy import Hierarchy
from closeknit.engine.forecasting.hierarchy_kernels import reconcile_tree, reconcile_tree_above_zero
from closeknit.engine.forecasting.hierarchy_solver import SumSolver, above_zero


@dataclass(frozen=True, eq=False)
class Reconciliation:
    """Forecasts that add up, and what it took: all [node, period].

    `values`: every sum is the sum of its parts; `base`: what was given. `held` [leaf, period]: the leaves kept at
    zero, without any entry where there are none.
    """

    values: FloatArray
    base: FloatArray
    hierarchy: Hierarchy
    held: BoolArray

    @cached_property
    def adjustments(self) -> FloatArray:
        """Values minus base."""
        return frozen(self.values - self.base)

    @cached_property
    def gaps(self) -> FloatArray:
        """How far the base was from adding up: each sum minus its leaves, 0 at leaves."""
        gaps, tree = np.zeros(self.base.shape), self.hierarchy
        gaps[tree.uppers] = self.base[tree.uppers] - tree.members @ self.base[tree.leaves]
        return frozen(gaps)

    @cached_property
    def is_held(self) -> BoolArray:
        """Whether a leaf was kept at zero."""
        marked = np.zeros(self.base.shape, dtype=np.bool_)
        if self.held.size:
            marked[self.hierarchy.leaves] = self.held
        return frozen(marked)


_NONE_HELD: BoolArray = frozen(np.zeros((0, 0), dtype=np.bool_))


def reconcile(
    base: ArrayLike, hierarchy: Hierarchy, variances: ArrayLike | None = None, *, non_negative: bool = False
) -> Reconciliation:
    """Forecasts nearest to the given ones that add up, where each node resists by how sure it is.

    Parameters: `base` [node, period] (y^, any sign); `hierarchy` (S); `variances` [node] >= 0 (the diagonal of W): the
    error variance of each node's own forecast. None takes the number of leaves below (structural scaling). 0 keeps a
    node as it is; where a sum and all below it are certain, what is below counts.
    Formula: y~ = S (S' W^-1 S)^-1 S' W^-1 y^, which minimises sum (y~ - y^)^2 / W over all y~ that add up. A tree takes
    one pass up and one down, exact, in time linear in the nodes. Where groupings cross, one symmetric system with a row
    per sum is solved directly, and once more for what is left. `non_negative` adds y~ >= 0 at leaves: the same minimum
    under that constraint, not a cut-off.
    Validity: unbiased base forecasts stay unbiased (not under `non_negative`); errors of different nodes are taken as
    uncorrelated: else `reconcile_by_errors`.
    Source: Wickramasuriya, Athanasopoulos and Hyndman, JASA 114 (2019); Athanasopoulos et al., EJOR 262 (2017)
    (structural); Wickramasuriya, Turlach and Hyndman, Statistics and Computing 30 (2020) (non-negative).

    >>> from closeknit.engine.forecasting.hierarchy import hierarchy_of_parents
    >>> got = reconcile([[100.0], [40.0], [50.0]], hierarchy_of_parents([-1, 0, 0]), [2.0, 1.0, 2.0])
    >>> got.values.round(6).tolist(), got.gaps.tolist()
    ([[96.0], [42.0], [54.0]], [[10.0], [0.0], [0.0]])
    """
    if hierarchy.is_tree:
        return _by_tree(base, hierarchy, variances, non_negative)
    given = base_of(base, hierarchy)
    spread = _variances_of(variances, hierarchy)
    solver = SumSolver(hierarchy, spread)
    leaves = solver.leaves(given)
    held = np.zeros(leaves.shape, dtype=np.bool_)
    if non_negative:
        for period in np.flatnonzero((leaves < 0.0).any(axis=0)):
            leaves[:, period], held[:, period] = above_zero(given[:, period], hierarchy, spread)
    return from_leaves(given, hierarchy, leaves, held)


def add_up(leaves: ArrayLike, hierarchy: Hierarchy) -> FloatArray:
    """Every node's total from its leaves [leaf, period]: forecasts bottom-up, or histories; [node, period].

    Formula: y = S leaves. Leaves in the order of `hierarchy.leaves`.

    >>> from closeknit.engine.forecasting.hierarchy import hierarchy_of_parents
    >>> add_up([[40.0], [50.0]], hierarchy_of_parents([-1, 0, 0])).tolist()
    [[90.0], [40.0], [50.0]]
    """
    given = numbers("leaves", leaves, ndim=2)
    if given.shape[0] != hierarchy.leaves.size:
        raise EngineInputError(f"leaves has {given.shape[0]} rows: give {hierarchy.leaves.size}, one per leaf")
    values = np.empty((hierarchy.node_count, given.shape[1]))
    values[hierarchy.leaves], values[hierarchy.uppers] = given, hierarchy.members @ given
    return frozen(values)


def base_of(base: ArrayLike, hierarchy: Hierarchy) -> FloatArray:
    """Base forecasts, checked."""
    return _one_per_node("base", numbers("base", base, ndim=2), hierarchy)


def _variances_of(variances: ArrayLike | None, hierarchy: Hierarchy) -> FloatArray:
    if variances is None:
        return array(hierarchy.leaf_counts)
    return _one_per_node("variances", numbers("variances", variances, minimum=0.0, ndim=1), hierarchy)


def _one_per_node(name: str, given: FloatArray, hierarchy: Hierarchy) -> FloatArray:
    if given.shape[0] != hierarchy.node_count:
        what = "rows" if given.ndim == 2 else "entries"
        raise EngineInputError(f"{name} has {given.shape[0]} {what}: give {hierarchy.node_count}, one per node")
    return given


def from_leaves(base: FloatArray, hierarchy: Hierarchy, leaves: FloatArray, held: BoolArray) -> Reconciliation:
    """The result whose leaves are these."""
    values = np.empty(base.shape)
    values[hierarchy.leaves], values[hierarchy.uppers] = leaves, hierarchy.members @ leaves
    return Reconciliation(frozen(values), frozen(base), hierarchy, frozen(held))


def _by_tree(base: ArrayLike, tree: Hierarchy, variances: ArrayLike | None, non_negative: bool) -> Reconciliation:
    seen, spread = _as_kernels_take_it(base, variances, tree)
    leaves, uppers = tree.places
    (nodes, periods), places = seen.shape, uppers.shape[1] + 1
    given, values = np.empty(seen.shape), np.empty(seen.shape)
    weights, sums = np.zeros((2, places)), np.zeros((2, places, periods))
    flat = seen.reshape(-1), given.reshape(-1)
    work = 12.0 * nodes * (periods + 2)
    if not run(reconcile_tree, work, *flat, given, spread, leaves, uppers, LARGEST, weights, sums, values):
        base_of(base, tree)
        _variances_of(variances, tree)
    held = _NONE_HELD
    if non_negative:
        late = np.flatnonzero((values[tree.leaves] < 0.0).any(axis=0))
        if late.size:
            held = np.zeros((tree.leaves.size, periods), dtype=np.bool_)
            values[:, late], marked = _tree_above_zero(given[:, late], tree, spread)
            held[:, late] = marked[tree.leaves]
            held = frozen(held)
    return Reconciliation(frozen(values), frozen(given), tree, held)


def _as_kernels_take_it(base: ArrayLike, variances: ArrayLike | None, tree: Hierarchy) -> tuple[FloatArray, FloatArray]:
    """Base and variances; of clean arrays the kernel sees whether the numbers are in order."""
    given = base if _is_clean(base, 2) else numbers("base", base, ndim=2)
    spread = variances if _is_clean(variances, 1) else _variances_of(variances, tree)
    return _one_per_node("base", given, tree), _one_per_node("variances", spread, tree)


def _is_clean(given: ArrayLike | None, ndim: int) -> TypeGuard[FloatArray]:
    if not isinstance(given, np.ndarray) or given.dtype != np.float64 or given.ndim != ndim:
        return False
    return bool(given.flags.carray)


def _tree_above_zero(base: FloatArray, tree: Hierarchy, variances: FloatArray) -> tuple[FloatArray, BoolArray]:
    turned = np.ascontiguousarray(base.T)
    known, below, price, values = (np.zeros(turned.shape) for _ in range(4))
    held, rounds = np.zeros(turned.shape, dtype=np.bool_), np.zeros(turned.shape[0], dtype=np.int64)
    # compiled code takes no read-only arrays
    shape = array(tree.order, np.int64), array(tree.parents, np.int64), array(tree.is_leaf, np.bool_), variances
    work = 40.0 * turned.size
    run_in_parts(
        reconcile_tree_above_zero, turned.shape[0], work, turned, *shape, known, below, price, held, values, rounds
    )
    return values.T, held.T
