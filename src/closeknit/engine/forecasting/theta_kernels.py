"""Theta: a season taken out by classical decomposition, 16 values of alpha at a time, the rest by least squares."""

import math

from closeknit.engine.compiled import Cube, FlagVector, IntVector, Matrix, Vector, kernel

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
        _fill(values, row, first[row], season_periods, adjusted)
        if is_seasonal[row] and tested:
            is_seasonal[row] = _has_season(adjusted, row, first[row], season_periods)
        if is_seasonal[row]:
            _smooth(adjusted, row, first[row], season_periods, smooth)
            is_ratio[row] = is_positive[row]
            if is_ratio[row]:
                lowest = _index(adjusted, row, first[row], season_periods, True, smooth, index, counts)
                is_ratio[row] = lowest >= SMALLEST_INDEX
            if not is_ratio[row]:
                _index(adjusted, row, first[row], season_periods, False, smooth, index, counts)
            for t in range(first[row], values.shape[1]):
                phase = (t - first[row]) % season_periods
                if is_ratio[row]:
                    adjusted[row, t] /= index[row, phase]
                else:
                    adjusted[row, t] -= index[row, phase]


@kernel
def _fill(values: Matrix, row: int, first: int, season: int, filled: Matrix) -> None:
    """A missing value is the mean of the nearest ones of its phase before and after; else of all."""
    total, count = 0.0, 0
    for t in range(first, values.shape[1]):
        if values[row, t] == values[row, t]:
            total += values[row, t]
            count += 1
    for t in range(first, values.shape[1]):
        filled[row, t] = values[row, t]
        if values[row, t] != values[row, t]:
            near, seen = 0.0, 0
            before, after = t - season, t + season
            while before >= first and values[row, before] != values[row, before]:
                before -= season
            if before >= first:
                near += values[row, before]
                seen += 1
            while after < values.shape[1] and values[row, after] != values[row, after]:
                after += season
            if after < values.shape[1]:
                near += values[row, after]
                seen += 1
            filled[row, t] = near / seen if seen > 0 else total / max(count, 1)


@kernel
def _has_season(filled: Matrix, row: int, first: int, season: int) -> bool:
    """Whether the autocorrelation at the season is more than chance at 90 % (Bartlett's variance)."""
    count = filled.shape[1] - first
    mean = 0.0
    for t in range(first, filled.shape[1]):
        mean += filled[row, t] / count
    variance = 0.0
    for t in range(first, filled.shape[1]):
        variance += (filled[row, t] - mean) ** 2
    if variance <= 1e-24 * count * mean * mean:
        return False
    squares, correlation = 0.0, 0.0
    for lag in range(1, season + 1):
        product = 0.0
        for t in range(first + lag, filled.shape[1]):
            product += (filled[row, t] - mean) * (filled[row, t - lag] - mean)
        correlation = product / variance
        if lag < season:
            squares += correlation * correlation
    return abs(correlation) > CRITICAL * math.sqrt((1.0 + 2.0 * squares) / count)


@kernel
def _smooth(filled: Matrix, row: int, first: int, season: int, smooth: Matrix) -> None:
    """Centred means over one season, the two outermost at half weight where it is even."""
    half = season // 2
    even = season % 2 == 0
    for t in range(first + half, filled.shape[1] - half):
        total = 0.0
        for k in range(t - half, t + half + 1):
            total += filled[row, k]
        if even:
            total -= 0.5 * (filled[row, t - half] + filled[row, t + half])
        smooth[row, t] = total / season


@kernel
def _index(
    filled: Matrix, row: int, first: int, season: int, ratio: bool, smooth: Matrix, index: Matrix, counts: Matrix
) -> float:
    """Mean ratio (or difference) to the smooth line per phase, around 1 (or 0); the lowest of them."""
    half = season // 2
    for phase in range(season):
        index[row, phase], counts[row, phase] = 0.0, 0.0
    for t in range(first + half, filled.shape[1] - half):
        phase = (t - first) % season
        index[row, phase] += filled[row, t] / smooth[row, t] if ratio else filled[row, t] - smooth[row, t]
        counts[row, phase] += 1.0
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
            _line(adjusted, row, first[row], found)
            low, high = SMALLEST_ALPHA, LARGEST_ALPHA
            found[row, 0] = math.inf
            for _ in range(rounds):
                step = (high - low) / (LANES - 1)
                for j in range(LANES):
                    lanes[row, j] = low + step * j
                _accumulate(values, adjusted, row, first[row], lanes[row], found)
                for j in range(LANES):
                    _solve(lanes[row], j, weight, row, found)
                low, high = max(found[row, 1] - step, SMALLEST_ALPHA), min(found[row, 1] + step, LARGEST_ALPHA)
            _follow(adjusted, row, first[row], found, fitted, forecast)


