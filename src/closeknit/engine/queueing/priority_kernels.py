"""How long a class waits behind its betters: its transform, inverted on a contour.

While all agents are busy, work leaves at one rate M whoever is next. A waiting customer of class k then waits for a
delay busy period: an exponential amount of work ahead (rate M - L_k, where L_k is the arrival rate of classes 1..k),
stretched by all who come from classes above. All singularities of the transform lie on the negative real axis, so a
Talbot contour (Weideman 2006) gives 13 digits with twelve points, however long the time.

Time is counted in mean times between completions while all are busy (M = 1); rates are then shares of capacity.
"""

import cmath
import math

from closeknit.engine.compiled import Matrix, kernel

_POINTS = 12


def _angle(point: int) -> float:
    return (2 * point + 1) * math.pi / (2 * _POINTS)


def _contour(angle: float) -> complex:
    return 2 * _POINTS * complex(0.5017 * angle / math.tan(0.6407 * angle) - 0.6122, 0.2645 * angle)


def _slope(angle: float) -> complex:
    turn = 0.6407 * angle
    return 2 * _POINTS * complex(0.5017 / math.tan(turn) - 0.5017 * turn / math.sin(turn) ** 2, 0.2645)


_NODES = tuple(_contour(_angle(point)) for point in range(_POINTS))
_WEIGHTS = tuple(cmath.exp(_contour(_angle(point))) * _slope(_angle(point)) / _POINTS for point in range(_POINTS))


@kernel
def longer_wait_share(time: float, above: float, with_own: float) -> float:
    """P(wait > time | waiting) of a class: `above` and `with_own` are the loads of the classes before it and up to it.

    Both are shares of capacity, 0 <= above <= with_own < 1; `time` is in mean times between completions.
    """
    if time <= 0.0:
        return 1.0
    if above == 0.0:
        return math.exp(-min((1.0 - with_own) * time, 745.0))
    root = math.sqrt(above)
    far, near = (1.0 + root) * (1.0 + root), (1.0 - above) * (1.0 - above) / ((1.0 + root) * (1.0 + root))
    total = 0.0
    for point in range(_POINTS):
        s = _NODES[point] / time
        spread = cmath.sqrt(s + far) * cmath.sqrt(s + near)
        gap = 1.0 - above - s
        # The two forms are equal; each is free of cancellation on its side.
        ahead = 2.0 * s / (spread + gap) if gap.real > 0.0 else (spread - gap) / 2.0
        total += (_WEIGHTS[point] * ahead / (s * (1.0 - with_own + ahead))).imag
    return min(max(total / time, 0.0), 1.0)


@kernel
def priority_levels(
    start: int, stop: int, wait_share: Matrix, times: Matrix, above: Matrix, with_own: Matrix, level: Matrix
) -> None:
    """Share answered within `times`, for cases start..stop and each class; 0 for a class without end."""
    classes = times.shape[1]
    for case in range(start, stop):
        for k in range(classes):
            if with_own[case, k] >= 1.0:
                level[case, k] = 0.0
            elif wait_share[case, k] == 0.0:
                level[case, k] = 1.0
            else:
                longer = longer_wait_share(times[case, k], above[case, k], with_own[case, k])
                level[case, k] = 1.0 - wait_share[case, k] * longer
