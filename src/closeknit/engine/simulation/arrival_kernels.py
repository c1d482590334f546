"""Arrival times from the gaps of a Poisson process of rate 1."""

from closeknit.engine.compiled import Vector, kernel


@kernel
def times_from_gaps(gaps: Vector, so_far: Vector, clock: Vector, last_moment: float, times: Vector) -> int:
    """Write the times of the points below `so_far[-1]`; how many there are, or -1 where the gaps do not reach so far.

    `so_far[i]` points are expected up to `clock[i]`, in a straight line between. `times` may be `gaps`.
    """
    intervals = clock.size - 1
    end = so_far[intervals]
    point = 0.0
    t = 0
    passed = so_far[0]
    ahead = so_far[1]
    slope = (clock[1] - clock[0]) / (ahead - passed) if ahead > passed else 0.0
    for i in range(gaps.size):
        point += gaps[i]
        if point >= end:
            return i
        while point >= ahead:
            t += 1
            passed = ahead
            ahead = so_far[t + 1]
            slope = (clock[t + 1] - clock[t]) / (ahead - passed) if ahead > passed else 0.0
        # Rounding must not carry the last one over the end.
        times[i] = min(clock[t] + (point - passed) * slope, last_moment)
    return -1
