"""Exponential smoothing: candidate parameters advance through a series together, and the best ones draw the next.

A lane is one candidate. `lane` holds LANES numbers for each of: level, slope, squares, alpha, beta, gamma, phi, and the
candidate's five places in the unit cube. `season` holds LANES numbers for each phase. One flat array with fixed
distances is what lets the compiler advance several lanes at once.
"""

import math

from closeknit.engine.compiled import Cube, FlagMatrix, IntVector, Matrix, Vector, kernel

LANES = 16
DIMENSIONS = 5
ELITE = 4
EARLY_SEASONS = 3
EARLY_PERIODS = 10
SMALLEST_ALPHA = 1e-4
LARGEST_ALPHA = 0.9999
SMALLEST_PHI = 0.8
PHI_RANGE = 0.18

_SLOPE = LANES
_SQUARES = 2 * LANES
_ALPHA = 3 * LANES
_BETA = 4 * LANES
_GAMMA = 5 * LANES
_PHI = 6 * LANES
_PLACE = 7 * LANES
_START = 11 * LANES
LANE_ROWS = 12
_ENTRY = DIMENSIONS + 1
ELITE_SIZE = ELITE * _ENTRY
_HUGE = 1e300


@kernel
def search_forms(
    start: int,
    stop: int,
    block_size: int,
    values: Matrix,
    first: IntVector,
    season_periods: int,
    allowed: FlagMatrix,
    table: Cube,
    lanes: Matrix,
    seasons: Matrix,
    starts: Matrix,
    elites: Matrix,
    found: Cube,
) -> None:
    """The best parameters of each allowed form for the series of some blocks; `found` [series, form, squares + five].

    A form is its trend (0 none, 1 additive, 2 damped) plus 3 with a season.
    """
    for block in range(start, stop):
        for row in range(block * block_size, min((block + 1) * block_size, values.shape[0])):
            for form in range(6):
                if allowed[row, form]:
                    cycle = season_periods if form >= 3 else 1
                    if form % 3 < 2 or not allowed[row, form - 1]:
                        _both_starts(values, row, first[row], cycle, min(form % 3, 1), starts[block])
                    _search(
                        values,
                        row,
                        first[row],
                        cycle,
                        form % 3,
                        table,
                        lanes[block],
                        seasons[block],
                        starts[block],
                        elites[block],
                    )
                    for i in range(_ENTRY):
                        found[row, form, i] = elites[block, i]


@kernel
def starting_states(
    start: int,
    stop: int,
    values: Matrix,
    first: IntVector,
    cycles: IntVector,
    has_slope: IntVector,
    whole_share: Vector,
    starts: Matrix,
    level: Vector,
    slope: Vector,
    season: Matrix,
) -> None:
    """Level, slope and season before the first value, between those of the first seasons and those of all."""
    for row in range(start, stop):
        scratch = starts[row]
        _both_starts(values, row, first[row], cycles[row], has_slope[row], scratch)
        size = cycles[row] + 2
        share, seasonal = _level_share(whole_share[row]), _season_share(whole_share[row])
        level[row] = (1.0 - share) * scratch[0] + share * scratch[size]
        slope[row] = (1.0 - share) * scratch[1] + share * scratch[size + 1]
        for phase in range(cycles[row]):
            early, whole = scratch[2 + phase], scratch[size + 2 + phase]
            season[row, phase] = early + seasonal * (whole - early)


@kernel
def advance_states(
    start: int,
    stop: int,
    values: Matrix,
    first: IntVector,
    cycles: IntVector,
    parameters: Matrix,
    level: Vector,
    slope: Vector,
    season: Matrix,
    fitted: Matrix,
    forecast: Matrix,
) -> None:
    """Carry the states through the values, in place: what was expected of each period, and of those ahead.

    `parameters` [series, (alpha, beta, gamma, phi)]. The season's phase 0 is the first period's.
    """
    for row in range(start, stop):
        alpha, beta, gamma, phi = parameters[row, 0], parameters[row, 1], parameters[row, 2], parameters[row, 3]
        height, rise, phase = level[row], slope[row], 0
        for t in range(first[row], values.shape[1]):
            rise *= phi
            height += rise
            fitted[row, t] = height + season[row, phase]
            value = values[row, t]
            if value == value:
                error = value - fitted[row, t]
                height += alpha * error
                rise += beta * error
                season[row, phase] += gamma * error
            phase += 1
            if phase == cycles[row]:
                phase = 0
        level[row], slope[row] = height, rise
        for step in range(forecast.shape[1]):
            rise *= phi
            height += rise
            forecast[row, step] = height + season[row, phase]
            phase += 1
            if phase == cycles[row]:
                phase = 0


