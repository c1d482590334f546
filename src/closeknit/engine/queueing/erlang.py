"""Erlang's loss and delay formulas over arrays, and their inverses."""

import numpy as np
from numpy.typing import ArrayLike

from closeknit.engine.checks import FloatArray, IntArray, frozen, numbers, refuse_where, together
from closeknit.engine.compiled import run_in_parts
from closeknit.engine.queueing.arguments import LARGEST_LOAD, checked_agents
from closeknit.engine.queueing.erlang_kernels import (
    fill_erlang_b,
    fill_erlang_b_load,
    fill_erlang_b_servers,
    fill_erlang_c,
)

_STEPS = 100.0


def erlang_b(servers: ArrayLike, offered_erlangs: ArrayLike) -> FloatArray:
    """Probability that an arrival finds all servers busy when nobody may wait (M/M/c/c).

    Parameters: `servers` (c >= 0, whole or fractional) and `offered_erlangs` (a = arrivals x handling time, >= 0), any
    shapes that broadcast. Formula: 1/B = 1 + c/a + c(c-1)/a^2 + ..., to a^-c; at real c its usual continuation
    1/B = a integral_0^inf e^(-at) (1+t)^c dt, which keeps B(c+1) = a B(c) / (c + 1 + a B(c)). Validity: both up to
    1e6; relative error below 1e-12 to 100,000 servers. Source: Erlang (1917); Jagerman, BSTJ 53 (1974).

    >>> erlang_b([1, 2, 2.5], 1.0).round(6).tolist()
    [0.5, 0.2, 0.115327]
    """
    count, load = together(
        ("servers", checked_agents("servers", servers)),
        ("offered_erlangs", numbers("offered_erlangs", offered_erlangs, minimum=0.0, maximum=LARGEST_LOAD)),
    )
    return _filled(fill_erlang_b, count, load)


def erlang_c(servers: ArrayLike, offered_erlangs: ArrayLike) -> FloatArray:
    """Probability that an arrival has to wait when everybody may (M/M/c).

    Parameters as in `erlang_b`. Formula: C = c B / (c - a (1 - B)), at real c too. Validity: steady state; where the
    load is not below the servers the queue grows without end and the probability is 1 (with no load at all, 0).
    Source: Erlang (1917).

    >>> erlang_c([14, 10], 10.0).round(6).tolist()
    [0.174132, 1.0]
    """
    count, load = together(
        ("servers", checked_agents("servers", servers)),
        ("offered_erlangs", numbers("offered_erlangs", offered_erlangs, minimum=0.0, maximum=LARGEST_LOAD)),
    )
    return _filled(fill_erlang_c, count, load)


def erlang_b_load(servers: ArrayLike, blocking_share: ArrayLike) -> FloatArray:
    """The load in erlangs that `servers` carry at a probability of blocking: the inverse of Erlang B in traffic.

    Parameters: `servers` (c > 0, whole or fractional), `blocking_share` (0 < B < 1); they broadcast. B rises with load,
    so the answer is the only one; found by Newton's method on log B within a bracket, to 1e-13.
    Validity: where the answer is at most 1e6 erlangs. Source: any table of Erlang B.

    >>> erlang_b_load([1, 10, 100], [0.01, 0.01, 0.02]).round(4).tolist()
    [0.0101, 4.4612, 87.972]
    """
    count = numbers("servers", servers, above=0.0, maximum=LARGEST_LOAD)
    share = numbers("blocking_share", blocking_share, above=0.0, below=1.0)
    count, share = together(("servers", count), ("blocking_share", share))
    result = _filled(fill_erlang_b_load, count, share, 20.0 * _STEPS)
    fix = "no load up to 1e6 erlangs is blocked so much: give a smaller share"
    refuse_where(result > LARGEST_LOAD, "blocking_share", share, fix)
    return result


def required_lines(offered_erlangs: ArrayLike, max_blocking_share: ArrayLike) -> IntArray:
    """The fewest servers (lines, beds, rooms) that block at most a share of a load (M/M/c/c).

    Parameters: `offered_erlangs` (a >= 0), `max_blocking_share` (0 < B <= 1); they broadcast. No load needs none.
    Formula: the smallest c with B(c, a) <= share, B falling in c; one fewer is known to block more.
    Source: any table of Erlang B.

    >>> required_lines([10.0, 0.0], 0.02).tolist()
    [17, 0]
    """
    load = numbers("offered_erlangs", offered_erlangs, minimum=0.0, maximum=LARGEST_LOAD)
    share = numbers("max_blocking_share", max_blocking_share, above=0.0, maximum=1.0)
    load, share = together(("offered_erlangs", load), ("max_blocking_share", share))
    return frozen(_filled(fill_erlang_b_servers, load, share, 20.0 * _STEPS).astype(np.int64))


def _filled(fill: object, one: FloatArray, other: FloatArray, steps: float = _STEPS) -> FloatArray:
    first, second = np.ravel(one).copy(), np.ravel(other).copy()
    out = np.empty(first.size)
    run_in_parts(fill, first.size, steps * first.size, first, second, out)  # type: ignore[arg-type]
    return frozen(out.reshape(one.shape))
