"""Stock held against uncertainty, so that a promise is kept: cycle service, fill rate, pooling.

A cycle runs from one arrival to the next. Cycle service: the share of cycles in which nothing runs short. Fill rate:
the share of units served from stock at once.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.inventory.demand import NormalDemand
from closeknit.engine.inventory.losses import normal_parts
from closeknit.engine.inventory.reorder import level_of_shortfall


@dataclass(frozen=True, slots=True, eq=False)
class SafetyStock:
    """A reorder point (or order-up-to level, under periodic review) and what it gives; units, shares 0..1.

    `safety_stock`: what is expected to be left when an order arrives, backorders counted against it. `risk_mean` and
    `risk_sd`: demand in the interval the level must last for (lead time, plus review). `fill_share`, `mean_stock` and
    `flow_periods` (how long a unit stays) are 0 where no order quantity is known.
    """

    reorder_point: FloatArray
    safety_stock: FloatArray
    risk_mean: FloatArray
    risk_sd: FloatArray
    cycle_service_share: FloatArray
    expected_short_per_cycle: FloatArray
    fill_share: FloatArray
    mean_stock: FloatArray
    flow_periods: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Risk:
    rate: FloatArray
    mean: FloatArray
    sd: FloatArray
    lot: FloatArray
    has_lot: bool


def _risk(
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    lead_periods: ArrayLike,
    lead_sd_periods: ArrayLike,
    review_periods: ArrayLike,
    order_quantity: ArrayLike | None,
    others: tuple[tuple[str, FloatArray], ...],
) -> tuple[_Risk, list[FloatArray]]:
    review = numbers("review_periods", review_periods, minimum=0.0, maximum=1e6)
    has_lot = order_quantity is not None or bool(np.all(review > 0.0))
    lot = numbers("order_quantity", 0.0 if order_quantity is None else order_quantity, minimum=0.0)
    named = [
        ("demand_mean", numbers("demand_mean", demand_mean, minimum=0.0)),
        ("demand_sd", numbers("demand_sd", demand_sd, minimum=0.0)),
        ("lead_periods", numbers("lead_periods", lead_periods, minimum=0.0, maximum=1e6)),
        ("lead_sd_periods", numbers("lead_sd_periods", lead_sd_periods, minimum=0.0, maximum=1e6)),
        ("review_periods", review),
        ("order_quantity", lot),
    ]
    rate, sd, lead, lead_sd, review, lot, *rest = together(*named, *others)
    if order_quantity is None:
        lot = rate * review
    else:
        refuse_where(lot <= 0.0, "order_quantity", lot, "give a number above 0")
    spread = np.sqrt((lead + review) * sd**2 + (rate * lead_sd) ** 2)
    fix = "demand, or the lead time, must vary: without any uncertainty no safety stock is needed"
    refuse_where(spread <= 0.0, "demand_sd", sd, fix)
    return _Risk(rate, rate * (lead + review), spread, lot, has_lot), rest


def _evaluated(risk: _Risk, point: FloatArray) -> SafetyStock:
    within, _, short, *_ = normal_parts(point, risk.mean, risk.sd)
    safety = point - risk.mean
    none = np.zeros_like(point)
    stock = safety + risk.lot / 2.0
    moving = risk.rate > 0.0
    parts = (
        point,
        safety,
        risk.mean,
        risk.sd,
        within,
        short,
        1.0 - short / np.where(risk.lot > 0.0, risk.lot, np.inf) if risk.has_lot else none,
        stock if risk.has_lot else none,
        np.where(moving, stock / np.where(moving, risk.rate, 1.0), 0.0) if risk.has_lot else none,
    )
    return SafetyStock(*(frozen(np.array(part)) for part in parts))


def evaluate_reorder_point(
    reorder_point: ArrayLike,
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    lead_periods: ArrayLike,
    order_quantity: ArrayLike | None = None,
    *,
    lead_sd_periods: ArrayLike = 0.0,
    review_periods: ArrayLike = 0.0,
) -> SafetyStock:
    """What a reorder point gives: safety stock, cycle service, shortage per cycle, fill rate, mean stock.

    Parameters (broadcast): `reorder_point` (units; under periodic review the order-up-to level), `demand_mean` (mu) and
    `demand_sd` (sigma) of one period (units), `lead_periods` (L) and `lead_sd_periods` (s_L; the lead time's own
    standard deviation), `order_quantity` (Q, units; under periodic review mu R where left out), `review_periods` (R; 0
    is continuous review).
    Formula: risk interval T = L + R, sigma_T = sqrt(T sigma^2 + mu^2 s_L^2); safety stock = point - mu T; cycle service
    Phi(z), expected shortage ESC = sigma_T L(z), fill rate 1 - ESC / Q; mean stock Q / 2 + safety stock.
    Validity: normal demand, independent from period to period; backorders of one cycle do not reach the next.
    Source: Chopra and Meindl, Supply Chain Management, chapter 12; Silver, Pyke and Thomas (2017), chapter 6.

    >>> got = evaluate_reorder_point(6000.0, 2500.0, 500.0, 2.0, 10000.0)
    >>> float(got.safety_stock), round(float(got.cycle_service_share), 4), round(float(got.fill_share), 4)
    (1000.0, 0.9214, 0.9975)
    """
    point = numbers("reorder_point", reorder_point)
    risk, (point,) = _risk(
        demand_mean,
        demand_sd,
        lead_periods,
        lead_sd_periods,
        review_periods,
        order_quantity,
        (("reorder_point", point),),
    )
    return _evaluated(risk, point)


def safety_stock_for_cycle_service(
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    lead_periods: ArrayLike,
    target_share: ArrayLike,
    order_quantity: ArrayLike | None = None,
    *,
    lead_sd_periods: ArrayLike = 0.0,
    review_periods: ArrayLike = 0.0,
) -> SafetyStock:
    """The safety stock at which a given share of cycles sees no shortage.

    Parameters as in `evaluate_reorder_point`; `target_share` (in (0, 1)). Formula: Phi^-1(target) sigma_T.
    Source: Chopra and Meindl, chapter 12.

    >>> got = safety_stock_for_cycle_service(2500.0, 500.0, 7.0, 0.9, lead_sd_periods=7.0)
    >>> round(float(got.risk_sd), 1), round(float(got.safety_stock), 1)
    (17549.9, 22491.1)
    """
    target = numbers("target_share", target_share, above=0.0, below=1.0)
    risk, (target,) = _risk(
        demand_mean,
        demand_sd,
        lead_periods,
        lead_sd_periods,
        review_periods,
        order_quantity,
        (("target_share", target),),
    )
    return _evaluated(risk, risk.mean + risk.sd * special.ndtri(target))


def safety_stock_for_fill_rate(
    demand_mean: ArrayLike,
    demand_sd: ArrayLike,
    lead_periods: ArrayLike,
    target_fill_share: ArrayLike,
    order_quantity: ArrayLike | None = None,
    *,
    lead_sd_periods: ArrayLike = 0.0,
    review_periods: ArrayLike = 0.0,
) -> SafetyStock:
    """The safety stock at which a given share of units is served from stock at once.

    Parameters as in `evaluate_reorder_point`, with an order quantity or a review period; `target_fill_share` (in
    (0, 1)). Formula: sigma_T L(z) = (1 - target) Q, solved by Newton's method to full precision. The safety stock is
    negative where large lots alone give more than the target. Source: Chopra and Meindl, chapter 12.

    >>> round(float(safety_stock_for_fill_rate(2500.0, 500.0, 2.0, 0.975, 10000.0).safety_stock), 2)
    66.7
    """
    target = numbers("target_fill_share", target_fill_share, above=0.0, below=1.0)
    risk, (target,) = _risk(
        demand_mean,
        demand_sd,
        lead_periods,
        lead_sd_periods,
        review_periods,
        order_quantity,
        (("target_fill_share", target),),
    )
    known = np.array(risk.has_lot)
    refuse_where(
        ~known, "order_quantity", known, "give the order quantity, or review_periods: fill is counted per cycle"
    )
    refuse_where(risk.lot <= 0.0, "demand_mean", risk.rate, "give a number above 0: nothing is asked for")
    point = level_of_shortfall(NormalDemand.of(risk.mean, risk.sd), (1.0 - target) * risk.lot)
    return _evaluated(risk, point)


@dataclass(frozen=True, slots=True, eq=False)
class PooledStock:
    """Safety stock held apart (`separate`, summed over members) and held together (`pooled`), in units."""

    separate: FloatArray
    pooled: FloatArray
    saved: FloatArray
    pooled_sd: FloatArray


def pooled_safety_stock(
    demand_sd: ArrayLike,
    lead_periods: ArrayLike,
    target_share: ArrayLike,
    correlation: ArrayLike = 0.0,
) -> PooledStock:
    """How much safety stock several members need apart and together, for one cycle service.

    Parameters: `demand_sd` (sigma_i, units per period; members along the last axis), `lead_periods` (L) and
    `target_share` (in (0, 1)), one per group; `correlation` (rho in -1..1, the same between all pairs, or a matrix).
    Formula: apart z sqrt(L) sum sigma_i; together z sqrt(L) sqrt(sum sigma_i^2 + 2 sum_{i<j} rho_ij sigma_i sigma_j);
    the square-root law where all are equal and independent. Source: Eppen (1979); Chopra and Meindl, chapter 12.

    >>> got = pooled_safety_stock([100.0] * 4, 1.0, 0.95)
    >>> round(float(got.separate), 2), round(float(got.pooled), 2)
    (657.94, 328.97)
    """
    sd = np.atleast_1d(numbers("demand_sd", demand_sd, minimum=0.0))
    lead = numbers("lead_periods", lead_periods, above=0.0, maximum=1e6)
    target = numbers("target_share", target_share, above=0.0, below=1.0)
    rho = numbers("correlation", correlation, minimum=-1.0, maximum=1.0)
    size = sd.shape[-1]
    if rho.ndim not in (0, 2) or (rho.ndim == 2 and rho.shape != (size, size)):
        refuse_where(np.array(True), "correlation", np.array(str(rho.shape)), f"give one number, or {size} x {size}")
    matrix = rho if rho.ndim == 2 else np.where(np.eye(size) > 0.0, 1.0, rho)
    total = np.einsum("...i,ij,...j->...", sd, matrix, sd)
    low = -1e-9 * np.sum(sd**2, axis=-1)
    refuse_where(total < low, "correlation", total, "is the variance together: give a correlation that can be")
    spread = np.sqrt(np.maximum(total, 0.0))
    z = special.ndtri(target) * np.sqrt(lead)
    apart, together_stock = z * np.sum(sd, axis=-1), z * spread
    return PooledStock(
        frozen(np.asarray(apart)),
        frozen(np.asarray(together_stock)),
        frozen(np.asarray(apart - together_stock)),
        frozen(np.asarray(spread)),
    )


def optimal_cycle_service(
    order_quantity: ArrayLike,
    demand_per_period: ArrayLike,
    holding_cost_per_period: ArrayLike,
    shortage_cost_per_unit: ArrayLike,
    *,
    lost_sales: bool = False,
) -> FloatArray:
    """The share of cycles without shortage at which one more unit of safety stock just pays.

    Parameters (broadcast, all > 0): `order_quantity` (Q, units), `demand_per_period` (D, units),
    `holding_cost_per_period` (H, money per unit and period), `shortage_cost_per_unit` (C, money per unit short, once);
    `lost_sales`: what is short is lost, not served late. Formula: 1 - H Q / (D C); lost sales 1 - H Q / (H Q + D C).
    Where holding costs more than shortages ever could, 0. Source: Chopra and Meindl, chapter 13.

    >>> float(optimal_cycle_service(400.0, 5200.0, 0.6, 2.0).round(4))
    0.9769
    """
    named = {
        "order_quantity": order_quantity,
        "demand_per_period": demand_per_period,
        "holding_cost_per_period": holding_cost_per_period,
        "shortage_cost_per_unit": shortage_cost_per_unit,
    }
    lot, rate, hold, short = together(*((name, numbers(name, value, above=0.0)) for name, value in named.items()))
    held, lost = hold * lot, rate * short
    return frozen(np.asarray(1.0 - held / (held + lost) if lost_sales else np.maximum(1.0 - held / lost, 0.0)))
