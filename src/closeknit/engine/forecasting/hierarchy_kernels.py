"""Forecasts of a tree of sums made to add up: what is known below is passed up, what it comes to is passed down."""

from closeknit.engine.compiled import Cube, FlagMatrix, FlagVector, IntMatrix, IntVector, Matrix, Vector, kernel


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
    seen: Vector,
    kept: Vector,
    base: Matrix,
    variances: Vector,
    leaves: IntMatrix,
    uppers: IntMatrix,
    largest: float,
    weights: Matrix,
    sums: Cube,
    values: Matrix,
) -> bool:
    """The least squares that add up; whether every number given is one, no larger than `largest`, no variance below 0.

    `seen`: the base as given, flat; it is copied to `kept`, which is `base`, flat. `leaves` [first node, node after the
    last, parent's place; run]; `uppers` [node, parent's place; sum], each before its parent; the place after the last
    stands for no parent. `weights` [2, place] and `sums` [2, place, period] come as zeros. A subtree's total is known
    from itself with variance `known`: its own forecast and the sum of its children's.
    """
    periods, last = base.shape[1], uppers.shape[1]
    below, known = weights[0], weights[1]
    price, told = sums[0], sums[1]
    fine = True
    for i in range(seen.size):
        value = seen[i]
        fine &= abs(value) <= largest
        kept[i] = value
    for i in range(leaves.shape[1]):
        parent = leaves[2, i]
        for node in range(leaves[0, i], leaves[1, i]):
            fine &= 0.0 <= variances[node] <= largest
            below[parent] += variances[node]
            for t in range(periods):
                price[parent, t] += base[node, t]
    for place in range(last):
        node, parent = uppers[0, place], uppers[1, place]
        fine &= 0.0 <= variances[node] <= largest
        both = below[place] + variances[node]
        gain = below[place] / both if both > 0.0 else 0.0
        known[place] = variances[node] * gain
        below[parent] += known[place]
        for t in range(periods):
            told[place, t] = price[place, t] + gain * (base[node, t] - price[place, t])
            price[parent, t] += told[place, t]
    for t in range(periods):
        price[last, t] = 0.0
    for place in range(last - 1, -1, -1):
        node, parent = uppers[0, place], uppers[1, place]
        for t in range(periods):
            value = told[place, t] + known[place] * price[parent, t]
            values[node, t] = value
            price[place, t] = (value - price[place, t]) / below[place] if below[place] > 0.0 else 0.0
    for i in range(leaves.shape[1]):
        parent = leaves[2, i]
        for node in range(leaves[0, i], leaves[1, i]):
            weight = variances[node]
            for t in range(periods):
                values[node, t] = base[node, t] + weight * price[parent, t]
    return fine


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
