"""Series forecast by statsforecast, sums reconciled by hierarchicalforecast: in the peers' own environment."""

import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any


def forecast(problem: dict[str, Any]) -> dict[str, Any]:
    """Forecasts of the first series, as many as the time allows, and the processor seconds they took.

    With `interval` (percent): the ends of that interval, too, and their time.
    """
    import numpy as np
    from statsforecast import models

    season, horizon = problem["season"], problem["horizon"]
    kind = getattr(models, problem["model"])
    # Croston's method knows no season.
    settings = {} if problem["model"] == "CrostonSBA" else {"season_length": season}
    asked = {"level": [problem["interval"]]} if problem.get("interval") else {}
    rows = [np.array(row, dtype=np.float64) for row in problem["history"]]
    # The first call loads what the model needs.
    kind(**settings).forecast(y=rows[0], h=horizon, **asked)
    answers: list[dict[str, Any]] = []
    started = time.process_time()
    for row in rows:
        answers.append(kind(**settings).forecast(y=row, h=horizon, **asked))
        if time.process_time() - started > problem["seconds"]:
            break
    spent = time.process_time() - started
    ends = [name for name in answers[0] if name[:3] in ("lo-", "hi-")]
    lists = {name: [np.asarray(answer[name]).tolist() for answer in answers] for name in ("mean", *ends)}
    return {"forecast": lists.pop("mean"), **lists, "cpu": spent}


def forecast_all(problem: dict[str, Any]) -> dict[str, Any]:
    """`forecast` of each set by each model, as `problem` has them; or "failed", why."""
    answers = []
    for one in problem["sets"]:
        for model in problem["models"]:
            try:
                answers.append(forecast({**problem, **one, "model": model}))
            except Exception as reason:
                answers.append({"failed": f"{type(reason).__name__}: {reason}"})
    return {"answers": answers}


def reconcile(problem: dict[str, Any]) -> dict[str, Any]:
    """Forecasts made to agree by `kind` ("wls_var", "wls_struct", "mint_shrink"), dense or by the sparse class.

    `cpu`: a whole call; `again`: a call of what is fitted already. Medians of `times` calls.
    """
    import numpy as np
    from hierarchicalforecast import methods
    from scipy import sparse

    read = np.load(problem["file"])
    base, past = read["base"], read["errors"]
    shape = base.shape[0], int(read["leaves"])
    summing: Any = sparse.csr_matrix((np.ones(read["row"].size), (read["row"], read["column"])), shape=shape)
    kind = methods.MinTraceSparse if problem["sparse"] else methods.MinTrace
    if not problem["sparse"]:
        summing = summing.toarray()
    method = kind(method=problem["kind"])
    given = {"S": summing, "y_hat": base}
    if past.size:
        given |= {"y_insample": past, "y_hat_insample": np.zeros_like(past)}
    whole, again = [], []
    for _ in range(problem["times"]):
        started = time.process_time()
        answer = method.fit_predict(**given)["mean"]
        whole.append(time.process_time() - started)
        started = time.process_time()
        method.predict(S=summing, y_hat=base)
        again.append(time.process_time() - started)
    np.save(problem["answer"], np.asarray(answer))
    return {"cpu": statistics.median(whole), "again": statistics.median(again)}


if __name__ == "__main__":
    given_problem = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](given_problem)))
