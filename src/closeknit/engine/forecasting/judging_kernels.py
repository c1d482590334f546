"""Methods judged series by series: their errors on windows, what groups say of them, and forecasts mixed by weight.

`said` [method, series, place]: what a method says, `horizon` numbers for each of: ahead, then each window. `errors`
[1 + window, method, series]: on all windows, then on those that share no period with each; infinite where untried.
"""

import math

from closeknit.engine.compiled import Cube, FlagMatrix, FlagVector, IntVector, Matrix, Vector, inlined, kernel

FARTHEST_LEAN = 3.0
LEAN = 0.5
"""How far a series' errors lean on what its group says of a method, on the scale of logarithms."""
POWER = 6.0
_LEAST_ERROR = 1e-12
_LEAST_FLOOR = 1e-9


@kernel
def score_methods(
    start: int,
    stop: int,
    horizon: int,
    is_squared: bool,
    said: Cube,
    actual: Matrix,
    scale: Vector,
    others: FlagMatrix,
    totals: Cube,
    counts: Cube,
    errors: Cube,
    scored: IntVector,
) -> None:
    """Mean scaled error of each method on all windows, and on the `others` [window, other] of each window.

    `actual` [series, window x step]; `totals`, `counts` [series, method, window] are scratch. A method is compared on
    what the most able one could be tried on, or not at all.
    """
    methods, windows = said.shape[0], others.shape[0]
    for i in range(start, stop):
        scored[i] = 0
        for w in range(windows):
            seen = False
            for step in range(horizon):
                seen = seen or not math.isnan(actual[i, w * horizon + step])
            scored[i] += seen
            most = 0.0
            for m in range(methods):
                total, count = 0.0, 0.0
                for step in range(horizon):
                    size = abs(actual[i, w * horizon + step] - said[m, i, (w + 1) * horizon + step]) / scale[i]
                    if not math.isnan(size):
                        total += size * size if is_squared else size
                        count += 1.0
                totals[i, m, w], counts[i, m, w] = total, count
                most = max(most, count)
            for m in range(methods):
                if counts[i, m, w] < most:
                    totals[i, m, w], counts[i, m, w] = math.inf, 1.0
        for m in range(methods):
            can = True
            for step in range(horizon):
                can = can and not math.isnan(said[m, i, step])
            for place in range(windows + 1):
                total, count = 0.0, 0.0
                for w in range(windows):
                    if place == 0 or windows == 1 or others[place - 1, w]:
                        total += totals[i, m, w]
                        count += counts[i, m, w]
                error = total / count if can and count > 0.0 else math.inf
                errors[place, m, i] = math.sqrt(error) if is_squared else error


@inlined
def _usual_log(errors: Cube, place: int, i: int, is_cheap: FlagVector) -> float:
    """The mean logarithm of cheap methods' errors; 0 where none could be tried."""
    total, count = 0.0, 0
    for m in range(errors.shape[1]):
        if is_cheap[m] and errors[place, m, i] < math.inf:
            total += math.log(max(errors[place, m, i], _LEAST_ERROR))
            count += 1
    return total / max(count, 1)


@kernel
def hear_groups(errors: Cube, is_cheap: FlagVector, group: IntVector, total: Cube, count: Cube) -> None:
    """Add up by group [1 + window, method, group] the logarithms of methods' errors beside those of cheap ones."""
    for place in range(errors.shape[0]):
        for i in range(errors.shape[2]):
            own = _usual_log(errors, place, i, is_cheap)
            for m in range(errors.shape[1]):
                error = errors[place, m, i]
                if error < math.inf:
                    beside = math.log(max(error, _LEAST_ERROR)) - own
                    total[place, m, group[i]] += min(max(beside, -FARTHEST_LEAN), FARTHEST_LEAN)
                    count[place, m, group[i]] += 1.0


@kernel
def weigh_methods(
    start: int,
    stop: int,
    horizon: int,
    said: Cube,
    errors: Cube,
    is_cheap: FlagVector,
    usual: Cube,
    group: IntVector,
    weight: Matrix,
    alone: Matrix,
    mixed: Matrix,
) -> None:
    """The best method's forecast and that of all by weight, [series, place] each, by the errors of each place.

    `usual` [1 + window, method, group]; `weight` [series, method] is left as it is for what lies ahead. NaN where
    nothing could be tried.
    """
    methods = said.shape[0]
    for i in range(start, stop):
        # From the last window to what lies ahead: the weights of the latter stay.
        for place in range(errors.shape[0] - 1, -1, -1):
            own = _usual_log(errors, place, i, is_cheap)
            best, least, floor = -1, math.inf, math.inf
            for m in range(methods):
                error = errors[place, m, i]
                weight[i, m] = 0.0
                if error < math.inf:
                    if error < least:
                        best, least = m, error
                    leant = own + usual[place, m, group[i]]
                    logarithm = math.log(max(error, _LEAST_ERROR))
                    weight[i, m] = math.exp((1.0 - LEAN) * logarithm + LEAN * leant)
                    floor = min(floor, weight[i, m])
            # A perfect past would take all weight by division by nothing.
            floor = max(floor, _LEAST_FLOOR)
            total = 0.0
            for m in range(methods):
                if errors[place, m, i] < math.inf:
                    weight[i, m] = (floor / max(weight[i, m], floor)) ** POWER
                    total += weight[i, m]
            for m in range(methods):
                if weight[i, m] > 0.0:
                    weight[i, m] /= total
            for step in range(place * horizon, (place + 1) * horizon):
                alone[i, step] = said[best, i, step] if best >= 0 else math.nan
                value = 0.0
                for m in range(methods):
                    if weight[i, m] > 0.0:
                        value += weight[i, m] * said[m, i, step]
                mixed[i, step] = value if best >= 0 else math.nan
