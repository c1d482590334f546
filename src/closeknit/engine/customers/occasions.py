"""Customers who can buy (or give) once an occasion until, unseen, they stop: BG/BB."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, hyp2f1, psi

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, same_shape, whole_numbers
from closeknit.engine.customers.fitting import Estimate, estimate
from closeknit.engine.errors import EngineInputError

NAMES = ("alpha", "beta", "gamma", "delta")
STARTS = ((1.0, 1.0, 0.5, 2.0), (0.5, 2.0, 1.0, 5.0), (2.0, 1.0, 0.3, 3.0))


@dataclass(frozen=True, slots=True)
class OccasionModel:
    """Chances to buy on an occasion beta(alpha, beta) over customers, chances to stop after one beta(gamma, delta)."""

    alpha: float
    beta: float
    gamma: float
    delta: float
    estimate: Estimate | None = None

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """alpha, beta, gamma, delta."""
        return self.alpha, self.beta, self.gamma, self.delta


def occasion_model(parameters: ArrayLike) -> OccasionModel:
    """Take alpha, beta, gamma and delta as given.

    Args:
        parameters: all positive, shape (4,).

    Source: Fader, Hardie and Shang, Marketing Science 29 (2010).

    >>> occasion_model([1.204, 0.75, 0.657, 2.783]).gamma
    0.657
    """
    given = numbers("parameters", parameters, above=0.0, ndim=1)
    if given.size != 4:
        raise EngineInputError(f"parameters has {given.size} numbers: give alpha, beta, gamma and delta")
    alpha, beta, gamma, delta = (float(each) for each in given)
    return OccasionModel(alpha, beta, gamma, delta)


def fit_occasions(
    frequency: ArrayLike, recency: ArrayLike, occasions: ArrayLike, customers: ArrayLike
) -> OccasionModel:
    """Fit how a crowd takes its occasions, by maximum likelihood on patterns.

    Args:
        frequency: occasions that were taken (x), whole, shape (patterns,).
        recency: the last that was taken (t_x), 0 where none was.
        occasions: how many there were (n).
        customers: customers with this pattern, above 0.

    L = B(alpha+x, beta+n-x) B(gamma, delta+n) + sum over i < n-t_x of B(alpha+x, beta+t_x-x+i) B(gamma+1, delta+t_x+i),
    over B(alpha, beta) B(gamma, delta).

    Valid where occasions are the same for all and what matters is only whether one was taken.

    Source: Fader, Hardie and Shang (2010), equation 7.

    >>> got = fit_occasions([0, 1, 1, 2, 2, 3], [0, 1, 2, 2, 3, 3], [3] * 6, [500, 180, 60, 90, 60, 110])
    >>> round(got.estimate.log_likelihood, 2)
    -1515.34
    """
    x, tx, n = _patterns(frequency, recency, occasions)
    weight = numbers("customers", customers, above=0.0, ndim=1)
    same_shape([("customers", weight)], x.shape, "one for each pattern")
    total = float(weight.sum())

    def objective(log_values: FloatArray) -> tuple[float, FloatArray]:
        values = np.exp(log_values)
        logs, slopes = _log_likelihoods(values, x, tx, n)
        return -float(weight @ logs) / total, -(slopes @ weight) * values / total

    got = estimate(objective, STARTS, observations=round(total), names=NAMES, model="BG/BB")
    alpha, beta, gamma, delta = (float(each) for each in got.values)
    return OccasionModel(alpha, beta, gamma, delta, estimate=got)


def expected_occasions(model: OccasionModel, occasions: ArrayLike) -> FloatArray:
    """Return how many of the next occasions a new customer is expected to take.

    Args:
        model: from `fit_occasions` or `occasion_model`.
        occasions: how many there will be (n), whole, at least 0.

    E[X(n)] = alpha/(alpha+beta) times the sum over i = 1..n of B(gamma, delta+i)/B(gamma, delta).

    Source: Fader, Hardie and Shang (2010), equation 8.

    >>> expected_occasions(occasion_model([1.204, 0.75, 0.657, 2.783]), [0, 1, 6]).round(3).tolist()
    [0.0, 0.498, 2.22]
    """
    n = whole_numbers("occasions", occasions, minimum=0, maximum=100_000)
    steps = np.arange(1, int(n.max(initial=0)) + 1)
    stays = np.exp(betaln(model.gamma, model.delta + steps) - betaln(model.gamma, model.delta))
    sums = np.concatenate([[0.0], np.cumsum(stays)])
    return frozen(model.alpha / (model.alpha + model.beta) * sums[n])


def chance_alive_at_occasion(
    model: OccasionModel, frequency: ArrayLike, recency: ArrayLike, occasions: ArrayLike
) -> FloatArray:
    """Return the chance that each customer is still there for the next occasion, 0..1.

    Args:
        model: from `fit_occasions` or `occasion_model`.
        frequency: occasions that were taken (x).
        recency: the last that was taken (t_x).
        occasions: how many there were (n).

    B(alpha+x, beta+n-x) B(gamma, delta+n+1) / (B(alpha, beta) B(gamma, delta) L).

    Source: Fader, Hardie and Shang (2010), equation 11.

    >>> model = occasion_model([1.204, 0.75, 0.657, 2.783])
    >>> chance_alive_at_occasion(model, [0, 6], [0, 6], [6, 6]).round(3).tolist()
    [0.108, 0.93]
    """
    x, tx, n = _patterns(frequency, recency, occasions)
    a, b, c, d = model.parameters
    logs, _ = _log_likelihoods(np.array(model.parameters), x, tx, n)
    alive = betaln(a + x, b + n - x) - betaln(a, b) + betaln(c, d + n + 1.0) - betaln(c, d)
    return frozen(np.exp(alive - logs))


def expected_occasions_ahead(
    model: OccasionModel, frequency: ArrayLike, recency: ArrayLike, occasions: ArrayLike, ahead: int
) -> FloatArray:
    """Return how many of the next occasions each known customer is expected to take.

    Args:
        model: from `fit_occasions` or `occasion_model`.
        frequency: occasions that were taken (x).
        recency: the last that was taken (t_x).
        occasions: how many there were (n).
        ahead: how many will come, at least 0.

    (alpha+x)/(alpha+beta+n) times P(there) times
    the sum over i = 1..ahead of B(gamma, delta+n+i)/B(gamma, delta+n+1).

    Source: Fader, Hardie and Shang (2010), equation 13.

    >>> model = occasion_model([1.204, 0.75, 0.657, 2.783])
    >>> expected_occasions_ahead(model, [0, 6], [0, 6], [6, 6], 5).round(2).tolist()
    [0.07, 3.75]
    """
    x, tx, n = _patterns(frequency, recency, occasions)
    steps = np.arange(1, int(whole_numbers("ahead", ahead, minimum=0, maximum=100_000, ndim=0)) + 1)
    at = (model.delta + n)[..., None]
    stays = np.exp(betaln(model.gamma, at + steps) - betaln(model.gamma, at + 1.0)).sum(axis=-1)
    takes = (model.alpha + x) / (model.alpha + model.beta + n)
    return frozen(takes * stays * chance_alive_at_occasion(model, x, tx, n))


def discounted_occasions_ahead(
    model: OccasionModel,
    frequency: ArrayLike,
    recency: ArrayLike,
    occasions: ArrayLike,
    discount_per_occasion: float,
) -> FloatArray:
    """Return how many occasions each known customer is expected to take ever after, later ones worth less.

    Args:
        model: from `fit_occasions` or `occasion_model`.
        frequency: occasions that were taken (x).
        recency: the last that was taken (t_x).
        occasions: how many there were (n).
        discount_per_occasion: d, above 0: an occasion i ahead counts (1+d)^-i.

    (alpha+x)/(alpha+beta+n) P(there) 2F1(1, delta+n+1; gamma+delta+n+1; 1/(1+d)) / (1+d).

    Source: Fader, Hardie and Shang (2010), equation 14.

    >>> model = occasion_model([1.204, 0.75, 0.657, 2.783])
    >>> discounted_occasions_ahead(model, [6], [6], [6], 0.1).round(2).tolist()
    [5.91]
    """
    x, tx, n = _patterns(frequency, recency, occasions)
    d = float(numbers("discount_per_occasion", discount_per_occasion, above=0.0, maximum=10.0, ndim=0))
    takes = (model.alpha + x) / (model.alpha + model.beta + n)
    at = model.delta + n + 1.0
    stays = hyp2f1(1.0, at, model.gamma + at, 1.0 / (1.0 + d)) / (1.0 + d)
    return frozen(takes * stays * chance_alive_at_occasion(model, x, tx, n))


def _patterns(frequency: ArrayLike, recency: ArrayLike, occasions: ArrayLike) -> tuple[FloatArray, ...]:
    x = whole_numbers("frequency", frequency, minimum=0, ndim=1)
    tx = whole_numbers("recency", recency, minimum=0, ndim=1)
    n = whole_numbers("occasions", occasions, minimum=1, maximum=10_000, ndim=1)
    same_shape([("recency", tx), ("occasions", n)], x.shape, "one for each frequency")
    refuse_where(tx > n, "recency", tx, "give at most the number of occasions")
    refuse_where(x > tx, "frequency", x, "give at most the recency: so many can be taken until then")
    refuse_where((x == 0) != (tx == 0), "recency", tx, "give 0 where none was taken, and only there")
    return x.astype(np.float64), tx.astype(np.float64), n.astype(np.float64)


def _log_likelihoods(values: FloatArray, x: FloatArray, tx: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Per pattern the log-likelihood, and its slopes by the four parameters, shape (4, patterns)."""
    a, b, c, d = values
    most = int((n - tx).max(initial=0.0))
    ends = np.arange(most + 1)[:, None]
    left = ends < n - tx
    # The last row is the customer who is still there.
    ends = np.where(left, tx - x + ends, n - x)
    use = left | (np.arange(most + 1)[:, None] == most)
    stopped = left.astype(np.float64)
    at = np.where(left, x + ends, n)
    logs = betaln(a + x, b + ends) + betaln(c + stopped, d + at)
    top = np.max(np.where(use, logs, -np.inf), axis=0)
    parts = np.where(use, np.exp(logs - top), 0.0)
    total = parts.sum(axis=0)
    share = parts / total
    by_a = psi(a + x) - psi(a + b + x + ends)
    by_b = psi(b + ends) - psi(a + b + x + ends)
    by_c = psi(c + stopped) - psi(c + d + stopped + at)
    by_d = psi(d + at) - psi(c + d + stopped + at)
    slopes = np.stack([(share * each).sum(axis=0) for each in (by_a, by_b, by_c, by_d)])
    own = np.array([psi(a) - psi(a + b), psi(b) - psi(a + b), psi(c) - psi(c + d), psi(d) - psi(c + d)])
    return np.log(total) + top - betaln(a, b) - betaln(c, d), slopes - own[:, None]
