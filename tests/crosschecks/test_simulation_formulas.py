"""Simulated queues against exact results, and the frequency with which intervals hold the truth."""

import math

import numpy as np
import pytest

from closeknit.engine.queueing.palm_kernels import palm_tails
from closeknit.engine.simulation import (
    AgentGroup,
    Deterministic,
    Exponential,
    Gamma,
    RoutingRule,
    SimulationPlan,
    SimulationResult,
    WorkClass,
    simulate,
)

T = 1.0 / 3.0


def one_pool(work: WorkClass, agents: int, minutes: float, warm_up: int = 1, steps: int = 10) -> SimulationPlan:
    return SimulationPlan(
        classes=[work],
        groups=[AgentGroup(agents=[agents] * steps)],
        rules=[RoutingRule(work_class=0, group=0)],
        interval_minutes=minutes,
        warm_up_intervals=warm_up,
        drain=False,
    )


def run(plan: SimulationPlan, replications: int, seed: int = 1) -> SimulationResult:
    # Four standard errors: some hundred comparisons must not fail by chance.
    return simulate(plan, replications=replications, rng=np.random.default_rng(seed), confidence_share=0.9999)


def erlang_a_by_states(servers: int, load: float, patience: float) -> tuple[float, float, float]:
    """Probability of waiting, of abandoning and mean wait (in handling times) of M/M/c+M, from its states."""
    weights = [1.0]
    for n in range(1, servers + 2000):
        weights.append(weights[-1] * load / (min(n, servers) + max(n - servers, 0) / patience))
    total = sum(weights)
    queue = sum((n - servers) * w for n, w in enumerate(weights) if n > servers) / total
    waits = sum(w for n, w in enumerate(weights) if n >= servers) / total
    return waits, queue / patience / load, queue / load


def test_a_hundred_agents_with_abandonment_keep_the_exact_service_level() -> None:
    """M/M/100+M with 100 erlangs, handling 5 and patience 3 minutes, twenty seconds: exact .80191, .04491, .13474."""
    work = WorkClass(arrivals_per_hour=1200.0, handle=Exponential(5.0), patience=Exponential(3.0))
    seen = run(one_pool(work, 100, 900.0), 20).by_class
    _, abandons, wait = erlang_a_by_states(100, 100.0, 0.6)
    assert abandons == pytest.approx(0.04491, abs=1e-5)
    assert abs(seen.abandoned_share.mean[0] - abandons) <= seen.abandoned_share.half_width[0] < 0.003
    assert abs(seen.mean_wait_minutes.mean[0] - 5.0 * wait) <= seen.mean_wait_minutes.half_width[0] < 0.02
    late, answered_late, _ = palm_tails(100.0, 100.0, 5.0 / 3.0, 1.0 / 15.0)
    of_offered = 1.0 - abandons - answered_late
    for measured, exact in (
        (seen.virtual_in_time_of_offered, 1.0 - late),
        (seen.served_in_time_of_offered, of_offered),
        (seen.served_in_time_of_served, of_offered / (1.0 - abandons)),
    ):
        assert abs(measured.mean[0] - exact) <= measured.half_width[0] < 0.015
    assert of_offered == pytest.approx(0.80191, abs=1e-5)


@pytest.mark.parametrize(
    ("agents", "load", "patience"), [(1, 0.7, 0.3), (4, 6.0, 1.0), (12, 10.0, 4.0), (30, 33.0, 0.5)]
)
def test_abandonment_and_waits_are_those_of_the_states(agents: int, load: float, patience: float) -> None:
    work = WorkClass(arrivals_per_hour=60.0 * load, handle=Exponential(1.0), patience=Exponential(patience))
    seen = run(one_pool(work, agents, 200.0), 30).by_class
    _, abandons, wait = erlang_a_by_states(agents, load, patience)
    assert abs(seen.abandoned_share.mean[0] - abandons) <= seen.abandoned_share.half_width[0]
    assert abs(seen.mean_wait_minutes.mean[0] - wait) <= seen.mean_wait_minutes.half_width[0]
    assert abs(seen.mean_queue.mean[0] - load * wait) <= seen.mean_queue.half_width[0]