@kernel
def roll_states(
    start: int,
    stop: int,
    values: Matrix,
    first: IntVector,
    cycles: IntVector,
    parameters: Matrix,
    origins: IntVector,
    level: Vector,
    slope: Vector,
    season: Matrix,
    forecast: Cube,
) -> None:
    """Carry the states through the values, in place, and forecast from each origin (rising) what is known before it."""
    for row in range(start, stop):
        alpha, beta, gamma, phi = parameters[row, 0], parameters[row, 1], parameters[row, 2], parameters[row, 3]
        height, rise, phase, place = level[row], slope[row], 0, 0
        while place < origins.shape[0] and origins[place] <= first[row]:
            place += 1
        for t in range(first[row], values.shape[1] + 1):
            while place < origins.shape[0] and origins[place] == t:
                above, up, at = height, rise, phase
                for step in range(forecast.shape[2]):
                    up *= phi
                    above += up
                    forecast[row, place, step] = above + season[row, at]
                    at = at + 1 if at + 1 < cycles[row] else 0
                place += 1
            if t < values.shape[1]:
                rise *= phi
                height += rise
                value = values[row, t]
                if value == value:
                    error = value - height - season[row, phase]
                    height += alpha * error
                    rise += beta * error
                    season[row, phase] += gamma * error
                phase = phase + 1 if phase + 1 < cycles[row] else 0


@kernel
def _search(
    values: Matrix,
    row: int,
    first: int,
    cycle: int,
    trend: int,
    table: Cube,
    lane: Vector,
    season: Vector,
    starts: Vector,
    elite: Vector,
) -> None:
    """Rounds of candidates: the first from the table, each later one around the best so far."""
    for i in range(ELITE):
        elite[i * _ENTRY] = _HUGE
    for turn in range(table.shape[0]):
        _draw(table, turn, elite, lane)
        _set_parameters(cycle, trend, lane)
        _set_off(cycle, starts, lane, season)
        _advance(values, row, first, cycle, lane, season)
        _keep_best(lane, elite)


@kernel
def _draw(table: Cube, turn: int, elite: Vector, lane: Vector) -> None:
    """New candidates in the unit cube."""
    for dimension in range(DIMENSIONS):
        centre, spread = 0.0, 1.0
        if turn > 0:
            square = 0.0
            centre = elite[1 + dimension]
            for i in range(1, ELITE):
                square += (elite[i * _ENTRY + 1 + dimension] - centre) ** 2 / (ELITE - 1)
            # A few candidates that happen to agree must not end the search.
            spread = max(math.sqrt(square), 0.1 / 2.0**turn)
        for j in range(LANES):
            place = centre + spread * table[turn, dimension, j]
            lane[_PLACE + dimension * LANES + j] = min(max(place, 0.0), 1.0)


@kernel
def _set_parameters(cycle: int, trend: int, lane: Vector) -> None:
    """The parameters that places in the unit cube stand for."""
    for j in range(LANES):
        # Squares put more candidates near 0, where most series lie.
        alpha = SMALLEST_ALPHA + (LARGEST_ALPHA - SMALLEST_ALPHA) * lane[_PLACE + j] ** 2
        lane[_ALPHA + j] = alpha
        lane[_BETA + j] = alpha * lane[_PLACE + LANES + j] ** 2 if trend > 0 else 0.0
        lane[_GAMMA + j] = (1.0 - alpha) * lane[_PLACE + 2 * LANES + j] ** 2 if cycle > 1 else 0.0
        lane[_PHI + j] = SMALLEST_PHI + PHI_RANGE * lane[_PLACE + 3 * LANES + j] if trend == 2 else 1.0


@kernel
def _season_share(place: float) -> float:
    """Share of the whole history in the starting season: it comes first, for seasons outlast levels."""
    return min(2.0 * place, 1.0)


@kernel
def _level_share(place: float) -> float:
    """Share of the whole history in the starting level and slope."""
    return max(2.0 * place - 1.0, 0.0)


@kernel
def _set_off(cycle: int, starts: Vector, lane: Vector, season: Vector) -> None:
    """Every lane's starting states."""
    size = cycle + 2
    for j in range(LANES):
        share = _level_share(lane[_START + j])
        lane[j] = (1.0 - share) * starts[0] + share * starts[size]
        lane[_SLOPE + j] = (1.0 - share) * starts[1] + share * starts[size + 1]
        lane[_SQUARES + j] = 0.0
    for phase in range(cycle):
        early, whole = starts[2 + phase], starts[size + 2 + phase]
        for j in range(LANES):
            season[phase * LANES + j] = early + _season_share(lane[_START + j]) * (whole - early)


