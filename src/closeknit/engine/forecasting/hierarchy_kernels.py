"""Forecasts of a tree of sums made to add up: what is known below is passed up, what it comes to is passed down."""

from closeknit.engine.compiled import FlagMatrix, FlagVector, IntVector, Matrix, Vector, kernel


@kernel
def order_from_leaves(parents: IntVector, children: IntVector, order: IntVector) -> int:
    """Write the nodes so that each comes before its parent; how many could be placed (fewer: there is a cycle).

    `children` comes as the number of children per node and is used up.
    """
    count = 0
    for node in range(parents.size):
        if children[node] == 0:
            order[count] = node
            count += 1
    done = 0
    while done < count:
        parent = parents[order[done]]
        done += 1
        if parent >= 0:
            children[parent] -= 1
            if children[parent] == 0:
                order[count] = parent
                count += 1
    return count


@kernel
def reconcile_tree(
    base: Matrix,
    order: IntVector,
    parents: IntVector,
    is_leaf: FlagVector,
    variances: Vector,
    known: Vector,
    below: Vector,
    price: Matrix,
    values: Matrix,
    gaps: Matrix,
) -> None:
    """The least squares that add up. `below`, `price`, `values` and `gaps` come as zeros.

    A subtree's total is known from itself with variance `known`: its own forecast and the sum of its children's.
    """
    nodes, periods = base.shape
    for place in range(nodes):
        node = order[place]
        parent = parents[node]
        if is_leaf[node]:
            known[node] = variances[node]
            for t in range(periods):
                values[node, t] = base[node, t]
        else:
            both = below[node] + variances[node]
            gain = below[node] / both if both > 0.0 else 0.0
            known[node] = variances[node] * gain if both > 0.0 else 0.0
            for t in range(periods):
                values[node, t] = price[node, t] + gain * (base[node, t] - price[node, t])
        if parent >= 0:
            below[parent] += known[node]
            if is_leaf[node]:
                for t in range(periods):
                    price[parent, t] += base[node, t]
                    gaps[parent, t] += base[node, t]
            else:
                for t in range(periods):
                    price[parent, t] += values[node, t]
                    gaps[parent, t] += gaps[node, t]
    for place in range(nodes - 1, -1, -1):
        node = order[place]
        parent = parents[node]
        if parent >= 0:
            for t in range(periods):
                values[node, t] += known[node] * price[parent, t]
        if not is_leaf[node]:
            for t in range(periods):
                price[node, t] = (values[node, t] - price[node, t]) / below[node] if below[node] > 0.0 else 0.0
                values[node, t] = 0.0
                gaps[node, t] = base[node, t] - gaps[node, t]
    for place in range(nodes):
        node = order[place]
        parent = parents[node]
        if parent >= 0:
            for t in range(periods):
                values[parent, t] += values[node, t]


@kernel
def reconcile_tree_above_zero(
    start: int,
    stop: int,
    base: Matrix,
    order: IntVector,
    parents: IntVector,
    is_leaf: FlagVector,
    variances: Vector,
    known: Matrix,
    below: Matrix,
    price: Matrix,
    is_held: FlagMatrix,
    values: Matrix,
    rounds: IntVector,
) -> None:
    """The same with no leaf below zero, arrays [period, node]: leaves that fall below are held at zero, and again.

    Holding a leaf raises the total above it, which only lowers the others' wish: none is ever let go again.
    """
    nodes = order.size
    for t in range(start, stop):
        again = True
        while again:
            again = False
            rounds[t] += 1
            for node in range(nodes):
                below[t, node] = 0.0
                price[t, node] = 0.0
            for place in range(nodes):
                node = order[place]
                parent = parents[node]
                if is_leaf[node]:
                    known[t, node] = 0.0 if is_held[t, node] else variances[node]
                    values[t, node] = 0.0 if is_held[t, node] else base[t, node]
                else:
                    both = below[t, node] + variances[node]
                    gain = below[t, node] / both if both > 0.0 else 0.0
                    known[t, node] = variances[node] * gain
                    values[t, node] = price[t, node] + gain * (base[t, node] - price[t, node])
                if parent >= 0:
                    below[t, parent] += known[t, node]
                    price[t, parent] += values[t, node]
            for place in range(nodes - 1, -1, -1):
                node = order[place]
                parent = parents[node]
                if parent >= 0:
                    values[t, node] += known[t, node] * price[t, parent]
                if not is_leaf[node]:
                    left = values[t, node] - price[t, node]
                    price[t, node] = left / below[t, node] if below[t, node] > 0.0 else 0.0
                    values[t, node] = 0.0
                elif values[t, node] < 0.0:
                    is_held[t, node] = True
                    again = True
        for place in range(nodes):
            node = order[place]
            parent = parents[node]
            if parent >= 0:
                values[t, parent] += values[t, node]
