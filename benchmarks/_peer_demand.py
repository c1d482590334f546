"""Series forecast by statsforecast, one after another until a time is used up, in the peers' own environment."""

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


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