@kernel
def _advance(values: Matrix, row: int, first: int, cycle: int, lane: Vector, season: Vector) -> None:
    """All lanes through all periods, summing the squares of what was not expected."""
    at = 0
    for t in range(first, values.shape[1]):
        value = values[row, t]
        if value == value:
            # A view from a known place: the compiler cannot tell that a computed index does not count from the end.
            seen = season[at : at + LANES]
            for j in range(LANES):
                rise = lane[_PHI + j] * lane[_SLOPE + j]
                height = lane[j] + rise
                error = value - height - seen[j]
                lane[j] = height + lane[_ALPHA + j] * error
                lane[_SLOPE + j] = rise + lane[_BETA + j] * error
                seen[j] += lane[_GAMMA + j] * error
                lane[_SQUARES + j] += error * error
        else:
            for j in range(LANES):
                lane[_SLOPE + j] *= lane[_PHI + j]
                lane[j] += lane[_SLOPE + j]
        at += LANES
        if at == cycle * LANES:
            at = 0


@kernel
def _keep_best(lane: Vector, elite: Vector) -> None:
    """Let lanes replace worse entries of the elite, which stays in order."""
    for j in range(LANES):
        squares = lane[_SQUARES + j]
        slot = ELITE
        while slot > 0 and squares < elite[(slot - 1) * _ENTRY]:
            slot -= 1
        if slot < ELITE:
            for i in range(ELITE_SIZE - 1, (slot + 1) * _ENTRY - 1, -1):
                elite[i] = elite[i - _ENTRY]
            elite[slot * _ENTRY] = squares
            for dimension in range(DIMENSIONS):
                elite[slot * _ENTRY + 1 + dimension] = lane[_PLACE + dimension * LANES + j]


@kernel
def _both_starts(values: Matrix, row: int, first: int, cycle: int, with_slope: int, starts: Vector) -> None:
    """States before the first value by least squares, on the first seasons and on the whole: two times cycle + 2."""
    early = min(first + max(EARLY_SEASONS * cycle, EARLY_PERIODS), values.shape[1])
    size = cycle + 2
    _start(values, row, first, early, cycle, with_slope, 0, 2 * size, starts)
    _start(values, row, first, values.shape[1], cycle, with_slope, size, 2 * size, starts)


@kernel
def _start(
    values: Matrix, row: int, first: int, end: int, cycle: int, with_slope: int, to: int, scratch: int, starts: Vector
) -> None:
    """Least squares of a line with one height per phase: `starts` from `to` on, sums per phase from `scratch` on."""
    counts, times, sums = scratch, scratch + cycle, scratch + 2 * cycle
    for i in range(3 * cycle):
        starts[scratch + i] = 0.0
    phase = 0
    for t in range(first, end):
        value = values[row, t]
        if value == value:
            starts[counts + phase] += 1.0
            starts[times + phase] += t - first + 1.0
            starts[sums + phase] += value
        phase = phase + 1 if phase + 1 < cycle else 0
    slope = _slope(values, row, first, end, cycle, counts, times, sums, starts) if with_slope > 0 else 0.0
    total, seen = 0.0, 0
    for p in range(cycle):
        count = starts[counts + p]
        if count > 0.0:
            starts[to + 2 + p] = (starts[sums + p] - slope * starts[times + p]) / count
            total += starts[to + 2 + p]
            seen += 1
    level = total / max(seen, 1)
    starts[to], starts[to + 1] = level, slope
    for p in range(cycle):
        starts[to + 2 + p] = starts[to + 2 + p] - level if starts[counts + p] > 0.0 else 0.0


@kernel
def _slope(
    values: Matrix, row: int, first: int, end: int, cycle: int, counts: int, times: int, sums: int, starts: Vector
) -> float:
    """Slope by least squares within phases; 0 where no phase was seen twice."""
    top, bottom, phase = 0.0, 0.0, 0
    for t in range(first, end):
        value = values[row, t]
        if value == value:
            count = starts[counts + phase]
            away = t - first + 1.0 - starts[times + phase] / count
            top += away * (value - starts[sums + phase] / count)
            bottom += away * away
        phase = phase + 1 if phase + 1 < cycle else 0
    return top / bottom if bottom > 0.0 else 0.0