def test_without_abandonment_it_is_erlang_c() -> None:
    agents, load = 10, 8.0
    work = WorkClass(arrivals_per_hour=60.0 * load, handle=Exponential(1.0), threshold_minutes=0.5)
    plan = one_pool(work, agents, 300.0)
    seen = run(plan, 60)
    top = load**agents / math.factorial(agents) * agents / (agents - load)
    delay = top / (sum(load**n / math.factorial(n) for n in range(agents)) + top)
    level = 1.0 - delay * math.exp(-(agents - load) * 0.5)
    for measured in (seen.by_class.served_in_time_of_offered, seen.by_class.virtual_in_time_of_offered):
        assert abs(measured.mean[0] - level) <= measured.half_width[0] < 0.02
    wait = seen.by_class.mean_wait_of_served_minutes
    assert abs(wait.mean[0] - delay / (agents - load)) <= wait.half_width[0]
    assert abs(seen.by_group.occupancy_share.mean[0] - 0.8) <= seen.by_group.occupancy_share.half_width[0] < 0.02


def test_the_three_service_levels_differ_as_they_should() -> None:
    """M/M/1+M by its states: a virtual wait is that of one who never leaves, so it's longer than a served one's."""
    work = WorkClass(arrivals_per_hour=60.0, handle=Exponential(1.0), patience=Exponential(1.0), threshold_minutes=0.5)
    seen = run(one_pool(work, 1, 300.0), 40).by_class
    of_offered, virtual, of_served = (
        seen.served_in_time_of_offered, seen.virtual_in_time_of_offered, seen.served_in_time_of_served
    )  # fmt: skip
    # With patience like handling, n in the system is Poisson(1), and those ahead leave as a pure death process of rate
    # 1 + (places ahead) x 1, so the virtual wait behind n is the largest of n exponentials: P(V <= t) = (1 - e^-t)^n.
    level = math.exp(-1.0) * sum((1.0 - math.exp(-0.5)) ** n / math.factorial(n) for n in range(40))
    assert abs(virtual.mean[0] - level) <= virtual.half_width[0] < 0.02
    # Served in time: V <= T and patience beyond V. Its density is that of V, thinned by e^-v.
    grid = np.linspace(0.0, 0.5, 20001)
    density = math.exp(-1.0) * np.exp(-grid) * np.exp(1.0 - np.exp(-grid))
    served = math.exp(-1.0) + np.trapezoid(density * np.exp(-grid), grid)
    assert abs(of_offered.mean[0] - served) <= of_offered.half_width[0]
    share = math.exp(-1.0) + np.trapezoid(
        (tail := math.exp(-1.0) * np.exp(-(g := np.linspace(0, 40, 400001))) * np.exp(1.0 - np.exp(-g))) * np.exp(-g), g
    )
    assert tail.size
    assert abs(of_served.mean[0] - served / share) <= of_served.half_width[0]
    assert of_offered.mean[0] < virtual.mean[0] < of_served.mean[0]


def test_no_place_to_wait_is_erlang_b_whatever_the_handling_times() -> None:
    loss = (5.0**6 / math.factorial(6)) / sum(5.0**n / math.factorial(n) for n in range(7))
    for handle in (Exponential(2.0), Deterministic(2.0), Gamma(2.0, 1.7)):
        work = WorkClass(arrivals_per_hour=150.0, handle=handle, waiting_places=0)
        seen = run(one_pool(work, 6, 300.0), 40).by_class
        assert abs(seen.blocked_share.mean[0] - loss) <= seen.blocked_share.half_width[0] < 0.02
        assert seen.mean_wait_minutes.mean[0] == 0.0


def test_limited_places_are_the_states_cut_off() -> None:
    work = WorkClass(arrivals_per_hour=240.0, handle=Exponential(1.0), patience=Exponential(2.0), waiting_places=3)
    seen = run(one_pool(work, 3, 300.0), 40).by_class
    weights = [1.0]
    for n in range(1, 7):
        weights.append(weights[-1] * 4.0 / (min(n, 3) + max(n - 3, 0) / 2.0))
    assert abs(seen.blocked_share.mean[0] - weights[-1] / sum(weights)) <= seen.blocked_share.half_width[0] < 0.01


