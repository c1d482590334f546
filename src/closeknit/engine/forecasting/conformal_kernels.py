"""Errors on windows, scaled: the likeliest shape of their sizes, the scaled errors, and quantiles put around a mean.

Errors are [series, window, step]. Only the windows from `since` on are looked at: the latest stand first.
"""

import math

from closeknit.engine.compiled import Cube, FlagMatrix, IntVector, Matrix, Vector, inlined, kernel

_LEAST_SHARE = 0.05
"""What an error's size goes with never falls below this part of the series' mean."""


@inlined
def _typical(forecast: Cube, i: int, since: int) -> float:
    """The mean forecast of a series over its windows; 0 where there is none."""
    total, count = 0.0, 0
    for w in range(since, forecast.shape[1]):
        for step in range(forecast.shape[2]):
            if not math.isnan(forecast[i, w, step]):
                total += forecast[i, w, step]
                count += 1
    return total / max(count, 1)


@inlined
def _beside(value: float, typical: float) -> float:
    """A forecast over its series' mean; 1 where either says nothing."""
    if typical <= 0.0 or math.isnan(value):
        return 1.0
    return max(value / typical, _LEAST_SHARE)


@inlined
def _to_power(value: float, power: float) -> float:
    if power == 0.0:
        return 1.0
    return math.sqrt(value) if power == 0.5 else float(value**power)


@kernel
def cost_shapes(
    since: int,
    actual: Cube,
    forecast: Cube,
    group: IntVector,
    powers: Vector,
    widening: Matrix,
    seen: Vector,
    sizes: Vector,
    costs: Cube,
) -> None:
    """Add up by group the negative Laplace log-likelihood of each power and growth: `costs` [group, power, growth].

    `widening` [growth, step]; `seen`, `sizes` [step] are scratch.
    """
    windows, steps = actual.shape[1], actual.shape[2]
    for i in range(actual.shape[0]):
        typical = _typical(forecast, i, since)
        for p in range(powers.shape[0]):
            count, logs = 0.0, 0.0
            for step in range(steps):
                seen[step], sizes[step] = 0.0, 0.0
                for w in range(since, windows):
                    off = abs(actual[i, w, step] - forecast[i, w, step])
                    if not math.isnan(off):
                        shape = _to_power(_beside(forecast[i, w, step], typical), powers[p])
                        sizes[step] += off / shape
                        seen[step] += 1.0
                        if powers[p] != 0.0:
                            logs += math.log(shape)
                count += seen[step]
            for g in range(widening.shape[0]):
                total, wide = 0.0, 0.0
                for step in range(steps):
                    total += sizes[step] / widening[g, step]
                if total > 0.0:
                    for step in range(steps):
                        wide += seen[step] * math.log(widening[g, step])
                    costs[group[i], p, g] += count * math.log(total / count) + logs + wide


@kernel
def scale_errors(
    since: int,
    actual: Cube,
    forecast: Cube,
    scale: Vector,
    group: IntVector,
    others: FlagMatrix,
    power: Vector,
    widening: Matrix,
    totals: Matrix,
    counts: Matrix,
    of_group: Matrix,
    spread: Vector,
    scores: Cube,
) -> None:
    """Errors over the size of those in the `others` [window, other] of their window, shrunk to their group's.

    `power`, `widening` [group, step], `of_group` [group, (errors, how many)]; `totals`, `counts` [series, window] are
    scratch. `spread` [series]: size of all its errors. `scores`: NaN where nothing came or was forecast.
    """
    windows, steps = actual.shape[1], actual.shape[2]
    prior = float(steps)
    for i in range(actual.shape[0]):
        typical, mine = _typical(forecast, i, since), group[i]
        for w in range(since, windows):
            totals[i, w], counts[i, w] = 0.0, 0.0
            for step in range(steps):
                shape = _to_power(_beside(forecast[i, w, step], typical), power[mine]) * widening[mine, step]
                # Kept until the group is heard.
                scores[i, w - since, step] = shape
                size = abs(actual[i, w, step] - forecast[i, w, step]) / shape / scale[i]
                if not math.isnan(size):
                    totals[i, w] += size
                    counts[i, w] += 1.0
            of_group[mine, 0] += totals[i, w]
            of_group[mine, 1] += counts[i, w]
    for i in range(actual.shape[0]):
        mine = group[i]
        # 1, as the naive forecast, where a group has no errors.
        ratio = of_group[mine, 0] / of_group[mine, 1] if of_group[mine, 1] > 0.0 else 1.0
        total, count = 0.0, 0.0
        for w in range(since, windows):
            total += totals[i, w]
            count += counts[i, w]
            size, known = 0.0, 0.0
            for other in range(since, windows):
                if others[w - since, other - since]:
                    size += totals[i, other]
                    known += counts[i, other]
            unit = scale[i] * ((size + prior * ratio) / (known + prior))
            for step in range(steps):
                off, one = actual[i, w, step] - forecast[i, w, step], unit * scores[i, w - since, step]
                scores[i, w - since, step] = off / one if one > 0.0 else off * 0.0
        spread[i] = scale[i] * (total + prior * ratio) / (count + prior)


