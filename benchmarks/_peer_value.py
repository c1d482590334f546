"""Buyers fitted and scored by lifetimes, in the peer's own environment: columns of a file in, a file out."""

import json
import sys
import time
from pathlib import Path
from typing import Any


def buyers(problem: dict[str, Any]) -> dict[str, Any]:
    """Its MBG/NBD and gamma-gamma on a file's histories, each customer's purchases ahead, and processor seconds."""
    import numpy as np
    import pandas as pd
    from lifetimes import GammaGammaFitter, ModifiedBetaGeoFitter

    columns = np.load(problem["histories"])
    data = pd.DataFrame({name: columns[name] for name in ("frequency", "recency", "age", "mean_spend")})
    started = time.process_time()
    model = ModifiedBetaGeoFitter(penalizer_coef=0.0)
    model.fit(data["frequency"], data["recency"], data["age"])
    fitted = time.process_time() - started
    again = data[data["frequency"] > 0]
    started = time.process_time()
    spend = GammaGammaFitter(penalizer_coef=0.0)
    spend.fit(again["frequency"], again["mean_spend"])
    fitted_spend = time.process_time() - started
    started = time.process_time()
    ahead = model.conditional_expected_number_of_purchases_up_to_time(
        problem["periods"], data["frequency"], data["recency"], data["age"]
    )
    worth = spend.conditional_expected_average_profit(data["frequency"], data["mean_spend"])
    scored = time.process_time() - started
    return {
        "parameters": [float(model.params_[name]) for name in ("r", "alpha", "a", "b")],
        "spend": [float(spend.params_[name]) for name in ("p", "q", "v")],
        "ahead": np.asarray(ahead)[: problem["shown"]].tolist(),
        "worth": np.asarray(worth)[: problem["shown"]].tolist(),
        "cpu_fit": fitted,
        "cpu_spend": fitted_spend,
        "cpu_score": scored,
    }


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