@pytest.mark.parametrize(
    ("handle", "scv"), [(Deterministic(1.0), 0.0), (Gamma(1.0, 0.5), 0.25), (Gamma(1.0, 1.5), 2.25)]
)
def test_one_server_waits_as_pollaczek_and_khinchine_say(handle: Deterministic | Gamma, scv: float) -> None:
    work = WorkClass(arrivals_per_hour=36.0, handle=handle)
    seen = run(one_pool(work, 1, 400.0), 60).by_class.mean_wait_minutes
    assert abs(seen.mean[0] - 0.6 * (1.0 + scv) / 2.0 / 0.4) <= seen.half_width[0]


def test_priorities_wait_as_cobham_says_and_conserve() -> None:
    """M/M/1, rates 0.2, 0.3, 0.3 a minute, one minute of work each."""
    rates = [0.2, 0.3, 0.3]
    plan = SimulationPlan(
        classes=[WorkClass(arrivals_per_hour=60.0 * rate, handle=Exponential(1.0)) for rate in rates],
        groups=[AgentGroup(agents=[1] * 10)],
        rules=[RoutingRule(work_class=k, group=0, priority=k + 1) for k in range(3)],
        interval_minutes=400.0,
        warm_up_intervals=1,
        drain=False,
    )
    wait = run(plan, 80).by_class.mean_wait_minutes
    exact = [0.8 / (1.0 - 0.2), 0.8 / (0.8 * 0.5), 0.8 / (0.5 * 0.2)]
    assert (np.abs(wait.mean - exact) <= wait.half_width).all()
    assert np.dot(rates, exact) == pytest.approx(0.8 * 0.8 / 0.2)


def test_retrials_are_those_of_the_chain_of_busy_agents_and_orbit() -> None:
    """Two agents, no place to wait: who is blocked tries again with 0.7 after an exponential time of mean 2."""
    rate, share, back, most = 1.5, 0.7, 0.5, 80
    size = 3 * (most + 1)
    q = np.zeros((size, size))
    for j in range(most + 1):
        for n in range(3):
            here = 3 * j + n
            moves = []
            if n < 2:
                moves += [(here + 1, rate)] + ([(here - 3 + 1, j * back)] if j else [])
            else:
                moves += [(here + 3, rate * share)] if j < most else []
                moves += [(here - 3, j * back * (1.0 - share))] if j else []
            moves += [(here - 1, float(n))] if n else []
            for there, speed in moves:
                q[here, there] += speed
                q[here, here] -= speed
    chances = np.linalg.lstsq(np.vstack([q.T, np.ones(size)]), np.append(np.zeros(size), 1.0), rcond=None)[0]
    orbit = np.repeat(np.arange(most + 1), 3)
    busy = np.tile(np.arange(3), most + 1)
    tries = rate + (chances * orbit).sum() * back
    blocked = (rate * chances[busy == 2].sum() + back * (chances * orbit)[busy == 2].sum()) / tries
    work = WorkClass(
        arrivals_per_hour=60.0 * rate, handle=Exponential(1.0), waiting_places=0, retry_share=share,
        retry_delay=Exponential(1.0 / back), max_retries=200,
    )  # fmt: skip
    seen = run(one_pool(work, 2, 300.0), 40).by_class
    assert abs(seen.blocked_share.mean[0] - blocked) <= seen.blocked_share.half_width[0] < 0.02
    minutes = 9 * 300.0
    assert seen.offered_calls[0] == pytest.approx(tries * minutes, rel=0.03)
    assert seen.lost_calls[0] == pytest.approx(tries * minutes * blocked * (1.0 - share), rel=0.06)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    work = WorkClass(arrivals_per_hour=240.0, handle=Exponential(1.0), patience=Exponential(2.0))
    _, abandons, wait = erlang_a_by_states(4, 4.0, 2.0)
    plan = one_pool(work, 4, 20.0, steps=8)
    rng = np.random.default_rng(5)
    held = np.zeros(2)
    for _ in range(400):
        seen = simulate(plan, replications=12, rng=rng, confidence_share=0.9).by_class
        held[0] += seen.abandoned_share.lower[0] <= abandons <= seen.abandoned_share.upper[0]
        held[1] += seen.mean_wait_minutes.lower[0] <= wait <= seen.mean_wait_minutes.upper[0]
    # Four standard errors of a share of 400, and a point for ratios being biased.
    assert (np.abs(held / 400 - 0.9) <= 0.07).all()
