"""Reconciliation that knows which errors go together, for any number of series: low rank plus diagonal."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import linalg

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, rising_levels
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.above_zero import errors_above_zero
from closeknit.engine.forecasting.hierarchy import Hierarchy
from closeknit.engine.forecasting.hierarchy_solver import SumSolver
from closeknit.engine.forecasting.reconciliation import Reconciliation, base_of, from_leaves, reconcile
from closeknit.engine.forecasting.spread import empirical_quantiles

LEAST_SHRINKAGE = 1e-4
"""Fewer past errors than nodes say nothing about most directions: some diagonal is always kept."""
_REFINEMENTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class ReconciliationByErrors:
    """A `Reconciliation` and the `shrinkage` (lambda, 0..1) of the error covariance towards its diagonal."""

    reconciled: Reconciliation
    shrinkage: float


@dataclass(frozen=True, slots=True, eq=False)
class CoherentQuantiles:
    """Reconciled `mean` [node, period], and `quantiles` [level, node, period] of samples that add up.

    Quantiles themselves don't add up, and must not: errors of parts partly cancel in their sum. `error_samples`
    [node, past]: the past errors after reconciliation, of which every column adds up.
    """

    mean: FloatArray
    quantile_levels: FloatArray
    quantiles: FloatArray
    error_samples: FloatArray


def shrinkage_intensity(residuals: ArrayLike) -> float:
    """How far a covariance from few errors should shrink to its diagonal: Schaefer and Strimmer's intensity, 0..1.

    Parameters: `residuals` [node, past] (e, errors around 0, at least two per node).
    Formula: lambda = sum of Var(r_ij) over sum of r_ij^2, i != j, of the correlations r, computed from Gram matrices
    of past by past: no matrix of node by node is made. Nodes without any error are left out.
    Source: Schaefer and Strimmer, Statistical Applications in Genetics and Molecular Biology 4 (2005), article 32.

    >>> round(shrinkage_intensity([[1.0, -1.0, 2.0, -2.0, 1.0], [1.0, -2.0, 2.0, -1.0, 1.0]]), 3)
    0.075
    """
    return _intensity(_errors("residuals", residuals))


def reconcile_by_errors(
    base: ArrayLike,
    hierarchy: Hierarchy,
    residuals: ArrayLike,
    *,
    shrinkage: float | None = None,
    non_negative: bool = False,
) -> ReconciliationByErrors:
    """Forecasts that add up with the least total error variance, given how past errors went together (MinT).

    Parameters: `base` [node, period]; `hierarchy`; `residuals` [node, past]: past errors (actual minus forecast) of the
    same forecasts at the same times; `shrinkage` in (0, 1]: None estimates it (`shrinkage_intensity`, at least 1e-4);
    `non_negative` adds y~ >= 0 at leaves to the same minimum.
    Formula: y~ = y^ - W C' (C W C')^-1 C y^ with C the sums minus their leaves, and
    W = lambda diag(E E'/T) + (1 - lambda) E E'/T. The second part has rank T: C W C' is solved by Woodbury's identity
    on the first, and again for what is left. Memory grows with node x past; no matrix of node by node is made.
    Validity: unbiased base forecasts; one covariance up to a factor for all distances ahead.
    Source: Wickramasuriya, Athanasopoulos and Hyndman, JASA 114 (2019).

    >>> from closeknit.engine.forecasting.hierarchy import hierarchy_of_parents
    >>> tree = hierarchy_of_parents([-1, 0, 0])
    >>> past = [[2.0, -2.0, 2.0, -2.0], [1.0, -1.0, -1.0, 1.0], [1.0, 1.0, -1.0, -1.0]]
    >>> got = reconcile_by_errors([[100.0], [40.0], [50.0]], tree, past, shrinkage=1.0)
    >>> got.reconciled.values[:, 0].round(3).tolist()
    [93.333, 41.667, 51.667]
    """
    given, errors = base_of(base, hierarchy), _errors("residuals", residuals)
    if errors.shape[0] != hierarchy.node_count:
        raise EngineInputError(f"residuals has {errors.shape[0]} rows: give {hierarchy.node_count}, one per node")
    kept = _shrinkage(errors, shrinkage)
    leaves = _minimum_trace(given, hierarchy, errors, kept)
    held = np.zeros(leaves.shape, dtype=np.bool_)
    if non_negative:
        diagonal = kept * np.mean(errors**2, axis=1)
        factor = np.sqrt((1.0 - kept) / errors.shape[1]) * errors
        for period in np.flatnonzero((leaves < 0.0).any(axis=0)):
            found = errors_above_zero(given[:, period], hierarchy, diagonal, factor)
            leaves[:, period], held[:, period] = found
    return ReconciliationByErrors(from_leaves(given, hierarchy, leaves, held), kept)


def reconcile_quantiles(
    base: ArrayLike,
    hierarchy: Hierarchy,
    residuals: ArrayLike,
    quantile_levels: ArrayLike,
    *,
    variances: ArrayLike | None = None,
    shrinkage: float | None = None,
    spread_factors: ArrayLike = 1.0,
) -> CoherentQuantiles:
    """Quantiles of every node from past errors that happened together, reconciled as the forecasts are.

    Parameters: `base`, `hierarchy`, `residuals`, `shrinkage` as `reconcile_by_errors`; `variances` [node]: reconcile by
    these instead; `quantile_levels` rising in (0, 1); `spread_factors` [period] or one: how much wider errors are at
    each period ahead than the residuals.
    Formula: each column of past errors is reconciled by the map that the forecasts go through and added to the
    reconciled mean; a node's quantiles are those of its column values, at place p (T + 1). Every sample adds up, so
    what parts share stays in the sum and what they don't share cancels. Nothing is drawn at random.
    Validity: errors ahead resemble the past ones up to `spread_factors`; beyond 1/(T + 1) the ends are extremes seen.
    Source: Panagiotelis, Gamakumara, Athanasopoulos and Hyndman, EJOR 306 (2023).

    >>> from closeknit.engine.forecasting.hierarchy import hierarchy_of_parents
    >>> tree = hierarchy_of_parents([-1, 0, 0])
    >>> past = [[0.0, 0.0, 0.0], [-1.0, 0.0, 1.0], [1.0, 0.0, -1.0]]
    >>> reconcile_quantiles([[9.0], [4.0], [5.0]], tree, past, [0.25, 0.75], variances=[1, 1, 1]).quantiles[1].tolist()
    [[9.0], [5.0], [6.0]]
    """
    given, errors = base_of(base, hierarchy), _errors("residuals", residuals)
    levels = rising_levels("quantile_levels", quantile_levels)
    factors = numbers("spread_factors", spread_factors, minimum=0.0)
    if factors.shape not in ((), (given.shape[1],)):
        raise EngineInputError(
            f"spread_factors has shape {factors.shape}: give one, or {given.shape[1]}, one per period"
        )
    both = np.concatenate([given, _matching(errors, hierarchy)], axis=1)
    if variances is None:
        leaves = _minimum_trace(both, hierarchy, errors, _shrinkage(errors, shrinkage))
        together = from_leaves(both, hierarchy, leaves, np.zeros(leaves.shape, dtype=np.bool_)).values
    else:
        together = reconcile(both, hierarchy, variances).values
    mean, samples = together[:, : given.shape[1]].copy(), together[:, given.shape[1] :].copy()
    offsets, _ = empirical_quantiles(samples, levels)
    quantiles = mean[None] + offsets[:, :, None] * factors
    return CoherentQuantiles(frozen(mean), frozen(levels), frozen(quantiles), frozen(samples))


def _errors(name: str, residuals: ArrayLike) -> FloatArray:
    errors = numbers(name, residuals, ndim=2, missing_allowed=True)
    refuse_where(np.isnan(errors), name, errors, "leave out past periods in which any node lacks its error")
    if errors.shape[1] < 2:
        raise EngineInputError(f"{name} has {errors.shape[1]} past errors per node: give at least 2")
    return errors


def _matching(errors: FloatArray, hierarchy: Hierarchy) -> FloatArray:
    if errors.shape[0] != hierarchy.node_count:
        raise EngineInputError(f"residuals has {errors.shape[0]} rows: give {hierarchy.node_count}, one per node")
    return errors


def _shrinkage(errors: FloatArray, asked: float | None) -> float:
    if asked is None:
        return max(_intensity(errors), LEAST_SHRINKAGE)
    return float(numbers("shrinkage", asked, above=0.0, maximum=1.0, ndim=0))


def _intensity(errors: FloatArray) -> float:
    past = errors.shape[1]
    size = np.sqrt(np.mean(errors**2, axis=1))
    scaled = errors[size > 0.0] / size[size > 0.0, None]
    gram = scaled.T @ scaled
    products = float(np.sum(gram**2)) - scaled.shape[0] * past**2
    squares = scaled**2
    fourth = float(np.sum(squares.sum(axis=0) ** 2) - np.sum(squares**2))
    # no two nodes whose errors ever met
    if scaled.shape[0] < 2 or products <= 1e-12 * float(np.sum(gram**2)):
        return 1.0
    # sum of Var(r_ij) over sum of r_ij^2
    noise = (fourth - products / past) / (past * (past - 1))
    return float(np.clip(noise / (products / past**2), 0.0, 1.0))


def _minimum_trace(base: FloatArray, hierarchy: Hierarchy, errors: FloatArray, shrinkage: float) -> FloatArray:
    """Reconciled leaves [leaf, period]."""
    variances = np.mean(errors**2, axis=1)
    _refuse_certain_sums(variances, hierarchy, errors)
    solver = SumSolver(hierarchy, shrinkage * variances)
    weight = np.sqrt((1.0 - shrinkage) / errors.shape[1])
    own = weight * errors[hierarchy.leaves]
    crossing = weight * errors[hierarchy.uppers] - hierarchy.members @ own
    asked = base[hierarchy.uppers] - hierarchy.members @ base[hierarchy.leaves]
    asked = np.where(solver.has_say[:, None], asked, 0.0)
    solved = solver.price(crossing)
    inner = linalg.cho_factor(np.eye(errors.shape[1]) + crossing.T @ solved, lower=True)

    def once(left: FloatArray) -> FloatArray:
        first = solver.price(left)
        result: FloatArray = first - solved @ linalg.cho_solve(inner, crossing.T @ first)
        return result

    price = once(asked)
    for _ in range(_REFINEMENTS):
        price = price + once(asked - solver.times(price) - crossing @ (crossing.T @ price))
    solver.refuse_unsettled(asked, asked - solver.times(price) - crossing @ (crossing.T @ price))
    alone = solver.leaf_variances[:, None] * (solver.turned @ price)
    result: FloatArray = base[hierarchy.leaves] + alone - own @ (crossing.T @ price)
    return result


def _refuse_certain_sums(variances: FloatArray, hierarchy: Hierarchy, errors: FloatArray) -> None:
    beneath = np.zeros(variances.size)
    beneath[hierarchy.uppers] = hierarchy.members @ variances[hierarchy.leaves]
    bad = np.broadcast_to(((variances == 0.0) & (beneath > 0.0))[:, None], errors.shape)
    refuse_where(bad, "residuals", errors, "a sum with no error at all over parts with errors; give its own errors")
