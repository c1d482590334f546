"""Exponential smoothing: the search for parameters, and fits carried through their series and on."""

import math

from closeknit.engine.compiled import Cube, FlagMatrix, IntMatrix, IntVector, Matrix, Vector, kernel
from closeknit.engine.forecasting.smoothing_lanes_kernels import (
    DIMENSIONS,
    ELITE_SIZE,
    ENTRY,
    LANE_ROWS,
    LANES,
    LARGEST_ALPHA,
    PHI_RANGE,
    SMALLEST_ALPHA,
    SMALLEST_PHI,
    _advance,
    _draw,
    _empty,
    _keep_best,
    _level_share,
    _season_share,
    _set_off,
    _set_parameters,
)

__all__ = [
    "DIMENSIONS",
    "LANES",
    "LANE_ROWS",
    "LARGEST_ALPHA",
    "PHI_RANGE",
    "SCRATCH",
    "SMALLEST_ALPHA",
    "SMALLEST_PHI",
    "advance_states",
    "roll_states",
    "search_series",
    "starting_states",
    "starts_size",
]

FORMS = 12
EARLY_SEASONS = 3
EARLY_PERIODS = 10
SCRATCH = FORMS * (ELITE_SIZE + 1)
"""Numbers that a search keeps beside its candidates: the elite of each form, then its criterion."""
_STARTS = 8


def starts_size(season_periods: int) -> int:
    """Numbers that the starting states of one series take, with the sums that they are made from."""
    return 2 * _STARTS * (season_periods + 2) + 3 * season_periods


@kernel
def search_series(
    start: int,
    stop: int,
    block_size: int,
    values: Matrix,
    logs: Matrix,
    first: IntVector,
    last: IntVector,
    season_periods: int,
    allowed: FlagMatrix,
    count: Vector,
    least: Matrix,
    offset: Matrix,
    table: Cube,
    rounds_for_all: int,
    forms_to_the_end: int,
    lanes: Matrix,
    seasons: Matrix,
    starts: Matrix,
    scratch: Matrix,
    found: Cube,
) -> None:
    """The best parameters of each allowed form for the series of some blocks; `found` [series, form, squares + five].

    A form is its trend (0 none, 1 additive, 2 damped), plus 3 with a season, plus 6 of logarithms. After some rounds
    only the forms of the least count log(squares / count) + offset go on.
    """
    for block in range(start, stop):
        for row in range(block * block_size, min((block + 1) * block_size, values.shape[0])):
            kept = scratch[block]
            for form in range(FORMS):
                if allowed[row, form]:
                    scale = values if form < 6 else logs
                    cycle = season_periods if form % 6 >= 3 else 1
                    # A damped trend starts as a lasting one does.
                    if form % 3 < 2 or not allowed[row, form - 1]:
                        at, sums = _place_of_starts(form, season_periods), 2 * _STARTS * (season_periods + 2)
                        sloping = min(form % 3, 1)
                        _both_starts(scale, row, first[row], last[row], cycle, sloping, at, sums, starts[block])
                    _empty(kept[form * ELITE_SIZE : (form + 1) * ELITE_SIZE])
            rounds = min(rounds_for_all, table.shape[0])
            for form in range(FORMS):
                if allowed[row, form]:
                    scale = values if form < 6 else logs
                    _search(
                        scale,
                        row,
                        first[row],
                        last[row],
                        season_periods if form % 6 >= 3 else 1,
                        form % 3,
                        table,
                        0,
                        rounds,
                        _place_of_starts(form, season_periods),
                        lanes[block],
                        seasons[block],
                        starts[block],
                        kept[form * ELITE_SIZE : (form + 1) * ELITE_SIZE],
                    )
                    squares = max(kept[form * ELITE_SIZE], least[row, form]) / max(count[row], 1.0)
                    kept[FORMS * ELITE_SIZE + form] = count[row] * math.log(squares) + offset[row, form]
            for form in range(FORMS):
                if allowed[row, form]:
                    if table.shape[0] > rounds and _rank(allowed, row, form, kept) < forms_to_the_end:
                        scale = values if form < 6 else logs
                        _search(
                            scale,
                            row,
                            first[row],
                            last[row],
                            season_periods if form % 6 >= 3 else 1,
                            form % 3,
                            table,
                            rounds,
                            table.shape[0],
                            _place_of_starts(form, season_periods),
                            lanes[block],
                            seasons[block],
                            starts[block],
                            kept[form * ELITE_SIZE : (form + 1) * ELITE_SIZE],
                        )
                    for i in range(ENTRY):
                        found[row, form, i] = kept[form * ELITE_SIZE + i]


