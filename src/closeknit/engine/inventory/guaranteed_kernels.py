"""Loops of the guaranteed-service model on trees: an order of the stages, bounds on their times, the best times.

Times are whole periods. Stage k quotes its customers S_k and is quoted SI_k; it takes T_k; its stock covers what may
come in SI_k + T_k - S_k periods. `order` has leaves first; every stage but a root has one neighbour later in it, the
other end of `parent_arc`.
"""

from closeknit.engine.compiled import IntVector, Matrix, Vector, kernel

INFINITE = 1e300


@kernel
def order_stages(
    supplier: IntVector,
    customer: IntVector,
    order: IntVector,
    parent_arc: IntVector,
    degree: IntVector,
    arcs_left: IntVector,
) -> int:
    """Take leaves off until only roots are left; the number of stages ordered: all, or a cycle is left."""
    count = order.shape[0]
    for arc in range(supplier.shape[0]):
        degree[supplier[arc]] += 1
        degree[customer[arc]] += 1
        # Of a leaf's arcs only one is left, so their exclusive or is its number.
        arcs_left[supplier[arc]] ^= arc
        arcs_left[customer[arc]] ^= arc
    done = 0
    for start in range(count):
        stage = start
        while degree[stage] == 1:
            arc = arcs_left[stage]
            parent = customer[arc] if supplier[arc] == stage else supplier[arc]
            order[done] = stage
            parent_arc[stage] = arc
            done += 1
            degree[stage] = -1
            degree[parent] -= 1
            arcs_left[parent] ^= arc
            stage = parent
    for stage in range(count):
        if degree[stage] == 0:
            order[done] = stage
            parent_arc[stage] = -1
            done += 1
    return done


@kernel
def bound_times(
    supplier: IntVector,
    customer: IntVector,
    order: IntVector,
    parent_arc: IntVector,
    processing: IntVector,
    shortest: IntVector,
    longest: IntVector,
    inbound_least: IntVector,
    inbound_most: IntVector,
    outbound_most: IntVector,
) -> None:
    """Ranges that the times can be in; the inbound ones come in as what outside suppliers quote."""
    count = order.shape[0]
    for place in range(count):
        stage = order[place]
        arc = parent_arc[stage]
        if arc >= 0 and supplier[arc] == stage:
            top = min(longest[stage], inbound_most[stage] + processing[stage])
            outbound_most[stage] = max(shortest[stage], top)
            parent = customer[arc]
            inbound_most[parent] = max(inbound_most[parent], outbound_most[stage])
            inbound_least[parent] = max(inbound_least[parent], shortest[stage])
    for place in range(count - 1, -1, -1):
        stage = order[place]
        arc = parent_arc[stage]
        if arc >= 0 and customer[arc] == stage:
            parent = supplier[arc]
            inbound_most[stage] = max(inbound_most[stage], outbound_most[parent])
            inbound_least[stage] = max(inbound_least[stage], shortest[parent])
        if arc < 0 or customer[arc] == stage:
            top = min(longest[stage], inbound_most[stage] + processing[stage])
            outbound_most[stage] = max(shortest[stage], top)


@kernel
def add_demand_upstream(
    supplier: IntVector,
    customer: IntVector,
    order: IntVector,
    parent_arc: IntVector,
    units: Vector,
    demand: Vector,
) -> None:
    """Add to each stage's own demand what its customers need of it, `units` per unit of theirs."""
    count = order.shape[0]
    for place in range(count):
        stage = order[place]
        arc = parent_arc[stage]
        if arc >= 0 and customer[arc] == stage:
            demand[supplier[arc]] += units[arc] * demand[stage]
    for place in range(count - 1, -1, -1):
        stage = order[place]
        arc = parent_arc[stage]
        if arc >= 0 and supplier[arc] == stage:
            demand[stage] += units[arc] * demand[customer[arc]]


@kernel
def _cost_by_outbound(
    inflow: Vector, least: int, own: Vector, shortest: int, processing: int, cost: float, falling: Vector
) -> None:
    """own[i]: add the least cost upstream and here when quoting `shortest` + i; `inflow[i]`: cost upstream at i."""
    zero = falling.shape[0] - 1
    best = own * 0.0 + INFINITE
    for inbound in range(least, inflow.shape[0]):
        upstream = inflow[inbound]
        count = min(own.shape[0], inbound + processing - shortest + 1)
        if count < 1:
            best[0] = min(best[0], upstream + cost * falling[zero])
            continue
        begin = zero - (inbound + processing - shortest)
        part = falling[begin : begin + count]
        for i in range(count):
            value = upstream + cost * part[i]
            best[i] = value if value < best[i] else best[i]
    for i in range(own.shape[0]):
        own[i] += best[i]


