"""Serial systems with normal demand: integrals of smooth pieces by Gauss-Legendre rules, with a proven error.

Each measure's cost function f is kept by its slope. Below its level the slope is smooth (a convolution with a normal
density); above it is zero, for no more than the level is ever ordered; far below it is constant. So the next
convolution is a closed form for the far part and a short quadrature for the rest: no grid, no rounding of levels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr

from closeknit.engine.checks import FloatArray
from closeknit.engine.errors import EngineInputError
from closeknit.engine.inventory.demand import NormalDemand
from closeknit.engine.inventory.serial_measures import Measures, Sweep

Slope: TypeAlias = Callable[[FloatArray], FloatArray]

REACH = 9.5
"""Standard deviations below which a slope counts as constant: the chance of being there is 1e-21."""

POINTS = 16
MOST_PANELS = 1000
BLOCK = 1_000_000
_ROOT_TAU = float(np.sqrt(2.0 * np.pi))
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(POINTS)


@dataclass(frozen=True, slots=True, eq=False)
class _Level:
    """What a stage hands upstream: its level, its slope below it, constant (`far`) below `start`.

    `breaks`: places where the slope jumps. `atom`: a step of the measure at zero, where it is still there.
    `narrow`: the standard deviation of the last smoothing. `slope_error`: a bound, for a shortage cost of one.
    """

    level: float
    slope: Slope
    far: FloatArray
    start: float
    breaks: tuple[float, ...]
    atom: FloatArray
    narrow: float
    slope_error: float


@dataclass(frozen=True, slots=True, eq=False)
class _Rule:
    """Nodes below a level, and the slopes there times their weights [measure, node]."""

    nodes: FloatArray
    weighted: FloatArray


def sweep_normal(
    measures: Measures,
    demand: NormalDemand,
    leads: FloatArray,
    levels: FloatArray | None,
    bounds: tuple[FloatArray, FloatArray],
) -> Sweep:
    """Walk from the customer upstream; `bounds` hold levels that the best ones cannot pass."""
    mean, sd = float(demand.mean) * leads, float(demand.sd) * np.sqrt(leads)
    far = -measures.shortage
    below = _Level(0.0, _constant(far), far, 0.0, (), measures.step_at_zero, np.inf, 0.0)
    chosen, values, error, rounding = np.zeros(leads.size), np.zeros(far.size), 0.0, 0.0
    passed: list[tuple[float, float]] = [(0.0, 0.0)]
    for stage in range(leads.size):
        narrow = min(below.narrow, sd[stage]) if sd[stage] > 0.0 else below.narrow
        rule = _rule(below, below.start, narrow)
        slope = _next_slope(below, rule, measures.holding[:, stage], mean[stage], sd[stage])
        own = _least(slope, bounds[0][stage], bounds[1][stage]) if levels is None else float(levels[stage])
        held = measures.holding[:, stage] * (own - mean[stage])
        short = _shortfall(below, rule, own, mean[stage], sd[stage])
        values += held + short
        # Terms of one sign: as many roundings as there are, of what they add up to.
        rounding += 2.3e-16 * (rule.nodes.size + 10) * (abs(float(held[0])) + abs(float(short[0])))
        proven = _rule_error(below, rule, narrow, sd[stage])
        error += below.slope_error * (below.level - below.start) + proven * max(1.0, sd[stage])
        passed = [(at + mean[stage], variance + sd[stage] ** 2) for at, variance in passed]
        start = min(own, *(at - REACH * variance**0.5 for at, variance in passed))
        passed.append((own, 0.0))
        below = _Level(
            level=own,
            slope=slope,
            far=below.far + measures.holding[:, stage],
            start=start,
            breaks=() if sd[stage] > 0.0 else tuple(b for b in (*below.breaks, below.level) if b < own),
            atom=below.atom * (sd[stage] == 0.0 and own > 0.0),
            narrow=sd[stage] if sd[stage] > 0.0 else below.narrow,
            slope_error=below.slope_error + (proven if sd[stage] > 0.0 else 0.0),
        )
        chosen[stage] = own
    return Sweep(chosen, values, float(error * measures.shortage[0] + rounding))


def _constant(value: FloatArray) -> Slope:
    return lambda x: np.repeat(value[:, None], x.size, axis=1)


def _rule(below: _Level, start: float, narrow: float) -> _Rule:
    """Panels of twice the narrowest standard deviation from `start` to the level, broken where the slope jumps."""
    if not np.isfinite(narrow) and not below.breaks:
        return _Rule(np.zeros(0), np.zeros((below.far.size, 0)))
    edges = [start, *(b for b in sorted(below.breaks) if b > start), below.level]
    cuts = [
        np.linspace(a, b, 1 + max(1, int(np.ceil((b - a) / (2.0 * narrow))) if np.isfinite(narrow) else 1))
        for a, b in pairwise(edges)
        if b > a
    ]
    if sum(cut.size - 1 for cut in cuts) > MOST_PANELS:
        raise EngineInputError(
            "lead_periods differ too much between stages: give 0 to the stage whose lead time is far below the others"
        )
    if not cuts:
        return _Rule(np.zeros(0), np.zeros((below.far.size, 0)))
    left = np.concatenate([cut[:-1] for cut in cuts])
    half = np.concatenate([np.diff(cut) for cut in cuts]) / 2.0
    nodes = ((left + half)[:, None] + half[:, None] * _NODES).ravel()
    return _Rule(nodes, below.slope(nodes) * (half[:, None] * _WEIGHTS).ravel())


def _next_slope(below: _Level, rule: _Rule, holding: FloatArray, mean: float, sd: float) -> Slope:
    """The slope of E[f(min(level, y - D))] with the stage's own holding cost, as a function of y."""
    if sd == 0.0:
        return lambda y: holding[:, None] + np.where(y < below.level, below.slope(y), 0.0)

    def slope(y: FloatArray) -> FloatArray:
        if y.size * rule.nodes.size > BLOCK:
            parts = np.array_split(y, -(-y.size * rule.nodes.size // BLOCK))
            return np.concatenate([slope(part) for part in parts], axis=1)
        total: FloatArray = holding[:, None] + below.far[:, None] * ndtr((below.start + mean - y) / sd)
        total += rule.weighted @ _density((y - mean - rule.nodes[:, None]) / sd) / sd
        if below.atom.any():
            total += below.atom[:, None] * (_density((y - mean) / sd) / sd)
        return total

    return slope


def _density(z: FloatArray) -> FloatArray:
    density: FloatArray = np.exp(-0.5 * z * z) / _ROOT_TAU
    return density


def _least(slope: Slope, lower: float, upper: float) -> float:
    """Where the slope of the cost becomes positive."""

    def cost_slope(y: float) -> float:
        return float(slope(np.array([y]))[0, 0])

    low, high = cost_slope(lower), cost_slope(upper)
    if low >= 0.0 or high <= 0.0:
        return lower if low >= 0.0 else upper
    # A slope of so little is rounding: it moves the cost by less than its last digit.
    return _root(cost_slope, (lower, low), (upper, high), 4e-16 * high)


def _root(
    function: Callable[[float], float], below: tuple[float, float], above: tuple[float, float], tolerance: float
) -> float:
    """Where a rising function is zero: secants that keep a bracket (Illinois), halving when they are slow."""
    (a, at_a), (b, at_b) = below, above
    side, nearest, best = 0, np.inf, 0.5 * (a + b)
    for turn in range(100):
        x = b - at_b * (b - a) / (at_b - at_a)
        if turn % 8 == 7 or not a < x < b:
            x = 0.5 * (a + b)
        if not a < x < b or nearest <= tolerance:
            break
        value = function(x)
        if abs(value) < nearest:
            nearest, best = abs(value), x
        if value == 0.0:
            break
        if value < 0.0:
            a, at_a, at_b, side = x, value, (0.5 * at_b if side < 0 else at_b), -1
        else:
            b, at_b, at_a, side = x, value, (0.5 * at_a if side > 0 else at_a), 1
    return best


def _shortfall(below: _Level, rule: _Rule, own: float, mean: float, sd: float) -> FloatArray:
    """E[f(min(level, own - D)) - f(level)]."""
    if sd == 0.0:
        return _sure_shortfall(below, own)
    z = (own - mean - below.start) / sd
    far_part = -below.far * sd * float(_density(np.asarray(z)) - z * ndtr(-z))
    atom_part = -below.atom * float(ndtr((mean - own) / sd))
    near_part: FloatArray = -(rule.weighted @ ndtr((mean + rule.nodes - own) / sd))
    return near_part + far_part + atom_part


def _sure_shortfall(below: _Level, own: float) -> FloatArray:
    if own >= below.level:
        return np.zeros_like(below.far)
    start = min(max(own, below.start), below.level)
    rule = _rule(below, start, below.narrow)
    atom_part = -below.atom * (own < 0.0)
    fallen: FloatArray = -rule.weighted.sum(axis=1) - below.far * max(0.0, start - own) + atom_part
    return fallen


def _rule_error(below: _Level, rule: _Rule, narrow: float, sd: float) -> float:
    """A bound on the rule's error for slopes and, over the standard deviation, for values; shortage cost one.

    On the ellipse with parameter rho about a panel of half-width w the slope is at most 1 + exp(b^2 / 2 s^2) and the
    density at most exp(b^2 / 2 s^2), b = w (rho - 1 / rho) / 2; a rule of n + 1 points then errs by at most
    64 / 15 * w * M * rho^(-2 n) / (1 - rho^-2) (Trefethen, Approximation Theory and Practice, theorem 19.3).
    """
    if rule.nodes.size == 0 or sd == 0.0:
        return 0.0
    rho = np.linspace(2.0, 14.0, 49)
    squared = (narrow * (rho - 1.0 / rho) / 2.0) ** 2 / 2.0
    most = (1.0 + np.exp(np.minimum(squared / below.narrow**2, 600.0))) * np.exp(np.minimum(squared / sd**2, 600.0))
    each = 64.0 / 15.0 * narrow / sd * most * rho ** (2.0 - 2.0 * POINTS) / (1.0 - rho**-2.0)
    return float(each.min()) * rule.nodes.size / POINTS
