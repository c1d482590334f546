"""Theta: a season taken out by classical decomposition, 16 values of alpha at a time, the rest by least squares."""

import math

from closeknit.engine.compiled import Cube, FlagVector, IntMatrix, IntVector, Matrix, Vector, kernel

LANES = 16
SMALLEST_ALPHA = 0.01
LARGEST_ALPHA = 0.99
SMALLEST_INDEX = 0.01
CRITICAL = 1.6448536269514722
"""Normal quantile of a test at 90 %."""

SUMS = 6
LANE_ROWS = 5 + SUMS


@kernel
def adjust_for_season(
    start: int,
    stop: int,
    values: Matrix,
    first: IntVector,
    last: IntVector,
    season_periods: int,
    tested: bool,
    is_positive: FlagVector,
    is_seasonal: FlagVector,
    is_ratio: FlagVector,
    adjusted: Matrix,
    smooth: Matrix,
    index: Matrix,
    counts: Matrix,
) -> None:
    """Fill what is missing, test for a season, take it out: `index` by phase from the first value.

    `is_seasonal` comes in as "may be" and goes out as "is".
    """
    for row in range(start, stop):
        _fill(values, row, first[row], last[row], season_periods, adjusted)
        if is_seasonal[row] and tested:
            is_seasonal[row] = _has_season(adjusted, row, first[row], last[row], season_periods)
        if is_seasonal[row]:
            _smooth(adjusted, row, first[row], last[row], season_periods, smooth)
            is_ratio[row] = is_positive[row]
            if is_ratio[row]:
                lowest = _index(adjusted, row, first[row], last[row], season_periods, True, smooth, index, counts)
                is_ratio[row] = lowest >= SMALLEST_INDEX
            if not is_ratio[row]:
                _index(adjusted, row, first[row], last[row], season_periods, False, smooth, index, counts)
            phase = 0
            for t in range(first[row], last[row]):
                if is_ratio[row]:
                    adjusted[row, t] /= index[row, phase]
                else:
                    adjusted[row, t] -= index[row, phase]
                phase = phase + 1 if phase + 1 < season_periods else 0


@kernel
def _fill(values: Matrix, row: int, first: int, last: int, season: int, filled: Matrix) -> None:
    """A missing value is the mean of the nearest ones of its phase before and after; else of all."""
    total, count = 0.0, 0
    for t in range(first, last):
        if values[row, t] == values[row, t]:
            total += values[row, t]
            count += 1
    for t in range(first, last):
        filled[row, t] = values[row, t]
        if values[row, t] != values[row, t]:
            near, seen = 0.0, 0
            before, after = t - season, t + season
            while before >= first and values[row, before] != values[row, before]:
                before -= season
            if before >= first:
                near += values[row, before]
                seen += 1
            while after < last and values[row, after] != values[row, after]:
                after += season
            if after < last:
                near += values[row, after]
                seen += 1
            filled[row, t] = near / seen if seen > 0 else total / max(count, 1)


@kernel
def _has_season(filled: Matrix, row: int, first: int, last: int, season: int) -> bool:
    """Whether the autocorrelation at the season is more than chance at 90 % (Bartlett's variance)."""
    count = last - first
    mean = 0.0
    for t in range(first, last):
        mean += filled[row, t] / count
    variance = 0.0
    for t in range(first, last):
        variance += (filled[row, t] - mean) ** 2
    if variance <= 1e-24 * count * mean * mean:
        return False
    squares, correlation = 0.0, 0.0
    for lag in range(1, season + 1):
        product = 0.0
        for t in range(first + lag, last):
            product += (filled[row, t] - mean) * (filled[row, t - lag] - mean)
        correlation = product / variance
        if lag < season:
            squares += correlation * correlation
    return abs(correlation) > CRITICAL * math.sqrt((1.0 + 2.0 * squares) / count)


@kernel
def _smooth(filled: Matrix, row: int, first: int, last: int, season: int, smooth: Matrix) -> None:
    """Centred means over one season, the two outermost at half weight where it is even."""
    half = season // 2
    even = season % 2 == 0
    for t in range(first + half, last - half):
        total = 0.0
        for k in range(t - half, t + half + 1):
            total += filled[row, k]
        if even:
            total -= 0.5 * (filled[row, t - half] + filled[row, t + half])
        smooth[row, t] = total / season


@kernel
def _index(
    filled: Matrix,
    row: int,
    first: int,
    last: int,
    season: int,
    ratio: bool,
    smooth: Matrix,
    index: Matrix,
    counts: Matrix,
) -> float:
    """Mean ratio (or difference) to the smooth line per phase, around 1 (or 0); the lowest of them."""
    half = season // 2
    for phase in range(season):
        index[row, phase], counts[row, phase] = 0.0, 0.0
    phase = half % season
    for t in range(first + half, last - half):
        index[row, phase] += filled[row, t] / smooth[row, t] if ratio else filled[row, t] - smooth[row, t]
        counts[row, phase] += 1.0
        phase = phase + 1 if phase + 1 < season else 0
    mean = 0.0
    for phase in range(season):
        index[row, phase] /= max(counts[row, phase], 1.0)
        mean += index[row, phase] / season
    lowest = math.inf
    for phase in range(season):
        index[row, phase] = index[row, phase] / mean if ratio else index[row, phase] - mean
        lowest = min(lowest, index[row, phase])
    return lowest


