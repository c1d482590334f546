"""Staffing problems by pyworkforce, one after another until a time is used up, in the peers' own environment."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

INTERVAL_MINUTES = 60


def erlang_c(problem: dict[str, Any]) -> dict[str, Any]:
    """The positions that Erlang C needs."""
    from pyworkforce.queuing import ErlangC

    def need(calls: float, handle: float, threshold: float, target: float) -> int:
        queue = ErlangC(transactions=calls, aht=handle, asa=threshold, interval=INTERVAL_MINUTES)
        return int(queue.required_positions(service_level=target)["raw_positions"])

    rows = zip(problem["calls"], problem["handle"], problem["threshold"], problem["target"], strict=True)
    return timed(need, list(rows), problem["seconds"])


def erlang_a(problem: dict[str, Any]) -> dict[str, Any]:
    """The positions that Erlang A needs."""
    from pyworkforce.queuing import ErlangA

    def need(calls: float, handle: float, threshold: float, target: float, patience: float) -> int:
        queue = ErlangA(transactions=calls, aht=handle, asa=threshold, interval=INTERVAL_MINUTES, patience=patience)
        return int(queue.required_positions(service_level=target)["raw_positions"])

    names = ("calls", "handle", "threshold", "target", "patience")
    return timed(need, list(zip(*(problem[name] for name in names), strict=True)), problem["seconds"])


def timed(need: Callable[..., int], rows: list[tuple[float, ...]], seconds: float) -> dict[str, Any]:
    """The answers to the first rows, as many as the time allows."""
    answers = []
    started = time.process_time()
    for row in rows:
        try:
            answers.append(need(*row))
        except (ValueError, ZeroDivisionError, OverflowError):
            answers.append(-1)
        if time.process_time() - started > seconds:
            break
    return {"agents": answers, "cpu": time.process_time() - started}


if __name__ == "__main__":
    asked = json.loads(Path(sys.argv[2]).read_text())
    Path(sys.argv[3]).write_text(json.dumps(globals()[sys.argv[1]](asked)))
