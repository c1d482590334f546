"""Periodic review with a fixed cost per order: the best (s, S) forever, and the best levels of a finite horizon."""

from closeknit.engine.compiled import Matrix, Vector, kernel


@kernel
def _renewals(masses: Vector, visits: Vector, total: Vector) -> None:
    """`visits[j]`: expected number of periods in which exactly j units have gone since the last order; its sums."""
    never = 1.0 - masses[0]
    visits[0] = 1.0 / never
    total[0] = 0.0
    for j in range(1, len(visits)):
        seen = 0.0
        for demand in range(1, min(j, len(masses) - 1) + 1):
            seen += masses[demand] * visits[j - demand]
        visits[j] = seen / never
        total[j] = total[j - 1] + visits[j - 1]


@kernel
def _cycle_cost(low: int, high: int, setup: float, rates: Vector, visits: Vector, total: Vector) -> float:
    """Cost per period of reordering at index `low` up to index `high`."""
    cost = setup
    for j in range(high - low):
        cost += visits[j] * rates[high - j]
    mean: float = cost / total[high - low]
    return mean


@kernel
def find_s_s(setup: float, rates: Vector, masses: Vector, best: int, work: Matrix, out: Vector) -> None:
    """The best (s, S) as indices into `rates` (cost of each level in turn), by Zheng and Federgruen's search."""
    visits, total = work[0], work[1]
    _renewals(masses, visits, total)
    low, high = best - 1, best
    cost = _cycle_cost(low, high, setup, rates, visits, total)
    while cost > rates[low] and low > 0:
        low -= 1
        cost = _cycle_cost(low, high, setup, rates, visits, total)
    top = high + 1
    while top < len(rates) and rates[top] <= cost:
        if _cycle_cost(low, top, setup, rates, visits, total) < cost:
            high = top
            cost = _cycle_cost(low, high, setup, rates, visits, total)
            while cost <= rates[low + 1]:
                low += 1
                cost = _cycle_cost(low, high, setup, rates, visits, total)
        top += 1
    out[0] = low
    out[1] = high
    out[2] = cost


@kernel
def cost_s_s(setup: float, low: int, high: int, rates: Vector, masses: Vector, work: Matrix, out: Vector) -> None:
    """Cost per period of a given (s, S) as indices into `rates`."""
    visits, total = work[0], work[1]
    _renewals(masses, visits, total)
    out[0] = _cycle_cost(low, high, setup, rates, visits, total)


@kernel
def fill_stage(
    setup: float, unit: float, discount: float, rates: Vector, masses: Vector, later: Vector, ahead: Vector, out: Matrix
) -> None:
    """One period of the finite horizon, backwards.

    `rates[i]`: holding and shortage at level i; `later`: cost to go from each level after this period, which starts
    `len(masses) - 1` levels lower than `rates`; `out[0]`: cost to go now, `out[1]`: the level ordered up to.
    """
    levels, reach = len(rates), len(masses) - 1
    for i in range(levels):
        expected = 0.0
        for k in range(reach + 1):
            expected += masses[k] * later[i + reach - k]
        ahead[i] = unit * i + rates[i] + discount * expected
    best = levels - 1
    for i in range(levels - 1, -1, -1):
        if ahead[i] <= ahead[best]:
            best = i
        # Staying costs no order.
        if ahead[i] <= setup + ahead[best]:
            out[0, i] = ahead[i] - unit * i
            out[1, i] = i
        else:
            out[0, i] = setup + ahead[best] - unit * i
            out[1, i] = best
