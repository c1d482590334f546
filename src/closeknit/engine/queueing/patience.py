"""How long people wait before they give up, from who gave up and who was answered first (censored data)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import (
    BoolArray,
    FloatArray,
    IntArray,
    flags,
    frozen,
    numbers,
    refuse_where,
    same_shape,
    whole_numbers,
)
from closeknit.engine.errors import EngineInputError

LONGEST_MINUTES = 1e7


@dataclass(frozen=True, slots=True, eq=False)
class PatienceFit:
    """Exponential patience. `mean_patience_minutes` is 1/theta; infinite, with its bound, where nobody gave up.

    `standard_error_minutes` is its standard error; `lower_minutes` and `upper_minutes` its confidence limits.
    `balking_share` of those who met a wait left at once; they are counted there and not in the rate.
    """

    mean_patience_minutes: FloatArray
    abandonments_per_hour_waited: FloatArray
    standard_error_minutes: FloatArray
    lower_minutes: FloatArray
    upper_minutes: FloatArray
    balking_share: FloatArray
    abandoned: IntArray
    waited_minutes: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """Kaplan-Meier: `remaining_share` still waits after `minutes`, where somebody gave up at each of them.

    `standard_error_share` is Greenwood's; `lower_share` and `upper_share` are limits by log(-log), which stay within
    0..1. `median_minutes` is infinite where fewer than half were seen to give up.
    """

    minutes: FloatArray
    remaining_share: FloatArray
    standard_error_share: FloatArray
    lower_share: FloatArray
    upper_share: FloatArray
    at_risk: IntArray
    abandoned: IntArray
    median_minutes: float


@dataclass(frozen=True, slots=True, eq=False)
class PatienceHazard:
    """How readily people give up while they wait, by piece of the wait, against one constant rate.

    `abandonments_per_minute` per piece with limits; `constancy_p_value`: how likely pieces as different as these are if
    patience were exponential.
    """

    from_minutes: FloatArray
    abandonments_per_minute: FloatArray
    lower_per_minute: FloatArray
    upper_per_minute: FloatArray
    abandoned: IntArray
    waited_minutes: FloatArray
    constancy_p_value: float


def fit_patience(
    wait_minutes: ArrayLike,
    has_abandoned: ArrayLike,
    balk_minutes: float = 0.0,
    confidence_share: float = 0.95,
) -> PatienceFit:
    """Mean patience from waits that ended with an answer or with giving up.

    Parameters: `wait_minutes` (N) waits of those who met a queue, >= 0; `has_abandoned` (N) booleans, True where the
    caller gave up, False where an answer ended the wait (censored); `balk_minutes`: giving up within it counts as
    balking (leaving at the first word), not as patience; `confidence_share` of the interval.
    Formula: theta = abandonments / all minutes waited (maximum likelihood under censoring); standard error of 1/theta
    is (1/theta)/sqrt(abandonments); limits from the chi-square law of the count.
    Validity: exponential patience (see `patience_hazard` for a test), and answers that come regardless of who is
    about to leave. The mean wait of those who gave up is NOT the mean patience: they are the impatient ones.
    Source: Brown et al., JASA 100 (2005); Lawless, Statistical Models and Methods for Lifetime Data (2003), ch. 4.

    >>> fit = fit_patience([1.0, 4.0, 2.0, 3.0], [True, False, True, False])
    >>> float(fit.mean_patience_minutes), round(float(fit.standard_error_minutes), 3)
    (5.0, 3.536)
    """
    waits, left = _checked_waits(wait_minutes, has_abandoned)
    balk = numbers("balk_minutes", balk_minutes, minimum=0.0, maximum=LONGEST_MINUTES, ndim=0)
    balked = left & (waits <= balk) if balk > 0.0 else np.zeros_like(left)
    total = waits[~balked].sum()
    return _fit(
        np.asarray(np.count_nonzero(left & ~balked)),
        np.asarray(total),
        np.asarray(np.count_nonzero(balked) / waits.size),
        _level(confidence_share),
    )


def fit_patience_from_totals(
    abandoned: ArrayLike, waited_minutes: ArrayLike, confidence_share: float = 0.95
) -> PatienceFit:
    """Mean patience where only totals are known, as in a daily report.

    Parameters (broadcast together): `abandoned` number who gave up, whole; `waited_minutes` all minutes that all
    callers waited, answered and not (number of callers x mean wait of all).
    Formula: as `fit_patience`; it is also theta = P(abandon) / E[wait], Little's law for those who give up.
    Validity: as `fit_patience`; the totals must be of one queue and hold the waits of those who gave up too.
    Source: Mandelbaum and Zeltyn (2007), Service engineering in action.

    >>> fit_patience_from_totals([2, 0], 10.0).mean_patience_minutes.tolist()
    [5.0, inf]
    """
    gone = whole_numbers("abandoned", abandoned, minimum=0, maximum=10**12)
    waited = numbers("waited_minutes", waited_minutes, above=0.0, maximum=1e12)
    try:
        gone, waited = (np.array(values) for values in np.broadcast_arrays(gone, waited))
    except ValueError as error:
        raise EngineInputError("abandoned and waited_minutes: shapes do not fit together") from error
    return _fit(gone, waited, np.zeros(waited.shape), _level(confidence_share))


def patience_survival(
    wait_minutes: ArrayLike, has_abandoned: ArrayLike, confidence_share: float = 0.95
) -> SurvivalCurve:
    """The share that still waits after each time, whatever the law of patience (Kaplan-Meier).

    Parameters: as `fit_patience`. Where a wait ended both ways at one time, giving up is counted first.
    Formula: S(t) = prod_{t_j <= t} (1 - d_j/n_j), d_j who give up at t_j among n_j still waiting; variance
    S^2 sum d_j/(n_j (n_j - d_j)) (Greenwood).
    Validity: answers must come regardless of who is about to leave; past the longest wait nothing is known.
    Source: Kaplan and Meier, JASA 53 (1958).

    >>> curve = patience_survival([1.0, 2.0, 2.0, 3.0, 4.0], [True, True, False, False, True])
    >>> curve.remaining_share.round(3).tolist(), curve.at_risk.tolist(), curve.median_minutes
    ([0.8, 0.6, 0.0], [5, 4, 1], 4.0)
    """
    from scipy.special import ndtri

    waits, left = _checked_waits(wait_minutes, has_abandoned)
    level = _level(confidence_share)
    minutes, gone = np.unique(waits[left], return_counts=True)
    at_risk = waits.size - np.searchsorted(np.sort(waits), minutes, side="left")
    remaining = np.cumprod(1.0 - gone / at_risk)
    still = at_risk - gone
    # Where all leave together the curve ends at zero, and Greenwood's variance with it.
    pieces = np.divide(gone, at_risk * still, out=np.zeros(gone.size), where=still > 0)
    spread = np.sqrt(np.cumsum(pieces))
    inside = (remaining > 0.0) & (remaining < 1.0)
    safe = np.where(inside, remaining, 0.5)
    shift = float(ndtri(0.5 + level / 2.0)) * spread / -np.log(safe)
    lower = np.where(inside, safe ** np.exp(np.minimum(shift, 700.0)), remaining)
    upper = np.where(inside, safe ** np.exp(-np.minimum(shift, 700.0)), remaining)
    half = np.flatnonzero(remaining <= 0.5)
    return SurvivalCurve(
        minutes=frozen(minutes),
        remaining_share=frozen(remaining),
        standard_error_share=frozen(remaining * spread),
        lower_share=frozen(lower),
        upper_share=frozen(upper),
        at_risk=frozen(at_risk.astype(np.int64)),
        abandoned=frozen(gone.astype(np.int64)),
        median_minutes=float(minutes[half[0]]) if half.size else np.inf,
    )


def patience_hazard(
    wait_minutes: ArrayLike, has_abandoned: ArrayLike, from_minutes: ArrayLike, confidence_share: float = 0.95
) -> PatienceHazard:
    """The rate of giving up in each piece of the wait, and a test of whether it is one rate.

    Parameters: waits as `fit_patience`; `from_minutes` (K) where pieces begin, rising from 0; the last has no end.
    Formula: per piece d_k / E_k, abandonments over minutes waited in it; the test is the likelihood ratio
    2 sum d_k log(d_k E / (d E_k)), chi-square with one degree of freedom fewer than pieces that somebody reached.
    Validity: the p-value wants some five abandonments per piece. A high first piece is balking.
    Source: Brown et al., JASA 100 (2005), section 5; Lawless (2003), ch. 4.

    >>> hazard = patience_hazard([1.0, 4.0, 2.0, 3.0], [True, False, True, False], [0.0, 2.0])
    >>> hazard.waited_minutes.tolist(), hazard.abandoned.tolist()
    ([7.0, 3.0], [2, 0])
    """
    from scipy.special import gammaincc, xlogy

    waits, left = _checked_waits(wait_minutes, has_abandoned)
    begins = numbers("from_minutes", from_minutes, minimum=0.0, maximum=LONGEST_MINUTES, ndim=1)
    if begins.size == 0 or begins[0] != 0.0:
        raise EngineInputError("from_minutes must begin at 0: give the start of each piece of the wait")
    refuse_where(np.diff(begins, prepend=-1.0) <= 0.0, "from_minutes", begins, "give rising starts")
    ends = np.append(begins[1:], np.inf)
    exposed = np.maximum(np.minimum(waits[:, None], ends) - begins, 0.0).sum(axis=0)
    # A wait that ends where a piece begins ended in the piece before it, but for those who left at once.
    piece = np.maximum(np.searchsorted(begins, waits, side="left") - 1, 0)
    gone = np.bincount(piece[left], minlength=begins.size)
    reached = exposed > 0.0
    rate = np.divide(gone, exposed, out=np.zeros(gone.size), where=reached)
    lower, upper = _count_limits(gone, _level(confidence_share))
    safe = np.where(reached, exposed, 1.0)
    expected = exposed * (gone.sum() / max(float(exposed.sum()), 1e-300))
    terms = xlogy(gone, np.divide(gone, expected, out=np.ones(gone.size), where=(gone > 0) & (expected > 0.0)))
    ratio = max(2.0 * float(terms.sum()), 0.0)
    freedom = int(np.count_nonzero(reached)) - 1
    return PatienceHazard(
        from_minutes=frozen(begins),
        abandonments_per_minute=frozen(rate),
        lower_per_minute=frozen(np.where(reached, lower / safe, 0.0)),
        upper_per_minute=frozen(np.where(reached, upper / safe, np.inf)),
        abandoned=frozen(gone.astype(np.int64)),
        waited_minutes=frozen(exposed),
        constancy_p_value=float(gammaincc(freedom / 2.0, ratio / 2.0)) if freedom > 0 else 1.0,
    )


def _checked_waits(wait_minutes: ArrayLike, has_abandoned: ArrayLike) -> tuple[FloatArray, BoolArray]:
    waits = numbers("wait_minutes", wait_minutes, minimum=0.0, maximum=LONGEST_MINUTES, ndim=1)
    left = flags("has_abandoned", has_abandoned)
    same_shape([("has_abandoned", left)], waits.shape, "one flag per wait")
    if waits.size == 0:
        raise EngineInputError("wait_minutes is empty: give at least one wait")
    return waits, left


def _level(confidence_share: float) -> float:
    return float(numbers("confidence_share", confidence_share, above=0.0, below=1.0, ndim=0))


def _count_limits(count: IntArray, level: float) -> tuple[FloatArray, FloatArray]:
    """Garwood's limits of a Poisson mean."""
    from scipy.special import gammaincinv

    tail = (1.0 - level) / 2.0
    lower = np.where(count > 0, gammaincinv(np.maximum(count, 1), tail), 0.0)
    return lower, np.asarray(gammaincinv(count + 1.0, 1.0 - tail))


def _fit(gone: IntArray, waited: FloatArray, balking: FloatArray, level: float) -> PatienceFit:
    refuse_where(
        np.asarray((waited <= 0.0) & (gone > 0)),
        "wait_minutes",
        waited,
        "nobody waited but some gave up: give waits in minutes, or set balk_minutes above 0",
    )
    lower, upper = _count_limits(gone, level)
    some = gone > 0
    count = np.maximum(gone, 1)
    mean = np.where(some, waited / count, np.inf)
    return PatienceFit(
        mean_patience_minutes=frozen(mean),
        abandonments_per_hour_waited=frozen(np.divide(60.0 * gone, waited, out=np.zeros(waited.shape), where=some)),
        standard_error_minutes=frozen(np.where(some, waited / count / np.sqrt(count), np.inf)),
        lower_minutes=frozen(waited / upper),
        upper_minutes=frozen(np.divide(waited, lower, out=np.full(waited.shape, np.inf), where=some)),
        balking_share=frozen(balking),
        abandoned=frozen(gone.astype(np.int64)),
        waited_minutes=frozen(waited.astype(np.float64)),
    )