@kernel
def _place_of_starts(form: int, season_periods: int) -> int:
    """Where the starting states of a form are kept: one place for each scale, with or without season and slope."""
    place = 4 * (form // 6) + 2 * (form % 6 // 3) + min(form % 3, 1)
    return place * 2 * (season_periods + 2)


@kernel
def _rank(allowed: FlagMatrix, row: int, form: int, kept: Vector) -> int:
    """How many forms have a smaller criterion; of equals the earlier comes first."""
    ahead, own = 0, kept[FORMS * ELITE_SIZE + form]
    for other in range(FORMS):
        if allowed[row, other]:
            theirs = kept[FORMS * ELITE_SIZE + other]
            if theirs < own or (theirs == own and other < form):
                ahead += 1
    return ahead


@kernel
def starting_states(
    start: int,
    stop: int,
    values: Matrix,
    first: IntVector,
    last: IntVector,
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
        scratch, size = starts[row], cycles[row] + 2
        _both_starts(values, row, first[row], last[row], cycles[row], has_slope[row], 0, 2 * size, scratch)
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
    asked: IntMatrix,
    level: Vector,
    slope: Vector,
    season: Matrix,
    forecast: Cube,
) -> None:
    """Carry the states through the values, in place, and forecast from origins (rising) what is known before each.

    `asked` [row, (first origin, origin after the last)]; a fit's row is its series plus a multiple of their number.
    """
    for row in range(start, stop):
        alpha, beta, gamma, phi = parameters[row, 0], parameters[row, 1], parameters[row, 2], parameters[row, 3]
        height, rise, phase, series = level[row], slope[row], 0, row % forecast.shape[0]
        place, beyond = asked[row, 0], asked[row, 1]
        while place < beyond and origins[place] <= first[row]:
            place += 1
        for t in range(first[row], origins[beyond - 1] + 1):
            while place < beyond and origins[place] == t:
                above, up, at = height, rise, phase
                for step in range(forecast.shape[2]):
                    up *= phi
                    above += up
                    forecast[series, place, step] = above + season[row, at]
                    at = at + 1 if at + 1 < cycles[row] else 0
                place += 1
            if t < origins[beyond - 1]:
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
    last: int,
    cycle: int,
    trend: int,
    table: Cube,
    since: int,
    until: int,
    at: int,
    lane: Vector,
    season: Vector,
    starts: Vector,
    elite: Vector,
) -> None:
    """Rounds of candidates from `since` to before `until`."""
    for turn in range(since, until):
        _draw(table, turn, elite, lane)
        _set_parameters(cycle, trend, lane)
        _set_off(cycle, starts, at, lane, season)
        _advance(values, row, first, last, cycle, trend, table.shape[2], lane, season)
        _keep_best(lane, elite)


@kernel
def _both_starts(
    values: Matrix, row: int, first: int, last: int, cycle: int, with_slope: int, at: int, sums: int, starts: Vector
) -> None:
    """States before the first value by least squares, on the first seasons and on the whole: two times cycle + 2."""
    early = min(first + max(EARLY_SEASONS * cycle, EARLY_PERIODS), last)
    _start(values, row, first, early, cycle, with_slope, at, sums, starts)
    _start(values, row, first, last, cycle, with_slope, at + cycle + 2, sums, starts)


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
