"""Every published planning answer against the engine: `answers/` computes them, no case may be left out."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.crosschecks.answers import ANSWERS

from closeknit.engine.queueing import erlang_c


def known_answers() -> list[dict[str, Any]]:
    root = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("CLOSEKNIT_SHARED", root.parent / "shared"))
    path = shared / "known_answers" / "planning.json"
    return json.loads(path.read_text(encoding="utf-8"))["cases"] if path.is_file() else []


CASES = known_answers()
BY_MODEL = {case["model"]: ANSWERS[case["id"]] for case in CASES if case["id"] in ANSWERS}
present = pytest.mark.skipif(
    not CASES, reason="known answers not found: set CLOSEKNIT_SHARED to the folder that holds them"
)


@present
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_known_answer(case: dict[str, Any]) -> None:
    function = ANSWERS.get(case["id"]) or BY_MODEL.get(case["model"])
    assert function is not None, f"no function computes {case['id']} ({case['model']}): add one in answers/"
    got = function(case["inputs"])
    for field, expected in case["expected"].items():
        if isinstance(expected, str):
            assert got[field] == expected
            continue
        tolerance = case["tolerance_abs"]
        allowed = tolerance[field] if isinstance(tolerance, dict) else tolerance
        np.testing.assert_allclose(got[field], expected, rtol=0.0, atol=allowed, err_msg=field)


@present
def test_every_function_has_its_case() -> None:
    assert set(ANSWERS) <= {case["id"] for case in CASES}


def test_waiting_at_the_halfin_whitt_point_nears_its_limit() -> None:
    load = 10_000.0
    assert float(erlang_c(10_100, load)) == pytest.approx(0.2248, abs=5e-5)
