"""Supply that fails now and then, or gives more or less than was ordered."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.lot_sizing import LotSize, checked_positive, given_or
from closeknit.engine.inventory.newsvendor import StockLevel


def _lot(quantity: FloatArray, cost: FloatArray, cycle: FloatArray) -> LotSize:
    quantity, cost, cycle = np.broadcast_arrays(quantity, cost, cycle)
    return LotSize(frozen(np.array(quantity)), frozen(np.array(cost)), frozen(np.array(cycle)))


def eoq_with_disruptions(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_unit: ArrayLike,
    demand_per_period: ArrayLike,
    disruptions_per_period: ArrayLike,
    recoveries_per_period: ArrayLike,
    order_quantity: ArrayLike | None = None,
    *,
    approximate: bool = False,
) -> LotSize:
    """The order quantity when the supplier fails at random, demand then being lost (EOQD), or the cost of a given one.

    Parameters (broadcast, all > 0): K, h and demand (d) as in `economic_order_quantity`; `shortage_cost_per_unit` (p,
    money per unit of demand lost), `disruptions_per_period` (lambda, while up) and `recoveries_per_period` (mu, while
    down; both spells exponential), `order_quantity` (Q, units). `approximate`: psi without its exponential, a closed
    form that is near where a cycle outlasts a disruption.
    Formula: cost (K + h Q^2 / (2 d) + p d psi / mu) / (Q / d + psi / mu), psi = lambda / (lambda + mu)
    (1 - e^(-(lambda + mu) Q / d)). It falls, then rises, where
    p d > sqrt(2 K d h); the turn is where its slope is 0.
    Source: Parlar and Berkin (1991); Berk and Arreola-Risa (1994); Snyder (2014); Snyder and Shen (2019), section 9.2.

    >>> best = eoq_with_disruptions(8.0, 0.225, 5.0, 1300.0, 1.5, 14.0)
    >>> round(float(best.order_quantity), 3), round(float(best.cost_per_period), 6)
    (772.811, 173.950003)
    """
    setup, hold, short, rate, fail, mend = checked_positive(
        order_cost=order_cost,
        holding_cost_per_period=holding_cost_per_period,
        shortage_cost_per_unit=shortage_cost_per_unit,
        demand_per_period=demand_per_period,
        disruptions_per_period=disruptions_per_period,
        recoveries_per_period=recoveries_per_period,
    )
    share = fail / (fail + mend)

    def cost(lot: FloatArray) -> FloatArray:
        down = share / mend * (1.0 if approximate else -np.expm1(-(fail + mend) * lot / rate))
        return np.asarray((setup + hold * lot**2 / (2.0 * rate) + short * rate * down) / (lot / rate + down))

    def slope(lot: FloatArray) -> FloatArray:
        more = share / mend * (fail + mend) / rate * np.exp(-(fail + mend) * lot / rate)
        return np.asarray(hold * lot / rate + short * rate * more - cost(lot) * (1.0 / rate + more))

    down = share / mend * rate * hold
    closed = (np.sqrt(down**2 + 2.0 * hold * rate * (setup + rate * short * share / mend)) - down) / hold
    if order_quantity is None and not approximate:
        pays = short * rate > np.sqrt(2.0 * setup * rate * hold)
        fix = "losing all demand costs less than serving it with a sure supplier: give a larger one, or do not stock"
        refuse_where(~pays, "shortage_cost_per_unit", short, fix)
        closed = _turn(slope, closed * 1e-3, closed * 10.0)
    lot = given_or(closed, "order_quantity", order_quantity)
    return _lot(lot, cost(lot), lot / rate)


def _turn(slope: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray) -> FloatArray:
    """Where a slope turns from falling to rising, by halving the logarithm of a bracket."""
    left, right = np.log(low), np.log(high)
    for _ in range(70):
        middle = (left + right) / 2.0
        falling = slope(np.exp(middle)) < 0.0
        left, right = np.where(falling, middle, left), np.where(falling, right, middle)
    return np.asarray(np.exp((left + right) / 2.0))


def newsvendor_with_disruptions(
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    disruption_share: ArrayLike,
    recovery_share: ArrayLike,
    level: ArrayLike | None = None,
) -> StockLevel:
    """The base-stock level for known demand when the supplier may be down for some periods, backorders waiting.

    Parameters (broadcast): `holding_cost_per_period` (h) and `shortage_cost_per_period` (p), money per unit at the end
    of each period; `demand_per_period` (d > 0, units); `disruption_share` (alpha, chance that an up supplier is down
    next period), `recovery_share` (beta, chance that a down one is up next), both in (0, 1); `level` (S, units).
    Formula: n, the number of periods down so far, has P(0) = beta / (alpha + beta) and P(n) = alpha beta /
    (alpha + beta) (1 - beta)^(n - 1); cost sum P(n) (h (S - (n + 1) d)+ + p ((n + 1) d - S)+), in closed form;
    S* = d (1 + smallest n with P(N <= n) >= p / (p + h)). Source: Tomlin (2006); Snyder and Shen (2019), section 9.3.

    >>> best = newsvendor_with_disruptions(0.25, 3.0, 2000.0, 0.04, 0.25)
    >>> best.level.tolist(), round(float(best.expected_cost), 4)
    (8000.0, 2737.069)
    """
    hold, short, rate = checked_positive(
        holding_cost_per_period=holding_cost_per_period,
        shortage_cost_per_period=shortage_cost_per_period,
        demand_per_period=demand_per_period,
    )
    fail = numbers("disruption_share", disruption_share, above=0.0, below=1.0)
    mend = numbers("recovery_share", recovery_share, above=0.0, below=1.0)
    hold, short, rate, fail, mend = together(
        ("h", hold), ("p", short), ("d", rate), ("disruption_share", fail), ("recovery_share", mend)
    )
    critical, down = short / (short + hold), fail / (fail + mend)
    # P(N > n) = down (1 - beta)^n.
    spells = np.ceil(np.log(np.minimum((1.0 - critical) / down, 1.0)) / np.log1p(-mend) - 1e-12)
    stock = rate * (1.0 + np.maximum(spells, 0.0))
    if level is not None:
        stock = together(("stock", stock), ("level", numbers("level", level)))[1]
    covered = np.floor(stock / rate + 1e-12) - 1.0
    stuck = np.exp(np.maximum(covered, 0.0) * np.log1p(-mend))
    # Periods beyond those covered: expected number, and the fraction of a period that the level holds besides.
    beyond = np.where(covered >= 0.0, down * stuck, 1.0)
    more = np.where(covered >= 0.0, down * stuck / mend, down / mend - covered)
    missing = rate * more - beyond * (stock - rate * (covered + 1.0))
    mean = rate * (1.0 + down / mend)
    left = missing + stock - mean
    parts = np.broadcast_arrays(stock, hold * left + short * missing, critical, 1.0 - beyond, left, missing)
    stock, cost, critical, within, left, missing = (frozen(np.array(part)) for part in parts)
    return StockLevel(
        level=stock,
        expected_cost=cost,
        critical_share=critical,
        in_stock_share=within,
        fill_share=frozen(_served_at_once(stock, rate, down, mend)),
        expected_left=left,
        expected_short=missing,
    )


def _served_at_once(stock: FloatArray, rate: FloatArray, down: FloatArray, mend: FloatArray) -> FloatArray:
    """Share of a period's demand met from stock in that period: stock left of d, after n periods down."""
    periods = np.maximum(stock / rate, 0.0)
    whole = np.floor(periods + 1e-12)
    part = np.maximum(periods - whole, 0.0)
    within = np.where(whole > 0.0, 1.0 - down * np.exp(np.maximum(whole - 1.0, 0.0) * np.log1p(-mend)), 0.0)
    after = np.where(whole > 0.0, 1.0 - down * np.exp(whole * np.log1p(-mend)), 1.0 - down)
    return np.asarray(within + part * (after - within))


