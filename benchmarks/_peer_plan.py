"""The plan's linear program built by linopy and handed to HiGHS, in the peers' own environment."""

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np


def build(problem: dict[str, Any]) -> dict[str, Any]:
    """Seconds to build the model and to hand it to HiGHS, its columns; and its least cost where it is asked for."""
    linopy, pd, xr = (import_module(name) for name in ("linopy", "pandas", "xarray"))

    p = {name: np.array(value) for name, value in problem.items() if isinstance(value, list)}
    jobs, periods = p["need"].shape
    pools = p["capacity"].shape[0]
    started = time.process_time()
    model = linopy.Model()
    job, pool = pd.RangeIndex(jobs, name="job"), pd.RangeIndex(pools, name="pool")
    period, option = pd.RangeIndex(periods, name="period"), pd.RangeIndex(p["option_job"].size, name="option")
    owed = pd.RangeIndex(p["commitment_hours"].size, name="owed")

    def table(values: Any, *index: Any) -> Any:
        return xr.DataArray(values, coords=[(i.name, i) for i in index])

    x = model.add_variables(lower=0, coords=[option, period], name="x")
    s = model.add_variables(lower=0, upper=table(p["floor"], job, period), name="s")
    w = model.add_variables(lower=0, upper=table(p["need"] - p["floor"], job, period), name="w")
    y = model.add_variables(lower=0, upper=table(p["extra"], pool, period), name="y")
    m = model.add_variables(lower=0, coords=[owed], name="m")
    by_job = x.groupby(pd.Series(p["option_job"], index=option, name="job")).sum()
    model.add_constraints(by_job + s + w == table(p["need"], job, period), name="need")
    by_pool = x.groupby(pd.Series(p["option_pool"], index=option, name="pool")).sum()
    model.add_constraints(by_pool - y <= table(p["capacity"], pool, period), name="capacity")
    model.add_constraints(y.sum("period") <= table(p["extra_total"], pool), name="total")
    held = np.flatnonzero(p["commitment"][p["option_job"]] >= 0)
    whose = pd.Series(p["commitment"][p["option_job"]][held], index=option[held], name="owed")
    counted = x.isel(option=held).sum("period").groupby(whose).sum()
    model.add_constraints(counted + m >= table(p["commitment_hours"], owed), name="commitment")
    model.add_objective(
        (x * table(p["option_cost"], option)).sum()
        + (s * table(p["floor_cost"], job)).sum()
        + (w * table(p["short_cost"], job)).sum()
        + (y * 40.0).sum()
        + (m * 90.0).sum()
    )
    built = time.process_time() - started
    linopy.io.to_highspy(model)
    handed = time.process_time() - started
    cost = None
    if problem["solve"]:
        model.solve("highs", io_api="direct")
        cost = float(model.objective.value)
    return {"built": built, "handed": handed, "columns": int(model.nvars), "cost": cost}


if __name__ == "__main__":
    given = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps({"build": build}[sys.argv[1]](given)))
