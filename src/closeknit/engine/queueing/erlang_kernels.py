"""Erlang's loss and delay probabilities for one queue: any size, whole or fractional servers."""

import math

from closeknit.engine.compiled import Vector, kernel
from closeknit.engine.queueing.gamma_kernels import LARGE, below_one, above, below, log_whole


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
        out[i] = erlang_b_of(servers[i], load[i])


@kernel
def fill_erlang_c(start: int, stop: int, servers: Vector, load: Vector, out: Vector) -> None:
    for i in range(start, stop):
        out[i] = erlang_c_of(servers[i], load[i])