def eoq_with_additive_yield(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    yield_mean: ArrayLike,
    yield_sd: ArrayLike,
    order_quantity: ArrayLike | None = None,
) -> LotSize:
    """The order quantity when Q + Y units arrive, Y random and independent of Q, or the cost of a given one.

    Parameters (broadcast): K, h and demand (d) as in `economic_order_quantity`; `yield_mean` (E[Y], units, may be
    negative), `yield_sd` (SD[Y] >= 0, units), `order_quantity` (Q, units; Q + E[Y] > 0).
    Formula: Q* = sqrt(2 K d / h + Var[Y]) - E[Y]; cost (2 K d + h Var[Y]) / (2 (Q + E[Y])) + h (Q + E[Y]) / 2.
    Validity: zero stock at each arrival. Source: Yano and Lee (1995); Snyder and Shen (2019), section 9.4.1.

    >>> best = eoq_with_additive_yield(18500.0, 0.06, 75000.0, -15000.0, 9000.0)
    >>> round(float(best.order_quantity), 2), round(float(best.cost_per_period), 4)
    (230246.37, 12914.7822)
    """
    setup, hold, rate = checked_positive(
        order_cost=order_cost, holding_cost_per_period=holding_cost_per_period, demand_per_period=demand_per_period
    )
    mean, sd = numbers("yield_mean", yield_mean), numbers("yield_sd", yield_sd, minimum=0.0)
    setup, hold, rate, mean, sd = together(
        ("K", setup), ("h", hold), ("d", rate), ("yield_mean", mean), ("yield_sd", sd)
    )
    best = np.sqrt(2.0 * setup * rate / hold + sd**2) - mean
    refuse_where(best <= 0.0, "yield_mean", mean, "more arrives unordered than an order needs: order nothing")
    lot = given_or(best, "order_quantity", order_quantity)
    arrives = lot + mean
    refuse_where(arrives <= 0.0, "order_quantity", lot, "give more than -yield_mean, so that something arrives")
    cost = (2.0 * setup * rate + hold * sd**2) / (2.0 * arrives) + hold * arrives / 2.0
    return _lot(lot, cost, arrives / rate)


