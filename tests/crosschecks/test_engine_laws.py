"""Laws that every public function of the engine keeps; a new one must be added to `CALLS`."""

import dataclasses
import inspect
from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crosschecks.calls_of_calendar import CALLS as CALLS_OF_CALENDAR
from tests.crosschecks.calls_of_changes import CALLS as CALLS_OF_CHANGES
from tests.crosschecks.calls_of_customers import CALLS as CALLS_OF_CUSTOMERS
from tests.crosschecks.calls_of_hierarchies import CALLS as CALLS_OF_HIERARCHIES
from tests.crosschecks.calls_of_inventory import CALLS as CALLS_OF_INVENTORY
from tests.crosschecks.calls_of_matching import CALLS as CALLS_OF_MATCHING
from tests.crosschecks.calls_of_other_work import CALLS as CALLS_OF_OTHER_WORK
from tests.crosschecks.calls_of_pipeline import CALLS as CALLS_OF_PIPELINE
from tests.crosschecks.calls_of_plans import CALLS as CALLS_OF_PLANS
from tests.crosschecks.calls_of_queues import CALLS as CALLS_OF_QUEUES
from tests.crosschecks.calls_of_rosters import CALLS as CALLS_OF_ROSTERS
from tests.crosschecks.calls_of_smoothing import CALLS as CALLS_OF_SMOOTHING

from closeknit.engine import allocation, customers, forecasting, matching, queueing, rostering, simulation
from closeknit.engine.errors import EngineInputError

HISTORY = np.random.default_rng(1).poisson(15.0, (3, 70)).astype(float)
FORECAST = forecasting.seasonal_naive(HISTORY, 7, 10, [0.1, 0.9])
PROBLEM = {
    "capacity_hours": np.array([10.0, 12.0]),
    "regular_cost_per_hour": np.array([0.0, 2.0]),
    "overtime_cost_per_hour": np.array([30.0, 40.0]),
    "overtime_limit_hours": np.array([3.0, 3.0]),
    "overtime_budget_of_cell": np.array([0, 0]),
    "overtime_budget_hours": np.array([4.0]),
    "claim_cell": np.array([0, 0, 1]),
    "claim_hours": np.array([8.0, 7.0, 20.0]),
    "claim_minimum_hours": np.array([2.0, 0.0, 5.0]),
    "shortfall_cost_per_hour": np.array([90.0, 20.0, 50.0]),
}
WORK = np.random.default_rng(2).gamma(2.0, 3.0, (2, 14))
TIMES = np.random.default_rng(3).gamma(2.0, 2.0, 30)
FITTED = queueing.fit_handle_times(TIMES).best
COUNTS = np.random.default_rng(3).poisson(20.0, (4, 3))
UNCERTAIN = {
    "mean_arrivals_per_hour": np.array([80.0, 300.0]),
    "rate_cv": np.array([0.1, 0.2]),
    "handle_minutes": np.array([5.0, 4.0]),
    "threshold_minutes": np.array([0.3, 0.5]),
    "target_share": np.array([0.8, 0.9]),
    "patience_minutes": np.array([6.0, 3.0]),
}
KNOWS = np.array([[True, True], [False, True]])
STREAMS = {
    "arrivals_per_hour": np.array([80.0, 120.0]),
    "handle_minutes": np.array([5.0, 4.0]),
    "threshold_minutes": np.array([0.3, 0.5]),
    "target_share": np.array([0.8, 0.9]),
    "patience_minutes": np.array([5.0, 9.0]),
}

PLAN = {
    "arrivals_per_hour": np.array([[60.0, 90.0], [30.0, 20.0]]),
    "agents": np.array([[4, 5], [2, 2]]),
    "can_serve": np.array([[1, 2], [0, 1]]),
    "handle": (simulation.Exponential(3.0), simulation.Gamma(4.0, 0.5)),
    "patience": (simulation.Exponential(5.0), None),
    "priority": np.array([1, 2]),
    "threshold_minutes": np.array([0.5, 1.0]),
}
RUN = {"replications": 4, "rng": np.random.default_rng(3)}

