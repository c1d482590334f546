"""Candidates of one search for smoothing parameters: drawn, set off, carried through a series together, and ranked.

A lane is one candidate. `lane` holds LANES numbers for each of: level, slope, squares, alpha, beta, gamma, phi, and the
candidate's five places in the unit cube. `season` holds LANES numbers for each phase. One flat array with fixed
distances is what lets the compiler advance several lanes at once.
"""

import math

from closeknit.engine.compiled import Cube, Matrix, Vector, kernel

LANES = 16
DIMENSIONS = 5
ELITE = 4
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
ENTRY = DIMENSIONS + 1
ELITE_SIZE = ELITE * ENTRY
_HUGE = 1e300


@kernel
def _empty(elite: Vector) -> None:
    """No candidate yet."""
    for i in range(ELITE):
        elite[i * ENTRY] = _HUGE


@kernel
def _draw(table: Cube, turn: int, elite: Vector, lane: Vector) -> None:
    """New candidates in the unit cube: the first from the table, each later one around the best so far."""
    for dimension in range(DIMENSIONS):
        centre, spread = 0.0, 1.0
        if turn > 0:
            square = 0.0
            centre = elite[1 + dimension]
            for i in range(1, ELITE):
                square += (elite[i * ENTRY + 1 + dimension] - centre) ** 2 / (ELITE - 1)
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
def _set_off(cycle: int, starts: Vector, at: int, lane: Vector, season: Vector) -> None:
    """Every lane's starting states, between the two of `starts` from `at` on."""
    whole = at + cycle + 2
    for j in range(LANES):
        share = _level_share(lane[_START + j])
        lane[j] = (1.0 - share) * starts[at] + share * starts[whole]
        lane[_SLOPE + j] = (1.0 - share) * starts[at + 1] + share * starts[whole + 1]
        lane[_SQUARES + j] = 0.0
    for phase in range(cycle):
        early, late = starts[at + 2 + phase], starts[whole + 2 + phase]
        for j in range(LANES):
            season[phase * LANES + j] = early + _season_share(lane[_START + j]) * (late - early)


@kernel
def _advance(
    values: Matrix, row: int, first: int, last: int, cycle: int, trend: int, lanes: int, lane: Vector, season: Vector
) -> None:
    """All lanes through the periods from `first` to before `last`, summing the squares of what was not expected.

    `lanes` is LANES, told at run time: of some loops the compiler makes better code where it does not know.
    """
    if cycle > 1 and trend > 0:
        _advance_all(values, row, first, last, cycle, lane, season)
    elif cycle > 1:
        _advance_seasons(values, row, first, last, cycle, lane, season)
    elif trend > 0:
        _advance_trends(values, row, first, last, lanes, lane)
    else:
        _advance_levels(values, row, first, last, lanes, lane)


@kernel
def _advance_all(values: Matrix, row: int, first: int, last: int, cycle: int, lane: Vector, season: Vector) -> None:
    """With slopes and seasons."""
    at = 0
    for t in range(first, last):
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
def _advance_seasons(values: Matrix, row: int, first: int, last: int, cycle: int, lane: Vector, season: Vector) -> None:
    """Without slopes: two periods (of two phases) at a time, so that levels are loaded and stored half as often."""
    at, t = 0, first
    while t < last:
        following = at + LANES if at + LANES < cycle * LANES else 0
        one = values[row, t]
        two = values[row, t + 1] if t + 1 < last else math.nan
        if one + two == one + two:
            seen, then = season[at : at + LANES], season[following : following + LANES]
            for j in range(LANES):
                alpha, gamma, level, squares = lane[_ALPHA + j], lane[_GAMMA + j], lane[j], lane[_SQUARES + j]
                early, late = seen[j], then[j]
                error = one - level - early
                level += alpha * error
                squares += error * error
                early += gamma * error
                error = two - level - late
                lane[j] = level + alpha * error
                lane[_SQUARES + j] = squares + error * error
                seen[j] = early
                then[j] = late + gamma * error
            t += 2
            at = following + LANES if following + LANES < cycle * LANES else 0
            continue
        if one == one:
            seen = season[at : at + LANES]
            for j in range(LANES):
                error = one - lane[j] - seen[j]
                lane[j] += lane[_ALPHA + j] * error
                seen[j] += lane[_GAMMA + j] * error
                lane[_SQUARES + j] += error * error
        t += 1
        at = following


