"""Series forecast by statsforecast, trees reconciled by hierarchicalforecast: in the peers' own environment."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def forecast(problem: dict[str, Any]) -> dict[str, Any]:
    """Point forecasts of the first series, as many as the time allows, and the processor seconds they took."""
    import numpy as np
    from statsforecast import models

    season, horizon = problem["season"], problem["horizon"]
    kind = getattr(models, problem["model"])
    # Croston's method knows no season.
    settings = {} if problem["model"] == "CrostonSBA" else {"season_length": season}
    rows = [np.array(row, dtype=np.float64) for row in problem["history"]]
    # The first call loads what the model needs.
    kind(**settings).forecast(y=rows[0], h=horizon)
    answers: list[list[float]] = []
    started = time.process_time()
    for row in rows:
        answers.append(kind(**settings).forecast(y=row, h=horizon)["mean"].tolist())
        if time.process_time() - started > problem["seconds"]:
            break
    return {"forecast": answers, "cpu": time.process_time() - started}


def reconcile(problem: dict[str, Any]) -> dict[str, Any]:
    """A tree's forecasts made to agree by least squares with given variances; dense, or by the sparse class."""
    import numpy as np
    from hierarchicalforecast import methods

    base = np.array(problem["base"], dtype=np.float64)
    summing = np.array(problem["summing"], dtype=np.float64)
    spread = np.sqrt(np.array(problem["variances"], dtype=np.float64))
    rng = np.random.default_rng(1)
    # The method takes variances from past errors: these have exactly the wanted ones.
    noise = rng.standard_normal((base.shape[0], problem["errors"]))
    noise *= (spread / np.sqrt((noise**2).mean(axis=1)))[:, None]
    past = np.zeros_like(noise)
    if problem["sparse"]:
        from scipy import sparse

        method: Any = methods.MinTraceSparse(method="wls_var")
        summing = sparse.csr_matrix(summing)
    else:
        method = methods.MinTrace(method="wls_var")
    given = {"S": summing, "y_hat": base, "y_insample": past + noise, "y_hat_insample": past}
    started = time.process_time()
    answer = method.fit_predict(**given)["mean"]
    return {"values": np.asarray(answer).tolist(), "cpu": time.process_time() - started}


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
