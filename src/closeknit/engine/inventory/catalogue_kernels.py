"""Reorder points of a whole catalogue for a fill rate: walks along the shortfall, one unit at a time."""

import math

from closeknit.engine.compiled import Matrix, Vector, kernel
from closeknit.engine.inventory.loss_kernels import _counting_below, _counting_beyond, _counting_mass

_DEEPEST = -600.0
_WALKED = 48.0


@kernel
def _state(level: float, mean: float, size: float) -> tuple[float, float, float]:
    """(P(D = x), P(D > x), E(D - x)+) at a whole level, from sums of positive terms."""
    mass = _counting_mass(level, mean, size)
    if level >= mean:
        beyond, short, _ = _counting_beyond(level, mean, size)
        return mass, beyond, short
    within, left, _ = _counting_below(level, mean, size)
    return mass, 1.0 - within, left + (mean - level)


@kernel
def _near_level(mean: float, variance: float, allowed: float) -> float:
    """About where the shortfall is as allowed: a normal guess, bent by the skewness."""
    sd = math.sqrt(variance)
    share = allowed / sd
    if share > 0.4:
        return max(math.floor(mean - allowed), 0.0)
    # The normal loss falls nearly like this tail; three steps of a fixed point are enough for a start.
    z = math.sqrt(-2.0 * math.log(min(share, 0.39) / 0.4))
    z = 0.45 * z + 0.27 * z * z / (1.0 + 0.33 * z)
    skew = (2.0 * variance / mean - 1.0) / sd
    return max(math.floor(mean + sd * (z + skew * (z * z - 1.0) / 6.0)), 0.0)


@kernel
def find_fill_rate_points(
    start: int, stop: int, mean: Vector, variance: Vector, target: Vector, lot: Vector, out: Matrix
) -> None:
    """Smallest whole r >= 0 whose shortfall per cycle is allowed, and that shortfall.

    A `lot` of 0 stands for cycles of one mean demand, whose shortfall counts all that is short when the cycle ends.
    """
    for i in range(start, stop):
        m, v, q_units = mean[i], variance[i], lot[i]
        if m == 0.0:
            out[i, 0] = 0.0
            out[i, 1] = 0.0
            continue
        allowed = (1.0 - target[i]) * (q_units if q_units > 0.0 else m)
        share = m / v
        slope = 1.0 - share if v > m * (1.0 + 1e-9) else 0.0
        # Chances follow p(k + 1) = p(k) (first + slope k) / (k + 1).
        first = m * share if slope > 0.0 else m
        log_none = first / slope * math.log(share) if slope > 0.0 else -m
        if log_none > _DEEPEST and m < 60.0 + 10.0 * math.sqrt(v) and allowed > 1e-9 * m:
            x = 0.0
            mass = math.exp(log_none)
            beyond = 1.0 - mass
            short = m
        else:
            size = first / slope if slope > 0.0 else 0.0
            x = _near_level(m, v, allowed)
            mass, beyond, short = _state(x, m, size)
            for _ in range(60):
                # Newton on a convex curve; what is left of the way is walked.
                step = (short - allowed) / beyond if beyond > 1e-250 else -math.sqrt(v)
                if abs(step) <= _WALKED or x + step <= 0.0 >= x:
                    break
                x = max(math.floor(x + max(step, -4.0 * math.sqrt(v) - _WALKED)), 0.0)
                mass, beyond, short = _state(x, m, size)
            # The guess may lie too high: step down first.
            while x > 0.0 and short + beyond + mass <= allowed:
                beyond += mass
                short += beyond
                mass *= x / (first + slope * (x - 1.0))
                x -= 1.0
        while short > allowed:
            short -= beyond
            mass *= (first + slope * x) / (x + 1.0)
            x += 1.0
            beyond = max(beyond - mass, 0.0)
            if beyond <= 1e-15 and x > m:
                break
        spared = 0.0
        if q_units > 0.0:
            # What is still short a lot higher was short already when the cycle began.
            high, high_mass, high_beyond, spared = x + q_units, 0.0, 0.0, 0.0
            if q_units > _WALKED:
                high_mass, high_beyond, spared = _state(high, m, first / slope if slope > 0.0 else 0.0)
            else:
                high, high_mass, high_beyond, spared = x, mass, beyond, short
                while high < x + q_units and spared > 1e-12 * allowed:
                    spared -= high_beyond
                    high_mass *= (first + slope * high) / (high + 1.0)
                    high += 1.0
                    high_beyond = max(high_beyond - high_mass, 0.0)
            if spared <= 1e-12 * allowed:
                spared = 0.0
            while spared > 0.0 and x > 0.0 and short + beyond + mass - (spared + high_beyond + high_mass) <= allowed:
                beyond += mass
                short += beyond
                mass *= x / (first + slope * (x - 1.0))
                x -= 1.0
                high_beyond += high_mass
                spared += high_beyond
                high_mass *= high / (first + slope * (high - 1.0))
                high -= 1.0
        out[i, 0] = x
        out[i, 1] = max(short - spared, 0.0)