CALLS: dict[Callable[..., Any], dict[str, Any]] = {
    simulation.staffing_plan: PLAN,
    simulation.simulate: {"plan": simulation.staffing_plan(**PLAN), **RUN},
    simulation.compare: {"first": simulation.staffing_plan(**PLAN), "second": simulation.staffing_plan(**PLAN), **RUN},
    simulation.simulate_calls: {"plan": simulation.staffing_plan(**PLAN), "rng": np.random.default_rng(3)},
    queueing.erlang_b: {"servers": np.array([3, 50]), "offered_erlangs": np.array([2.0, 60.0])},
    queueing.erlang_c: {"servers": np.array([3, 70]), "offered_erlangs": np.array([2.0, 60.0])},
    queueing.erlang_c_performance: {
        "agents": np.array([3, 70]),
        "arrivals_per_hour": np.array([20.0, 600.0]),
        "handle_minutes": np.array([5.0, 6.0]),
        "threshold_minutes": np.array([0.5, 1.0]),
    },
    queueing.compose_shrinkage: {"parts": [Fraction(1, 10), "0.2"]},
    queueing.scheduled_agents: {"agents": np.array([0, 21]), "shrinkage": Fraction(3, 10)},
    queueing.net_agents: {"scheduled": np.array([0, 90]), "shrinkage": Fraction(3, 10)},
    queueing.required_daily_capacity: {
        "work_hours": WORK,
        "window_days": np.array([1, 4]),
        "start_backlog_hours": np.array([3.0, 5.0]),
        "week_of_day": np.arange(14) // 7,
        "is_open": np.arange(14) % 7 < 6,
        "day_size": np.where(np.arange(14) % 7 < 5, 1.2, 0.4),
    },
    queueing.edf_lateness: {
        "work_hours": WORK,
        "window_days": np.array([1, 4]),
        "daily_capacity_hours": np.where(np.arange(14) % 7 < 6, 9.0, 0.0),
        "start_backlog_hours": np.array([3.0, 5.0]),
        "is_open": np.arange(14) % 7 < 6,
    },
    queueing.fit_handle_times: {"handle_minutes": TIMES, "is_complete": TIMES < 6.0},
    queueing.handle_time_cdf: {"fitted": FITTED, "minutes": np.array([0.0, 3.0])},
    queueing.handle_time_quantiles: {"fitted": FITTED, "levels": np.array([0.1, 0.9])},
    queueing.draw_handle_times: {"fitted": FITTED, "count": 0, "rng": np.random.default_rng(4)},
    queueing.fit_patience: {"wait_minutes": TIMES, "has_abandoned": TIMES < 2.0, "balk_minutes": 0.5},
    queueing.fit_patience_from_totals: {"abandoned": np.array([2, 0]), "waited_minutes": np.array([9.0, 4.0])},
    queueing.patience_survival: {"wait_minutes": TIMES, "has_abandoned": TIMES < 2.0},
    queueing.patience_hazard: {
        "wait_minutes": TIMES,
        "has_abandoned": TIMES < 2.0,
        "from_minutes": np.array([0.0, 1.0, 2.0]),
    },
    queueing.arrival_dispersion: {"counts": COUNTS, "group_of_day": np.array([0, 1, 0, 1])},
    queueing.fit_gamma_mixed_rate: {"counts": COUNTS, "expected": np.array([1.0, 2.0, 1.5])},
    queueing.required_agents_uncertain_rate: {**UNCERTAIN, "probability_share": np.array([0.7, 0.9])},
    queueing.level_under_uncertain_rate: {**UNCERTAIN, "agents": np.array([9.0, 30.0])},
    queueing.skills_are_covered: {
        "agents_by_profile": np.array([[4.0, 5.5], [1.0, 2.0]]),
        "required_by_skill": np.array([5.0, 3.0]),
        "knows_skill": KNOWS,
    },
    queueing.staff_skills: {
        "required_by_skill": np.array([[5.0, 3.0], [2.5, 3.5]]),
        "knows_skill": KNOWS,
        "cost_per_agent": np.array([1.0, 1.5]),
        "works_in_interval": np.array([[True, True], [False, True]]),
        "largest_agents": np.array([20.0, 9.0]),
        "present_by_skill": np.array([1.0, 2.0]),
    },
    queueing.pooling_gain: STREAMS,
    queueing.pooled_team_bound: {
        **STREAMS,
        "knows_skill": KNOWS,
        "cost_per_agent": np.array([1.0, 1.5]),
        "largest_agents": np.array([90.0, 90.0]),
    },
    queueing.raise_until_met: {
        "evaluate": lambda agents: [agents[0] / (agents[0] + 4), agents.sum() / (agents.sum() + 2)],
        "start_agents": np.array([1, 1]),
        "knows_skill": KNOWS,
        "target_share": np.array([0.5, 0.8]),
        "cost_per_agent": np.array([1.0, 1.5]),
    },
    forecasting.seasonal_naive: {
        "history": HISTORY,
        "season_periods": 7,
        "horizon": 10,
        "quantile_levels": np.array([0.1, 0.5, 0.9]),
        "is_open": np.arange(80) % 7 < 6,
    },
    forecasting.seasonal_mean: {
        "history": HISTORY,
        "season_periods": 7,
        "horizon": 10,
        "quantile_levels": np.array([0.1, 0.5, 0.9]),
        "seasons_averaged": 3,
        "is_open": np.arange(80) % 7 < 6,
    },
    forecasting.forecast_by_rolling_choice: {
        "history": HISTORY,
        "season_periods": 7,
        "horizon": 10,
        "quantile_levels": np.array([0.1, 0.5, 0.9]),
        "candidates": (1, 2, 4),
        "n_windows": 3,
        "is_open": np.arange(80) % 7 < 6,
    },
    forecasting.aggregate_quantiles: {
        "history": HISTORY,
        "season_periods": 7,
        "forecast": FORECAST,
        "group_of_step": np.array([0] * 7 + [1] * 3),
        "is_open": np.ones(80, dtype=bool),
    },
    forecasting.wape: {"actual": HISTORY[:, :5], "forecast": HISTORY[:, 5:10]},
    forecasting.smape: {"actual": HISTORY[:, :5], "forecast": HISTORY[:, 5:10]},
    forecasting.mase: {
        "actual": HISTORY[:, :5],
        "forecast": HISTORY[:, 5:10],
        "history": HISTORY,
        "season_periods": 7,
    },
    forecasting.pinball_loss: {
        "actual": HISTORY[:, :5],
        "quantiles": np.stack([HISTORY[:, 5:10], HISTORY[:, 5:10] + 4.0]),
        "levels": np.array([0.1, 0.9]),
    },
    forecasting.interval_coverage: {
        "actual": HISTORY[:, :5],
        "lower": HISTORY[:, 5:10] - 3.0,
        "upper": HISTORY[:, 5:10] + 3.0,
    },
    allocation.AllocationProblem.of: PROBLEM,
    allocation.allocate: {"problem": allocation.AllocationProblem.of(**PROBLEM)},
    allocation.find_minimums_conflicts: {"problem": allocation.AllocationProblem.of(**PROBLEM)},
    allocation.least_short_hours: {"problem": allocation.AllocationProblem.of(**PROBLEM)},
    allocation.measured_prices: {
        "problem": allocation.AllocationProblem.of(**PROBLEM),
        "cells": np.array([1, 0]),
        "step_hours": 0.5,
    },
    allocation.solve_linear_program: {
        "cost": np.array([-3.0, -5.0]),
        "matrix": np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 2.0]]),
        "row_lower": np.array([0.0, 0.0, 0.0]),
        "row_upper": np.array([4.0, 12.0, 18.0]),
        "lower": np.array([0.0, 0.0]),
        "upper": np.array([9.0, 9.0]),
    },
}
CALLS |= CALLS_OF_CALENDAR
CALLS |= CALLS_OF_CHANGES
CALLS |= CALLS_OF_CUSTOMERS
CALLS |= CALLS_OF_SMOOTHING
CALLS |= CALLS_OF_INVENTORY
CALLS |= CALLS_OF_OTHER_WORK
CALLS |= CALLS_OF_QUEUES
CALLS |= CALLS_OF_MATCHING
CALLS |= CALLS_OF_PIPELINE
CALLS |= CALLS_OF_PLANS
CALLS |= CALLS_OF_ROSTERS
CALLS |= CALLS_OF_HIERARCHIES
LIMITS_THAT_MAY_BE_ENDLESS = {
    "batch_units",
    "extra_total_hours",
    "hours_per_machine",
    "lines",
    "max_mean_handle_minutes",
    "max_mean_wait_minutes",
    "max_mean_wait_of_answered_minutes",
}
MISSING_ALLOWED = {"history", "actual"}
NAMES = [f.__qualname__ for f in CALLS]