@kernel
def fit_theta(
    start: int,
    stop: int,
    values: Matrix,
    adjusted: Matrix,
    first: IntVector,
    last: IntVector,
    usable: FlagVector,
    weight: float,
    rounds: int,
    lanes: Matrix,
    found: Matrix,
    fitted: Matrix,
    forecast: Matrix,
) -> None:
    """Alpha, the line's weight (1 - 1/theta; given, or fitted where below 0), the first level, and what they expect.

    `found` [series, (squares, alpha, weight, first level, last level, height of the line, its slope)].
    """
    for row in range(start, stop):
        if usable[row]:
            _line(adjusted, row, first[row], last[row], found)
            low, high = SMALLEST_ALPHA, LARGEST_ALPHA
            found[row, 0] = math.inf
            for _ in range(rounds):
                step = (high - low) / (LANES - 1)
                for j in range(LANES):
                    lanes[row, j] = low + step * j
                if weight < 0.0:
                    _accumulate(values, adjusted, row, first[row], last[row], lanes[row], found)
                    for j in range(LANES):
                        _solve(lanes[row], j, row, found)
                else:
                    _accumulate_given(values, adjusted, row, first[row], last[row], weight, lanes[row], found)
                    for j in range(LANES):
                        _solve_given(lanes[row], j, weight, row, found)
                low, high = max(found[row, 1] - step, SMALLEST_ALPHA), min(found[row, 1] + step, LARGEST_ALPHA)
            _follow(adjusted, row, first[row], last[row], found, fitted, forecast)


@kernel
def roll_theta(
    start: int,
    stop: int,
    values: Matrix,
    adjusted: Matrix,
    first: IntVector,
    last: IntVector,
    usable: FlagVector,
    index: Matrix,
    is_ratio: FlagVector,
    origins: IntVector,
    asked: IntMatrix,
    found: Matrix,
    forecast: Cube,
) -> None:
    """Carry each fit on through later values (missing ones skipped) and forecast from origins (rising).

    `asked` [row, (first origin, origin after the last)]; a fit's row is its series plus a multiple of their number.
    """
    for row in range(start, stop):
        alpha, share, level = found[row, 1], found[row, 2], found[row, 3]
        height, slope, part, rise, phase = found[row, 5], found[row, 6], 1.0, 1.0, 0
        place, beyond, series = asked[row, 0], asked[row, 1] if usable[row] else 0, row % forecast.shape[0]
        while place < beyond and origins[place] <= first[row]:
            place += 1
        for t in range(first[row], origins[beyond - 1] + 1 if place < beyond else 0):
            while place < beyond and origins[place] == t:
                at = phase
                for step in range(forecast.shape[2]):
                    plain = level + share * (part * height + (rise + step) * slope)
                    forecast[series, place, step] = plain * index[row, at] if is_ratio[row] else plain + index[row, at]
                    at = at + 1 if at + 1 < index.shape[1] else 0
                place += 1
            if place < beyond:
                value = values[series, t]
                if t < last[row]:
                    value = adjusted[row, t]
                elif is_ratio[row]:
                    value /= index[row, phase]
                else:
                    value -= index[row, phase]
                if value == value:
                    level += alpha * (value - level)
                part, rise = (1.0 - alpha) * part, (1.0 - alpha) * rise + 1.0
                phase = phase + 1 if phase + 1 < index.shape[1] else 0


@kernel
def _line(adjusted: Matrix, row: int, first: int, last: int, found: Matrix) -> None:
    """Least-squares line over time 1..n, its height at 0 taken from the first value, where levels start too."""
    count = last - first
    base, total, moment = adjusted[row, first], 0.0, 0.0
    for t in range(first, last):
        total += adjusted[row, t] - base
        moment += (adjusted[row, t] - base) * (t - first + 1.0 - (count + 1.0) / 2.0)
    slope = 12.0 * moment / (count * (count * count - 1.0))
    found[row, 5], found[row, 6] = total / count - slope * (count + 1.0) / 2.0, slope


