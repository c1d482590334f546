"""Customers who buy again and again until, unseen, they stop: BG/NBD and MBG/NBD."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, same_shape, together, whole_numbers
from closeknit.engine.compiled import array, run, run_in_parts
from closeknit.engine.customers.fitting import Estimate, estimate
from closeknit.engine.customers.purchases_kernels import count_chances, expected_counts, history_terms
from closeknit.engine.errors import EngineInputError

Law: TypeAlias = Literal["bg-nbd", "mbg-nbd", "nbd"]
LAWS: tuple[Law, ...] = ("bg-nbd", "mbg-nbd", "nbd")
NAMES = ("r", "alpha", "a", "b")
BLOCK = 4096
STEPS_OF_A_HISTORY = 30.0
STARTS = ((0.5, 1.0, 1.0, 2.0), (1.0, 0.3, 0.3, 3.0), (0.2, 3.0, 3.0, 3.0))
"""In units of the mean age, so that they suit days, weeks and months alike."""


@dataclass(frozen=True, slots=True)
class PurchaseModel:
    """How a crowd buys: rates gamma(r, alpha) over customers, chances to stop after a purchase beta(a, b).

    `law` "mbg-nbd" lets a customer stop right after the first purchase, too; "bg-nbd" takes everybody without a repeat
    for alive; "nbd" lets nobody stop (a is 0, b says nothing). `estimate` is None where the parameters were given.
    """

    law: Law
    r: float
    alpha: float
    a: float
    b: float
    estimate: Estimate | None = None

    @property
    def parameters(self) -> tuple[float, float, float, float]:
        """r, alpha, a, b."""
        return self.r, self.alpha, self.a, self.b

    @property
    def shift(self) -> int:
        """One where the first purchase can be the last one by choice."""
        return int(self.law == "mbg-nbd")


def purchase_model(law: Law, parameters: ArrayLike) -> PurchaseModel:
    """Take a model's parameters as given (published, or fitted before).

    Args:
        law: "bg-nbd", "mbg-nbd" or "nbd".
        parameters: r, alpha (in periods), a, b; all positive, shape (4,); for "nbd" a is 0.

    Source: Fader, Hardie and Lee, Marketing Science 24 (2005); Batislam, Denizel and Filiztekin, IJRM 24 (2007).

    >>> purchase_model("bg-nbd", [0.243, 4.414, 0.793, 2.426]).alpha
    4.414
    """
    _known(law)
    given = numbers("parameters", parameters, minimum=0.0, ndim=1)
    stays = law == "nbd"
    refuse_where(
        (given == 0.0) & (np.arange(given.size) != 2 if stays else True), "parameters", given, "give a number above 0"
    )
    if given.size == 4 and stays and given[2] != 0.0:
        raise EngineInputError("parameters: a is 0 under nbd, where nobody stops; use bg-nbd or mbg-nbd")
    if given.size != 4:
        raise EngineInputError(f"parameters has {given.size} numbers: give r, alpha, a and b")
    r, alpha, a, b = (float(each) for each in given)
    return PurchaseModel(law, r, alpha, a, b)


def fit_purchases(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, *, law: Law = "mbg-nbd") -> PurchaseModel:
    """Fit how a crowd of customers buys, by maximum likelihood, those without a repeat purchase included.

    Args:
        frequency: repeat purchases of each customer (x), whole, at least 0; purchases of one period count once.
        recency: periods from the first purchase to the last (t_x); 0 where there is no repeat.
        age: periods from the first purchase to the end of what was observed (T), at least t_x, above 0.
        law: "mbg-nbd" (customers may stop right after the first purchase), "bg-nbd", or "nbd" (nobody stops: what is
            left where the other two find a running to nothing).

    L = B(a, b+x+s)/B(a, b) Gamma(r+x)/Gamma(r) alpha^r [(alpha+T)^-(r+x) + a/(b+x+s-1) (alpha+t_x)^-(r+x)], the last
    term only where a customer may have stopped; s = 1 for MBG/NBD, 0 for BG/NBD.

    Valid where purchases come at random at each customer's own steady rate, and stopping is not announced; customers
    under contract need `fit_retention`. Refused (EngineSolverError) where the histories do not settle the parameters.

    Source: Fader, Hardie and Lee (2005), "Counting your customers the easy way"; Batislam et al. (2007).

    >>> rng = np.random.default_rng(1)
    >>> crowd = purchase_model("bg-nbd", [0.8, 6.0, 0.8, 2.5])
    >>> got = fit_purchases(*draw_histories(crowd, np.full(4000, 40.0), rng=rng), law="bg-nbd")
    >>> [round(value, 1) for value in got.parameters]
    [0.8, 5.7, 0.8, 2.6]
    """
    _known(law)
    x, tx, t = _histories(frequency, recency, age)
    if x.size < 2:
        raise EngineInputError("frequency has fewer than 2 customers: give all customers, those without a repeat too")
    refuse_where(t <= 0.0, "age", t, "give a time above 0: a customer of no age tells nothing")
    if not np.any(x > 0):
        raise EngineInputError("frequency is 0 everywhere: nobody has bought again, so nothing can be fitted")
    # Equal histories count as one with a weight.
    x, tx, t, weight = _distinct(x, tx, t)
    unit = float(np.average(t, weights=weight))
    total = float(weight.sum())
    found, place = np.unique(x, return_inverse=True)
    counts: FloatArray = np.asarray(found, dtype=np.float64)
    by_count: FloatArray = np.bincount(place, weights=weight).astype(np.float64)
    if law == "nbd":
        return _fit_without_stopping(x, t, weight, counts, by_count, unit)
    shift = int(law == "mbg-nbd")
    given = (array(x), array(tx / unit), array(t / unit), array(weight))

    def objective(log_values: FloatArray) -> tuple[float, FloatArray]:
        values = np.exp(log_values)
        r, alpha, a, b = (float(each) for each in values)
        blocks = -(-x.size // BLOCK)
        sums = np.zeros((blocks, 5))
        steps = STEPS_OF_A_HISTORY * x.size
        run_in_parts(history_terms, blocks, steps, BLOCK, *given, r, alpha, a, b, float(shift), sums)
        part = sums.sum(axis=0) + _shared_terms(counts, by_count, r, alpha, a, b, shift)
        return -float(part[0]) / total, -part[1:] * values / total

    got = estimate(objective, STARTS, observations=round(total), names=NAMES, model=law)
    values = got.values * np.array([1.0, unit, 1.0, 1.0])
    # The logarithm of t^x was left out with the unit: x log(unit) gives it back.
    likelihood = got.log_likelihood - float(np.sum(weight * x)) * float(np.log(unit))
    kept = Estimate(frozen(values), got.covariance, likelihood, got.observations, got.starts_agreeing, got.starts)
    r, alpha, a, b = (float(each) for each in values)
    return PurchaseModel(law, r, alpha, a, b, estimate=kept)


def expected_purchases(model: PurchaseModel, periods: ArrayLike) -> FloatArray:
    """Return how many repeat purchases a new customer is expected to make within some periods.

    Args:
        model: from `fit_purchases` or `purchase_model`.
        periods: time since the first purchase (t), at least 0, any shape.

    E[X(t)] = sum over j of P(still there after j purchases) P(N > j), with N negative binomial and
    P(there after j) = B(a, b+j+s)/B(a, b): no difference of large numbers, and no hypergeometric function.

    Source: Fader, Hardie and Lee (2005), equation 9, as a sum of positive terms.

    >>> expected_purchases(purchase_model("bg-nbd", [0.243, 4.414, 0.793, 2.426]), [1.0, 78.0]).round(3).tolist()
    [0.053, 1.861]
    """
    t = numbers("periods", periods, minimum=0.0)
    ones = np.ones(t.size)
    got = _expected(model.r * ones, model.alpha * ones, model.a * ones, model.b * ones, t.ravel(), model.shift)
    return frozen(got.reshape(t.shape))


def purchase_count_chances(model: PurchaseModel, periods: float, largest: int) -> FloatArray:
    """Return the chance of 0, 1, ..., `largest` repeat purchases of a new customer within some periods.

    Args:
        model: from `fit_purchases` or `purchase_model`.
        periods: time since the first purchase (t), above 0.
        largest: the largest count that is asked for, at least 0.

    P(X = n) = S(n) P(N = n) + (S(n-1) - S(n)) P(N >= n), with N negative binomial and S(j) = B(a, b+j+s)/B(a, b).

    Source: Fader, Hardie and Lee (2005), equation 8.

    >>> purchase_count_chances(purchase_model("bg-nbd", [0.243, 4.414, 0.793, 2.426]), 39.0, 1).round(4).tolist()
    [0.5738, 0.1994]
    """
    t = float(numbers("periods", periods, above=0.0, ndim=0))
    count = int(whole_numbers("largest", largest, minimum=0, maximum=10**7, ndim=0))
    chances = np.zeros(count + 1)
    run(count_chances, 20.0 * count, *model.parameters, t, model.shift, chances)
    return frozen(chances)


def chance_alive(model: PurchaseModel, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> FloatArray:
    """Return the chance that each customer still buys, 0..1.

    Args:
        model: from `fit_purchases` or `purchase_model`.
        frequency: repeat purchases (x).
        recency: periods from the first purchase to the last (t_x).
        age: periods from the first purchase to now (T).

    1 / (1 + a/(b+x+s-1) ((alpha+T)/(alpha+t_x))^(r+x)); under BG/NBD it is 1 for everybody without a repeat, which is
    why risk should be shown with MBG/NBD.

    Source: Fader, Hardie and Lee, "Computing P(alive) using the BG/NBD model" (2008).

    >>> model = purchase_model("mbg-nbd", [0.525, 6.183, 0.891, 1.614])
    >>> chance_alive(model, [0, 2], [0, 30.43], [38.86, 38.86]).round(3).tolist()
    [0.39, 0.706]
    """
    x, tx, t = _histories(frequency, recency, age)
    if model.a == 0.0:
        return frozen(np.ones(x.shape))
    odds = np.log(model.a / np.maximum(model.b + x - 1.0 + model.shift, 1e-300))
    odds = odds + (model.r + x) * (np.log(model.alpha + t) - np.log(model.alpha + tx))
    with np.errstate(over="ignore"):
        alive = 1.0 / (1.0 + np.exp(odds))
    return frozen(np.where((x == 0) & (model.shift == 0), 1.0, alive))


def expected_purchases_ahead(
    model: PurchaseModel, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, periods: ArrayLike
) -> FloatArray:
    """Return how many purchases each known customer is expected to make in the periods ahead.

    Args:
        model: from `fit_purchases` or `purchase_model`.
        frequency: repeat purchases (x).
        recency: periods from the first purchase to the last (t_x).
        age: periods from the first purchase to now (T).
        periods: time ahead (t), at least 0.

    P(alive) times E[X(t)] of a crowd with rates gamma(r+x, alpha+T) and chances to stop beta(a, b+x+s): what is known
    of a customer who is alive is of the same kind as what is known of a new one.

    Source: Fader, Hardie and Lee (2005), equation 10.

    >>> model = purchase_model("bg-nbd", [0.243, 4.414, 0.793, 2.426])
    >>> float(expected_purchases_ahead(model, 2, 30.43, 38.86, 39.0).round(4))
    1.226
    """
    x, tx, t = _histories(frequency, recency, age)
    ahead = numbers("periods", periods, minimum=0.0)
    x, tx, t, ahead = together(("frequency", x), ("recency", tx), ("age", t), ("periods", ahead))
    flat = [each.ravel() for each in (x, t, ahead)]
    ones = np.ones(flat[0].size)
    got = _expected(
        model.r + flat[0], model.alpha + flat[1], model.a * ones, model.b + model.shift + flat[0], flat[2], 0
    )
    return frozen(got.reshape(x.shape) * chance_alive(model, x, tx, t))


def draw_histories(model: PurchaseModel, age: ArrayLike, *, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    """Draw customers of a crowd: repeat purchases, time of the last, and age, to try a fit on.

    Args:
        model: what the crowd is like.
        age: periods that each customer is observed for (T), above 0, shape (customers,).
        rng: where chance comes from.

    Source: the model's own story, customer by customer.

    >>> crowd = purchase_model("bg-nbd", [0.8, 6.0, 0.8, 2.5])
    >>> x, tx, age = draw_histories(crowd, [30.0, 30.0], rng=np.random.default_rng(2))
    >>> x.tolist(), age.tolist()
    ([1.0, 6.0], [30.0, 30.0])
    """
    t = numbers("age", age, above=0.0, ndim=1)
    rate = rng.gamma(model.r, 1.0 / model.alpha, t.size)
    stop = rng.beta(model.a, model.b, t.size) if model.a > 0.0 else np.zeros(t.size)
    x, tx = np.zeros(t.size), np.zeros(t.size)
    alive = np.ones(t.size, dtype=bool) if model.shift == 0 else rng.random(t.size) >= stop
    now = np.zeros(t.size)
    while alive.any():
        who = np.flatnonzero(alive)
        now[who] += rng.exponential(1.0, who.size) / np.maximum(rate[who], 1e-300)
        inside = now[who] <= t[who]
        alive[who[~inside]] = False
        who = who[inside]
        x[who] += 1.0
        tx[who] = now[who]
        alive[who] = rng.random(who.size) >= stop[who]
    return frozen(x), frozen(tx), frozen(t)


def _fit_without_stopping(
    x: FloatArray, t: FloatArray, weight: FloatArray, counts: FloatArray, by_count: FloatArray, unit: float
) -> PurchaseModel:
    """The negative binomial: L = Gamma(r+x)/Gamma(r) alpha^r (alpha+T)^-(r+x)."""
    total = float(weight.sum())

    def objective(log_values: FloatArray) -> tuple[float, FloatArray]:
        r, alpha = (float(each) for each in np.exp(log_values))
        reach = np.log(alpha + t / unit)
        value = by_count @ gammaln(r + counts) + total * (r * np.log(alpha) - gammaln(r)) - weight @ ((r + x) * reach)
        by_r = by_count @ psi(r + counts) + total * (np.log(alpha) - psi(r)) - weight @ reach
        by_alpha = total * r / alpha - weight @ ((r + x) / (alpha + t / unit))
        return -float(value) / total, -np.array([by_r * r, by_alpha * alpha]) / total

    starts = [start[:2] for start in STARTS]
    got = estimate(objective, starts, observations=round(total), names=NAMES[:2], model="nbd")
    values = got.values * np.array([1.0, unit])
    likelihood = got.log_likelihood - float(weight @ x) * float(np.log(unit))
    kept = Estimate(frozen(values), got.covariance, likelihood, got.observations, got.starts_agreeing, got.starts)
    return PurchaseModel("nbd", float(values[0]), float(values[1]), 0.0, 1.0, estimate=kept)


def _known(law: str) -> None:
    if law not in LAWS:
        raise EngineInputError(f"law is {law!r}: give one of {', '.join(LAWS)}")


def _histories(frequency: ArrayLike, recency: ArrayLike, age: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray]:
    x = whole_numbers("frequency", frequency, minimum=0).astype(np.float64)
    tx = numbers("recency", recency, minimum=0.0)
    t = numbers("age", age, minimum=0.0)
    same_shape([("recency", tx), ("age", t)], x.shape, "one for each frequency")
    refuse_where(tx > t, "recency", tx, "give a time of at most the age")
    refuse_where((x == 0) & (tx > 0), "recency", tx, "give 0 where there is no repeat purchase")
    return x, tx, t


def _distinct(x: FloatArray, tx: FloatArray, t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    order = np.lexsort((tx, t, x))
    x, tx, t = x.ravel()[order], tx.ravel()[order], t.ravel()[order]
    new = np.concatenate([[True], (np.diff(x) != 0) | (np.diff(tx) != 0) | (np.diff(t) != 0)])
    first = np.flatnonzero(new)
    weight = np.diff(np.append(first, x.size)).astype(np.float64)
    return x[first], tx[first], t[first], weight


def _shared_terms(
    counts: FloatArray, by_count: FloatArray, r: float, alpha: float, a: float, b: float, shift: int
) -> FloatArray:
    """The part of log-likelihood and slopes that depends on the number of purchases alone."""
    n = counts + shift
    total = by_count.sum()
    value = gammaln(b + n) - gammaln(a + b + n) + gammaln(r + counts)
    value = by_count @ value + total * (gammaln(a + b) - gammaln(b) - gammaln(r) + r * np.log(alpha))
    by_r = by_count @ psi(r + counts) + total * (np.log(alpha) - psi(r))
    by_a = by_count @ -psi(a + b + n) + total * psi(a + b)
    by_b = by_count @ (psi(b + n) - psi(a + b + n)) + total * (psi(a + b) - psi(b))
    return np.array([value, by_r, total * r / alpha, by_a, by_b])


def _expected(
    shape: FloatArray, rate: FloatArray, a: FloatArray, b: FloatArray, periods: FloatArray, shift: int
) -> FloatArray:
    got = np.zeros(shape.size)
    given = (array(shape), array(rate), array(a), array(b), array(periods))
    steps = 10.0 * float(np.sum(20.0 + 2.0 * shape * periods / rate))
    run_in_parts(expected_counts, shape.size, steps, *given, shift, got)
    return got
