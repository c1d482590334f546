"""Orders over a horizon of known demand, by dynamic programming forwards."""

from closeknit.engine.compiled import IntVector, Vector, kernel


@kernel
def fill_wagner_whitin(
    setup: Vector, unit: Vector, hold: Vector, demand: Vector, cost: Vector, ordered_in: IntVector
) -> None:
    """`cost[t]`: least cost of the first t periods; `ordered_in[t]`: the period of the order that serves the last.

    The cost of an order in period s that serves s..t-1 grows from t to t + 1 by the last period's demand times its
    unit cost and the holding since s.
    """
    periods = len(demand)
    for t in range(1, periods + 1):
        cost[t] = 1e300
    for s in range(periods):
        # Least cost of having served the periods before s, plus an order placed in s.
        total = cost[s]
        carried = 0.0
        opened = False
        for t in range(s, periods):
            if t > s:
                carried += hold[t - 1]
            if demand[t] > 0.0 and not opened:
                total += setup[s]
                opened = True
            total += demand[t] * (unit[s] + carried)
            if total < cost[t + 1]:
                cost[t + 1] = total
                ordered_in[t + 1] = s
            # Even free orders later could not undo this much.
            if total > 1e299:
                break


@kernel
def fill_silver_meal(setup: Vector, hold: Vector, demand: Vector, least_unit: bool, ordered_in: IntVector) -> None:
    """`ordered_in[t]`: the period of the order that serves period t, by the first rise of the mean cost."""
    periods = len(demand)
    start = 0
    while start < periods:
        if demand[start] == 0.0:
            ordered_in[start] = start
            start += 1
            continue
        total = setup[start]
        carried = 0.0
        served = demand[start]
        best = total / (served if least_unit else 1.0)
        end = start + 1
        while end < periods:
            carried += hold[end - 1]
            total += carried * demand[end]
            served += demand[end]
            mean = total / (served if least_unit else float(end - start + 1))
            if mean > best:
                break
            best = mean
            end += 1
        for t in range(start, end):
            ordered_in[t] = start
        start = end