@kernel
def _advance_trends(values: Matrix, row: int, first: int, last: int, lanes: int, lane: Vector) -> None:
    """Without seasons: four periods at a time where all are there."""
    t = first
    while t < last:
        one = values[row, t]
        if t + 4 <= last:
            two, three, four = values[row, t + 1], values[row, t + 2], values[row, t + 3]
            if one + two + three + four == one + two + three + four:
                for j in range(lanes):
                    alpha, beta, phi = lane[_ALPHA + j], lane[_BETA + j], lane[_PHI + j]
                    slope = phi * lane[_SLOPE + j]
                    level = lane[j] + slope
                    error = one - level
                    squares = lane[_SQUARES + j] + error * error
                    level, slope = level + alpha * error, phi * (slope + beta * error)
                    level += slope
                    error = two - level
                    squares += error * error
                    level, slope = level + alpha * error, phi * (slope + beta * error)
                    level += slope
                    error = three - level
                    squares += error * error
                    level, slope = level + alpha * error, phi * (slope + beta * error)
                    level += slope
                    error = four - level
                    lane[_SQUARES + j] = squares + error * error
                    lane[j] = level + alpha * error
                    lane[_SLOPE + j] = slope + beta * error
                t += 4
                continue
        for j in range(lanes):
            lane[_SLOPE + j] *= lane[_PHI + j]
            lane[j] += lane[_SLOPE + j]
        if one == one:
            for j in range(lanes):
                error = one - lane[j]
                lane[j] += lane[_ALPHA + j] * error
                lane[_SLOPE + j] += lane[_BETA + j] * error
                lane[_SQUARES + j] += error * error
        t += 1


@kernel
def _advance_levels(values: Matrix, row: int, first: int, last: int, lanes: int, lane: Vector) -> None:
    """Levels alone: four periods at a time where all are there."""
    t = first
    while t < last:
        one = values[row, t]
        if t + 4 <= last:
            two, three, four = values[row, t + 1], values[row, t + 2], values[row, t + 3]
            if one + two + three + four == one + two + three + four:
                for j in range(lanes):
                    alpha, level = lane[_ALPHA + j], lane[j]
                    error = one - level
                    squares = lane[_SQUARES + j] + error * error
                    level += alpha * error
                    error = two - level
                    squares += error * error
                    level += alpha * error
                    error = three - level
                    squares += error * error
                    level += alpha * error
                    error = four - level
                    lane[_SQUARES + j] = squares + error * error
                    lane[j] = level + alpha * error
                t += 4
                continue
        if one == one:
            for j in range(lanes):
                error = one - lane[j]
                lane[j] += lane[_ALPHA + j] * error
                lane[_SQUARES + j] += error * error
        t += 1


@kernel
def _keep_best(lane: Vector, elite: Vector) -> None:
    """Let lanes replace worse entries of the elite, which stays in order."""
    for j in range(LANES):
        squares = lane[_SQUARES + j]
        slot = ELITE
        while slot > 0 and squares < elite[(slot - 1) * ENTRY]:
            slot -= 1
        if slot < ELITE:
            for i in range(ELITE_SIZE - 1, (slot + 1) * ENTRY - 1, -1):
                elite[i] = elite[i - ENTRY]
            elite[slot * ENTRY] = squares
            for dimension in range(DIMENSIONS):
                elite[slot * ENTRY + 1 + dimension] = lane[_PLACE + dimension * LANES + j]
