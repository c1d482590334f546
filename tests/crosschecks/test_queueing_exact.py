"""Erlang B, C and A, with limited lines too, against 50 digits on a hard grid."""

import itertools
import math
import os
from typing import Any

import mpmath
import numpy as np
import pytest
from tests.crosschecks import queueing_reference as reference

from closeknit.engine.queueing import (
    LevelDefinition,
    erlang_b,
    erlang_b_load,
    erlang_c,
    queue_performance,
    waiting_time_distribution,
)

SLOW = os.environ.get("CLOSEKNIT_SLOW") == "1"
RELATIVE, ABSOLUTE = 1e-10, 1e-13


def agrees(got: Any, exact: Any, what: Any) -> None:
    """Relative error, or absolute where the number is one minus nearly one."""
    error = abs(mpmath.mpf(float(got)) - exact)
    assert error <= max(RELATIVE * abs(exact), ABSOLUTE), (what, float(got), mpmath.nstr(exact, 20))


def agrees_relatively(got: Any, exact: Any, what: Any) -> None:
    if exact > mpmath.mpf("1e-290"):
        error = abs(mpmath.mpf(float(got)) / exact - 1)
        assert error <= RELATIVE, (what, float(got), mpmath.nstr(exact, 20))


SERVERS = [0.01, 0.5, 1.0, 5.0, 23.999, 24.0, 24.5, 100.0, 1000.7, *([20_000.0, 100_000.0] if SLOW else [])]
RATIOS = [1e-6, 0.01, 0.3, 0.4999, 0.5001, 0.9, 0.99, 0.9999, 1.0, 1.0001, 1.1, 1.8999, 1.9001, 5.0, 1000.0]


@pytest.mark.parametrize("servers", SERVERS)
def test_erlang_b_of_any_size_and_fraction(servers: float) -> None:
    loads = np.array([servers * ratio for ratio in RATIOS if servers * ratio <= 1e6])
    exact = [reference.blocking(servers, load) for load in loads]
    for load, got, right in zip(loads, erlang_b(servers, loads), exact, strict=True):
        agrees_relatively(got, right, (servers, load))


@pytest.mark.parametrize("servers", SERVERS)
def test_erlang_c_of_any_size_and_fraction(servers: float) -> None:
    loads = np.array([servers * ratio for ratio in RATIOS if ratio < 1.0])
    for load, got in zip(loads, erlang_c(servers, loads), strict=True):
        with mpmath.workdps(50):
            loss, c, a = reference.blocking(servers, load), mpmath.mpf(servers), mpmath.mpf(load)
            agrees_relatively(got, c * loss / (c - a * (1 - loss)), (servers, load))


def test_a_hundred_thousand_servers() -> None:
    loads = 1e5 + np.array([-3000.0, -316.0, 0.0, 316.0, 3000.0])
    for load, got in zip(loads, erlang_b(100_000, loads), strict=True):
        agrees_relatively(got, reference.blocking(1e5, load), load)


@pytest.mark.parametrize("share", [1e-9, 0.001, 0.02, 0.5, 0.99])
@pytest.mark.parametrize("servers", [0.5, 1.0, 7.0, 40.25, 500.0, 90_000.0])
def test_the_load_of_a_blocking_probability_gives_it_back(servers: float, share: float) -> None:
    if servers / (1.0 - share) < 1e6:
        assert float(erlang_b(servers, erlang_b_load(servers, share))) == pytest.approx(share, rel=1e-11)