@kernel
def _accumulate(values: Matrix, adjusted: Matrix, row: int, first: int, last: int, lane: Vector, found: Matrix) -> None:
    """Sums of squares and products of the errors, the first level's part and the line's part, by candidate."""
    height, slope, base = found[row, 5], found[row, 6], adjusted[row, first]
    for j in range(LANES):
        lane[LANES + j], lane[2 * LANES + j], lane[3 * LANES + j] = 0.0, 1.0, 1.0
        for k in range(SUMS):
            lane[(5 + k) * LANES + j] = 0.0
    for t in range(first, last):
        value = adjusted[row, t] - base
        seen = 1.0 if values[row, t] == values[row, t] else 0.0
        for j in range(LANES):
            keep = 1.0 - lane[j]
            error = value - lane[LANES + j]
            part = lane[2 * LANES + j]
            line = part * height + lane[3 * LANES + j] * slope
            lane[5 * LANES + j] += seen * error * error
            lane[6 * LANES + j] += seen * error * part
            lane[7 * LANES + j] += seen * error * line
            lane[8 * LANES + j] += seen * part * part
            lane[9 * LANES + j] += seen * part * line
            lane[10 * LANES + j] += seen * line * line
            lane[LANES + j] += lane[j] * error
            lane[2 * LANES + j] = keep * part
            lane[3 * LANES + j] = keep * lane[3 * LANES + j] + 1.0


@kernel
def _solve(lane: Vector, j: int, row: int, found: Matrix) -> None:
    """First level and weight by least squares for one alpha, kept where no other is better."""
    ee, ep, ed = lane[5 * LANES + j], lane[6 * LANES + j], lane[7 * LANES + j]
    pp, pd, dd = lane[8 * LANES + j], lane[9 * LANES + j], lane[10 * LANES + j]
    determinant = pp * dd - pd * pd
    share = 0.5
    if determinant > 1e-12 * pp * dd:
        share = min(max((ed * pp - ep * pd) / determinant, 0.0), 1.0)
    level = (ep - share * pd) / pp if pp > 0.0 else 0.0
    squares = ee - 2.0 * share * ed - 2.0 * level * ep + share * share * dd + 2.0 * share * level * pd
    squares = max(squares + level * level * pp, 0.0)
    if squares < found[row, 0]:
        found[row, 0], found[row, 1], found[row, 2], found[row, 3] = squares, lane[j], share, level


@kernel
def _accumulate_given(
    values: Matrix, adjusted: Matrix, row: int, first: int, last: int, weight: float, lane: Vector, found: Matrix
) -> None:
    """With the line's weight given, three sums will do: the line's part is taken off each error at once."""
    height, slope, base = weight * found[row, 5], weight * found[row, 6], adjusted[row, first]
    for j in range(LANES):
        lane[LANES + j], lane[2 * LANES + j], lane[3 * LANES + j], lane[4 * LANES + j] = 0.0, 1.0, 1.0, 1.0 - lane[j]
        for k in range(3):
            lane[(5 + k) * LANES + j] = 0.0
    for t in range(first, last):
        value = adjusted[row, t] - base
        if values[row, t] == values[row, t]:
            for j in range(LANES):
                level, part, rise = lane[LANES + j], lane[2 * LANES + j], lane[3 * LANES + j]
                error = value - level
                left = error - (part * height + rise * slope)
                lane[5 * LANES + j] += left * left
                lane[6 * LANES + j] += left * part
                lane[7 * LANES + j] += part * part
                lane[LANES + j] = level + lane[j] * error
                lane[2 * LANES + j] = lane[4 * LANES + j] * part
                lane[3 * LANES + j] = lane[4 * LANES + j] * rise + 1.0
        else:
            for j in range(LANES):
                lane[LANES + j] += lane[j] * (value - lane[LANES + j])
                lane[2 * LANES + j] *= lane[4 * LANES + j]
                lane[3 * LANES + j] = lane[4 * LANES + j] * lane[3 * LANES + j] + 1.0


@kernel
def _solve_given(lane: Vector, j: int, weight: float, row: int, found: Matrix) -> None:
    """First level by least squares for one alpha, kept where no other is better."""
    ee, ep, pp = lane[5 * LANES + j], lane[6 * LANES + j], lane[7 * LANES + j]
    level = ep / pp if pp > 0.0 else 0.0
    squares = max(ee - level * ep, 0.0)
    if squares < found[row, 0]:
        found[row, 0], found[row, 1], found[row, 2], found[row, 3] = squares, lane[j], weight, level


@kernel
def _follow(adjusted: Matrix, row: int, first: int, last: int, found: Matrix, fitted: Matrix, forecast: Matrix) -> None:
    """What the fit expects of each period and of those ahead."""
    alpha, share, base, slope = found[row, 1], found[row, 2], adjusted[row, first], found[row, 6]
    # The search took heights from the first value, for digits; the textbook's are absolute.
    height = found[row, 5] + base
    level, part, rise = found[row, 3] + (1.0 - share) * base, 1.0, 1.0
    found[row, 3], found[row, 5] = level, height
    for t in range(first, last):
        fitted[row, t] = level + share * (part * height + rise * slope)
        level += alpha * (adjusted[row, t] - level)
        part, rise = (1.0 - alpha) * part, (1.0 - alpha) * rise + 1.0
    found[row, 4] = level
    for step in range(forecast.shape[1]):
        forecast[row, step] = level + share * (part * height + (rise + step) * slope)
