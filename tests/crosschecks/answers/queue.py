"""Known answers of steady-state queues and of shrinkage: case id -> the function that computes its expected fields."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from closeknit.engine.queueing import (
    compose_shrinkage,
    erlang_a,
    erlang_b,
    erlang_b_load,
    erlang_c,
    erlang_c_performance,
    halfin_whitt_wait_share,
    net_agents,
    required_agents,
    required_lines,
    scheduled_agents,
    system_size_distribution,
)

Answer = dict[str, Any]


def loss(given: Answer) -> Answer:
    return {"blocking": float(erlang_b(given["servers"], given["offered_erlangs"]))}


def fewest_lines(given: Answer) -> Answer:
    lines = int(required_lines(given["offered_erlangs"], given["max_blocking"]))
    return {"servers": lines, "scheduled": int(scheduled_agents(lines, given["shrinkage"]))}


def load_carried(given: Answer) -> Answer:
    return {"offered_erlangs": float(erlang_b_load(given["servers"], given["blocking"]))}


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
        "p0": float(system_size_distribution(given["servers"], rate, handle, 0)[0]),
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


def fractional_floor(given: Answer) -> Answer:
    per_hour, handle = given["calls"] * 3600.0 / given["interval_s"], given["aht_s"] / 60.0
    agents = float(required_agents(per_hour, handle, 0.0, 0.0, given["max_occupancy"], whole=False).agents)
    return {
        "agents_fractional": agents,
        "scheduled_fractional": float(Fraction(agents) / (1 - compose_shrinkage([given["shrinkage"]]))),
    }


def large_team(given: Answer) -> Answer:
    return {"p_wait": float(halfin_whitt_wait_share(given["beta"]))}


def impatient_team(given: Answer) -> Answer:
    per_hour = given["lambda_per_min"] * 60.0
    got = erlang_a(given["agents"], per_hour, given["aht_min"], given["mean_patience_min"])
    return {
        "p_abandon": float(got.abandoned_share),
        "p_wait": float(got.wait_share),
        "mean_wait_s": float(got.mean_wait_minutes) * 60.0,
        "mean_queue": float(got.mean_queue),
        "occupancy": float(got.occupancy_share),
    }


def impatient_half_hour(given: Answer) -> Answer:
    need = required_agents(
        given["calls"] * 60.0 / given["interval_min"],
        given["aht_min"],
        float(Fraction(given["answer_target_min"])),
        given["service_level_target"],
        given["max_occupancy"],
        patience_minutes=given["mean_patience_min"],
        max_abandoned_share=given["max_abandonment"],
    )
    return {
        "agents": int(need.agents),
        "scheduled": int(scheduled_agents(int(need.agents), given["shrinkage"])),
        "sl_served_of_offered": float(need.service_level_share),
        "p_abandon": float(need.abandoned_share),
    }


def endless_patience(given: Answer) -> Answer:
    return {"p_wait": float(erlang_a(given["agents"], given["offered_erlangs"] * 60.0, 1.0, 1e9).wait_share)}


def no_patience(given: Answer) -> Answer:
    return {"p_abandon": float(erlang_a(given["agents"], given["offered_erlangs"] * 60.0, 1.0, 1e-9).abandoned_share)}


def net_of_shrinkage(given: Answer) -> Answer:
    assert compose_shrinkage([given["shrinkage"]]) == Fraction(given["shrinkage"])
    return {"agents": int(net_agents(given["scheduled"], given["shrinkage"]))}


ANSWERS: dict[str, Callable[[Answer], Answer]] = {
    "erlb_1_1": loss,
    "erlb_2_1": loss,
    "erlb_10_12": loss,
    "erlb_stress_5000": loss,
    "erlb_min_A10_shrink30": fewest_lines,
    "erlb_table_N1_B0.01": load_carried,
    "erlb_table_N5_B0.02": load_carried,
    "erlb_table_N10_B0.01": load_carried,
    "erlb_table_N20_B0.02": load_carried,
    "erlb_table_N50_B0.01": load_carried,
    "erlb_table_N100_B0.02": load_carried,
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
    "erlc_occ_fraction": fractional_floor,
    "halfin_whitt_b1.0": large_team,
    "erla_mz_50": impatient_team,
    "erla_pwf_pat3": impatient_half_hour,
    "erla_pwf_pat10": impatient_half_hour,
    "erla_limit_C": endless_patience,
    "erla_limit_B": no_patience,
}
