"""Demand that mostly isn't there: sizes and gaps smoothed apart, series by series."""

import math

from closeknit.engine.compiled import IntVector, Matrix, kernel

_GRID = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
_LEVELS_TRIED = 21


@kernel
def describe_demand(start: int, stop: int, history: Matrix, counts: IntVector, out: Matrix) -> None:
    """Push the observed periods of each row to its front, and measure: columns demands, mean interval, mean size,
    squared coefficient of variation of sizes, whether all are whole.
    """
    for i in range(start, stop):
        seen = 0
        demands = 0
        last = 0
        total = 0.0
        whole = 1.0
        for t in range(history.shape[1]):
            value = history[i, t]
            if not math.isnan(value):
                history[i, seen] = value
                seen += 1
                if value > 0.0:
                    demands += 1
                    last = seen
                    total += value
                    if value != math.floor(value):
                        whole = 0.0
        counts[i] = seen
        mean = total / demands if demands > 0 else 0.0
        squares = 0.0
        for t in range(seen):
            if history[i, t] > 0.0:
                squares += (history[i, t] / mean - 1.0) ** 2
        out[i, 0] = demands
        out[i, 1] = last / demands if demands > 0 else 0.0
        out[i, 2] = mean
        out[i, 3] = squares / (demands - 1) if demands > 1 else 0.0
        out[i, 4] = whole


@kernel
def _croston(
    history: Matrix, i: int, count: int, by_size: float, by_interval: float, correction: int
) -> tuple[float, float, float, float]:
    """(mean, size, interval, mean squared rate error) after the whole history."""
    factor = 1.0
    if correction == 1:
        factor = 1.0 - by_interval / 2.0
    elif correction == 2:
        factor = 1.0 - by_interval / (2.0 - by_interval)
    size, interval, rate = 0.0, 0.0, 0.0
    since, total, cost = 0, 0.0, 0.0
    for t in range(count):
        value = history[i, t]
        since += 1
        total += value
        if interval > 0.0:
            cost += (rate - total / (t + 1)) ** 2
        if value > 0.0:
            if interval > 0.0:
                size += by_size * (value - size)
                interval += by_interval * (since - interval)
            else:
                size, interval = value, 1.0 * since
            since = 0
            rate = factor * size / interval
    return rate, size, interval, cost


@kernel
def _tsb(history: Matrix, i: int, count: int, by_size: float, by_chance: float) -> tuple[float, float, float, float]:
    """(mean, size, probability, mean squared rate error) after the whole history."""
    size, chance, total, cost = 0.0, 0.0, 0.0, 0.0
    for t in range(count):
        value = history[i, t]
        total += value
        if size > 0.0:
            cost += (chance * size - total / (t + 1)) ** 2
            if value > 0.0:
                chance += by_chance * (1.0 - chance)
                size += by_size * (value - size)
            else:
                chance -= by_chance * chance
        elif value > 0.0:
            size, chance = value, 1.0 / (t + 1)
    return chance * size, size, chance, cost


@kernel
def fit_sizes_and_gaps(
    start: int, stop: int, history: Matrix, counts: IntVector, method: int, by_size: float, by_gap: float, out: Matrix
) -> None:
    """Columns mean, size, interval (or probability), smoothing of size, of interval. A smoothing of 0 is searched.

    `method`: 0 Croston, 1 SBA, 2 SBJ, 3 TSB.
    """
    for i in range(start, stop):
        best = math.inf
        for k in range(len(_GRID) if by_size <= 0.0 else 1):
            a = _GRID[k] if by_size <= 0.0 else by_size
            for j in range(len(_GRID) if by_gap <= 0.0 else 1):
                b = _GRID[j] if by_gap <= 0.0 else by_gap
                if method == 3:
                    mean, size, gap, cost = _tsb(history, i, counts[i], a, b)
                else:
                    mean, size, gap, cost = _croston(history, i, counts[i], a, b, method)
                if cost < best:
                    best = cost
                    out[i, 0] = mean
                    out[i, 1] = size
                    out[i, 2] = gap
                    out[i, 3] = a
                    out[i, 4] = b


@kernel
def roll_sizes_and_gaps(
    start: int,
    stop: int,
    history: Matrix,
    origins: IntVector,
    method: int,
    by_size: float,
    by_gap: float,
    out: Matrix,
) -> None:
    """[series, origin]: the mean from what lies before each origin (rising); missing periods are skipped.

    `method`: as in `fit_sizes_and_gaps`, with given smoothings.
    """
    factor = 1.0
    if method == 1:
        factor = 1.0 - by_gap / 2.0
    elif method == 2:
        factor = 1.0 - by_gap / (2.0 - by_gap)
    for i in range(start, stop):
        size, gap, rate = 0.0, 0.0, 0.0
        seen, since, place = 0, 0, 0
        for t in range(history.shape[1] + 1):
            while place < origins.shape[0] and origins[place] == t:
                out[i, place] = rate
                place += 1
            if t < history.shape[1] and history[i, t] == history[i, t]:
                value = history[i, t]
                seen += 1
                since += 1
                if method == 3:
                    if size > 0.0:
                        if value > 0.0:
                            gap += by_gap * (1.0 - gap)
                            size += by_size * (value - size)
                        else:
                            gap -= by_gap * gap
                    elif value > 0.0:
                        size, gap = value, 1.0 / seen
                    rate = gap * size
                elif value > 0.0:
                    if gap > 0.0:
                        size += by_size * (value - size)
                        gap += by_gap * (since - gap)
                    else:
                        size, gap = value, 1.0 * since
                    since = 0
                    rate = factor * size / gap


@kernel
def _smoothed_sums(history: Matrix, i: int, count: int, bucket: int, smoothing: float) -> tuple[float, float]:
    """(level, sum of squared one-step errors) of sums over whole buckets, the last ending with the history."""
    first = count % bucket
    level, cost = 0.0, 0.0
    t = first
    while t < count:
        total = 0.0
        for s in range(t, t + bucket):
            total += history[i, s]
        if t == first:
            level = total
        else:
            cost += (total - level) ** 2
            level += smoothing * (total - level)
        t += bucket
    return level, cost


@kernel
def _mean_by_bucket(history: Matrix, i: int, count: int, bucket: int, smoothing: float) -> float:
    if smoothing > 0.0:
        return _smoothed_sums(history, i, count, bucket, smoothing)[0] / bucket
    best, mean = math.inf, 0.0
    for k in range(_LEVELS_TRIED):
        level, cost = _smoothed_sums(history, i, count, bucket, 0.1 + 0.01 * k)
        if cost < best:
            best, mean = cost, level / bucket
    return mean


@kernel
def fit_buckets(
    start: int,
    stop: int,
    history: Matrix,
    counts: IntVector,
    described: Matrix,
    is_multiple: bool,
    smoothing: float,
    out: Matrix,
) -> None:
    """Columns mean and bucket: one bucket of the mean interval, or the mean over all buckets up to it."""
    for i in range(start, stop):
        if described[i, 0] == 0.0:
            out[i, 0] = 0.0
            out[i, 1] = 0.0
            continue
        longest = max(1, math.floor(described[i, 1] + 0.5))
        out[i, 1] = longest
        if is_multiple:
            total = 0.0
            for bucket in range(1, longest + 1):
                total += _mean_by_bucket(history, i, counts[i], bucket, smoothing)
            out[i, 0] = total / longest
        else:
            out[i, 0] = _mean_by_bucket(history, i, counts[i], longest, smoothing)
