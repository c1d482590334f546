"""Serial systems with demand in whole units: sums without any grid error."""

from collections.abc import Sequence

import numpy as np

from closeknit.engine.checks import FloatArray, IntArray
from closeknit.engine.inventory.serial_demand import LeadDemand
from closeknit.engine.inventory.serial_measures import Measures, Sweep


def sweep_discrete(
    measures: Measures, demands: Sequence[LeadDemand], levels: IntArray | None, highest: IntArray
) -> Sweep:
    """Walk from the customer upstream; `highest` are levels that the best ones cannot exceed.

    Each measure's cost function f is kept by its steps f(x + 1) - f(x), less their constant far below: zero under
    `lowest`, `above` from the level on. Nothing but the far tails of the demand is cut off.
    """
    count = measures.holding.shape[1]
    chosen = np.zeros(count, dtype=np.int64) if levels is None else levels
    lowest, level = -1, 0
    steps = measures.step_at_zero[:, None].copy()
    above = measures.shortage.copy()
    values, error = np.zeros(above.size), 0.0
    for stage, demand in enumerate(demands):
        top = int(highest[stage]) + 2 if levels is None else int(chosen[stage])
        now_lowest = lowest + demand.first
        size = max(0, top - now_lowest)
        now = _convolved(_extended(steps, above, size), demand.share[:size])
        now_above = above - measures.holding[:, stage]
        if levels is None:
            chosen[stage] = _first_rise(now[0], float(now_above[0]), now_lowest, top)
        own = int(chosen[stage])
        held = measures.holding[:, stage] * (own - demand.mean)
        short = _shortfall(steps, above, lowest, demand, own)
        values += held + short
        # Sums of terms of one sign: each is right to as many roundings as it has terms.
        error += 2.3e-16 * (size + demand.share.size) * (abs(float(held[0])) + float(short[0]))
        steps, above, lowest, level = now[:, : max(0, own - now_lowest)], now_above, now_lowest, own
        lowest = min(lowest, level)
    return Sweep(chosen.astype(np.float64), values, error)


def _extended(steps: FloatArray, above: FloatArray, size: int) -> FloatArray:
    full = np.repeat(above[:, None], max(size, steps.shape[1], 1), axis=1)
    full[:, : steps.shape[1]] = steps
    return full[:, :size]


def _convolved(rows: FloatArray, share: FloatArray) -> FloatArray:
    size = rows.shape[1]
    if size == 0:
        return rows
    return np.stack([np.convolve(row, share)[:size] for row in rows])


def _first_rise(steps: FloatArray, above: float, lowest: int, top: int) -> int:
    rising = np.flatnonzero(steps >= above)
    return lowest + int(rising[0]) if rising.size else top


def _shortfall(steps: FloatArray, above: FloatArray, lowest: int, demand: LeadDemand, own: int) -> FloatArray:
    """E[f(min(level, own - D)) - f(level)]."""
    places = lowest + np.arange(steps.shape[1])
    falls = (above[:, None] - steps) @ demand.at_least(own - places.astype(np.float64))
    below: FloatArray = falls + above * demand.excess(own - lowest)
    return below
