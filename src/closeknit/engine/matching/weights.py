"""Fellegi-Sunter weights: how many bits each field says for or against two records being of one thing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.errors import EngineInputError

MISSING = -1
"""The level of a field that one of the two records does not state: it says nothing, 0 bits."""
MOST_BITS = 60.0


@dataclass(frozen=True, slots=True)
class FieldWeights:
    """What agreement and disagreement on each field say, in bits; above 0 for one thing, below 0 against."""

    agree_bits: FloatArray
    disagree_bits: FloatArray


@dataclass(frozen=True, slots=True)
class PairScores:
    """What each field says of each pair, their sum with the prior, and the chance that the two are one thing."""

    term_bits: FloatArray
    total_bits: FloatArray
    probability: FloatArray


def match_weights(match_share: ArrayLike, chance_share: ArrayLike) -> FieldWeights:
    r"""Return the weight of agreement and of disagreement on each field.

    Args:
        match_share: chance that two records of one thing agree on the field, 0 < m < 1, shape (fields,); symbol m.
        chance_share: chance that two records of different things agree on it, 0 < u < 1, shape (fields,); symbol u.

    Formula:
        agree $= \log_2(m/u)$, disagree $= \log_2((1-m)/(1-u))$.

    Validity: fields that agree independently of one another, given that the two are one thing or not.

    Source: Fellegi and Sunter, A Theory for Record Linkage, JASA 64 (1969).

    >>> match_weights([0.97], [0.007]).agree_bits.round(2).tolist()
    [7.11]
    """
    m = numbers("match_share", match_share, above=0.0, below=1.0, ndim=1)
    u = numbers("chance_share", chance_share, above=0.0, below=1.0, ndim=1)
    if m.shape != u.shape:
        raise EngineInputError(f"match_share has {m.size} fields, chance_share {u.size}: give both for each field")
    return FieldWeights(frozen(np.log2(m / u)), frozen(np.log2((1.0 - m) / (1.0 - u))))


def score_levels(
    levels: ArrayLike,
    weight_bits: ArrayLike,
    prior_share: float,
    extra_bits: ArrayLike | None = None,
) -> PairScores:
    r"""Return what each field says of each pair, the sum with the prior, and the chance that the two are one thing.

    Args:
        levels: level of agreement, 0 is best, -1 where one of the two is silent, shape (pairs, fields).
        weight_bits: $\log_2(m/u)$ of each level of each field, shape (fields, levels); symbol w.
        prior_share: chance that two records drawn at random are one thing, 0 < share < 1; symbol lambda.
        extra_bits: what else is known of a pair's field (such as how common the agreed name is), shape as levels.

    Formula:
        total $= \log_2\frac{\lambda}{1-\lambda} + \sum_f w_{f,\mathrm{level}}$,
        probability $= 1/(1+2^{-\mathrm{total}})$.

    Validity: the prior is that of random pairs, however the pairs were chosen: weights estimated on random pairs
    already hold what choosing them says.

    Source: Fellegi and Sunter (1969); Winkler, Overview of Record Linkage, US Census (2006).

    >>> scores = score_levels([[0, 1], [0, -1]], [[8.0, -4.0], [5.0, -6.0]], 1 / 17)
    >>> scores.total_bits.round(6).tolist()
    [-2.0, 4.0]
    """
    weights = numbers("weight_bits", weight_bits, minimum=-MOST_BITS, maximum=MOST_BITS, ndim=2)
    picked = checked_levels(levels, np.full(weights.shape[0], weights.shape[1]))
    share = float(numbers("prior_share", prior_share, above=0.0, below=1.0, ndim=0))
    terms: FloatArray = np.where(picked >= 0, weights[np.arange(weights.shape[0]), np.maximum(picked, 0)], 0.0)
    if extra_bits is not None:
        extra = numbers("extra_bits", extra_bits, minimum=-MOST_BITS, maximum=MOST_BITS, ndim=2)
        if extra.shape != terms.shape:
            raise EngineInputError(f"extra_bits has shape {extra.shape}: give {terms.shape}, as levels has")
        terms = terms + extra
    total: FloatArray = np.log2(share / (1.0 - share)) + terms.sum(axis=1)
    return PairScores(frozen(terms), frozen(total), frozen(1.0 / (1.0 + np.exp2(-np.clip(total, -500, 500)))))


def frequency_bits(value_share: ArrayLike, chance_share: float, most_bits: float = 8.0) -> FloatArray:
    r"""Return what agreement on a value says beyond agreement on any value: more for a rare one, less for a common one.

    Args:
        value_share: share of records that state the value, 0 < share <= 1, any shape; symbol f.
        chance_share: chance that two different things agree on any value of the field, 0 < u < 1; symbol u.
        most_bits: the correction is kept within plus and minus this many bits.

    Formula:
        $\log_2(u / f)$, kept within the bounds: two different things both state a value of share f with chance about f,
        given that the first does.

    Validity: values are stated independently; shares from enough records that a value seen once is rare.

    Source: Winkler, Frequency-Based Matching in Fellegi-Sunter Model, US Census (2000).

    >>> frequency_bits([0.25, 0.001], 0.001).round(2).tolist()
    [-7.97, 0.0]
    """
    share = numbers("value_share", value_share, above=0.0, maximum=1.0)
    chance = float(numbers("chance_share", chance_share, above=0.0, below=1.0, ndim=0))
    bound = float(numbers("most_bits", most_bits, minimum=0.0, maximum=MOST_BITS, ndim=0))
    bits: FloatArray = frozen(np.clip(np.log2(chance / share), -bound, bound))
    return bits


def checked_levels(levels: ArrayLike, n_levels: IntArray) -> IntArray:
    """Levels of pairs and fields as whole numbers from -1 up to below each field's number of levels."""
    picked: IntArray = whole_numbers("levels", levels, minimum=MISSING)
    if picked.ndim != 2 or picked.shape[1] != n_levels.size:
        raise EngineInputError(f"levels has shape {picked.shape}: give (pairs, {n_levels.size}), a column per field")
    refuse_where(picked >= n_levels, "levels", picked, "give a level below the field's number of levels, or -1")
    return picked
