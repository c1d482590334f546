"""Erlang's loss and delay probabilities for one queue: any size, whole or fractional servers."""

import math

from closeknit.engine.compiled import Vector, kernel
from closeknit.engine.queueing.gamma_kernels import LARGE, above, below, below_one, log_whole


@kernel
def erlang_b_of(servers: float, load: float) -> float:
    """B(c, a): probability that all of c >= 0 servers are busy with a >= 0 erlangs offered, none waiting."""
    if servers <= 0.0:
        return 1.0
    if load <= 0.0:
        return 0.0
    if servers < LARGE:
        start = servers - math.floor(servers)
        inverse = below_one(start, load)
        for step in range(1, int(servers - start + 0.5) + 1):
            inverse = 1.0 + (start + step) / load * inverse
        return 1.0 / inverse
    excess = (load - servers) / servers
    if excess > 0.0:
        return 1.0 / below(servers, load, excess)
    rest = math.exp(-log_whole(servers, load, math.log(load), excess))
    return rest / (1.0 - above(servers, load, excess) * rest)


@kernel
def erlang_c_of(servers: float, load: float) -> float:
    """C(c, a): probability of waiting where everybody does; 1 where the load is not below the servers."""
    if load <= 0.0:
        return 0.0
    if load >= servers:
        return 1.0
    loss = erlang_b_of(servers, load)
    return loss * servers / (servers - load + load * loss)


@kernel
def fill_erlang_b(start: int, stop: int, servers: Vector, load: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = erlang_b_of(float(servers[i]), float(load[i]))


@kernel
def fill_erlang_c(start: int, stop: int, servers: Vector, load: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = erlang_c_of(float(servers[i]), float(load[i]))


@kernel
def erlang_b_load_of(servers: float, share: float) -> float:
    """The load of which c > 0 servers block `share` (0 < B < 1); infinity where it's beyond 1e7."""
    low = servers * share
    high = (servers + 1.0) / (1.0 - share)
    if high > 1e7:
        return math.inf
    # B(c, a) < a/(1+a) for c >= 1 and the fluid bound B > 1 - c/a bracket the answer; below one server they don't
    while erlang_b_of(servers, low) > share:
        low *= 0.5
    while erlang_b_of(servers, high) < share:
        high *= 2.0
    load = max(low, servers * 0.9) if high > servers else high
    for _ in range(200):
        loss = erlang_b_of(servers, load)
        if loss > share:
            high = load
        else:
            low = load
        # d log B / d log a = c - a (1 - B)
        slope = servers - load + load * loss
        step = load * math.exp((math.log(share) - math.log(loss)) / slope) if loss > 0.0 and slope > 1e-9 else low
        if not low < step < high:
            step = 0.5 * (low + high)
        if abs(step - load) <= 2e-15 * load:
            return step
        load = step
    return load


@kernel
def erlang_b_servers_of(load: float, share: float) -> float:
    """The fewest whole servers that block at most `share` (0 < B <= 1) of the load."""
    if load <= 0.0 or share >= 1.0:
        return 0.0
    # relative slack: ties that only rounding breaks
    share *= 1.0 + 1e-12
    low = float(math.floor(max(0.0, load * (1.0 - share) - 1.0)))
    if erlang_b_of(low, load) <= share:
        low = 0.0
    step = 1.0 + float(math.floor(0.5 * math.sqrt(load)))
    high = low + step
    while erlang_b_of(high, load) > share:
        low = high
        step *= 2.0
        high += step
    while high - low > 1.0:
        middle = float(math.floor(0.5 * (low + high)))
        if erlang_b_of(middle, load) > share:
            low = middle
        else:
            high = middle
    return high


@kernel
def fill_erlang_b_load(start: int, stop: int, servers: Vector, share: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = erlang_b_load_of(float(servers[i]), float(share[i]))


@kernel
def fill_erlang_b_servers(start: int, stop: int, load: Vector, share: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = erlang_b_servers_of(float(load[i]), float(share[i]))
