"""How often records of one thing, and of different things, agree: estimated from pairs whose truth nobody told."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError
from closeknit.engine.matching.weights import MOST_BITS, checked_levels

LEAST_SHARE = 1e-6


@dataclass(frozen=True, slots=True)
class MatchModel:
    """Shares of each level of each field among matches (m) and by chance (u), their weights, and the prior.

    `prior_share` is per pair drawn at random. Cells beyond a field's levels hold 0. `converged` is False where the
    last step still moved a share by more than the tolerance: then use the model with care, or not.
    """

    match_shares: FloatArray
    chance_shares: FloatArray
    weight_bits: FloatArray
    prior_share: float
    matches: float
    iterations: int
    converged: bool


def chance_shares(levels: ArrayLike, n_levels: ArrayLike, pseudo_count: float = 0.5) -> FloatArray:
    r"""Return how often pairs drawn at random reach each level of each field.

    Args:
        levels: level of agreement per random pair and field, 0 is best, -1 where silent, shape (pairs, fields).
        n_levels: number of levels of each field, shape (fields,).
        pseudo_count: added to each level's count, so that what was never seen has a small chance; above 0.

    Formula:
        $u_{f,l} = (n_{f,l} + c) / \sum_l (n_{f,l} + c)$.

    Validity: nearly all random pairs are of different things, as in any large set of records.

    Source: Winkler, Overview of Record Linkage, US Census (2006), section 2.4.

    >>> chance_shares([[0], [1], [1], [-1]], [2]).round(3).tolist()
    [[0.375, 0.625]]
    """
    count = _level_counts(n_levels)
    picked = checked_levels(levels, count)
    extra = float(numbers("pseudo_count", pseudo_count, above=0.0, ndim=0))
    shares: FloatArray = frozen(_shares(_tally(picked, np.ones(picked.shape[0]), count), count, extra))
    return shares


def fit_match_model(
    levels: ArrayLike,
    pair_counts: ArrayLike,
    chance: ArrayLike,
    n_levels: ArrayLike,
    random_pairs: float,
    *,
    start_prior_share: float | None = None,
    max_iterations: int = 200,
    tolerance: float = 1e-6,
) -> MatchModel:
    r"""Estimate by EM how often records of one thing reach each level, and how rare matches are among random pairs.

    Args:
        levels: distinct patterns of levels among the pairs compared, -1 where silent, shape (patterns, fields).
        pair_counts: how many pairs compared show each pattern, shape (patterns,); symbol n.
        chance: shares of levels by chance, held fixed, shape (fields, levels); symbol u.
        n_levels: number of levels of each field, shape (fields,).
        random_pairs: how many pairs there are in all, compared or not; symbol N.
        start_prior_share: where to start; by default one pair in a hundred of those compared is a match.
        max_iterations, tolerance: when to stop.

    Formula:
        E: $g = \lambda\prod m / (\lambda\prod m + (1-\lambda)\prod u)$; M: $m_{f,l} = \sum n g [l] / \sum n g$,
        $\lambda = \sum n g / N$. Pairs not compared count as no matches, so the prior is per random pair: estimated
        among compared pairs alone it would merge by the thousands.

    Validity: fields independent given match or not; blocking that loses few matches; level 0 is the best.

    Source: Winkler, Using the EM Algorithm for Weight Computation, US Census (2000).

    >>> patterns = [[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0], [1, 0, 1], [1, 1, 0]]
    >>> chance = [[0.001, 0.999], [0.002, 0.998], [0.005, 0.995]]
    >>> model = fit_match_model(patterns, [68, 8, 18, 101, 5, 203, 500], chance, [2, 2, 2], 1e5)
    >>> model.converged, round(model.matches)
    (True, 101)
    """
    count = _level_counts(n_levels)
    picked = checked_levels(levels, count)
    weight = numbers("pair_counts", pair_counts, minimum=0.0, ndim=1)
    if weight.size != picked.shape[0] or not weight.sum() > 0:
        raise EngineInputError(
            f"pair_counts has {weight.size} entries: give one for each of {picked.shape[0]} patterns"
        )
    u = _checked_chance(chance, count)
    total = float(numbers("random_pairs", random_pairs, minimum=max(2.0, float(weight.sum())), ndim=0))
    given = 0.01 * weight.sum() / total if start_prior_share is None else start_prior_share
    prior = float(numbers("start_prior_share", given, above=0.0, below=1.0, ndim=0))
    limit = int(whole_numbers("max_iterations", max_iterations, minimum=1))
    near = float(numbers("tolerance", tolerance, above=0.0, ndim=0))
    m = _start(count)
    by_chance = _log_chance(picked, u)
    moved, done, steps = np.inf, 0.0, 0
    while moved > near and steps < limit:
        odds = np.log(prior / (1.0 - prior)) + _log_chance(picked, m) - by_chance
        belief = weight / (1.0 + np.exp(-np.clip(odds, -500, 500)))
        done = float(belief.sum())
        fresh = _shares(_tally(picked, belief, count), count, LEAST_SHARE)
        moved = float(np.abs(fresh - m).max())
        m, prior = fresh, min(max(done / total, 1e-15), 0.5)
        steps += 1
    inside = _inside(count)
    bits = np.zeros_like(m)
    bits[inside] = np.clip(np.log2(m[inside] / u[inside]), -MOST_BITS, MOST_BITS)
    return MatchModel(frozen(m), frozen(u), frozen(bits), prior, done, steps, moved <= near)


def _level_counts(n_levels: ArrayLike) -> IntArray:
    count: IntArray = whole_numbers("n_levels", n_levels, minimum=2, maximum=50)
    if count.ndim != 1 or not count.size:
        raise EngineInputError("n_levels is no list of numbers: give one number of levels for each field")
    return count


def _inside(count: IntArray) -> NDArray[np.bool_]:
    return np.asarray(np.arange(count.max())[None, :] < count[:, None])


def _checked_chance(chance: ArrayLike, count: IntArray) -> FloatArray:
    u = numbers("chance", chance, minimum=0.0, maximum=1.0, ndim=2)
    inside = _inside(count)
    if u.shape != inside.shape:
        raise EngineInputError(f"chance has shape {u.shape}: give {inside.shape}, 0 beyond a field's levels")
    refuse_where(inside & (u <= 0.0), "chance", u, "give each level a chance above 0")
    refuse_where(np.abs(u.sum(axis=1) - 1.0) > 1e-6, "sum of chance", u.sum(axis=1), "give shares that add up to 1")
    return u


def _start(count: IntArray) -> FloatArray:
    """Matches mostly reach the best level: nine tenths, the rest shared by the others."""
    m = np.where(_inside(count), 0.1 / (count[:, None] - 1), 0.0)
    m[:, 0] = 0.9
    return np.asarray(m, dtype=np.float64)


def _tally(picked: IntArray, weight: FloatArray, count: IntArray) -> FloatArray:
    width = int(count.max())
    found = np.zeros((count.size, width))
    for field in range(count.size):
        stated = picked[:, field] >= 0
        found[field] = np.bincount(picked[stated, field], weights=weight[stated], minlength=width)
    return found


def _shares(tally: FloatArray, count: IntArray, extra: float) -> FloatArray:
    raised = np.where(_inside(count), tally + extra, 0.0)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float64)


def _log_chance(picked: IntArray, shares: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        logs = np.log(shares)
    found = np.where(picked >= 0, logs[np.arange(shares.shape[0]), np.maximum(picked, 0)], 0.0)
    return np.asarray(found.sum(axis=1), dtype=np.float64)
