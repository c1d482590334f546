"""Loops over buyers: likelihoods in blocks, and sums over how many purchases may come."""

import math

from closeknit.engine.compiled import Cube, IntVector, Matrix, Vector, kernel

SMALLEST = 1e-15
TALLEST = 1e200
MOST_TERMS = 2_000_000
UNSAID = 1e-9


@kernel
def history_terms(
    start: int,
    stop: int,
    block: int,
    frequency: Vector,
    recency: Vector,
    age: Vector,
    weight: Vector,
    r: float,
    alpha: float,
    a: float,
    b: float,
    shift: float,
    sums: Matrix,
) -> None:
    """Per block of buyers, the part of log-likelihood that needs each history, and its slopes by r, alpha, a, b.

    The logarithm of (alpha+T)^-(r+x) + a/(b+x-1+shift) (alpha+tx)^-(r+x), the second term where the buyer may be gone.
    """
    for part in range(start, stop):
        total = 0.0
        by_r = 0.0
        by_alpha = 0.0
        by_a = 0.0
        by_b = 0.0
        first = part * block
        last = min(first + block, frequency.size)
        for i in range(first, last):
            x = frequency[i]
            power = r + x
            here = math.log(alpha + age[i])
            value = -power * here
            gone = 0.0
            at_last = 0.0
            if x > 0.0 or shift > 0.0:
                then = math.log(alpha + recency[i])
                odds = math.log(a / (b + x - 1.0 + shift)) + power * (here - then)
                value += odds + math.log1p(math.exp(-odds)) if odds > 0.0 else math.log1p(math.exp(odds))
                gone = 1.0 / (1.0 + math.exp(-odds)) if odds > -700.0 else 0.0
                at_last = then
                by_a += weight[i] * gone / a
                by_b -= weight[i] * gone / (b + x - 1.0 + shift)
                by_alpha -= weight[i] * gone * power / (alpha + recency[i])
            by_r -= weight[i] * ((1.0 - gone) * here + gone * at_last)
            by_alpha -= weight[i] * (1.0 - gone) * power / (alpha + age[i])
            total += weight[i] * value
        sums[part, 0] = total
        sums[part, 1] = by_r
        sums[part, 2] = by_alpha
        sums[part, 3] = by_a
        sums[part, 4] = by_b


@kernel
def expected_counts(
    start: int,
    stop: int,
    shape: Vector,
    rate: Vector,
    stop_a: Vector,
    stop_b: Vector,
    periods: Vector,
    shift: int,
    expected: Vector,
) -> None:
    """Per buyer, the sum over j of P(still there after j purchases) P(more than j would come): every term positive."""
    for i in range(start, stop):
        share = periods[i] / (rate[i] + periods[i])
        # Weights of the negative binomial, relative to the first; `height` is the logarithm of the scale.
        height = -shape[i] * math.log1p(periods[i] / rate[i])
        weight = 1.0
        stays = 1.0
        if shift == 1:
            stays = stop_b[i] / (stop_a[i] + stop_b[i])
        reach = 0.0
        total = 0.0
        j = 0
        while j < MOST_TERMS:
            total += weight * reach
            reach += stays
            stays *= (stop_b[i] + shift + j) / (stop_a[i] + stop_b[i] + shift + j)
            ratio = (shape[i] + j) / (j + 1.0) * share
            weight *= ratio
            j += 1
            if weight > TALLEST:
                weight /= TALLEST
                total /= TALLEST
                height += math.log(TALLEST)
            # What lies beyond is below a geometric series (reach grows by at most one a step).
            if ratio < 1.0 and weight * (reach + 1.0 / (1.0 - ratio)) / (1.0 - ratio) < SMALLEST * total:
                break
            if share == 0.0:
                break
        expected[i] = math.exp(height + math.log(total)) if total > 0.0 else 0.0


@kernel
def count_chances(
    shape: float, rate: float, stop_a: float, stop_b: float, periods: float, shift: int, chances: Vector
) -> None:
    """P(exactly n purchases come) for n from 0: still there after n of exactly n, or left at the nth of n or more."""
    share = periods / (rate + periods)
    log_weight = -shape * math.log1p(periods / rate)
    below = 0.0
    before = 1.0
    stays = 1.0
    if shift == 1:
        stays = stop_b / (stop_a + stop_b)
    for n in range(chances.size):
        weight = math.exp(log_weight)
        left = 0.0
        if n > 0 or shift == 1:
            left = (before - stays) * max(0.0, 1.0 - below)
        chances[n] = stays * weight + left
        below += weight
        before = stays
        stays *= (stop_b + shift + n) / (stop_a + stop_b + shift + n)
        log_weight += math.log((shape + n) / (n + 1.0) * share) if share > 0.0 else -1e9


@kernel
def _gather_chances(
    shape: float,
    rate: float,
    stop_a: float,
    stop_b: float,
    periods: float,
    cell_of_count: IntVector,
    chances: Matrix,
    row: int,
) -> int:
    """Write into `row` the chances of counts, gathered in cells, of a buyer who is there; the last cell in use."""
    share = periods / (rate + periods)
    log_weight = -shape * math.log1p(periods / rate)
    below = 0.0
    before = 1.0
    stays = 1.0
    said = 0.0
    cell = 0
    for n in range(cell_of_count.size):
        cell = cell_of_count[n]
        weight = math.exp(log_weight)
        chance = stays * weight
        if n > 0:
            chance += (before - stays) * max(0.0, 1.0 - below)
        chances[row, cell] += chance
        said += chance
        if said >= 1.0 - UNSAID:
            break
        below += weight
        before = stays
        stays *= (stop_b + n) / (stop_a + stop_b + n)
        log_weight += math.log((shape + n) / (n + 1.0) * share)
    return cell


@kernel
def value_quantiles(
    start: int,
    stop: int,
    offset: int,
    shape: Vector,
    rate: Vector,
    stop_a: Vector,
    stop_b: Vector,
    periods: Vector,
    alive: Vector,
    scale: Vector,
    table_of: IntVector,
    tables: Cube,
    log_grid: Vector,
    cell_of_count: IntVector,
    levels: Vector,
    room: Matrix,
    quantiles: Matrix,
) -> None:
    """Per buyer from `offset` on, quantiles of what is spent: a mixture over counts of laws read from tables.

    `tables[t, c, g]` is the chance that the purchases of cell c cost at most exp(log_grid[g]) times `scale`.
    """
    for row in range(start, stop):
        i = offset + row
        for c in range(room.shape[1]):
            room[row, c] = 0.0
        last = _gather_chances(shape[i], rate[i], stop_a[i], stop_b[i], periods[i], cell_of_count, room, row)
        nothing = 1.0 - alive[i] + alive[i] * room[row, 0]
        for q in range(levels.size):
            if levels[q] <= nothing:
                quantiles[i, q] = 0.0
                continue
            low = 0
            high = log_grid.size - 1
            at_low = nothing
            at_high = 1.0
            while high - low > 1:
                middle = (low + high) // 2
                value = nothing
                for c in range(1, last + 1):
                    value += alive[i] * room[row, c] * tables[table_of[i], c, middle]
                if value < levels[q]:
                    low = middle
                    at_low = value
                else:
                    high = middle
                    at_high = value
            step = min(1.0, (levels[q] - at_low) / (at_high - at_low)) if at_high > at_low else 1.0
            quantiles[i, q] = scale[i] * math.exp(log_grid[low] + step * (log_grid[high] - log_grid[low]))