def eoq_with_multiplicative_yield(
    order_cost: ArrayLike,
    holding_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    yield_mean_share: ArrayLike,
    yield_sd_share: ArrayLike,
    order_quantity: ArrayLike | None = None,
) -> LotSize:
    """The order quantity when Q Z units arrive, the share Z random and independent of Q, or the cost of a given one.

    Parameters (broadcast): K, h and demand (d) as in `economic_order_quantity`; `yield_mean_share` (E[Z] > 0),
    `yield_sd_share` (SD[Z] >= 0), `order_quantity` (Q, units). Formula: Q* = sqrt(2 K d / (h (Var[Z] + E[Z]^2)));
    cost K d / (Q E[Z]) + h Q (Var[Z] + E[Z]^2) / (2 E[Z]). Source: Snyder and Shen (2019), section 9.4.2.

    >>> best = eoq_with_multiplicative_yield(18500.0, 0.06, 75000.0, 0.8333, 0.0198**0.5)
    >>> round(float(best.order_quantity), 2), round(float(best.cost_per_period), 4)
    (254477.46, 13086.1617)
    """
    setup, hold, rate = checked_positive(
        order_cost=order_cost, holding_cost_per_period=holding_cost_per_period, demand_per_period=demand_per_period
    )
    mean = numbers("yield_mean_share", yield_mean_share, above=0.0, maximum=1e6)
    sd = numbers("yield_sd_share", yield_sd_share, minimum=0.0, maximum=1e6)
    setup, hold, rate, mean, sd = together(
        ("K", setup), ("h", hold), ("d", rate), ("yield_mean_share", mean), ("yield_sd_share", sd)
    )
    square = sd**2 + mean**2
    lot = given_or(np.sqrt(2.0 * setup * rate / (hold * square)), "order_quantity", order_quantity)
    cost = setup * rate / (lot * mean) + hold * lot * square / (2.0 * mean)
    return _lot(lot, cost, lot * mean / rate)


def newsvendor_with_additive_yield(
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_period: ArrayLike,
    demand_per_period: ArrayLike,
    yield_error: Demand,
    level: ArrayLike | None = None,
) -> StockLevel:
    """What to order for known demand when S + Y units arrive, Y random, or the expected cost of a given order.

    Parameters (broadcast): h and p as in `newsvendor`; `demand_per_period` (d > 0, units), `yield_error` (Y, any
    `Demand` object: its `mean` may be negative), `level` (S, units). Formula: S* = d - F_Y^-1(h / (h + p)); cost
    h E[(Y - (d - S))+] + p E[((d - S) - Y)+]. Source: Snyder and Shen (2019), section 9.4.3.

    >>> from closeknit.engine.inventory.demand import UniformDemand
    >>> best = newsvendor_with_additive_yield(15.0, 75.0, 1.5e6, UniformDemand.of(-5e5, 5e5))
    >>> round(float(best.level), 2), round(float(best.expected_cost), 2)
    (1833333.33, 6250000.0)
    """
    hold, short, rate = checked_positive(
        holding_cost_per_period=holding_cost_per_period,
        shortage_cost_per_period=shortage_cost_per_period,
        demand_per_period=demand_per_period,
    )
    order = rate - yield_error.quantile(hold / (hold + short)) if level is None else numbers("level", level)
    loss = yield_error.loss(rate - order)
    cost = hold * loss.shortfall + short * loss.excess
    fill = 1.0 - loss.excess / rate
    parts = np.broadcast_arrays(
        order, cost, short / (short + hold), loss.beyond_share, fill, loss.shortfall, loss.excess
    )
    return StockLevel(*(frozen(np.array(part)) for part in parts))
