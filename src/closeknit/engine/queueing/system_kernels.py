"""How many people are in one queue."""

import math

from closeknit.engine.compiled import Matrix, kernel
from closeknit.engine.queueing.erlang_kernels import erlang_b_of, erlang_c_of
from closeknit.engine.queueing.gamma_kernels import log_whole
from closeknit.engine.queueing.palm_kernels import palm_now
from closeknit.engine.queueing.wait_kernels import line_measures


@kernel
def log_all_busy(agents: float, load: float, theta: float, lines: float) -> float:
    """log of the probability that all agents are busy and nobody waits; agents > 0, load > 0."""
    if lines < math.inf:
        # all states are the share that finds an agent free, and those above
        loss = erlang_b_of(agents, load)
        found = line_measures(agents, load, theta, lines - agents, 0.0)
        free = 1.0 - found[0] - found[1]
        if free > 0.01:
            return math.log(free) + math.log(loss) - math.log1p(-loss)
        term = total = 1.0
        log_scale = 0.0
        for k in range(1, int(lines - agents) + 1):
            term *= load / (agents + k * theta)
            total += term
            if term > 1e200:
                term, total, log_scale = term * 1e-200, total * 1e-200, log_scale + 460.51701859880916
        return -math.log((1.0 / loss - 1.0) * math.exp(-log_scale) + total) - log_scale
    if theta <= 0.0:
        return math.log(erlang_c_of(agents, load)) + math.log1p(-load / agents)
    first, _, _ = palm_now(agents, load, theta)
    excess = (load - agents) / agents
    if excess <= 0.0:
        return math.log(first)
    return math.log(first) - log_whole(agents / theta, load / theta, math.log(load / theta), excess)


@kernel
def fill_sizes(inputs: Matrix, out: Matrix) -> None:
    """Rows of `inputs`: agents, load, theta, lines; a row of `out` per queue: P(n in the system)."""
    for i in range(inputs.shape[1]):
        agents, load, theta, lines = float(inputs[0, i]), float(inputs[1, i]), float(inputs[2, i]), float(inputs[3, i])
        for n in range(out.shape[1]):
            out[i, n] = 0.0
        if load <= 0.0:
            out[i, 0] = 1.0
            continue
        if agents <= 0.0:
            if theta <= 0.0:
                if lines < out.shape[1]:
                    out[i, int(lines)] = 1.0
                continue
            level = -load / theta
            if lines < math.inf:
                total = term = 1.0
                for n in range(1, int(lines) + 1):
                    term *= load / (n * theta)
                    total += term
                level = -math.log(total)
        else:
            excess = (load - agents) / agents
            level = log_all_busy(agents, load, theta, lines)
            level += log_whole(agents, load, math.log(load), excess) - load
        out[i, 0] = math.exp(level)
        for n in range(1, out.shape[1]):
            if n > lines:
                break
            level += math.log(load / (min(float(n), agents) + max(0.0, n - agents) * theta))
            out[i, n] = math.exp(level)