@kernel
def _cost_by_inbound(
    own: Vector, least: int, outflow: Vector, shortest: int, processing: int, cost: float, rising: Vector
) -> None:
    """own[i]: add the least cost downstream and here when quoted i; `outflow[i]`: downstream at `shortest` + i."""
    best = own * 0.0 + INFINITE
    for i in range(outflow.shape[0]):
        downstream = outflow[i]
        over = processing - shortest - i
        begin = max(least, -over)
        if i == 0:
            # The shortest promise may be longer than the stage needs.
            for inbound in range(least, min(begin, own.shape[0])):
                best[inbound] = min(best[inbound], downstream + cost * rising[0])
        count = own.shape[0] - begin
        if count < 1:
            continue
        target = best[begin:]
        part = rising[begin + over : begin + over + count]
        for k in range(count):
            value = downstream + cost * part[k]
            target[k] = value if value < target[k] else target[k]
    for inbound in range(least, own.shape[0]):
        own[inbound] += best[inbound]


@kernel
def best_service_times(
    supplier: IntVector,
    customer: IntVector,
    order: IntVector,
    parent_arc: IntVector,
    processing: IntVector,
    shortest: IntVector,
    outbound_most: IntVector,
    inbound_least: IntVector,
    inbound_most: IntVector,
    cost: Vector,
    rising: Matrix,
    falling: Matrix,
    row: IntVector,
    in_start: IntVector,
    out_start: IntVector,
    inflow: Vector,
    outflow: Vector,
    inbound: IntVector,
    outbound: IntVector,
) -> None:
    """Graves and Willems: costs by one time per stage, leaves first, then the times that give them, roots first."""
    for place in range(order.shape[0]):
        stage = order[place]
        arc = parent_arc[stage]
        least, low = inbound_least[stage], shortest[stage]
        upstream = inflow[in_start[stage] : in_start[stage] + inbound_most[stage] + 1]
        downstream = outflow[out_start[stage] : out_start[stage] + outbound_most[stage] - low + 1]
        if arc >= 0 and supplier[arc] == stage:
            _cost_by_outbound(upstream, least, downstream, low, processing[stage], cost[stage], falling[row[stage]])
            parent = customer[arc]
            target = inflow[in_start[parent] : in_start[parent] + inbound_most[parent] + 1]
            best = INFINITE
            for time in range(inbound_least[parent], target.shape[0]):
                if time == inbound_least[parent]:
                    for i in range(min(time - low + 1, downstream.shape[0])):
                        best = min(best, downstream[i])
                elif time - low < downstream.shape[0]:
                    best = min(best, downstream[time - low])
                target[time] += best
        else:
            _cost_by_inbound(upstream, least, downstream, low, processing[stage], cost[stage], rising[row[stage]])
            if arc >= 0:
                parent = supplier[arc]
                first = shortest[parent]
                target = outflow[out_start[parent] : out_start[parent] + outbound_most[parent] - first + 1]
                best = INFINITE
                time = upstream.shape[0] - 1
                for i in range(target.shape[0] - 1, -1, -1):
                    while time >= max(least, first + i):
                        best = min(best, upstream[time])
                        time -= 1
                    target[i] += best
    _walk_back(
        supplier,
        customer,
        order,
        parent_arc,
        processing,
        shortest,
        outbound_most,
        inbound_least,
        inbound_most,
        cost,
        rising,
        row,
        in_start,
        out_start,
        inflow,
        outflow,
        inbound,
        outbound,
    )


@kernel
def _walk_back(
    supplier: IntVector,
    customer: IntVector,
    order: IntVector,
    parent_arc: IntVector,
    processing: IntVector,
    shortest: IntVector,
    outbound_most: IntVector,
    inbound_least: IntVector,
    inbound_most: IntVector,
    cost: Vector,
    rising: Matrix,
    row: IntVector,
    in_start: IntVector,
    out_start: IntVector,
    inflow: Vector,
    outflow: Vector,
    inbound: IntVector,
    outbound: IntVector,
) -> None:
    """Each stage's times from its parent's; of equal costs the shorter time."""
    for place in range(order.shape[0] - 1, -1, -1):
        stage = order[place]
        arc = parent_arc[stage]
        low, bound = shortest[stage], rising[row[stage]]
        upstream = inflow[in_start[stage] : in_start[stage] + inbound_most[stage] + 1]
        downstream = outflow[out_start[stage] : out_start[stage] + outbound_most[stage] - low + 1]
        best = INFINITE
        if arc >= 0 and supplier[arc] == stage:
            for i in range(min(downstream.shape[0], inbound[customer[arc]] - low + 1)):
                if downstream[i] < best:
                    best, outbound[stage] = downstream[i], low + i
            best = INFINITE
            for time in range(inbound_least[stage], upstream.shape[0]):
                over = time + processing[stage] - outbound[stage]
                if over < 0 and outbound[stage] > low:
                    continue
                value = upstream[time] + cost[stage] * bound[max(0, over)]
                if value < best:
                    best, inbound[stage] = value, time
        else:
            quoted = inbound_least[stage] if arc < 0 else max(inbound_least[stage], outbound[supplier[arc]])
            for time in range(quoted, upstream.shape[0]):
                if upstream[time] < best:
                    best, inbound[stage] = upstream[time], time
            best = INFINITE
            outbound[stage] = low
            for i in range(min(downstream.shape[0], max(1, inbound[stage] + processing[stage] - low + 1))):
                over = max(0, inbound[stage] + processing[stage] - low - i)
                value = downstream[i] + cost[stage] * bound[over]
                if value < best:
                    best, outbound[stage] = value, low + i
