"""The simulator's promises: common random numbers, plain as compiled, sums as records, guards that bite."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.crosschecks.test_simulation_reference import some_plan

from closeknit.engine import compiled
from closeknit.engine.errors import EngineError, EngineInputError
from closeknit.engine.simulation import (
    AgentGroup,
    CallMeasures,
    Deterministic,
    Empirical,
    Exponential,
    Gamma,
    Lognormal,
    Outage,
    Outcome,
    RoutingRule,
    SimulationPlan,
    WorkClass,
    compare,
    runs,
    simulate,
    simulate_calls,
    staffing_plan,
)
from closeknit.engine.simulation.arrival_kernels import times_from_gaps
from closeknit.engine.simulation.draws import Streams, draw, stream_words
from closeknit.engine.simulation.tables import tables_of
from closeknit.engine.simulation.tally_kernels import MEASURES, OFFERED, QUEUED, SERVED_IN_TIME

RULE = RoutingRule(work_class=0, group=0)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def pool(agents: Any = 5, steps: int = 4, **work: Any) -> SimulationPlan:
    given_work = {"arrivals_per_hour": 90.0, "handle": Exponential(3.0), "patience": Exponential(4.0)} | work
    return SimulationPlan(
        classes=[WorkClass(**given_work)], groups=[AgentGroup(agents=np.broadcast_to(agents, steps))], rules=[RULE]
    )


def two_sites(outages: tuple[Outage, ...] = ()) -> SimulationPlan:
    return SimulationPlan(
        classes=[WorkClass(arrivals_per_hour=80.0, handle=Lognormal(3.0, 0.8), patience=Exponential(5.0))] * 2,
        groups=[AgentGroup(agents=[6] * 4), AgentGroup(agents=[6] * 4)],
        rules=[RoutingRule(work_class=0, group=0), RoutingRule(work_class=1, group=1)],
        outages=outages,
    )


@pytest.mark.parametrize("seed", range(12))
def test_plain_and_compiled_agree_bit_for_bit(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = some_plan(seed)
    if seed % 2:
        plan = replace(plan, classes=[replace(k, retry_share=0.0, waiting_places=None) for k in plan.classes])
    tables = tables_of(plan)
    answers = []
    for limit in (np.inf, 0.0):
        monkeypatch.setattr(compiled, "SMALL_WORK", max(limit, 1e-9))
        calls = draw(plan, (seed,), range(3))
        outcomes = runs.simulate_draws(plan, tables, calls)
        tallies = runs.tally(plan, tables, calls, outcomes)
        parts = (calls.enter, outcomes.start_at, outcomes.taken_by, tallies.by_class, tallies.by_group)
        answers.append([part.tobytes() for part in parts])
    assert answers[0] == answers[1]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), agents=st.integers(1, 20), load=st.floats(0.05, 30.0), drain=st.booleans())
def test_the_short_cut_of_one_pool_agrees_call_by_call(seed: int, agents: int, load: float, drain: bool) -> None:
    kinds = (Exponential(2.0), Gamma(2.0, 2.0), Deterministic(2.0), Empirical([0.0, 1.0, 1.0, 6.0]))
    plan = SimulationPlan(
        classes=[
            WorkClass(
                arrivals_per_hour=30.0 * load,
                handle=kinds[seed % 4],
                patience=None if seed % 3 == 0 else Exponential(2.0),
                batch_shares=[0.5, 0.5],
            )
        ],
        groups=[AgentGroup(agents=agents)],
        rules=[RULE],
        interval_minutes=20.0,
        drain=drain,
    )
    tables = tables_of(plan)
    calls = draw(plan, (seed,), range(1))
    assert runs.is_pool(plan, tables)
    short, full = (runs.simulate_draws(plan, tables, calls, general=general) for general in (False, True))
    np.testing.assert_array_equal(short.start_at, full.start_at)
    np.testing.assert_array_equal(short.taken_by, full.taken_by)
    np.testing.assert_allclose(short.flows, full.flows, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_sums_are_those_of_the_records(seed: int) -> None:
    plan = some_plan(seed)
    tables = tables_of(plan)
    seeded = np.random.default_rng(seed)
    records = simulate_calls(plan, rng=np.random.default_rng(seed))
    calls = draw(plan, tuple(int(word) for word in seeded.integers(0, 2**32, size=4)), range(1))
    tallies = runs.tally(plan, tables, calls, runs.simulate_draws(plan, tables, calls))
    step = plan.interval_minutes
    for k, work in enumerate(plan.classes):
        mine = records.work_class == k
        served = mine & (records.outcome == Outcome.SERVED)
        for t in range(plan.intervals):
            row = tallies.by_class[0, k, t]
            assert row.size == MEASURES
            here = (records.arrival_minutes >= t * step) & (records.arrival_minutes < (t + 1) * step)
            assert row[OFFERED] == np.count_nonzero(mine & here)
            assert row[SERVED_IN_TIME] == np.count_nonzero(
                served & here & (records.wait_minutes <= work.threshold_minutes)
            )
            ends = (records.arrival_minutes + records.wait_minutes)[mine].clip(t * step, (t + 1) * step)
            queued = ends - records.arrival_minutes[mine].clip(t * step, (t + 1) * step)
            assert row[QUEUED] == pytest.approx(queued.sum(), abs=1e-9)
    begins = records.arrival_minutes + records.wait_minutes
    for g in range(len(plan.groups)):
        mine = records.group == g
        for t in range(plan.intervals):
            worked = (begins + records.handle_minutes)[mine].clip(t * step, (t + 1) * step)
            worked = worked - begins[mine].clip(t * step, (t + 1) * step)
            assert tallies.by_group[0, g, t, 1] == pytest.approx(worked.sum(), abs=1e-9)


def test_the_same_state_of_rng_gives_the_same_bits() -> None:
    one, two = (simulate(two_sites(), replications=7, rng=rng(3)) for _ in range(2))
    for part in ("offered_calls", "lost_calls"):
        assert getattr(one.by_interval, part).tobytes() == getattr(two.by_interval, part).tobytes()
    other = simulate(two_sites(), replications=7, rng=rng(4))
    assert (one.by_class.offered_calls != other.by_class.offered_calls).all()


def test_variants_meet_the_same_calls() -> None:
    """More agents, another priority, more of another class: the calls of class 0 stay what they were."""
    plan = two_sites()
    variant = replace(
        plan,
        classes=[plan.classes[0], replace(plan.classes[1], arrivals_per_hour=300.0)],
        groups=[AgentGroup(agents=[9] * 4), AgentGroup(agents=[30] * 4)],
    )
    first, second = (draw(each, (5,), range(3)) for each in (plan, variant))
    for r in range(3):
        a, b = int(first.first[r, 0]), int(second.first[r, 0])
        n = int(first.arrivals[r, 0])
        assert n == second.arrivals[r, 0]
        for name in ("enter", "handle", "patience"):
            np.testing.assert_array_equal(getattr(first, name)[a : a + n], getattr(second, name)[b : b + n])
    # A surge brings more calls, and the first of them the same work.
    busier = replace(plan, classes=[replace(plan.classes[0], arrivals_per_hour=120.0), plan.classes[1]])
    more = draw(busier, (5,), range(1))
    n = int(first.arrivals[0, 0])
    assert more.arrivals[0, 0] > n
    np.testing.assert_array_equal(more.handle[:n], first.handle[:n])


def test_streams_are_named_and_unrelated() -> None:
    """A stream depends on its own name only, no two begin alike, and neighbours do not move together."""
    words = stream_words((1, 2, 3, 4), range(300), 3)
    assert np.unique(words).size == words.size
    np.testing.assert_array_equal(stream_words((1, 2, 3, 4), range(5, 7), 2), words[5:7, :2])
    assert not np.isin(stream_words((1, 2, 3, 5), range(300), 3), words).any()
    seen = np.array([[Streams(part).of(k, p).random(8).mean() for k in range(3) for p in range(4)] for part in words])
    unit = (seen - 0.5) * np.sqrt(12.0 * 8.0)
    assert abs(unit.mean()) * np.sqrt(unit.size) < 4.0
    assert unit.var() == pytest.approx(1.0, abs=0.1)
    assert (np.abs(np.corrcoef(unit.T)[np.triu_indices(12, 1)]) * np.sqrt(300.0) < 4.5).all()
    assert abs((unit[1:] * unit[:-1]).mean()) * np.sqrt(unit.size) < 4.0


def test_points_of_the_unit_process_are_seen_through_the_expected_count() -> None:
    so_far, clock = np.array([0.0, 0.0, 30.0, 30.0, 90.0, 90.0]), np.arange(6.0) * 30.0
    gaps = rng().exponential(size=200)
    times = np.empty(200)
    count = times_from_gaps(gaps, so_far, clock, 149.0, times)
    points = np.cumsum(gaps)
    assert count == np.count_nonzero(points < 90.0)
    # An empty interval is a jump, on one side of which interpolation stands.
    straight = np.interp(points[:count], [0.0, 30.0], [30.0, 60.0])
    straight[points[:count] >= 30.0] = np.interp(points[:count], [30.0, 90.0], [90.0, 120.0])[points[:count] >= 30.0]
    np.testing.assert_allclose(times[:count], straight, rtol=1e-12)
    assert times_from_gaps(gaps[:20], so_far, clock, 149.0, times) == -1
    assert times_from_gaps(gaps, np.zeros(6), clock, 149.0, times) == 0


def test_common_random_numbers_narrow_a_comparison() -> None:
    few, more = pool(5), pool(6)
    paired = compare(few, more, replications=60, rng=rng())
    difference = paired.mean_wait_minutes
    assert difference.upper[0] < 0.0
    apart = [
        simulate(plan, replications=60, rng=rng(seed)).by_class.mean_wait_minutes
        for seed, plan in ((7, few), (8, more))
    ]
    separate = float(np.hypot(apart[0].half_width[0], apart[1].half_width[0]))
    assert difference.half_width[0] < 0.6 * separate
    assert abs(difference.mean[0] - (apart[1].mean[0] - apart[0].mean[0])) < 2.0 * separate
    assert compare(few, few, replications=5, rng=rng()).mean_wait_minutes.half_width[0] == 0.0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), agents=st.integers(1, 8))
def test_one_agent_more_makes_nobody_wait_longer(seed: int, agents: int) -> None:
    """First come first served and nobody gives up: true call by call, on common random numbers."""
    waits = [simulate_calls(pool(n, patience=None), rng=rng(seed)).wait_minutes for n in (agents, agents + 1)]
    assert (waits[1] <= waits[0] + 1e-9).all()


def test_an_outage_stops_a_site_and_another_takes_its_calls() -> None:
    broken = Outage(group=0, start_minute=30.0, end_minute=60.0)
    alone, helped = (
        simulate(two_sites((each,)), replications=40, rng=rng()) for each in (broken, replace(broken, failover_group=1))
    )
    assert alone.by_group_interval.taken_calls[0, 1] == 0.0
    assert alone.by_group_interval.agents[0].tolist() == [6.0, 0.0, 6.0, 6.0]
    assert helped.by_group_interval.taken_calls[0, 1] == 0.0
    assert helped.by_group_interval.taken_calls[1, 1] > alone.by_group_interval.taken_calls[1, 1] + 5.0
    assert helped.by_interval.lost_calls[0, 1] < alone.by_interval.lost_calls[0, 1]
    assert helped.by_interval.lost_calls[1, 1] > alone.by_interval.lost_calls[1, 1]
    # After it, both are as they were.
    assert alone.by_group_interval.taken_calls[0, 3] > 30.0


def test_escalation_shortens_the_long_waits_of_the_class_that_escalates() -> None:
    classes = [WorkClass(arrivals_per_hour=50.0, handle=Exponential(3.0), threshold_minutes=5.0)] * 2
    rules = [RoutingRule(work_class=0, group=0, priority=1), RoutingRule(work_class=1, group=0, priority=2)]
    plain = SimulationPlan(classes=classes, groups=[AgentGroup(agents=[6] * 8)], rules=rules)
    raised = replace(plain, rules=[*rules, RoutingRule(work_class=1, group=0, priority=0, after_minutes=2.0)])
    gain = compare(plain, raised, replications=100, rng=rng()).virtual_in_time_of_offered
    assert gain.lower[1] > 0.0 > gain.upper[0]


def test_accounts_are_those_of_the_records_and_add_up() -> None:
    plan = replace(
        pool(4, account_shares=[0.5, 0.3, 0.0, 0.2], retry_share=0.5, threshold_minutes=0.5), warm_up_intervals=1
    )
    seen = simulate(plan, replications=200, rng=rng())
    accounts = seen.by_account
    assert accounts.offered_calls.sum() == pytest.approx(seen.by_class.offered_calls[0])
    assert accounts.served_calls.sum() == pytest.approx(seen.by_class.served_calls[0])
    assert accounts.abandoned_calls.sum() == pytest.approx(seen.by_class.abandoned_calls[0])
    np.testing.assert_allclose(accounts.offered_calls / accounts.offered_calls.sum(), [0.5, 0.3, 0.0, 0.2], atol=0.01)
    level = seen.by_class.served_in_time_of_offered.mean[0]
    inside = (
        np.abs(accounts.served_in_time_of_offered.mean - level) <= 2.0 * accounts.served_in_time_of_offered.half_width
    )
    assert inside[[0, 1, 3]].all()
    assert accounts.served_in_time_of_offered.mean[2] == 1.0
    records = simulate_calls(plan, rng=rng())
    assert (records.account == records.account[records.first_attempt]).all()


def test_a_replay_is_followed_to_the_letter() -> None:
    plan = pool(
        1, arrival_minutes=[0.0, 1.0, 1.5, 20.0], handle=Deterministic(4.0), patience=Deterministic(5.0),
        arrival_accounts=[2, 0, 0, 1],
    )  # fmt: skip
    seen = simulate_calls(plan, rng=rng())
    assert seen.arrival_minutes.tolist() == [0.0, 1.0, 1.5, 20.0]
    assert seen.wait_minutes.tolist() == [0.0, 3.0, 5.0, 0.0]
    assert seen.virtual_wait_minutes.tolist() == [0.0, 3.0, 6.5, 0.0]
    assert [Outcome(end).name for end in seen.outcome] == ["SERVED", "SERVED", "ABANDONED", "SERVED"]
    assert seen.account.tolist() == [2, 0, 0, 1]


def test_retrials_follow_the_call_that_failed() -> None:
    plan = pool(
        1, arrival_minutes=[0.0, 0.5], handle=Deterministic(30.0), patience=Deterministic(1.0), retry_share=0.99,
        retry_delay=Deterministic(4.0), max_retries=3,
    )  # fmt: skip
    seen = simulate_calls(plan, rng=rng())
    assert seen.arrival_minutes.tolist() == [0.0, 0.5, 5.5, 10.5, 15.5]
    assert seen.first_attempt.tolist() == [0, 1, 1, 1, 1]


def test_who_still_waits_at_the_end_is_said() -> None:
    nobody = pool(0, patience=None)
    for drain in (True, False):
        seen = simulate(replace(nobody, drain=drain), replications=3, rng=rng()).by_class
        assert seen.left_calls[0] == seen.offered_calls[0] == seen.waiting_at_end_calls[0] > 0.0
    drained = simulate(pool(1, patience=None), replications=5, rng=rng()).by_class
    assert drained.served_calls[0] == drained.offered_calls[0]
    assert drained.waiting_at_end_calls[0] > 10.0
    assert drained.left_calls[0] == 0.0


def test_agents_finish_the_call_in_hand() -> None:
    plan = pool([1, 0, 0, 0], arrival_minutes=[29.0, 29.5], handle=Deterministic(10.0), patience=None)
    seen = simulate(plan, replications=2, rng=rng())
    assert seen.by_group_interval.busy_agents.mean[0].tolist() == pytest.approx([1 / 30, 9 / 30, 0.0, 0.0])
    assert seen.by_class.served_calls[0] == 1.0
    assert seen.by_class.left_calls[0] == 1.0


def test_arrivals_have_the_mean_and_spread_that_was_asked() -> None:
    shape = np.array([0.0, 120.0, 60.0, 0.0])
    for more, variance in (
        ({}, 90.0),
        ({"busyness_cv": 0.4}, 90.0 + (0.4 * 90.0) ** 2),
        ({"interval_cv": 0.5}, 90.0 + 0.25 * (60.0**2 + 30.0**2)),
        ({"batch_shares": [0.5, 0.0, 0.5]}, 90.0 * (0.5 + 4.5) / 2.0),
    ):
        plan = pool(5, arrivals_per_hour=shape, **more)
        calls = draw(plan, (11,), range(3000))
        counts = calls.arrivals[:, 0]
        error = np.sqrt(variance / 3000)
        assert abs(counts.mean() - 90.0) < 4.0 * error
        assert counts.var() == pytest.approx(variance, rel=0.15)
        assert ((calls.enter >= 30.0) & (calls.enter <= 90.0)).all()
        assert np.mean(calls.enter < 60.0) == pytest.approx(2.0 / 3.0, abs=0.03)


def test_every_distribution_has_its_mean_and_keeps_its_beginning() -> None:
    for kind in (Exponential(2.0), Lognormal(2.0, 1.3), Gamma(2.0, 0.7), Deterministic(2.0), Empirical([0.5, 3.5])):
        short, long = np.empty(50), np.empty(200_000)
        kind.draw(rng(), short)
        kind.draw(rng(), long)
        np.testing.assert_array_equal(short, long[:50])
        assert long.mean() == pytest.approx(kind.mean_minutes, rel=0.02)
        cv = getattr(kind, "cv", None)
        assert cv is None or long.std() / long.mean() == pytest.approx(cv, rel=0.05)


@pytest.mark.parametrize(("kernel", "places"), [("simulate_lines", None), ("simulate_events", 1000)])
def test_a_kernel_whose_records_are_wrong_is_caught(
    kernel: str, places: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = getattr(runs, kernel)

    def forgetful(*arguments: Any) -> None:
        """Writes down one call as taken a minute later than it was."""
        honest(*arguments)
        calls = [a for a in arguments if isinstance(a, np.ndarray) and a.shape == arguments[5].shape]
        start_at = [a for a in calls if a.dtype == float][-1]
        start_at[np.flatnonzero(np.isfinite(start_at))[-1]] += 1.0

    plan = two_sites()
    plan = replace(plan, classes=[replace(work, waiting_places=places) for work in plan.classes])
    simulate(plan, replications=2, rng=rng())
    monkeypatch.setattr(runs, kernel, forgetful)
    with pytest.raises(EngineError, match="Little's law fails"):
        simulate(plan, replications=2, rng=rng())


@pytest.mark.parametrize(
    "spoil", [lambda f: f[:, 0] + 1.0, lambda f: f[:, 0] * (1.0 + 1e-6), lambda f: f[:, 0] - 0.001]
)
@pytest.mark.parametrize("place", range(4))
def test_littles_law_is_asserted_in_every_place(spoil: Any, place: int) -> None:
    plan = pool(3)
    tables = tables_of(plan)
    calls = draw(plan, (1,), range(2))
    outcomes = runs.simulate_draws(plan, tables, calls)
    runs.tally(plan, tables, calls, outcomes)
    outcomes.flows[:, place] = spoil(outcomes.flows[:, place : place + 1])
    with pytest.raises(EngineError, match="Little's law fails"):
        runs.tally(plan, tables, calls, outcomes)


def test_a_million_agents_are_no_trouble() -> None:
    seen = simulate(pool(10**6, steps=2, arrivals_per_hour=4000.0), replications=3, rng=rng())
    assert seen.by_class.served_in_time_of_offered.mean[0] == 1.0
    changing = pool([10**5, 10**5 + 1], steps=2, arrivals_per_hour=4000.0)
    assert simulate(changing, replications=3, rng=rng()).by_class.abandoned_share.mean[0] == 0.0


def test_arrays_of_an_optimiser_become_a_plan() -> None:
    plan = staffing_plan(
        [[60.0, 90.0], [30.0, 30.0]], [[4, 6], [2, 2]], [[1, 2], [0, 1]], [Exponential(3.0), Gamma(4.0, 0.5)],
        [Exponential(5.0), None], priority=[2, 1],
    )  # fmt: skip
    assert [(rule.work_class, rule.group, rule.priority) for rule in plan.rules] == [(0, 0, 2), (0, 1, 2), (1, 1, 1)]
    seen = simulate(plan, replications=50, rng=rng())
    np.testing.assert_allclose(seen.by_interval.offered_calls, [[30.0, 45.0], [15.0, 15.0]], rtol=0.1)
    assert isinstance(seen.by_class, CallMeasures)
    assert not seen.by_interval.mean_queue.mean.flags.writeable


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        (lambda: Exponential(0.0), "mean_minutes"),
        (lambda: Exponential(np.nan), "mean_minutes"),
        (lambda: Lognormal(1.0, np.inf), "cv"),
        (lambda: Empirical([]), "minutes is empty"),
        (lambda: WorkClass(arrivals_per_hour=-1.0, handle=Exponential(1.0)), "arrivals_per_hour"),
        (lambda: WorkClass(arrivals_per_hour=[1.0, np.nan], handle=Exponential(1.0)), "arrivals_per_hour"),
        (lambda: WorkClass(handle=3.0), "handle"),  # type: ignore[arg-type]
        (lambda: WorkClass(handle=Exponential(1.0), retry_share=1.0), "retry_share"),
        (lambda: WorkClass(handle=Exponential(1.0), account_shares=[0.5, 0.4]), "account_shares sums"),
        (lambda: WorkClass(handle=Exponential(1.0), arrival_minutes=[2.0, 1.0]), "rising"),
        (lambda: WorkClass(handle=Exponential(1.0), arrival_accounts=[1]), "arrival_minutes"),
        (lambda: AgentGroup(agents=2.5), "agents"),
        (lambda: AgentGroup(agents=2, handle_factor=0.0), "handle_factor"),
        (lambda: RoutingRule(work_class=0, group=0, from_minute=5.0, until_minute=5.0), "until_minute"),
        (lambda: Outage(group=0, start_minute=5.0, end_minute=1.0), "end_minute"),
        (lambda: Outage(group=0, start_minute=0.0, end_minute=1.0, failover_group=0), "failover_group"),
        (lambda: replace(pool(), rules=[RoutingRule(work_class=0, group=3)]), "group is 3"),
        (lambda: replace(pool(), rules=[]), "rules is empty"),
        (lambda: replace(pool(), classes=[*pool().classes] * 2), "no rule serves class 1"),
        (lambda: replace(pool(), groups=[AgentGroup(agents=[1, 2]), AgentGroup(agents=[1, 2, 3])]), "intervals"),
        (lambda: replace(pool(), warm_up_intervals=4), "warm_up_intervals"),
        (lambda: replace(pool(), interval_minutes=1e9), "interval_minutes"),
        (lambda: pool(arrival_minutes=[500.0]), "ends after the plan"),
        (lambda: simulate(pool(), replications=1, rng=rng()), "replications"),
        (lambda: simulate(pool(), replications=2, rng=rng(), confidence_share=1.0), "confidence_share"),
        (lambda: simulate(pool(arrivals_per_hour=1e9), replications=2, rng=rng()), "arrivals_per_hour"),
        (lambda: compare(pool(), two_sites(), replications=2, rng=rng()), "classes"),
    ],
)
def test_what_no_answer_can_be_right_for_is_refused(wrong: Any, what: str) -> None:
    with pytest.raises(EngineInputError, match=what):
        wrong()
