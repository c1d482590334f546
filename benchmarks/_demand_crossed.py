"""Groupings that cross (account, product, region, channel) made to agree: by leaves, by past errors; time and memory.

A small one beside hierarchicalforecast's dense solvers, on the same errors; 100,000 leaves, each way in a process of
its own, so that its memory is its own. Losses are of simulated forecasts against what came.
"""

import json
import resource
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._demand_sums import FloatArray, ask_peer, peer_problem
from benchmarks._engine_peers import ROOT, NoPeer
from benchmarks._engine_row import take
from benchmarks._report import show
from closeknit.engine.forecasting import Hierarchy, add_up, hierarchy_of_groups, reconcile, reconcile_by_errors

SMALL, LARGE = 1500, 100_000
HORIZON, PAST = 13, 104
WAYS = ("structural", "shrinkage")
NAMES = {"structural": "wls_struct", "shrinkage": "mint_shrink"}


def crossed(leaves: int) -> tuple[Hierarchy, NDArray[np.int64]]:
    """A total, and leaves by account, product, region and channel, by region with product, by region with channel.

    And the grouping of each node.

    An account is in one region and buys some products by some channels: each leaf is such a combination.
    """
    rng = np.random.default_rng(5)
    account = np.arange(leaves) // 20
    region = account % 25
    product, channel = rng.integers(0, 200, leaves), rng.integers(0, 4, leaves)
    together = [region * 200 + product, region * 4 + channel]
    labels = np.column_stack([np.zeros(leaves, dtype=np.int64), account, product, region, channel, *together])
    sizes = [np.unique(one).size for one in labels.T]
    return hierarchy_of_groups(labels), np.repeat(np.arange(len(sizes) + 1), [*sizes, leaves])


def simulated(groups: Hierarchy) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Past errors [node, past], forecasts [node, period] and what came: each node is forecast by itself.

    Errors are those of a forecaster who does not see what shakes all at once, and who guesses by himself.
    """
    rng = np.random.default_rng(6)
    level = rng.gamma(1.0, 20.0, (groups.leaves.size, 1))
    together = 1.0 + 0.03 * rng.standard_normal((1, PAST + HORIZON))
    came = add_up(rng.poisson(level * np.maximum(together, 0.0)).astype(float), groups)
    expected = add_up(np.broadcast_to(level, (level.size, PAST + HORIZON)), groups)
    guess = 2.0 * np.sqrt(expected) * rng.standard_normal(expected.shape)
    said = expected + guess
    return came[:, :PAST] - said[:, :PAST], said[:, PAST:], came[:, PAST:]


def agreed(way: str, groups: Hierarchy, said: FloatArray, errors: FloatArray) -> FloatArray:
    """Forecasts that add up."""
    if way == "structural":
        return reconcile(said, groups).values
    return reconcile_by_errors(said, groups, errors).reconciled.values


def main(home: Path) -> None:
    """Print both tables."""
    groups, grouping = crossed(SMALL)
    errors, said, came = simulated(groups)
    rows = []
    with peer_problem(said, groups, errors) as problem:
        for way in WAYS:
            took = take(partial(agreed, way, groups, said, errors), times=5)
            loss = _loss(took.answer, said, came, grouping)
            try:
                told = ask_peer(problem, home, NAMES[way], sparse=False, times=3)
            except NoPeer as reason:
                print(f"hierarchicalforecast ({NAMES[way]}) was not run: {reason}")
                continue
            apart = f"{np.abs(told.values - took.answer).max() / np.abs(took.answer).max():.1e}"
            times = f"{1e3 * told.cpu:,.0f}", f"{1e3 * took.cpu:,.1f}", f"{told.cpu / took.cpu:,.0f}"
            rows.append((way, f"{groups.node_count:,}", *times, apart, loss, _loss(told.values, said, came, grouping)))
    headings = ("weights", "nodes", "dense peer, ms", "ours, ms", "ratio", "apart", "loss", "peer's loss")
    show("Crossed groupings made to agree: processor time of one thread", headings, rows)
    large = [_large(way) for way in WAYS]
    headings = ("weights", "leaves", "nodes", "s", "processor s", "GB at most", "farthest from adding up", "loss")
    show(f"The same at {LARGE:,} leaves, {HORIZON} periods, {PAST} past errors", headings, large)
    print("\nLoss: squared errors over those of the forecasts as they were, mean of the groupings; below 1: better.")


def _loss(values: FloatArray, said: FloatArray, came: FloatArray, grouping: NDArray[np.int64]) -> str:
    before, after = (np.bincount(grouping, ((one - came) ** 2).sum(axis=1)) for one in (said, values))
    return f"{np.mean(after / before):.3f}"


def _large(way: str) -> tuple[str, ...]:
    command = [sys.executable, "-m", "benchmarks._demand_crossed", way]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return (way, f"failed: {(done.stderr.strip() or 'no message').splitlines()[-1]}", *("",) * 6)
    return tuple(json.loads(done.stdout))


def alone(way: str) -> None:
    """One way at full size, in this process; its row as JSON."""
    groups, grouping = crossed(LARGE)
    errors, said, came = simulated(groups)
    # What is loaded at the first call is not part of the time.
    _ = groups.members
    small = crossed(SMALL)[0]
    agreed(way, small, *_first(small))
    started, cpu = time.perf_counter(), time.process_time()
    values = agreed(way, groups, said, errors)
    wall, spent = time.perf_counter() - started, time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    off = np.abs(values - add_up(values[groups.leaves], groups)).max() / np.abs(values).max()
    sizes = f"{groups.leaves.size:,}", f"{groups.node_count:,}"
    measured = f"{wall:.1f}", f"{spent:.1f}", f"{most:.2f}", f"{off:.0e}", _loss(values, said, came, grouping)
    print(json.dumps([way, *sizes, *measured]))


def _first(groups: Hierarchy) -> tuple[FloatArray, FloatArray]:
    errors, said, _ = simulated(groups)
    return said, errors


if __name__ == "__main__":
    alone(sys.argv[1])