def copied(arguments: dict[str, Any]) -> dict[str, Any]:
    kinds = np.ndarray | np.random.Generator
    return {name: deepcopy(value) if isinstance(value, kinds) else value for name, value in arguments.items()}


def leaves(value: Any) -> list[Any]:
    """All arrays and plain values inside a result."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [leaf for field in dataclasses.fields(value) for leaf in leaves(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in leaves(item)]
    if isinstance(value, tuple):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


def bits(value: Any) -> list[Any]:
    return [leaf.tobytes() if isinstance(leaf, np.ndarray) else leaf for leaf in leaves(value)]


def test_every_public_function_is_under_the_laws() -> None:
    public = {
        thing
        for part in (queueing, forecasting, allocation, simulation, matching, customers, rostering)
        for name in part.__all__
        if inspect.isfunction(thing := getattr(part, name))
    }
    assert public <= set(CALLS)


@pytest.mark.parametrize("function", CALLS, ids=NAMES)
def test_inputs_are_left_as_they_were(function: Callable[..., Any]) -> None:
    arguments = copied(CALLS[function])
    before = copied(arguments)
    function(**arguments)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, before[name])
            assert value.flags.writeable


@pytest.mark.parametrize("function", CALLS, ids=NAMES)
def test_the_same_input_gives_the_same_bits(function: Callable[..., Any]) -> None:
    assert bits(function(**copied(CALLS[function]))) == bits(function(**copied(CALLS[function])))


@pytest.mark.parametrize("function", CALLS, ids=NAMES)
def test_results_are_frozen_and_hold_no_nan(function: Callable[..., Any]) -> None:
    result = function(**copied(CALLS[function]))
    arrays = [leaf for leaf in leaves(result) if isinstance(leaf, np.ndarray)]
    assert all(not array.flags.writeable for array in arrays)
    assert not any(np.isnan(array).any() for array in arrays if array.dtype.kind == "f")
    if dataclasses.is_dataclass(result):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, dataclasses.fields(result)[0].name, None)


@pytest.mark.parametrize("function", CALLS, ids=NAMES)
@pytest.mark.parametrize("poison", [np.nan, np.inf, -np.inf, 1e300], ids=str)
def test_every_number_that_is_not_one_is_refused_by_name(function: Callable[..., Any], poison: float) -> None:
    tried = 0
    for name, value in CALLS[function].items():
        if not isinstance(value, np.ndarray) or value.dtype.kind == "b":
            continue
        if np.isnan(poison) and name in MISSING_ALLOWED:
            continue
        if poison == np.inf and name in ("patience_minutes", "row_upper", "upper", *LIMITS_THAT_MAY_BE_ENDLESS):
            continue
        if poison == -np.inf and name in ("row_lower", "lower") and function is allocation.solve_linear_program:
            continue
        arguments = copied(CALLS[function])
        spoiled = value.astype(float)
        spoiled[(-1,) * spoiled.ndim] = poison
        arguments[name] = spoiled
        with pytest.raises(EngineInputError, match=name):
            function(**arguments)
        tried += 1
    takes_numbers = any(
        isinstance(value, np.ndarray) and not (np.isnan(poison) and name in MISSING_ALLOWED)
        for name, value in CALLS[function].items()
    )
    assert tried > 0 or not takes_numbers


@pytest.mark.parametrize("function", CALLS, ids=NAMES)
def test_text_and_booleans_are_not_numbers(function: Callable[..., Any]) -> None:
    for name, value in CALLS[function].items():
        if not isinstance(value, np.ndarray) or value.dtype.kind == "b":
            continue
        for wrong in (value.astype(str), np.full(value.shape, None), np.ones(value.shape, dtype=bool)):
            with pytest.raises(EngineInputError, match=name):
                function(**{**copied(CALLS[function]), name: wrong})


@settings(max_examples=60, deadline=None)
@given(load=st.floats(0.1, 300.0), threshold=st.floats(0.0, 10.0))
def test_more_agents_serve_better(load: float, threshold: float) -> None:
    agents = np.arange(int(load) + 1, int(load) + 40)
    got = queueing.erlang_c_performance(agents, load * 12.0, 5.0, threshold)
    assert (np.diff(got.service_level_share) >= -1e-13).all()
    assert (np.diff(got.mean_wait_minutes) <= 0.0).all()
    assert (np.diff(got.occupancy_share) < 0.0).all()


@settings(max_examples=60, deadline=None)
@given(level=st.floats(0.0, 0.99), threshold=st.floats(0.0, 30.0), busy=st.floats(0.3, 1.0))
def test_more_volume_or_a_harder_promise_needs_no_fewer_agents(level: float, threshold: float, busy: float) -> None:
    volume = np.linspace(0.0, 900.0, 60)
    need = queueing.required_agents(volume, 6.0, threshold, level, busy).agents
    assert (np.diff(need) >= 0).all()
    harder = queueing.required_agents(volume, 6.0, threshold / 2, min(level + 0.005, 0.995), busy).agents
    assert (harder >= need).all()


def test_more_work_needs_no_less_daily_capacity_and_longer_windows_no_more() -> None:
    plan, more, longer = (
        queueing.required_daily_capacity(work, windows, rule="busiest stretch").daily_capacity_hours
        for work, windows in ((WORK, [1, 4]), (WORK * 1.3, [1, 4]), (WORK, [2, 6]))
    )
    assert (more > plan).all()
    assert (longer <= plan + 1e-12).all()
    fewest, more, longer = (
        queueing.required_daily_capacity(work, windows).daily_capacity_hours.sum()
        for work, windows in ((WORK, [1, 4]), (WORK * 1.3, [1, 4]), (WORK, [2, 6]))
    )
    assert fewest < plan.sum()
    assert more == pytest.approx(1.3 * fewest, rel=1e-9)
    assert longer <= fewest + 1e-9


def test_more_capacity_never_costs_more_and_its_price_never_rises() -> None:
    costs, prices = [], []
    for capacity in np.linspace(4.0, 20.0, 33):
        problem = allocation.AllocationProblem.of(**{**PROBLEM, "capacity_hours": np.array([capacity, 12.0])})
        got = allocation.allocate(problem)
        costs.append(got.cost)
        prices.append(got.price_per_hour[0])
    assert (np.diff(costs) <= 1e-9).all()
    assert (np.diff(prices) <= 1e-9).all()
    assert costs[0] > costs[-1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), season=st.integers(1, 9), horizon=st.integers(1, 30), missing=st.floats(0, 1))
def test_quantiles_never_fall_with_their_level(seed: int, season: int, horizon: int, missing: float) -> None:
    rng = np.random.default_rng(seed)
    history = rng.poisson(rng.gamma(1.0, 5.0, (4, 1)), (4, int(rng.integers(0, 80)))).astype(float)
    history[rng.random(history.shape) < missing] = np.nan
    levels = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    got = forecasting.forecast_by_rolling_choice(history, season, horizon, levels)
    assert (np.diff(got.quantiles, axis=0) >= 0.0).all()
    assert (got.quantiles >= 0.0).all()
    assert np.isfinite(got.mean).all()
    assert np.isfinite(got.quantiles).all()
    sums = forecasting.aggregate_quantiles(history, season, got, np.arange(horizon) // season)
    assert (np.diff(sums.quantiles, axis=0) >= 0.0).all()
    assert np.isfinite(sums.quantiles).all()
