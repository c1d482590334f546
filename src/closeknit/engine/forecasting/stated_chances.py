"""What people state ("70 %, a third more") held against what happened: their score, and what the next one is worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, same_shape, whole_number
from closeknit.engine.errors import EngineInputError

LARGEST_RATIO = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class StatedScore:
    """How good stated chances were. Shares are 0..1; arrays are one value per bin that holds any (B).

    `brier_score`: 0 is perfect; `reference_brier_score`: of always stating what happened on average; `mean_stated` and
    `mean_happened`; per bin `bin_from`, `bin_count`, `bin_stated`, `bin_happened` (the reliability diagram).
    """

    count: int
    brier_score: float
    reference_brier_score: float
    mean_stated: float
    mean_happened: float
    bin_from: FloatArray
    bin_count: IntArray
    bin_stated: FloatArray
    bin_happened: FloatArray


def score_stated_chances(stated: ArrayLike, happened: ArrayLike, n_bins: int = 5) -> StatedScore:
    """Score stated chances against what happened: Brier score and reliability by bins.

    `stated` (p, [n], 0..1): the chances stated; `happened` (h, [n], 0..1): the share that happened, mostly 0 or 1;
    `n_bins`: bins of equal width over 0..1. Formula: mean (p - h)^2; the reference states mean h always. Validity: at
    least one; below some twenty the score says little. Source: Brier, Monthly Weather Review 78 (1950).

    >>> score = score_stated_chances([0.9, 0.9, 0.2, 0.2], [1.0, 0.0, 0.0, 0.0])
    >>> round(score.brier_score, 3), score.reference_brier_score
    (0.225, 0.1875)
    >>> score.bin_happened.tolist()
    [0.0, 0.5]
    """
    chance, outcome = _pairs(stated, happened)
    if chance.size == 0:
        raise EngineInputError("stated is empty: give at least one statement that was settled")
    bins = whole_number("n_bins", n_bins, minimum=1, maximum=100)
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    used = count > 0
    mean_happened = float(np.mean(outcome))
    return StatedScore(
        count=int(chance.size),
        brier_score=float(np.mean((chance - outcome) ** 2)),
        reference_brier_score=float(np.mean((mean_happened - outcome) ** 2)),
        mean_stated=float(np.mean(chance)),
        mean_happened=mean_happened,
        bin_from=frozen(np.flatnonzero(used) / bins),
        bin_count=frozen(count[used].astype(np.int64)),
        bin_stated=frozen((np.bincount(place, chance, bins)[used]) / count[used]),
        bin_happened=frozen((np.bincount(place, outcome, bins)[used]) / count[used]),
    )


def calibrate_chances(
    chances: ArrayLike,
    stated: ArrayLike,
    happened: ArrayLike,
    prior_weight: float = 6.0,
    nearness_share: float = 0.3,
) -> FloatArray:
    """Return what stated chances are worth, by the record of who states them.

    `chances` (p, any shape, 0..1): the new statements; `stated`, `happened` (p_i, h_i, [n], 0..1): the settled ones;
    `prior_weight` (k > 0): how many settled statements the word alone is worth; `nearness_share` (d > 0): statements
    further than this from p count nothing, nearer ones w_i = 1 - |p_i - p| / d. Formula: p + sum w_i (h_i - p_i) / (k +
    sum w_i), within 0..1. Where all p_i equal p this is (k p + sum h_i) / (k + n): the mean of a beta distribution with
    k p and k (1 - p) before, and the outcomes after. Without a record, p itself. Validity: one outcome says nothing of
    another. Source: Gelman et al., *Bayesian Data Analysis* (2013), 2.4, with neighbours weighted.

    >>> calibrate_chances([0.8], [0.8] * 6, [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]).round(3).tolist()
    [0.567]
    >>> calibrate_chances([0.8], [], []).tolist()
    [0.8]
    """
    new = numbers("chances", chances, minimum=0.0, maximum=1.0)
    chance, outcome = _pairs(stated, happened)
    weight = _positive("prior_weight", prior_weight)
    width = _positive("nearness_share", nearness_share)
    near = np.maximum(1.0 - np.abs(chance - new[..., None]) / width, 0.0)
    moved = new + (near * (outcome - chance)).sum(axis=-1) / (weight + near.sum(axis=-1))
    return frozen(np.clip(moved, 0.0, 1.0))


def shrunk_size_ratio(stated_size: ArrayLike, actual_size: ArrayLike, prior_weight: float = 6.0) -> float:
    """Return by how much to multiply sizes that somebody states, by the sizes of what did happen.

    `stated_size` (s_i > 0, [n]) and `actual_size` (a_i, [n]), in one unit per pair; `prior_weight` (k > 0): how many
    settled statements the word alone is worth. Formula: (k + sum min(max(a_i / s_i, 0), 3)) / (k + n). Validity: ratios
    are bounded, so that one wild outcome does not rule. Source: the same shrinkage as `calibrate_chances`.

    >>> shrunk_size_ratio([0.4, 0.4], [0.2, 0.2], prior_weight=2.0)
    0.75
    """
    said = numbers("stated_size", stated_size, above=0.0, ndim=1)
    came = numbers("actual_size", actual_size, ndim=1)
    same_shape([("actual_size", came)], said.shape, "one per stated size")
    weight = _positive("prior_weight", prior_weight)
    ratios = np.clip(came / said, 0.0, LARGEST_RATIO)
    return float((weight + ratios.sum()) / (weight + said.size))


def _pairs(stated: ArrayLike, happened: ArrayLike) -> tuple[FloatArray, FloatArray]:
    chance = numbers("stated", stated, minimum=0.0, maximum=1.0, ndim=1)
    outcome = numbers("happened", happened, minimum=0.0, maximum=1.0, ndim=1)
    same_shape([("happened", outcome)], chance.shape, "one per stated chance")
    return chance, outcome


def _positive(name: str, value: float) -> float:
    return float(numbers(name, value, above=0.0, ndim=0))
