"""Trees of forecasts made to agree, beside hierarchicalforecast: dense, which is exact, and its sparse class.

Both are given the structure ready to use (a summing matrix, a `Hierarchy`), forecasts and variances. "Whole" is a call
with new variances. "Prepared": the peer has solved already and only multiplies; ours is the same call, for there is
nothing to keep.
"""

from pathlib import Path

import numpy as np

from benchmarks._demand_sums import FloatArray, ask_peer, peer_problem
from benchmarks._engine_peers import NoPeer
from benchmarks._engine_row import take
from benchmarks._report import show, verdict
from closeknit.engine.forecasting import add_up, hierarchy_of_parents, reconcile

SIZES = (200, 1000)
HORIZON, ERRORS = 13, 60
AIM, AIM_LEAVES = 1000.0, 1000


def problem_of(leaves: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, base forecasts and variances of a company, ten groups and so many leaves."""
    rng = np.random.default_rng(seed)
    parents = np.concatenate([[-1], np.zeros(10, dtype=int), 1 + np.arange(leaves) * 10 // leaves])
    true = add_up(rng.gamma(2.0, 10.0, (leaves, HORIZON)), hierarchy_of_parents(parents))
    variances = rng.uniform(0.5, 2.0, parents.size) * np.maximum(true.mean(axis=1), 1.0)
    return parents, true + rng.standard_normal(true.shape) * np.sqrt(variances)[:, None], variances


def past_of(variances: FloatArray) -> FloatArray:
    """Past errors [node, period] with exactly these variances: the peer takes them from errors."""
    noise = np.random.default_rng(1).standard_normal((variances.size, ERRORS))
    wanted: FloatArray = noise * (np.sqrt(variances) / np.sqrt((noise**2).mean(axis=1)))[:, None]
    return wanted


def main(home: Path) -> None:
    """Print times, the greatest difference, and how far each is from the least sum of squares."""
    rows = [row for leaves in SIZES for row in _rows(leaves, home)]
    headings = ("leaves", "peer's solver", "call", "peer, ms", "ours, µs", "ratio", "aim", "met")
    ends = ("apart", "our squares", "peer's squares")
    show("Trees made to agree, variances given: processor time of one thread", (*headings, *ends), rows)
    print("\nThe least sum of squares is right.")


def _rows(leaves: int, home: Path) -> list[tuple[str, ...]]:
    parents, base, variances = problem_of(leaves)
    tree = hierarchy_of_parents(parents)
    took = take(lambda: reconcile(base, tree, variances).values, times=9)
    rows = []
    with peer_problem(base, tree, past_of(variances)) as problem:
        for name, is_sparse in (("dense", False), ("sparse", True)):
            try:
                told = ask_peer(problem, home, "wls_var", sparse=is_sparse)
            except NoPeer as reason:
                print(f"hierarchicalforecast ({name}, {leaves} leaves) was not run: {reason}")
                continue
            squares = [f"{(((v - base) ** 2) / variances[:, None]).sum():,.4f}" for v in (took.answer, told.values)]
            apart = f"{np.abs(told.values - took.answer).max() / np.abs(took.answer).max():.1e}"
            for call, cpu in (("whole", told.cpu), ("prepared", told.again)):
                has_aim = leaves == AIM_LEAVES and not is_sparse and call == "whole"
                said = verdict(cpu / took.cpu, AIM if has_aim else 0.0)
                times = f"{1e3 * cpu:,.2f}", f"{1e6 * took.cpu:,.1f}"
                rows.append((f"{leaves:,}", name, call, *times, *said, apart, *squares))
    return rows
