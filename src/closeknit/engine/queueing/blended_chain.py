"""The chain of agents who make outbound calls while more than a reserve of them is idle, solved exactly.

A state is (x, j): inbound calls in the system, outbound calls being made. Outbound calls wait without end and start as
soon as more than r agents are idle, so x + j >= c - r always, and j <= c - r. Levels x form a chain of blocks; from
x = c on (with nobody giving up) they are alike.
"""

import math
from dataclasses import dataclass

import numpy as np

from closeknit.engine.checks import FloatArray

_NEGLIGIBLE = 1e-14


@dataclass(frozen=True, slots=True)
class Blend:
    """Rates per minute; `theta` 0: nobody gives up. `reserve` agents at least are idle when an outbound call starts."""

    agents: int
    reserve: int
    arrivals: float
    mu: float
    mu_outbound: float
    theta: float


def stationary(blend: Blend) -> FloatArray:
    """[x, j]: the share of time in each state; levels end where what is left is below 1e-14."""
    width = blend.agents - blend.reserve + 1
    if blend.arrivals == 0.0:
        return np.eye(width)[-1:]
    if blend.theta > 0.0:
        top = _top_level(blend)
        last = np.zeros((width, width))
    else:
        top = blend.agents
        last = _steady_ratio(blend)
    ratios: list[FloatArray] = []
    for x in range(top, 0, -1):
        up, _, _ = _blocks(blend, x - 1)
        _, local, leave = _blocks(blend, x)
        _, _, down = _blocks(blend, x + 1)
        last = np.asarray(up @ np.linalg.inv(-_balanced(local + last @ down, leave)), dtype=np.float64)
        ratios.append(last)
    first = np.zeros(width)
    first[-1] = 1.0
    levels = [first]
    for ratio in reversed(ratios):
        levels.append(levels[-1] @ ratio)
    if blend.theta == 0.0:
        steady = _steady_ratio(blend)
        total = sum(float(level.sum()) for level in levels)
        while levels[-1].sum() > _NEGLIGIBLE * total:
            levels.append(levels[-1] @ steady)
            total += float(levels[-1].sum())
    share: FloatArray = np.maximum(np.array(levels), 0.0)
    share /= share.sum()
    return share


def answered_in_time(blend: Blend, share: FloatArray, minutes: float) -> float:
    """The share of arrivals answered within `minutes`, by uniformisation of what happens ahead of one of them."""
    count, width = share.shape
    x, j = np.arange(count)[:, None], np.arange(width)[None, :]
    queue = x - (blend.agents - j)
    at_once = float(share[queue < 0].sum())
    if minutes <= 0.0:
        return at_once
    rate = blend.agents * max(blend.mu, blend.mu_outbound)
    longest = int(queue.max(initial=-1)) + 1
    if blend.theta == 0.0:
        longest = min(longest, _jumps(rate * minutes))
    if longest <= 0:
        return at_once
    rate += longest * blend.theta
    place = np.zeros((longest, width))
    for k in range(width):
        waiting = share[max(blend.agents - k, 0) :, k][:longest]
        place[: waiting.size, k] = waiting
    jumps = _jumps(rate * minutes)
    inbound = (blend.agents - np.arange(width)) * blend.mu / rate
    outbound = np.arange(width) * blend.mu_outbound / rate
    leave = np.arange(longest)[:, None] * blend.theta / rate
    stay = 1.0 - inbound - outbound - leave - blend.theta / rate
    answered, log_weight, tail = 0.0, -rate * minutes, 1.0
    for jump in range(1, jumps + 1):
        tail -= math.exp(log_weight)
        log_weight += math.log(rate * minutes / jump)
        # Answered at this jump: it has happened by then with the chance of at least so many.
        answered += max(tail, 0.0) * float(place[0] @ (inbound + outbound))
        step = place * stay
        step[:-1] += place[1:] * (inbound + leave[1:])
        step[:-1, :-1] += place[1:, 1:] * outbound[1:]
        place = step
    return min(at_once + answered, 1.0)


def _jumps(mean: float) -> int:
    return int(mean + 8.0 * math.sqrt(mean) + 20.0)


def _blocks(blend: Blend, x: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rates from level x: up (arrivals), within, and down."""
    floor = blend.agents - blend.reserve
    j = np.arange(floor + 1)
    real = x + j >= floor
    served = np.minimum(x, blend.agents - j)
    down = np.where(real, served * blend.mu + (x - served) * blend.theta, 0.0)
    # An outbound call that ends with few others at work makes room for the next: no change of state.
    done = np.where(real & (x + j - 1 >= floor), j * blend.mu_outbound, 0.0)
    local = np.diag(np.where(real, -(blend.arrivals + down + done), -1.0))
    local[j[1:], j[1:] - 1] += done[1:]
    below = np.zeros_like(local)
    starts = x - 1 + j < floor
    below[j, np.minimum(j + starts, floor)] = down
    return np.diag(np.where(real, blend.arrivals, 0.0)), local, below


def _balanced(within: FloatArray, leave: FloatArray) -> FloatArray:
    """Rates within a level, with a diagonal that makes up for all that leaves (Grassmann, Taksar and Heyman 1985).

    The diagonal as added up has lost its last digits, and below the usual level each step down would multiply the loss.
    """
    rates = within.copy()
    np.fill_diagonal(rates, 0.0)
    out = rates.sum(axis=1) + leave.sum(axis=1)
    np.fill_diagonal(rates, np.where(out > 0.0, -out, -1.0))
    return rates


def _steady_ratio(blend: Blend) -> FloatArray:
    """R of the levels from c on, by logarithmic reduction (Latouche and Ramaswami 1993)."""
    up, local, down = _blocks(blend, blend.agents + blend.agents + 1)
    one = np.eye(local.shape[0])
    rise, fall = np.linalg.solve(-local, up), np.linalg.solve(-local, down)
    first, ahead = fall.copy(), rise.copy()
    for _ in range(64):
        both = np.linalg.inv(one - rise @ fall - fall @ rise)
        rise, fall = both @ rise @ rise, both @ fall @ fall
        first += ahead @ fall
        ahead = ahead @ rise
        if np.abs(ahead).max() < 1e-16:
            break
    ratio: FloatArray = up @ np.linalg.inv(-(local + up @ first))
    return ratio


def _top_level(blend: Blend) -> int:
    """A level beyond which less than 1e-16 is left, however the agents work."""
    slowest = blend.agents * min(blend.mu, blend.mu_outbound)
    x, log_weight, worst = blend.agents, 0.0, 0.0
    while log_weight > worst - 40.0:
        x += 1
        log_weight += math.log(blend.arrivals / (slowest + (x - blend.agents) * blend.theta))
        worst = max(worst, log_weight)
    return x
