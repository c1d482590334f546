"""Trees of forecasts made to agree, beside hierarchicalforecast: dense, which is exact, and its sparse class."""

from pathlib import Path

import numpy as np

from benchmarks._engine_peers import NoPeer, ask
from benchmarks._engine_row import take
from benchmarks._report import show
from closeknit.engine.forecasting import add_up, hierarchy_of_parents, reconcile

SIZES = (200, 1000)
HORIZON, ERRORS = 13, 60
AIM = 1000.0


def problem_of(leaves: int, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Parents, base forecasts and variances of a company, ten groups and so many leaves."""
    rng = np.random.default_rng(seed)
    parents = np.concatenate([[-1], np.zeros(10, dtype=int), 1 + np.arange(leaves) * 10 // leaves])
    true = add_up(rng.gamma(2.0, 10.0, (leaves, HORIZON)), hierarchy_of_parents(parents))
    variances = rng.uniform(0.5, 2.0, parents.size) * np.maximum(true.mean(axis=1), 1.0)
    return parents, true + rng.standard_normal(true.shape) * np.sqrt(variances)[:, None], variances


def main(home: Path) -> None:
    """Print rates, the greatest difference, and how far each is from the least sum of squares."""
    rows = []
    for leaves in SIZES:
        parents, base, variances = problem_of(leaves)
        tree = hierarchy_of_parents(parents)
        took = take(lambda t=tree, b=base, v=variances: reconcile(b, t, v).values, times=9)
        summing = add_up(np.eye(leaves), tree)
        given = {"summing": summing.tolist(), "base": base.tolist(), "variances": variances.tolist(), "leaves": leaves}
        for name, is_sparse in (("dense", False), ("sparse", True)):
            try:
                answer = ask("_peer_demand", "reconcile", {**given, "errors": ERRORS, "sparse": is_sparse}, home)
            except NoPeer as reason:
                print(f"hierarchicalforecast ({name}, {leaves} leaves) was not run: {reason}")
                continue
            theirs = np.array(answer["values"])
            ours_cost, their_cost = (
                float((((v - base) ** 2) / variances[:, None]).sum()) for v in (took.answer, theirs)
            )
            ratio = answer["cpu"] / took.cpu
            missed = " MISSED" if leaves == 1000 and not is_sparse and ratio < AIM else ""
            apart = float(np.abs(theirs - took.answer).max() / np.abs(took.answer).max())
            sums = f"{ours_cost:,.4f}", f"{their_cost:,.4f}"
            times = f"{1e3 * answer['cpu']:,.1f}", f"{1e3 * took.cpu:.3f}", f"{ratio:,.0f}{missed}"
            rows.append((f"{leaves:,}", name, *times, f"{apart:.1e}", *sums))
    headings = ("leaves", "peer's solver", "peer, ms", "ours, ms", "ratio", "apart", "our squares", "peer's squares")
    show("Trees made to agree, variances given: processor time of one thread", headings, rows)
    print(f"\nAim: {AIM:,.0f} times the dense solver at 1,000 leaves. The least sum of squares is right.")
