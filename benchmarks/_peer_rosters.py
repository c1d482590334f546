"""Rosters by pyworkforce, and whole-number rows by CP-SAT, in the peers' own environment: a file in, a file out."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def of_hours(problem: dict[str, Any]) -> dict[str, Any]:
    """pyworkforce's roster of the fewest hours."""
    from pyworkforce.rostering.binary_programming import MinHoursRoster

    seconds, cpu = time.perf_counter(), time.process_time()
    found = MinHoursRoster(**problem).solve()
    spent = {"seconds": time.perf_counter() - seconds, "cpu": time.process_time() - cpu}
    return {"status": found["status"], "cost": found["cost"], **spent}


def rows(problem: dict[str, Any]) -> dict[str, Any]:
    """CP-SAT's values of whole-number rows within a time."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    variables = [model.NewIntVar(0, largest, "") for largest in problem["largest"]]
    for lower, upper, places, factors in problem["rows"]:
        low = cp_model.INT_MIN if lower is None else int(lower)
        high = cp_model.INT_MAX if upper is None else int(upper)
        model.AddLinearConstraint(
            cp_model.LinearExpr.WeightedSum([variables[place] for place in places], factors), low, high
        )
    model.Minimize(cp_model.LinearExpr.WeightedSum(variables, problem["cost"]))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = problem["seconds"]
    solver.parameters.num_search_workers = problem["workers"]
    started = time.perf_counter()
    status = solver.Solve(model)
    has = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return {
        "values": [solver.Value(variable) for variable in variables] if has else None,
        "bound": solver.BestObjectiveBound(),
        "seconds": time.perf_counter() - started,
    }


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
