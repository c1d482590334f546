"""Textbook questions about one queue: how many are in it, how long a stay takes, and the limits of large ones."""

import math

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, frozen, numbers, refuse_where, together, whole_number
from closeknit.engine.compiled import run
from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing.arguments import checked_agents, flow, offered, refuse_agents_beyond_lines, rows
from closeknit.engine.queueing.erlang import erlang_c
from closeknit.engine.queueing.system_kernels import fill_sizes


def system_size_distribution(
    agents: ArrayLike,
    arrivals_per_hour: ArrayLike,
    handle_minutes: ArrayLike,
    largest: int,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
) -> FloatArray:
    """Probability that 0, 1, ..., `largest` people are in the system (the last axis), in steady state.

    Parameters: `agents` (c, whole), `largest` (n up to 1e6), the others as in `queue_performance`, broadcast together.
    Formula: p_n = p_(n-1) a / min(n, c), beyond c divided by c + (n - c) theta/mu; the sum of all is 1.
    Validity: stable queues; others are refused. Source: Hillier and Lieberman, queueing chapter; Palm (1957).

    >>> system_size_distribution(2, 2.0, 20.0, 3).round(6).tolist()
    [0.5, 0.333333, 0.111111, 0.037037]
    """
    count = checked_agents("agents", agents)
    refuse_where(count != np.floor(count), "agents", count, "give whole agents: states count people one by one")
    most = whole_number("largest", largest, minimum=0, maximum=10**6)
    given = flow(arrivals_per_hour, handle_minutes, patience_minutes, lines, ("agents", count))
    count = given.others[0]
    refuse_agents_beyond_lines(count, given.lines)
    growing = (given.theta == 0.0) & (given.lines == np.inf) & (given.load >= count) & (given.load > 0.0)
    if np.any(growing):
        raise EngineInputError("agents must exceed the offered load: nobody gives up and the queue grows without end")
    out = np.empty((count.size, most + 1))
    work = 10.0 * count.size * (most + 100.0) + float(np.sum(np.where(given.lines < np.inf, given.lines, 0.0)))
    run(fill_sizes, work, rows(count, given.load, given.theta, given.lines), out)
    return frozen(out.reshape(*given.shape, most + 1))


def time_in_system_longer_share(
    agents: ArrayLike, arrivals_per_hour: ArrayLike, handle_minutes: ArrayLike, times_minutes: ArrayLike
) -> FloatArray:
    """Probability that waiting and being served take longer than a time (M/M/c), all arguments broadcast together.

    Formula: e^(-mu t) (1 + C (1 - e^(-mu t (c - 1 - a))) / (c - 1 - a)), at c - 1 = a its limit; 1 where the queue
    grows without end. Parameters as in `queue_performance`, `times_minutes` (t >= 0). Source: Hillier and Lieberman.

    >>> time_in_system_longer_share(1, 2.0, 20.0, [30.0, 60.0]).round(3).tolist()
    [0.607, 0.368]
    """
    load, handle = offered(arrivals_per_hour, handle_minutes)
    count, load, handle, times = together(
        ("agents", checked_agents("agents", agents)),
        ("arrivals_per_hour", load),
        ("handle_minutes", handle),
        ("times_minutes", numbers("times_minutes", times_minutes, minimum=0.0, maximum=1e9)),
    )
    time = times / handle
    stable = load < count
    spare = np.where(stable, count - load, 1.0) - 1.0
    # (e^-t - e^(-t - spare t))/spare, from its larger term so that neither overflows
    gap = np.abs(spare) * time
    small = gap < 1e-8
    gap = np.minimum(gap, 700.0)
    growth = np.where(small, time, -np.expm1(-gap) / np.where(small, 1.0, np.abs(spare)))
    larger = np.exp(-np.minimum(time * np.minimum(1.0, 1.0 + spare), 700.0))
    longer = np.exp(-np.minimum(time, 700.0)) + erlang_c(count, load) * larger * growth
    return frozen(np.where(stable, np.minimum(longer, 1.0), np.where((load == 0.0) & (count > 0.0), longer, 1.0)))


def halfin_whitt_wait_share(beta: ArrayLike, patience_ratio: ArrayLike | None = None) -> FloatArray:
    """Limit of the probability of waiting for large teams staffed at load + beta sqrt(load).

    Parameters (broadcast together): `beta` (> 0; any sign with patience; at most 30 in size), `patience_ratio` (mean
    patience / mean handling time; None: nobody gives up). Formula: 1/(1 + beta Phi(beta)/phi(beta)); with patience,
    r = sqrt(ratio) and h the hazard of the standard normal, 1/(1 + h(beta r)/(r h(-beta))).
    Source: Halfin and Whitt, Operations Research 29 (1981); Garnett, Mandelbaum and Reiman, MSOM 4 (2002).

    >>> float(halfin_whitt_wait_share(1.0).round(6))
    0.223361
    """
    if patience_ratio is None:
        spread = numbers("beta", beta, above=0.0, maximum=30.0, fix="without patience fewer agents never catch up")
        return frozen(1.0 / (1.0 + spread / _hazard(-spread)))
    spread = numbers("beta", beta, minimum=-30.0, maximum=30.0)
    ratio = numbers("patience_ratio", patience_ratio, minimum=1e-9, maximum=1e9)
    spread, ratio = together(("beta", spread), ("patience_ratio", ratio))
    root = np.sqrt(ratio)
    return frozen(1.0 / (1.0 + _hazard(spread * root) / (root * _hazard(-spread))))


def _hazard(x: FloatArray) -> FloatArray:
    """phi(x)/(1 - Phi(x)): for large x by its continued fraction, where both are too small for a float."""
    return np.array([_hazard_at(float(value)) for value in np.ravel(x)]).reshape(np.shape(x))


def _hazard_at(x: float) -> float:
    if x < 8.0:
        return math.exp(-0.5 * x * x) / (math.sqrt(2.0 * math.pi) * 0.5 * math.erfc(x / math.sqrt(2.0)))
    value = x
    for term in range(40, 0, -1):
        value = x + term / value
    return value
