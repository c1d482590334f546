"""What a purchase is worth: the gamma-gamma law of spend per purchase."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, same_shape, whole_numbers
from closeknit.engine.customers.fitting import Estimate, estimate
from closeknit.engine.errors import EngineInputError, EngineSolverError

STARTS = ((3.0, 3.0, 3.0), (1.0, 2.0, 1.0), (10.0, 5.0, 1.0))
"""In units of the mean spend."""
NAMES = ("p", "q", "v")


@dataclass(frozen=True, slots=True)
class SpendModel:
    """Spend per purchase: gamma(p, nu) from purchase to purchase, nu gamma(q, v) over customers.

    `frequency_correlation` is that of a customer's mean spend with the number of purchases: the law holds that there is
    none, so a large one (beyond 0.3, say) is a warning. None where the parameters were given.
    """

    p: float
    q: float
    v: float
    estimate: Estimate | None = None
    frequency_correlation: float | None = None


def spend_model(parameters: ArrayLike) -> SpendModel:
    """Take p, q and v as given.

    Args:
        parameters: p above 0, q above 1 (else there is no mean), v above 0 (in money); shape (3,).

    Source: Fader and Hardie, note 025 (2013).

    >>> spend_model([6.25, 3.74, 15.44]).q
    3.74
    """
    given = numbers("parameters", parameters, above=0.0, ndim=1)
    if given.size != 3 or given[1] <= 1.0:
        raise EngineInputError("parameters must be p, q and v, with q above 1: else mean spend has no limit")
    p, q, v = (float(each) for each in given)
    return SpendModel(p, q, v)


def fit_spend(purchases: ArrayLike, mean_spend: ArrayLike) -> SpendModel:
    """Fit how spend per purchase differs from purchase to purchase and from customer to customer.

    Args:
        purchases: purchases that the mean is of (x), at least 1: leave out customers without a repeat purchase.
        mean_spend: their mean spend (m), above 0, same shape.

    L = Gamma(px+q) / (Gamma(px) Gamma(q)) v^q m^(px-1) x^(px) / (v + x m)^(px+q).

    Valid where mean spend does not hang together with how often somebody buys (`frequency_correlation` says).

    Source: Fader and Hardie, "The gamma-gamma model of monetary value", note 025 (2013), equation 1a.

    >>> rng = np.random.default_rng(1)
    >>> x = rng.integers(1, 9, 5000)
    >>> m = rng.gamma(6.0 * x) / (x * rng.gamma(4.0, 1.0 / 15.0, 5000))
    >>> got = fit_spend(x, m)
    >>> round(got.p), round(got.q), round(got.v)
    (5, 4, 18)
    """
    x = whole_numbers("purchases", purchases, minimum=1, ndim=1).astype(np.float64)
    m = numbers("mean_spend", mean_spend, above=0.0, ndim=1)
    same_shape([("mean_spend", m)], x.shape, "one for each customer")
    if x.size < 2:
        raise EngineInputError("purchases has fewer than 2 customers: give more")
    unit = float(np.mean(m))
    scaled = m / unit
    counts, place = np.unique(x, return_inverse=True)
    by_count = np.bincount(place).astype(np.float64)
    log_m, log_x = np.log(scaled), np.log(counts)
    sum_x_log_m = float(np.sum(x * log_m))

    def objective(log_values: FloatArray) -> tuple[float, FloatArray]:
        p, q, v = (float(each) for each in np.exp(log_values))
        reach = v + x * scaled
        log_reach = np.log(reach)
        shape = p * counts + q
        value = by_count @ (gammaln(shape) - gammaln(p * counts) + p * counts * log_x)
        value += x.size * (q * np.log(v) - gammaln(q)) + p * sum_x_log_m - float(np.sum(log_m))
        value -= float(np.sum((p * x + q) * log_reach))
        by_p = by_count @ (counts * (psi(shape) - psi(p * counts) + log_x)) + sum_x_log_m - np.sum(x * log_reach)
        by_q = by_count @ psi(shape) + x.size * (np.log(v) - psi(q)) - np.sum(log_reach)
        by_v = x.size * q / v - np.sum((p * x + q) / reach)
        slopes = np.array([p * by_p, q * by_q, v * by_v])
        return -float(value) / x.size, -slopes / x.size

    got = estimate(objective, STARTS, observations=x.size, names=NAMES, model="gamma-gamma")
    values = got.values * np.array([1.0, 1.0, unit])
    if values[1] <= 1.0:
        raise EngineSolverError(f"gamma-gamma: q is {values[1]:.3g}, so mean spend has no limit; check for outliers")
    likelihood = got.log_likelihood - x.size * float(np.log(unit))
    kept = Estimate(frozen(values), got.covariance, likelihood, x.size, got.starts_agreeing, got.starts)
    varies = np.ptp(x) > 0 and np.ptp(m) > 0
    correlation = float(np.corrcoef(x, m)[0, 1]) if varies else 0.0
    p, q, v = (float(each) for each in values)
    return SpendModel(p, q, v, estimate=kept, frequency_correlation=correlation)


def expected_spend(model: SpendModel, purchases: ArrayLike, mean_spend: ArrayLike) -> FloatArray:
    """Return what each customer's next purchase is expected to be worth: own mean, drawn towards everybody's.

    Args:
        model: from `fit_spend` or `spend_model`.
        purchases: purchases that the mean is of (x), at least 0.
        mean_spend: their mean spend (m); 0 where there is none.

    E(M | m, x) = p (v + x m) / (p x + q - 1).

    Source: Fader and Hardie, note 025 (2013), equation 5.

    >>> expected_spend(spend_model([6.25, 3.74, 15.44]), [2, 0], [22.35, 0.0]).round(2).tolist()
    [24.66, 35.22]
    """
    x = whole_numbers("purchases", purchases, minimum=0).astype(np.float64)
    m = numbers("mean_spend", mean_spend, minimum=0.0)
    same_shape([("mean_spend", m)], x.shape, "one for each customer")
    refuse_where((x > 0) & (m == 0), "mean_spend", m, "give a spend above 0 where there are purchases")
    return frozen(model.p * (model.v + x * m) / (model.p * x + model.q - 1.0))
