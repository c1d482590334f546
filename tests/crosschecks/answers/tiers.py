"""Known answers of priorities between tiers: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from typing import Any

from closeknit.engine.queueing import conserved_wait_minutes, priority_performance

Answer = dict[str, Any]


def tiers_that_interrupt(given: Answer) -> Answer:
    got = priority_performance(given["servers"], given["lambdas"], 60.0 / given["mu"], 0.0, preemptive=True)
    return {"wait": (got.mean_wait_minutes / 60.0).tolist()}


def conservation(given: Answer) -> Answer:
    return {"lhs": float(conserved_wait_minutes(given["servers"], given["lambdas"], 60.0 / given["mu"])) / 60.0}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "prio_pre_s1": tiers_that_interrupt,
    "prio_conservation": conservation,
}