@kernel
def count_independent(
    scores: Cube, group: IntVector, origins: IntVector, sums: Matrix, seen: Matrix, squares: Vector, result: Vector
) -> None:
    """How many independent errors those of each group are worth; `sums`, `seen` [group, window] start at 0.

    Windows that share no period, times variance of one over variance of the windows' means, per window 1 to all.
    """
    windows, steps = scores.shape[1], scores.shape[2]
    for i in range(scores.shape[0]):
        for w in range(windows):
            for step in range(steps):
                if not math.isnan(scores[i, w, step]):
                    sums[group[i], w] += scores[i, w, step]
                    seen[group[i], w] += 1.0
    for g in range(result.shape[0]):
        total, count = 0.0, 0.0
        for w in range(windows):
            total += sums[g, w]
            count += seen[g, w]
        result[g] = total / count if count > 0.0 else 0.0
    for i in range(scores.shape[0]):
        for w in range(windows):
            for step in range(steps):
                if not math.isnan(scores[i, w, step]):
                    squares[group[i]] += (scores[i, w, step] - result[group[i]]) ** 2
    for g in range(result.shape[0]):
        count, most, used, covered, between, mean = 0.0, 0.0, 0, 0, 0.0, 0.0
        reach = origins[0] + steps if windows > 0 else 0
        for w in range(windows):
            if seen[g, w] > 0.0:
                count += seen[g, w]
                most = max(most, seen[g, w])
                used += 1
                mean += sums[g, w] / seen[g, w]
                # The latest stand first: what a window adds ends where the one before began.
                covered += min(reach, origins[w] + steps) - origins[w]
                reach = origins[w]
        mean /= max(used, 1)
        for w in range(windows):
            if seen[g, w] > 0.0:
                between += (sums[g, w] / seen[g, w] - result[g]) ** 2
        per_window = squares[g] / count / (between / (used - 1)) if used > 1 and between > 0.0 else 1.0
        result[g] = max(covered / steps, 1.0) * min(max(per_window, 1.0), most) if used > 0 else 1.0


@kernel
def place_quantiles(
    ordered: Matrix, sizes: Matrix, levels: Vector, known: float, wider: Vector, result: Matrix
) -> None:
    """Quantiles [level, row] of rows in order (NaN last), `known` of their own, the rest of both sides together.

    `sizes`: the absolute values in order. Position p (n + 1) between the ends; 0 where a row holds nothing.
    """
    for row in range(ordered.shape[0]):
        count = 0
        while count < ordered.shape[1] and not math.isnan(ordered[row, count]):
            count += 1
        for level in range(levels.shape[0]):
            result[level, row] = 0.0
            if count > 0:
                place = min(max(levels[level] * (count + 1) - 1.0, 0.0), count - 1.0)
                low = int(place)
                below, above = ordered[row, low], ordered[row, min(low + 1, count - 1)]
                own = below + (place - low) * (above - below)
                place = min(max(levels[level] * (2 * count + 1) - 1.0, 0.0), 2.0 * count - 1.0)
                low = int(place)
                below, above = _both(sizes, row, count, low), _both(sizes, row, count, min(low + 1, 2 * count - 1))
                both = below + (place - low) * (above - below)
                result[level, row] = (known * own + (1.0 - known) * both) * wider[level]


@inlined
def _both(sizes: Matrix, row: int, count: int, place: int) -> float:
    """The value at a place among sizes and their negatives in order."""
    return float(-sizes[row, count - 1 - place] if place < count else sizes[row, place - count])


@kernel
def put_around(
    mean: Matrix,
    group: IntVector,
    spread: Vector,
    power: Vector,
    widening: Matrix,
    units: Cube,
    quantiles: Cube,
) -> None:
    """Quantiles [level, series, step]: mean + `units` [group, level, step] x spread x shape of the mean, widened."""
    for i in range(mean.shape[0]):
        total, count, mine = 0.0, 0, group[i]
        for step in range(mean.shape[1]):
            if not math.isnan(mean[i, step]):
                total += mean[i, step]
                count += 1
        typical = total / max(count, 1)
        for step in range(mean.shape[1]):
            shape = _to_power(_beside(mean[i, step], typical), power[mine]) * widening[mine, step]
            for level in range(units.shape[1]):
                quantiles[level, i, step] = mean[i, step] + units[mine, level, step] * (spread[i] * shape)
