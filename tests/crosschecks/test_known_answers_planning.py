"""Published planning answers against the engine. Cases of parts not built yet are listed as skips."""

import json
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from closeknit.engine.allocation import AllocationProblem, allocate, solve_linear_program
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


def known_answers() -> list[dict[str, Any]]:
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("CLOSEKNIT_SHARED", root.parent / "shared"))
    path = shared / "known_answers" / "planning.json"
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.is_file() else []


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


def linear(given: Answer) -> Answer:
    solved = solve_linear_program(
        [-value for value in given["max"]],
        given["A"],
        -np.inf,
        [float(bound) for bound in given["b"]],
        0.0,
        np.inf,
    )
    return {
        "x": solved.x.tolist(),
        "obj": -solved.cost,
        "net_profit": -solved.cost - given.get("fixed", 0.0),
        "shadow": (-solved.row_dual).tolist(),
    }


def fair_share(given: Answer) -> Answer:
    asked = [float(hours) for hours in given["requests"]]
    got = allocate(
        AllocationProblem.of(
            capacity_hours=[float(given["supply"])],
            claim_cell=[0] * len(asked),
            claim_hours=asked,
            shortfall_cost_per_hour=1.0,
        )
    )
    return {"allocated": got.served_hours.tolist()}


COVERED: dict[str, Callable[[Answer], Answer]] = {
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
    "lp_wyndor": linear,
    "lp_shelby": linear,
    "lp_reddymikks": linear,
    "alloc_fairshare_80": fair_share,
}


CASES = known_answers()


@pytest.mark.skipif(not CASES, reason="known answers not found: set CLOSEKNIT_SHARED to the folder that holds them")
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_known_answer(case: dict[str, Any]) -> None:
    if case["id"] not in COVERED:
        pytest.skip(f"engine part not built yet: {case['model']}")
    got = COVERED[case["id"]](case["inputs"])
    for field, expected in case["expected"].items():
        if isinstance(expected, str):
            assert got[field] == expected
            continue
        tolerance = case["tolerance_abs"]
        allowed = tolerance[field] if isinstance(tolerance, dict) else tolerance
        np.testing.assert_allclose(got[field], expected, rtol=0.0, atol=allowed, err_msg=field)


@pytest.mark.skipif(not CASES, reason="known answers not found: set CLOSEKNIT_SHARED to the folder that holds them")
def test_every_covered_case_exists() -> None:
    assert set(COVERED) <= {case["id"] for case in CASES}


def test_waiting_at_the_halfin_whitt_point_nears_its_limit() -> None:
    load = 10_000.0
    assert float(erlang_c(10_100, load)) == pytest.approx(0.2248, abs=5e-5)
