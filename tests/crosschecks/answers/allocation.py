"""Known answers of linear programs and fair shares: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

import numpy as np

from closeknit.engine.allocation import AllocationProblem, allocate, solve_linear_program

Answer = dict[str, Any]


def linear(given: Answer) -> Answer:
    solved = solve_linear_program(
        [-value for value in given["max"]],
        given["A"],
        -np.inf,
        [float(bound) for bound in given["b"]],
        0.0,
        np.inf,
    )
    return {
        "x": solved.x.tolist(),
        "obj": -solved.cost,
        "net_profit": -solved.cost - given.get("fixed", 0.0),
        "shadow": (-solved.row_dual).tolist(),
    }


def fair_share(given: Answer) -> Answer:
    asked = [float(hours) for hours in given["requests"]]
    got = allocate(
        AllocationProblem.of(
            capacity_hours=[float(given["supply"])],
            claim_cell=[0] * len(asked),
            claim_hours=asked,
            shortfall_cost_per_hour=1.0,
        )
    )
    return {"allocated": got.served_hours.tolist()}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "lp_wyndor": linear,
    "lp_shelby": linear,
    "lp_reddymikks": linear,
    "alloc_fairshare_80": fair_share,
}
