"""Formulas against the simulator on random queues: its intervals hold the exact value as often as they say."""

import os

import numpy as np
import pytest

from closeknit.engine.queueing import queue_performance
from closeknit.engine.simulation import Exponential, simulate, staffing_plan

CASES = 5_000 if os.environ.get("CLOSEKNIT_SLOW") == "1" else 600
REPLICATIONS = 24
RARE = (1e-3, 1e-3, 1e-3, 1e-3, 5e-3)
"""Shares and minutes below which 24 replications hardly see an event, so that an interval says little."""


def drawn_cases(rng):
    """Random queues: team, load against it, patience and threshold in handling times; overload only with patience."""
    for _ in range(CASES):
        agents = int(rng.integers(1, 40))
        patience = float(np.exp(rng.uniform(np.log(0.2), np.log(6.0)))) if rng.random() < 0.7 else np.inf
        load = agents * float(rng.uniform(0.3, 1.4 if np.isfinite(patience) else 0.85))
        yield agents, load, patience, float(rng.choice([0.0, 0.1, 0.5]))


def seen_and_exact(agents, load, patience, threshold, rng):
    """Estimates of the simulator and exact values, for one queue whose handling time is one hour."""
    hours = max(60.0, 4_000.0 / load)
    warm = 30
    intervals = int(warm + hours)
    plan = staffing_plan(
        np.full((1, intervals), load),
        np.full((1, intervals), agents),
        [[1]],
        [Exponential(60.0)],
        [Exponential(60.0 * patience) if np.isfinite(patience) else None],
        threshold_minutes=[60.0 * threshold],
        interval_minutes=60.0,
        warm_up_intervals=warm,
    )
    seen = simulate(plan, replications=REPLICATIONS, rng=rng).by_class
    exact = queue_performance(agents, load, 60.0, 60.0 * threshold, patience_minutes=60.0 * patience)
    return [
        (seen.served_in_time_of_offered, exact.level_of_offered_share),
        (seen.virtual_in_time_of_offered, exact.level_virtual_share),
        (seen.served_in_time_of_served, exact.level_of_answered_share),
        (seen.abandoned_share, exact.abandoned_share),
        (seen.mean_wait_of_served_minutes, exact.mean_wait_of_answered_minutes),
    ]


@pytest.fixture(scope="module")
def errors():
    """Distance of the exact value from what was seen, in half-widths of the 95 % interval, by case and measure."""
    rng = np.random.default_rng(20)
    rows = []
    for case in drawn_cases(rng):
        pairs = seen_and_exact(*case, rng)
        widths = [max(float(e.half_width[0]), least) for (e, _), least in zip(pairs, RARE, strict=True)]
        rows.append([(float(e.mean[0]) - float(v)) / w for (e, v), w in zip(pairs, widths, strict=True)])
    return np.array(rows)


def test_the_exact_value_lies_inside_the_interval_as_often_as_it_should(errors):
    inside = (np.abs(errors) <= 1.0).mean(axis=0)
    # Waits are skewed, so intervals over 24 replications fall somewhat short of 95 %.
    assert (inside > 0.90).all(), inside


def test_no_case_is_far_off(errors):
    assert np.abs(errors).max() < 3.5, np.unravel_index(np.abs(errors).argmax(), errors.shape)


def test_there_is_no_lean_to_one_side(errors):
    assert (np.abs(errors.mean(axis=0)) < 0.12).all(), errors.mean(axis=0)


def test_red_twin_a_formula_off_by_one_agent_is_seen():
    rng = np.random.default_rng(21)
    off = []
    for agents, load, patience, threshold in list(drawn_cases(rng))[:60]:
        pairs = seen_and_exact(agents, load, patience, threshold, rng)
        wrong = queue_performance(agents + 1, load, 60.0, 60.0 * threshold, patience_minutes=60.0 * patience)
        seen = pairs[0][0]
        off.append(abs(float(seen.mean[0]) - float(wrong.level_of_offered_share)) > float(seen.half_width[0]))
    assert np.mean(off) > 0.5
