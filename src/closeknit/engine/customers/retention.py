"""Customers under contract: who renews, and for how long. Shifted beta-geometric and beta-discrete-Weibull."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, hyp2f1, psi

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, refuse_where, whole_numbers
from closeknit.engine.customers.fitting import Estimate, estimate
from closeknit.engine.errors import EngineInputError

STARTS = ((1.0, 1.0), (0.5, 3.0), (3.0, 10.0))


@dataclass(frozen=True, slots=True)
class RetentionModel:
    """Chances to leave at a renewal beta(alpha, beta) over customers; `power` 1 is the shifted beta-geometric.

    With another power (beta-discrete-Weibull) a customer's own chance to leave rises (above 1) or falls with time.
    """

    alpha: float
    beta: float
    power: float = 1.0
    estimate: Estimate | None = None


def retention_model(alpha: float, beta: float, power: float = 1.0) -> RetentionModel:
    """Take alpha, beta and the power as given.

    Args:
        alpha: above 0.
        beta: above 0.
        power: c, above 0.

    Source: Fader and Hardie, JIM 21 (2007); Fader, Hardie, Liu, Davin and Steenburgh, JIM 43 (2018).

    >>> retention_model(0.668, 3.806).power
    1.0
    """
    for name, value in (("alpha", alpha), ("beta", beta), ("power", power)):
        numbers(name, value, above=0.0, ndim=0)
    return RetentionModel(float(alpha), float(beta), float(power))


def fit_retention(lost: ArrayLike, still_there: float, *, with_power: bool = False) -> RetentionModel:
    """Fit who renews, by maximum likelihood on one cohort (or several stacked with the same length).

    Args:
        lost: customers lost at each renewal 1, 2, ..., at least 0, shape (periods,).
        still_there: customers left after the last of them.
        with_power: fit the power, too (beta-discrete-Weibull): needs at least 3 renewals.

    P(lost at t) = S(t-1) - S(t), S(t) = B(alpha, beta + t^c) / B(alpha, beta).

    Valid where a contract ends at known renewals. A crowd's retention rises with time though nobody's own does: the
    weak leave first. So a flat rate understates what old customers are worth.

    Source: Fader and Hardie, "How to project customer retention", JIM 21 (2007).

    >>> got = fit_retention([369, 163, 86, 56, 37, 27, 21], 241)
    >>> round(got.alpha, 3), round(got.beta, 3)
    (0.704, 1.182)
    """
    return fit_retention_by_age(
        np.append(np.arange(1, np.size(lost) + 1), np.size(lost)),
        np.append(numbers("lost", lost, minimum=0.0, ndim=1), numbers("still_there", still_there, minimum=0.0, ndim=0)),
        np.append(np.ones(np.size(lost), dtype=bool), False),
        with_power=with_power,
    )


def fit_retention_by_age(
    renewals: ArrayLike, customers: ArrayLike, has_left: ArrayLike, *, with_power: bool = False
) -> RetentionModel:
    """Fit who renews on customers of many ages: those who left at a renewal, and those there after some of them.

    Args:
        renewals: which renewal they left at, or how many they have behind them; whole, at least 1.
        customers: how many customers, at least 0, same shape.
        has_left: whether they left (else they are there still), booleans.
        with_power: fit the power, too.

    The likelihood of `fit_retention`, each customer observed until its own age.

    Source: Fader and Hardie (2007), several cohorts; customers' ages must not depend on whether they stay.

    >>> got = fit_retention_by_age([1, 2, 3, 2, 3], [40, 15, 6, 50, 89], [True, True, True, False, False])
    >>> round(got.alpha, 2), round(got.beta, 2)
    (0.18, 0.72)
    """
    age = whole_numbers("renewals", renewals, minimum=1, maximum=100_000, ndim=1).astype(np.float64)
    weight = numbers("customers", customers, minimum=0.0, ndim=1)
    left = np.array(has_left, dtype=bool)
    if weight.shape != age.shape or left.shape != age.shape:
        raise EngineInputError(f"customers has shape {weight.shape}: give {age.shape}, one for each of renewals")
    if weight[left].sum() <= 0.0:
        raise EngineInputError("customers: nobody has left, so nothing can be fitted; state a retention instead")
    if with_power and np.unique(age[left & (weight > 0)]).size < 3:
        raise EngineInputError("renewals has fewer than 3 with losses: fit without a power")
    total = float(weight.sum())

    def objective(log_values: FloatArray) -> tuple[float, FloatArray]:
        values = np.exp(log_values)
        logs, slopes = _log_chances(values, age, left)
        return -float(weight @ logs) / total, -(slopes @ weight) * values / total

    starts = [(*start, 1.0) if with_power else start for start in STARTS]
    names = ("alpha", "beta", "power")[: len(starts[0])]
    got = estimate(objective, starts, observations=round(total), names=names, model="retention")
    power = float(got.values[2]) if with_power else 1.0
    return RetentionModel(float(got.values[0]), float(got.values[1]), power, estimate=got)


def retention_survival(model: RetentionModel, renewals: ArrayLike) -> FloatArray:
    """Return the share of a cohort that is there after some renewals, 0..1.

    Args:
        model: from `fit_retention` or `retention_model`.
        renewals: t, at least 0.

    S(t) = B(alpha, beta + t^c) / B(alpha, beta).

    Source: Fader and Hardie (2007), equation 6; with the power: Fader et al. (2018).

    >>> retention_survival(retention_model(0.704, 1.182), [0, 1, 12]).round(3).tolist()
    [1.0, 0.627, 0.17]
    """
    t = numbers("renewals", renewals, minimum=0.0)
    return frozen(np.exp(betaln(model.alpha, model.beta + t**model.power) - betaln(model.alpha, model.beta)))


def retention_rate(model: RetentionModel, renewal: ArrayLike) -> FloatArray:
    """Return the share of those there before a renewal that renews, 0..1.

    Args:
        model: from `fit_retention` or `retention_model`.
        renewal: t, at least 1.

    r(t) = S(t) / S(t-1); without a power (beta+t-1) / (alpha+beta+t-1).

    Source: Fader and Hardie (2007), equation 7.

    >>> retention_rate(retention_model(0.668, 3.806), [1, 12]).round(3).tolist()
    [0.851, 0.957]
    """
    t = numbers("renewal", renewal, minimum=1.0)
    return frozen(retention_survival(model, t) / retention_survival(model, t - 1.0))


def expected_payments_ahead(
    model: RetentionModel, renewals: ArrayLike, periods: int, discount_per_period: float = 0.0
) -> FloatArray:
    """Return how many of the next renewals a customer who is there now will pay for, later ones worth less.

    Args:
        model: from `fit_retention` or `retention_model`.
        renewals: renewals behind the customer (n), at least 0.
        periods: renewals ahead that count, at least 1.
        discount_per_period: d, at least 0: a payment i renewals ahead counts (1+d)^-i.

    Sum over i = 1..periods of S(n+i)/S(n) (1+d)^-i: margin per renewal times this is the value ahead.

    Source: Fader and Hardie, "Customer-base valuation in a contractual setting", Marketing Science 29 (2010).

    >>> expected_payments_ahead(retention_model(0.668, 3.806), [0, 4], 5, 0.1).round(2).tolist()
    [2.66, 3.11]
    """
    n = numbers("renewals", renewals, minimum=0.0)
    count = int(whole_numbers("periods", periods, minimum=1, maximum=10_000, ndim=0))
    d = float(numbers("discount_per_period", discount_per_period, minimum=0.0, maximum=10.0, ndim=0))
    ahead = np.arange(1, count + 1)
    stays = retention_survival(model, n[..., None] + ahead) / retention_survival(model, n)[..., None]
    return frozen((stays * (1.0 + d) ** -ahead.astype(float)).sum(axis=-1))


def discounted_residual_lifetime(model: RetentionModel, renewals: ArrayLike, discount_per_period: float) -> FloatArray:
    """Return how many payments a customer will make ever after, the one at the next renewal undiscounted.

    Args:
        model: without a power (shifted beta-geometric).
        renewals: renewals behind the customer, n - 1, at least 0: its next is renewal n.
        discount_per_period: d, above 0.

    DERL = (beta+n-1)/(alpha+beta+n-1) 2F1(1, beta+n; alpha+beta+n; 1/(1+d)).

    Source: Fader and Hardie (2010), equation 6.

    >>> discounted_residual_lifetime(retention_model(3.80, 15.19), [0, 4], 0.1).round(2).tolist()
    [3.31, 3.84]
    """
    n = numbers("renewals", renewals, minimum=0.0) + 1.0
    d = float(numbers("discount_per_period", discount_per_period, above=0.0, maximum=10.0, ndim=0))
    if model.power != 1.0:
        raise EngineInputError("model has a power: use expected_payments_ahead with many periods")
    a, b = model.alpha, model.beta
    return frozen((b + n - 1.0) / (a + b + n - 1.0) * hyp2f1(1.0, b + n, a + b + n, 1.0 / (1.0 + d)))


def _log_chances(values: FloatArray, age: FloatArray, left: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Per observation the log of S(t), or of S(t-1) - S(t); and slopes by alpha, beta (and the power)."""
    a, b = values[0], values[1]
    c = values[2] if values.size > 2 else 1.0
    base, base_a, base_b = betaln(a, b), psi(a) - psi(a + b), psi(b) - psi(a + b)

    def survival(t: FloatArray) -> tuple[FloatArray, FloatArray]:
        reach = b + t**c
        both = psi(a + reach)
        by_reach = psi(reach) - both
        slopes = [psi(a) - both - base_a, by_reach - base_b]
        if values.size > 2:
            slopes.append(by_reach * t**c * np.log(np.maximum(t, 1e-300)))
        return betaln(a, reach) - base, np.stack(slopes)

    log_s, slopes_s = survival(age)
    log_before, slopes_before = survival(age - 1.0)
    gap = -np.expm1(log_s - log_before)
    refuse_where(gap <= 0.0, "renewals", age, "give renewals at which survival still falls")
    log_lost = log_before + np.log(gap)
    ratio = np.exp(log_s - log_before)
    slopes_lost = (slopes_before - ratio * slopes_s) / gap
    return np.where(left, log_lost, log_s), np.where(left, slopes_lost, slopes_s)
