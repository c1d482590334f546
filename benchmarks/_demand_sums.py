"""A problem of forecasts that should add up, given to hierarchicalforecast by a file."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._engine_peers import ask
from closeknit.engine.forecasting import Hierarchy

FloatArray = NDArray[np.float64]
NO_ERRORS: FloatArray = np.zeros((0, 0))


@dataclass(frozen=True, slots=True, eq=False)
class PeerAnswer:
    """What the peer says, in our order of nodes; processor seconds of a whole call, and of one that was prepared."""

    values: FloatArray
    cpu: float
    again: float


@contextmanager
def peer_problem(base: FloatArray, hierarchy: Hierarchy, errors: FloatArray = NO_ERRORS) -> Iterator[dict[str, Any]]:
    """The files of a problem: the peer wants sums first, leaves last."""
    nodes = np.concatenate([hierarchy.uppers, hierarchy.leaves])
    sums = hierarchy.members.tocoo()
    leaves = np.arange(hierarchy.leaves.size)
    with tempfile.TemporaryDirectory(prefix="closeknit-bench-") as folder:
        file = Path(folder, "problem.npz")
        np.savez(
            file,
            base=base[nodes],
            errors=errors[nodes] if errors.size else errors,
            row=np.concatenate([sums.row, hierarchy.uppers.size + leaves]),
            column=np.concatenate([sums.col, leaves]),
            leaves=leaves.size,
        )
        yield {"file": str(file), "answer": str(Path(folder, "answer.npy")), "nodes": nodes.tolist()}


def ask_peer(problem: dict[str, Any], home: Path, kind: str, *, sparse: bool, times: int = 15) -> PeerAnswer:
    """Raises `NoPeer` where it cannot be asked."""
    given = {"file": problem["file"], "answer": problem["answer"], "kind": kind, "sparse": sparse, "times": times}
    answer = ask("_peer_demand", "reconcile", given, home)
    told = np.load(problem["answer"])
    values = np.empty_like(told)
    values[problem["nodes"]] = told
    return PeerAnswer(values, answer["cpu"], answer["again"])
