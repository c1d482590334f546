"""Loops over all work of a plan at given prices: its smoothed and its exact cost, choice and regret.

Per period, so that periods run side by side. Words: an option is a pool that may do a job; the net price of a job is
its cheapest option less the price of its commitment; floor and above are the two steps of a job's need.
"""

from math import exp, log, log1p

from closeknit.engine.compiled import IntVector, Matrix, Vector, kernel


@kernel
def _soft_step(net: float, cost: float, temperature: float) -> tuple[float, float]:
    """The smoothed smaller of two prices, and the share served."""
    gap = (net - cost) / temperature
    if gap > 40.0:
        return cost, 0.0
    if gap < -40.0:
        return net, 1.0
    if gap > 0.0:
        small = exp(-gap)
        return cost - temperature * log1p(small), small / (1.0 + small)
    small = exp(gap)
    return net - temperature * log1p(small), 1.0 / (1.0 + small)


@kernel
def smooth_periods(
    start: int,
    stop: int,
    temperature: float,
    first_option: IntVector,
    option_pool: IntVector,
    option_cost: Vector,
    commitment: IntVector,
    floor_hours: Matrix,
    above_hours: Matrix,
    floor_cost: Vector,
    above_cost: Vector,
    pool_price: Matrix,
    commitment_price: Vector,
    weight: Matrix,
    value: Vector,
    used: Matrix,
    block: Matrix,
    counted: Matrix,
    spread: Matrix,
    cross: Matrix,
) -> None:
    """Value, gradient and curvature of the smoothed cost of periods start..stop.

    Filled per period: `value`, hours `used` per pool, curvature `block` (pools x pools, flat), hours `counted` and
    their `spread` per commitment, and their `cross` curvature (period x pool, commitment).
    """
    jobs, pools = first_option.size - 1, pool_price.shape[1]
    for t in range(start, stop):
        total = 0.0
        share = weight[t]
        for j in range(jobs):
            low, high = floor_hours[t, j], above_hours[t, j]
            begin, end = first_option[j], first_option[j + 1]
            if low + high <= 0.0:
                continue
            if begin == end:
                total += low * floor_cost[j] + high * above_cost[j]
                continue
            best = pool_price[t, option_pool[begin]] + option_cost[begin]
            for o in range(begin + 1, end):
                price = pool_price[t, option_pool[o]] + option_cost[o]
                if price < best:
                    best = price
            mass = 0.0
            for o in range(begin, end):
                away = (pool_price[t, option_pool[o]] + option_cost[o] - best) / temperature
                part = exp(-away) if away < 40.0 else 0.0
                share[o - begin] = part
                mass += part
            owed = commitment[j]
            net = best - temperature * log(mass)
            if owed >= 0:
                net -= commitment_price[owed]
            floor_value, floor_share = _soft_step(net, floor_cost[j], temperature)
            above_value, above_share = _soft_step(net, above_cost[j], temperature)
            total += low * floor_value + high * above_value
            served = low * floor_share + high * above_share
            if served <= 0.0:
                continue
            twice = low * floor_share * floor_share + high * above_share * above_share
            doubt = served - twice
            if owed >= 0:
                counted[t, owed] += served
                spread[t, owed] += doubt / temperature
            for o in range(begin, end):
                part = share[o - begin] / mass
                if part <= 0.0:
                    continue
                pool = option_pool[o]
                used[t, pool] += part * served
                block[t, pool * pools + pool] += part * served / temperature
                if owed >= 0 and doubt > 0.0:
                    cross[t * pools + pool, owed] -= part * doubt / temperature
                for other in range(begin, end):
                    rest = share[other - begin] / mass
                    if rest > 0.0:
                        block[t, pool * pools + option_pool[other]] -= part * rest * twice / temperature
        value[t] = total


@kernel
def spread_periods(
    start: int,
    stop: int,
    temperature: float,
    first_option: IntVector,
    option_pool: IntVector,
    option_cost: Vector,
    commitment: IntVector,
    floor_hours: Matrix,
    above_hours: Matrix,
    floor_cost: Vector,
    above_cost: Vector,
    pool_price: Matrix,
    commitment_price: Vector,
    given: Matrix,
) -> None:
    """Hours `given` per period and option at the smoothed optimum; shares below 1e-7 go to the cheapest option."""
    for t in range(start, stop):
        for j in range(first_option.size - 1):
            low, high = floor_hours[t, j], above_hours[t, j]
            begin, end = first_option[j], first_option[j + 1]
            if begin == end:
                continue
            best, cheapest = 1e300, begin
            for o in range(begin, end):
                price = pool_price[t, option_pool[o]] + option_cost[o]
                if price < best:
                    best, cheapest = price, o
            mass = 0.0
            for o in range(begin, end):
                away = (pool_price[t, option_pool[o]] + option_cost[o] - best) / temperature
                part = exp(-away) if away < 16.0 else 0.0
                given[t, o] = part
                mass += part
            net = best - temperature * log(mass)
            if commitment[j] >= 0:
                net -= commitment_price[commitment[j]]
            served = 0.0
            for hours, cost in ((low, floor_cost[j]), (high, above_cost[j])):
                share = _soft_step(net, cost, temperature)[1]
                if share > 1e-7:
                    served += hours * (share if share < 1.0 - 1e-7 else 1.0)
            rest = served
            for o in range(begin, end):
                given[t, o] = served * given[t, o] / mass
                rest -= given[t, o]
            given[t, cheapest] += rest


@kernel
def price_periods(
    start: int,
    stop: int,
    first_option: IntVector,
    option_pool: IntVector,
    option_cost: Vector,
    commitment: IntVector,
    floor_hours: Matrix,
    above_hours: Matrix,
    floor_cost: Vector,
    above_cost: Vector,
    pool_price: Matrix,
    commitment_price: Vector,
    given: Matrix,
    regret: Matrix,
    margin: Matrix,
    value: Vector,
    cost: Vector,
) -> None:
    """The exact least cost of periods start..stop at these prices, and how far the hours `given` are from it.

    `regret` is what each job and period would save at these prices; `margin` the smallest change of a price per hour
    that changes its cheapest choice; `cost` what `given` and its shortages cost in money.
    """
    for t in range(start, stop):
        total, spent = 0.0, 0.0
        for j in range(first_option.size - 1):
            low, high = floor_hours[t, j], above_hours[t, j]
            begin, end = first_option[j], first_option[j + 1]
            worth = commitment_price[commitment[j]] if commitment[j] >= 0 else 0.0
            best, second, served, paid, charged = 1e300, 1e300, 0.0, 0.0, 0.0
            for o in range(begin, end):
                price = pool_price[t, option_pool[o]] + option_cost[o]
                served += given[t, o]
                paid += given[t, o] * option_cost[o]
                charged += given[t, o] * (price - worth)
                if price < best:
                    best, second = price, best
                elif price < second:
                    second = price
            net = best - worth
            least = low * min(net, floor_cost[j]) + high * min(net, above_cost[j])
            missing = max(low - served, 0.0) * floor_cost[j]
            missing += (low + high - max(served, low)) * above_cost[j]
            total += least
            spent += paid + missing
            regret[t, j] = charged + missing - least
            near = 1e300
            if low > 0.0:
                near = abs(net - floor_cost[j])
            if high > 0.0:
                near = min(near, abs(net - above_cost[j]))
            if low + high > 0.0 and net < floor_cost[j]:
                near = min(near, second - best)
            margin[t, j] = near
        value[t] = total
        cost[t] = spent