def compare(got: Any, longer: Any, exact: reference.Measures, what: Any) -> None:
    """Shares and means; the tails also relatively, where they are small."""
    agrees_relatively(got.wait_share, exact.wait, (what, "wait"))
    agrees_relatively(got.abandoned_share, exact.abandoned, (what, "abandoned"))
    agrees_relatively(got.mean_queue, exact.queue, (what, "queue"))
    agrees(got.level_of_offered_share, exact.level_of_offered, (what, "offered"))
    agrees(got.level_virtual_share, exact.level_virtual, (what, "virtual"))
    answered = 1 - exact.abandoned - exact.blocked
    agrees(got.level_of_answered_share * float(answered), exact.level_of_offered, (what, "answered"))
    if answered > mpmath.mpf("1e-3"):
        agrees_relatively(got.mean_wait_of_answered_minutes, exact.wait_of_answered, (what, "wait of answered"))
    if exact.abandoned > mpmath.mpf("1e-200"):
        agrees_relatively(got.mean_wait_of_abandoned_minutes, exact.wait_of_abandoned, (what, "wait of abandoned"))
    admitted = 1 - exact.blocked
    agrees(longer.virtual_longer_share[..., 0], 1 - exact.level_virtual / admitted, (what, "tail"))


GRID = list(
    itertools.product(
        (0.3, 1.0, 4.5, 10.0, 25.0, 100.0, 300.25),
        (0.01, 0.3, 0.8, 0.97, 1.0, 1.05, 1.5, 3.0),
        (1e-2, 0.1, 1.0, 7.0, 50.0),
        (0.0, 0.01, 0.3, 2.0),
    )
)
HARD = [
    (2000.0, 3546.0 / 2000.0, 1.0, 0.1),
    (5000.0, 1.8, 1.0, 0.2),
    (5000.0, 1.8, 1.0, 0.7),
    (100.0, 0.8, 1e5, 0.1),
    (30.0, 4 / 3, 1e-3, 300.0),
    (30.0, 4 / 3, 1e-3, 700.0),
    (5.0, 80.0, 50.0, 2.0),
    (50.0, 0.96, 1e-5, 0.1),
]


@pytest.mark.parametrize("part", range(7))
def test_erlang_a_on_a_hard_grid(part: int) -> None:
    for agents, ratio, theta, time in [*GRID[part :: 7 if SLOW else 28], *(HARD if part == 0 else [])]:
        load = agents * ratio
        # the functions see minutes: one handling time is a minute here
        got = queue_performance(agents, load * 60.0, 1.0, time, patience_minutes=1.0 / theta)
        longer = waiting_time_distribution(agents, load * 60.0, 1.0, [time], patience_minutes=1.0 / theta)
        exact = reference.with_patience(agents, load * 60.0 * 1.0 / 60.0, 1.0 / (1.0 / theta), time)
        compare(got, longer, exact, (agents, load, theta, time))


@pytest.mark.parametrize("theta", [0.0, 0.05, 1.0, 6.0])
def test_limited_lines_on_a_grid(theta: float) -> None:
    patience = 1.0 / theta if theta else math.inf
    for agents, places, ratio, time in itertools.product((1, 6, 30), (0, 1, 12), (0.2, 0.97, 3.0), (0.0, 0.4)):
        load = agents * ratio
        lines = agents + places
        got = queue_performance(agents, load * 60.0, 1.0, time, patience_minutes=patience, lines=lines)
        longer = waiting_time_distribution(agents, load * 60.0, 1.0, [time], patience_minutes=patience, lines=lines)
        exact = reference.with_lines(agents, load * 60.0 / 60.0, theta and 1.0 / patience, lines, time)
        compare(got, longer, exact, (agents, lines, load, theta, time))
        agrees_relatively(got.blocked_share, exact.blocked, (agents, lines, load, theta))


def test_large_problems_take_the_compiled_path_to_the_same_answers() -> None:
    rng = np.random.default_rng(3)
    agents = rng.integers(1, 400, 2_000).astype(float)
    load = agents * rng.uniform(0.2, 2.0, 2_000)
    patience = rng.uniform(0.05, 40.0, 2_000)
    together = queue_performance(agents, load * 60.0, 1.0, 0.2, patience_minutes=patience)
    for i in range(0, 2_000, 97):
        alone = queue_performance(agents[i], load[i] * 60.0, 1.0, 0.2, patience_minutes=patience[i])
        for definition in LevelDefinition:
            assert together.level(definition)[i] == pytest.approx(float(alone.level(definition)), abs=1e-13)
        assert together.mean_wait_of_answered_minutes[i] == pytest.approx(
            float(alone.mean_wait_of_answered_minutes), rel=1e-11
        )