@kernel
def roll_theta(
    start: int,
    stop: int,
    adjusted: Matrix,
    first: IntVector,
    usable: FlagVector,
    origins: IntVector,
    found: Matrix,
    forecast: Cube,
) -> None:
    """Carry each fit on through later values (missing ones skipped) and forecast from each origin (rising)."""
    for row in range(start, stop):
        alpha, share, level = found[row, 1], found[row, 2], found[row, 3]
        height, slope, part, rise, place = found[row, 5], found[row, 6], 1.0, 1.0, 0
        while place < origins.shape[0] and origins[place] <= first[row]:
            place += 1
        for t in range(first[row], adjusted.shape[1] + 1):
            while usable[row] and place < origins.shape[0] and origins[place] == t:
                for step in range(forecast.shape[2]):
                    forecast[row, place, step] = level + share * (part * height + (rise + step) * slope)
                place += 1
            if t < adjusted.shape[1]:
                value = adjusted[row, t]
                if value == value:
                    level += alpha * (value - level)
                part, rise = (1.0 - alpha) * part, (1.0 - alpha) * rise + 1.0


@kernel
def _line(adjusted: Matrix, row: int, first: int, found: Matrix) -> None:
    """Least-squares line over time 1..n, its height at 0 taken from the first value, where levels start too."""
    count = adjusted.shape[1] - first
    base, total, moment = adjusted[row, first], 0.0, 0.0
    for t in range(first, adjusted.shape[1]):
        total += adjusted[row, t] - base
        moment += (adjusted[row, t] - base) * (t - first + 1.0 - (count + 1.0) / 2.0)
    slope = 12.0 * moment / (count * (count * count - 1.0))
    found[row, 5], found[row, 6] = total / count - slope * (count + 1.0) / 2.0, slope


@kernel
def _accumulate(values: Matrix, adjusted: Matrix, row: int, first: int, lane: Vector, found: Matrix) -> None:
    """Sums of squares and products of the errors, the first level's part and the line's part, by candidate."""
    height, slope, base = found[row, 5], found[row, 6], adjusted[row, first]
    for j in range(LANES):
        lane[LANES + j], lane[2 * LANES + j], lane[3 * LANES + j] = 0.0, 1.0, 1.0
        for k in range(SUMS):
            lane[(5 + k) * LANES + j] = 0.0
    for t in range(first, values.shape[1]):
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
def _solve(lane: Vector, j: int, weight: float, row: int, found: Matrix) -> None:
    """First level and weight by least squares for one alpha, kept where no other is better."""
    ee, ep, ed = lane[5 * LANES + j], lane[6 * LANES + j], lane[7 * LANES + j]
    pp, pd, dd = lane[8 * LANES + j], lane[9 * LANES + j], lane[10 * LANES + j]
    share = weight
    if weight < 0.0:
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
def _follow(adjusted: Matrix, row: int, first: int, found: Matrix, fitted: Matrix, forecast: Matrix) -> None:
    """What the fit expects of each period and of those ahead."""
    alpha, share, base, slope = found[row, 1], found[row, 2], adjusted[row, first], found[row, 6]
    # The search took heights from the first value, for digits; the textbook's are absolute.
    height = found[row, 5] + base
    level, part, rise = found[row, 3] + (1.0 - share) * base, 1.0, 1.0
    found[row, 3], found[row, 5] = level, height
    for t in range(first, adjusted.shape[1]):
        fitted[row, t] = level + share * (part * height + rise * slope)
        level += alpha * (adjusted[row, t] - level)
        part, rise = (1.0 - alpha) * part, (1.0 - alpha) * rise + 1.0
    found[row, 4] = level
    for step in range(forecast.shape[1]):
        forecast[row, step] = level + share * (part * height + (rise + step) * slope)
