"""What volume fits a number of agents."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from closeknit.engine.checks import FloatArray, frozen, refuse_where
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.queueing.arguments import checked_agents, refuse_agents_beyond_lines, rows
from closeknit.engine.queueing.inverse_kernels import largest_loads
from closeknit.engine.queueing.performance import LevelDefinition, legendre
from closeknit.engine.queueing.staffing import BINDING, DEFINITIONS, checked_targets


@dataclass(frozen=True, slots=True, eq=False)
class LargestArrivals:
    """The largest volume that so many agents carry within all targets; `binding` names the one that more would break.

    Names as in `StaffingRequirement`; "stability" where only the load itself is the limit.
    """

    arrivals_per_hour: FloatArray
    offered_erlangs: FloatArray
    binding: NDArray[np.str_]
    definition: LevelDefinition


def largest_arrivals(
    agents: ArrayLike,
    handle_minutes: ArrayLike,
    threshold_minutes: ArrayLike,
    target_share: ArrayLike,
    max_occupancy_share: ArrayLike = 1.0,
    max_mean_wait_minutes: ArrayLike = np.inf,
    *,
    patience_minutes: ArrayLike = np.inf,
    lines: ArrayLike = np.inf,
    max_mean_wait_of_answered_minutes: ArrayLike = np.inf,
    max_abandoned_share: ArrayLike = 1.0,
    max_blocked_share: ArrayLike = 1.0,
    definition: LevelDefinition = LevelDefinition.OF_OFFERED,
) -> LargestArrivals:
    """The largest arrival rate at which `agents` meet all targets: the inverse of `required_agents`.

    Parameters: `agents` (c, whole or fractional), the others as in `required_agents`, broadcast together.
    Method: every target is harder to meet at a larger load; the load where the first fails is found to 1e-13.
    Validity: as `queue_performance`; refused where nothing limits the volume. Source: as `queue_performance`.

    >>> fits = largest_arrivals(14, 3.0, 0.33, 0.8)
    >>> round(float(fits.arrivals_per_hour), 2), str(fits.binding)
    (217.26, 'service_level')
    """
    given, limits = checked_targets(
        (0.0, handle_minutes, patience_minutes, lines, threshold_minutes),
        target_share,
        (max_mean_wait_minutes, max_mean_wait_of_answered_minutes),
        (max_occupancy_share, max_abandoned_share, max_blocked_share),
        ("agents", checked_agents("agents", agents)),
    )
    count = given.others[-1]
    refuse_agents_beyond_lines(count, given.lines)
    out = np.empty((2, count.size))
    inputs = rows(count, given.theta, given.lines, given.others[0] / given.handle)
    nodes, weights = (array.copy() for array in legendre())
    limited = given.lines < np.inf
    work = float(np.sum(5000.0 + 500.0 * np.where(limited, np.where(limited, given.lines, 0.0) - count, 0.0)))
    asked = DEFINITIONS.index(definition)
    run_in_parts(largest_loads, count.size, work, inputs, limits, asked, nodes, weights, out)
    endless = np.isinf(out[0]).reshape(given.shape)
    fix = "no target limits the volume, for what is too much gives up or is turned away: ask for a service level"
    refuse_where(endless, "largest arrivals", out[0].reshape(given.shape), fix)
    return LargestArrivals(
        arrivals_per_hour=frozen((out[0] * 60.0 / given.handle).reshape(given.shape)),
        offered_erlangs=frozen(out[0].reshape(given.shape).copy()),
        binding=frozen(BINDING[out[1].astype(np.int64)].reshape(given.shape)),
        definition=definition,
    )
