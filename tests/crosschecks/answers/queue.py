"""Known answers of steady-state queues and of shrinkage: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from closeknit.engine.queueing import (
    compose_shrinkage,
    erlang_b,
    erlang_c,
    erlang_c_performance,
    net_agents,
    required_agents,
    scheduled_agents,
)

Answer = dict[str, Any]


def loss(given: Answer) -> Answer:
    return {"blocking": float(erlang_b(given["servers"], given["offered_erlangs"]))}


def delay_by_half_hour(given: Answer) -> Answer:
    per_hour = given["calls"] * 60.0 / given["interval_min"]
    need = required_agents(
        per_hour,
        given["aht_min"],
        given["answer_target_min"],
        given["service_level_target"],
        given["max_occupancy"],
    )
    got = erlang_c_performance(need.agents, per_hour, given["aht_min"], given["answer_target_min"])
    return {
        "agents": int(need.agents),
        "service_level": float(got.service_level_share),
        "occupancy": float(got.occupancy_share),
        "p_wait": float(got.wait_share),
    }


def delay_by_seconds(given: Answer) -> Answer:
    handle, threshold = given["aht_s"] / 60.0, given["answer_target_s"] / 60.0
    per_hour = given.get("calls_per_hour", given.get("calls", 0) * 3600.0 / given.get("interval_s", 3600))
    need = required_agents(per_hour, handle, threshold, given["service_level_target"], given.get("max_occupancy", 1.0))
    got = erlang_c_performance(need.agents, per_hour, handle, threshold)
    scheduled = int(scheduled_agents(need.agents, str(given.get("shrinkage", "0"))))
    return {
        "offered_erlangs": float(got.offered_erlangs),
        "agents": int(need.agents),
        "scheduled": scheduled,
        "rostered": scheduled * given.get("operators_per_seat", 1),
        "p_wait": float(got.wait_share),
        "service_level": float(got.service_level_share),
        "asa_s": float(got.mean_wait_minutes) * 60.0,
        "occupancy": float(got.occupancy_share),
    }


def delay_long_target(given: Answer) -> Answer:
    need = required_agents(
        given["calls_per_hour"], given["aht_min"], given["answer_target_min"], given["service_level_target"]
    )
    return {"agents": int(need.agents), "service_level": float(need.service_level_share)}


def delay_by_minute(given: Answer) -> Answer:
    got = erlang_c_performance(given["agents"], given["lambda_per_min"] * 60.0, given["aht_min"], 0.0)
    wait = float(got.mean_wait_minutes)
    return {
        "p_wait": float(got.wait_share),
        "mean_wait_s": wait * 60.0,
        "mean_queue": wait * given["lambda_per_min"],
        "occupancy": float(got.occupancy_share),
    }


def textbook_queue(given: Answer) -> Answer:
    rate, handle = float(given["lam"]), 60.0 / given["mu"]
    got = erlang_c_performance(given["servers"], rate, handle, 0.0)
    waiting, total = (float(got.mean_wait_minutes) + extra for extra in (0.0, handle))
    return {
        # with one server the empty system is the share of time it does not work
        "p0": 1.0 - float(got.occupancy_share),
        "Wq": waiting / 60.0,
        "W": total / 60.0,
        "Lq": rate * waiting / 60.0,
        "L": rate * total / 60.0,
    }


def waiting_tail(given: Answer) -> Answer:
    got = erlang_c_performance(given["servers"], given["lam"], 60.0 / given["mu"], 60.0 * np.array(given["t"]))
    return {"tail": (1.0 - got.service_level_share).tolist()}


def unstable(given: Answer) -> Answer:
    got = erlang_c_performance(given["agents"], given["offered_erlangs"], 60.0, 1.0)
    assert not got.is_stable
    assert erlang_c(given["agents"], given["offered_erlangs"]) == 1.0
    return {"error": "unstable: agents must exceed offered load"}


def net_of_shrinkage(given: Answer) -> Answer:
    assert compose_shrinkage([given["shrinkage"]]) == Fraction(given["shrinkage"])
    return {"agents": int(net_agents(given["scheduled"], given["shrinkage"]))}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "erlb_1_1": loss,
    "erlb_2_1": loss,
    "erlb_10_12": loss,
    "erlb_stress_5000": loss,
    "erlc_pwf_test": delay_by_half_hour,
    "erlc_cct_40": delay_by_seconds,
    "erlc_turbotab_roster": delay_by_seconds,
    "erlc_sawhney": delay_by_seconds,
    "erlc_mz_50": delay_by_minute,
    "mms_hl_s1": textbook_queue,
    "mms_hl_tail_s2": waiting_tail,
    "erlc_long_sla_min": delay_long_target,
    "erlc_shrink_net_90_30": net_of_shrinkage,
    "erlc_unstable": unstable,
}
