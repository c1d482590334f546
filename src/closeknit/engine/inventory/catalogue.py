"""Reorder points for a fill rate where demand is lumpy: exact, for one item of any kind or a catalogue of 100,000s."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import BoolArray, FloatArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import array, run_in_parts
from closeknit.engine.inventory.catalogue_kernels import find_fill_rate_points
from closeknit.engine.inventory.demand import Demand
from closeknit.engine.inventory.losses import LARGEST_COUNT, size_of


@dataclass(frozen=True, slots=True, eq=False)
class FillRateStock:
    """Reorder points (whole units), what lies above mean lead-time demand, and the fill rate they give (0..1)."""

    reorder_point: FloatArray
    safety_stock: FloatArray
    fill_share: FloatArray
    expected_short_per_cycle: FloatArray


def fill_rate_stock(
    lead_demand_mean: ArrayLike,
    lead_demand_sd: ArrayLike,
    target_fill_share: ArrayLike,
    order_quantity: ArrayLike | None = None,
) -> FillRateStock:
    """The smallest stock that serves a share of negative binomial demand at once, item by item over a catalogue.

    Parameters (broadcast): `lead_demand_mean` (m >= 0) and `lead_demand_sd` (at least sqrt(m); equal means Poisson) of
    demand over the lead time (with periodic review: lead time plus review), units; `target_fill_share` (0..1 - 1e-9,
    one per item or segment); `order_quantity` (Q, whole units >= 1).
    Formula: with a lot, the exact fill rate of a continuous-review policy whose demand comes unit by unit,
    1 - (n(r) - n(r + Q)) / Q; without one, 1 - n(r) / m: what is short at the end of a cycle, of one cycle's mean
    demand. The smallest whole r >= 0 that reaches the target. Validity: m up to 1e8.
    Source: Hadley and Whitin (1963), section 4-7; Axsaeter (2015), section 5.3.

    >>> got = fill_rate_stock([3.0, 40.0], [2.5, 11.0], [0.95, 0.98])
    >>> got.reorder_point.tolist(), got.fill_share.round(4).tolist()
    ([7.0, 54.0], [0.9519, 0.9822])
    """
    mean = numbers("lead_demand_mean", lead_demand_mean, minimum=0.0, maximum=LARGEST_COUNT)
    sd = numbers("lead_demand_sd", lead_demand_sd, minimum=0.0, maximum=1e6)
    target = numbers("target_fill_share", target_fill_share, minimum=0.0, maximum=1.0 - 1e-9)
    lot = np.zeros(())
    if order_quantity is not None:
        lot = numbers("order_quantity", order_quantity, minimum=1.0, maximum=LARGEST_COUNT)
        refuse_where(lot != np.floor(lot), "order_quantity", lot, "give whole units")
    mean, sd, target, lot = together(
        ("lead_demand_mean", mean), ("lead_demand_sd", sd), ("target_fill_share", target), ("order_quantity", lot)
    )
    variance = np.where(size_of(mean, sd) > 0.0, sd * sd, mean)
    out = np.zeros((mean.size, 2))
    parts = [array(part.ravel()) for part in (mean, variance, target, lot)]
    work = float(np.sum(20.0 + np.minimum(mean, 60.0) + 10.0 * np.sqrt(variance)))
    run_in_parts(find_fill_rate_points, mean.size, work, *parts, out)
    point, short = out[:, 0].reshape(mean.shape), out[:, 1].reshape(mean.shape)
    return _stock(point, mean, short, np.where(lot > 0.0, lot, mean))


def _stock(point: FloatArray, mean: FloatArray, short: FloatArray, cycle: FloatArray) -> FillRateStock:
    asked = cycle > 0.0
    fill = np.where(asked, 1.0 - short / np.where(asked, cycle, 1.0), 1.0)
    return FillRateStock(*(frozen(np.asarray(part)) for part in (np.array(point), point - mean, fill, np.array(short))))


def fill_rate_of(reorder_point: ArrayLike, order_quantity: ArrayLike, lead_demand: Demand) -> FillRateStock:
    """The exact fill rate of a reorder point and lot under continuous review, for demand of any kind.

    Parameters (broadcast): `reorder_point` (r) and `order_quantity` (Q > 0), units; `lead_demand`, over the lead time.
    Formula: 1 - (n(r) - n(r + Q)) / Q, n the loss function: the position is uniform over a lot, and what is short
    before an order's arrival less what was short already. Source: as `fill_rate_stock`.

    >>> from closeknit.engine.inventory.demand import NormalDemand
    >>> round(float(fill_rate_of(6000.0, 10000.0, NormalDemand.of(5000.0, 707.1)).fill_share), 4)
    0.9975
    """
    point, lot = numbers("reorder_point", reorder_point), numbers("order_quantity", order_quantity, above=0.0)
    point, lot = together(("reorder_point", point), ("order_quantity", lot))
    short = lead_demand.loss(point).shortfall - lead_demand.loss(point + lot).shortfall
    point, lot, short, mean = np.broadcast_arrays(point, lot, short, lead_demand.mean)
    return _stock(np.array(point), np.array(mean), np.array(short), np.array(lot))


def reorder_point_for_fill_rate(
    target_fill_share: ArrayLike, order_quantity: ArrayLike, lead_demand: Demand
) -> FillRateStock:
    """The smallest reorder point that reaches an exact fill rate with a given lot, for demand of any kind.

    Parameters (broadcast): `target_fill_share` (in (0, 1)), `order_quantity` (Q > 0, units; whole where demand is),
    `lead_demand`, over the lead time. Formula: as `fill_rate_of`, found by halving; whole where demand is whole, and
    then at least -Q. Source: as `fill_rate_stock`.

    >>> from closeknit.engine.inventory.demand import PoissonDemand
    >>> reorder_point_for_fill_rate(0.95, 5.0, PoissonDemand.of(3.0)).reorder_point.tolist()
    5.0
    """
    target = numbers("target_fill_share", target_fill_share, above=0.0, below=1.0)
    lot = numbers("order_quantity", order_quantity, above=0.0)
    target, lot, mean = together(("target_fill_share", target), ("order_quantity", lot), ("demand", lead_demand.mean))
    tail = np.asarray(lead_demand.quantile(0.5)) + 1.0
    low, high = np.array(np.minimum(-lot, mean - 40.0 * lead_demand.sd) - 1.0), np.array(tail + np.zeros_like(lot))

    def reached(point: FloatArray) -> BoolArray:
        return np.asarray(fill_rate_of(point, lot, lead_demand).fill_share >= target)

    for _ in range(200):
        more = ~reached(high)
        if not np.any(more):
            break
        low, high = np.where(more, high, low), np.where(more, mean + 2.0 * (high - mean) + 1.0, high)
    if lead_demand.is_whole:
        low, high = np.maximum(np.floor(low), -lot - 1.0), np.ceil(high)
    for _ in range(200):
        middle = np.floor((low + high) / 2.0) if lead_demand.is_whole else (low + high) / 2.0
        good = reached(middle)
        low, high = np.where(good, low, middle), np.where(good, middle, high)
        if np.all(high - low <= (1.0 if lead_demand.is_whole else 1e-13 * (np.abs(high) + 1.0))):
            break
    return fill_rate_of(high, lot, lead_demand)
