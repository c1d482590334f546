"""Forecasts of sums and of their parts, made to agree."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import LARGEST, BoolArray, FloatArray, frozen, numbers
from closeknit.engine.compiled import array, run, run_in_parts
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.hierarchy import Hierarchy
from closeknit.engine.forecasting.hierarchy_kernels import reconcile_tree, reconcile_tree_above_zero
from closeknit.engine.forecasting.hierarchy_solver import SumSolver, above_zero


@dataclass(frozen=True, slots=True, eq=False)
class Reconciliation:
    """Forecasts that add up, and what it took: all [node, period].

    `values`: every sum is the sum of its parts. `adjustments`: values minus base. `gaps`: how far the base was from
    adding up, each sum minus its leaves (0 at leaves). `is_held` marks leaves kept at zero.
    """

    values: FloatArray
    adjustments: FloatArray
    gaps: FloatArray
    is_held: BoolArray


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
    given = base_of(base, hierarchy)
    spread = hierarchy.leaf_counts if variances is None else numbers("variances", variances, minimum=0.0, ndim=1)
    if spread.size != hierarchy.node_count:
        raise EngineInputError(f"variances has {spread.size} entries: give {hierarchy.node_count}, one per node")
    if hierarchy.is_tree:
        return _by_tree(given, hierarchy, np.array(spread), non_negative)
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
    given = _plain(base)
    if given.shape[0] != hierarchy.node_count:
        raise EngineInputError(f"base has {given.shape[0]} rows: give {hierarchy.node_count}, one per node")
    return given


def _plain(base: ArrayLike) -> FloatArray:
    # One look at clean numbers, which costs a third of finding out what is wrong with the others.
    seen = base if isinstance(base, np.ndarray) else None
    if seen is not None and seen.dtype == np.float64 and seen.ndim == 2 and seen.size:
        low, high = float(seen.min()), float(seen.max())
        if low >= -LARGEST and high <= LARGEST:
            return array(seen)
    return numbers("base", base, ndim=2)


def from_leaves(base: FloatArray, hierarchy: Hierarchy, leaves: FloatArray, held: BoolArray) -> Reconciliation:
    """The result whose leaves are these."""
    values, gaps, is_held = np.empty(base.shape), np.zeros(base.shape), np.zeros(base.shape, dtype=np.bool_)
    values[hierarchy.leaves], is_held[hierarchy.leaves] = leaves, held
    values[hierarchy.uppers] = hierarchy.members @ leaves
    gaps[hierarchy.uppers] = base[hierarchy.uppers] - hierarchy.members @ base[hierarchy.leaves]
    return Reconciliation(frozen(values), frozen(values - base), frozen(gaps), frozen(is_held))


def _by_tree(base: FloatArray, tree: Hierarchy, variances: FloatArray, non_negative: bool) -> Reconciliation:
    nodes, periods = base.shape
    price, values, gaps = np.zeros(base.shape), np.zeros(base.shape), np.zeros(base.shape)
    shape = _shape(tree, variances)
    work = 12.0 * nodes * (periods + 2)
    run(reconcile_tree, work, base, *shape, np.zeros(nodes), np.zeros(nodes), price, values, gaps)
    held = np.zeros(base.shape, dtype=np.bool_)
    if non_negative:
        late = np.flatnonzero((values[tree.leaves] < 0.0).any(axis=0))
        if late.size:
            values[:, late], held[:, late] = _tree_above_zero(base[:, late], tree, variances)
    return Reconciliation(frozen(values), frozen(values - base), frozen(gaps), frozen(held))


def _tree_above_zero(base: FloatArray, tree: Hierarchy, variances: FloatArray) -> tuple[FloatArray, BoolArray]:
    turned = np.ascontiguousarray(base.T)
    known, below, price, values = (np.zeros(turned.shape) for _ in range(4))
    held, rounds = np.zeros(turned.shape, dtype=np.bool_), np.zeros(turned.shape[0], dtype=np.int64)
    shape = _shape(tree, variances)
    work = 40.0 * turned.size
    run_in_parts(
        reconcile_tree_above_zero, turned.shape[0], work, turned, *shape, known, below, price, held, values, rounds
    )
    return values.T, held.T


def _shape(tree: Hierarchy, variances: FloatArray) -> tuple[NDArray[Any], ...]:
    # compiled code takes no read-only arrays
    return array(tree.order, np.int64), array(tree.parents, np.int64), array(tree.is_leaf, np.bool_), variances
