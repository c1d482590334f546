"""Tiers in one line: against textbook answers, 20-digit integrals, and an event simulation written apart."""

import heapq

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import (
    conserved_wait_minutes,
    erlang_c_performance,
    priority_performance,
    required_agents_with_priorities,
)
from closeknit.engine.queueing.priority_kernels import longer_wait_share

COUNTY = [0.2, 0.6, 1.2]
"""Arrivals of Hillier and Lieberman's county hospital (per hour; 3 patients an hour and doctor)."""


def simulate(agents, arrivals, handles, horizon, seed, preemptive=False, threshold=1.0):
    """Mean time in line, mean first wait and share begun within the threshold, by class; exponential handling."""
    rng = np.random.default_rng(seed)
    times = [np.cumsum(rng.exponential(1.0 / rate, int(rate * horizon))) for rate in arrivals]
    events = sorted((t, k) for k, ts in enumerate(times) for t in ts)
    works = rng.exponential(1.0, len(events)) * np.array(handles)[[k for _, k in events]]
    lines = [[] for _ in arrivals]
    busy = []  # (end, -class, number): the heap of ends
    left, started, waited = works.copy(), np.full(len(events), -1.0), np.zeros(len(events))
    since = np.array([t for t, _ in events])
    gone = set()

    def begin(number, now):
        if started[number] < 0.0:
            started[number] = now
        waited[number] += now - since[number]
        heapq.heappush(busy, (now + left[number], number))

    def end_until(now):
        while busy and busy[0][0] <= now:
            end, number = heapq.heappop(busy)
            gone.add(number)
            for line in lines:
                if line:
                    begin(heapq.heappop(line), end)
                    break

    for number, (now, k) in enumerate(events):
        end_until(now)
        if len(busy) < agents:
            begin(number, now)
            continue
        if preemptive:
            worst = max(busy, key=lambda item: (events[item[1]][1], item[1]))
            if events[worst[1]][1] > k:
                busy.remove(worst)
                heapq.heapify(busy)
                left[worst[1]] = worst[0] - now
                since[worst[1]] = now
                heapq.heappush(lines[events[worst[1]][1]], worst[1])
                begin(number, now)
                continue
        heapq.heappush(lines[k], number)
    end_until(np.inf)
    kinds = np.array([k for _, k in events])
    arrived = np.array([t for t, _ in events])
    keep = arrived > 0.1 * horizon
    first = started - arrived
    pick = [keep & (kinds == k) for k in range(len(arrivals))]
    return np.array([[waited[p].mean(), first[p].mean(), (first[p] <= threshold).mean()] for p in pick]).T


def longer_by_integral(time, above, with_own):
    """The same tail by its spectral integral over the cut, and the pole where there is one in 20 digits."""
    with mpmath.workdps(20):
        time, above, with_own = map(mpmath.mpf, (time, above, with_own))
        ratio = with_own / mpmath.sqrt(above)

        def density(turn):
            rate = 1 + above - 2 * mpmath.sqrt(above) * mpmath.cos(turn)
            weight = 1 - 2 * ratio * mpmath.cos(turn) + ratio**2
            return mpmath.sin(turn) ** 2 * mpmath.exp(-rate * time) / (rate * weight)

        cuts = [0] + [mpmath.pi / mpmath.mpf(2) ** k for k in range(21, -1, -3)]
        total = (1 - with_own) * 2 / mpmath.pi * mpmath.quad(density, cuts)
        if ratio > 1:
            rate = (1 - with_own) * (with_own - above) / with_own
            total += (1 - with_own) / rate * (1 - above / with_own**2) * mpmath.exp(-rate * time)
        return float(total)


@pytest.mark.parametrize("above", [1e-6, 0.3, 0.95, 0.99999])
@pytest.mark.parametrize("own", [1e-6, 0.3, 0.9])
def test_the_tail_agrees_with_its_integral_to_13_digits(above: float, own: float) -> None:
    with_own = above + (1.0 - above) * own
    for time in (1e-8, 3.0, 100.0):
        got = longer_wait_share(time, above, with_own)
        assert got == pytest.approx(longer_by_integral(time, above, with_own), rel=0.0, abs=1e-13)


@pytest.mark.parametrize(
    ("servers", "preemptive", "waits"),
    [
        (1, True, [0.024, 0.154, 1.030]),
        (2, True, [0.00037, 0.00793, 0.06542]),
        (1, False, [0.238, 0.325, 0.909]),
        (2, False, [0.029, 0.033, 0.048]),
    ],
)
def test_the_county_hospital_of_hillier_and_lieberman(servers, preemptive, waits) -> None:
    got = priority_performance(servers, COUNTY, 20.0, 0.0, preemptive=preemptive)
    np.testing.assert_allclose(got.mean_wait_minutes / 60.0, waits, atol=0.0006)


def test_fifty_agents_at_95_percent_as_another_program_found() -> None:
    # 30, 40 and 25 % of fifty agents, 5 minutes each; answered within 20 seconds, 1 and 3 minutes
    arrivals = np.array([0.3, 0.4, 0.25]) * 50 * 12.0
    got = priority_performance(50, arrivals, 5.0, [1.0 / 3.0, 1.0, 3.0])
    assert got.is_exact
    assert got.level_is_exact
    np.testing.assert_allclose(got.service_level_share, [0.939, 0.916, 0.6275], atol=5e-4)
    np.testing.assert_allclose(got.mean_wait_minutes, [0.090, 0.300, 4.19], atol=5e-3)


@pytest.mark.parametrize("preemptive", [False, True], ids=["waits its turn", "interrupts"])
def test_exact_answers_agree_with_a_simulation(preemptive: bool) -> None:
    arrivals, handle = np.array([1.0, 1.5, 2.0]), 2.0
    runs = [simulate(11, arrivals, [handle] * 3, 4000.0, seed, preemptive) for seed in range(8)]
    mean, error = np.mean(runs, axis=0), np.std(runs, axis=0, ddof=1) / np.sqrt(len(runs))
    got = priority_performance(11, 60.0 * arrivals, handle, 1.0, preemptive=preemptive)
    want = np.array([got.mean_wait_minutes, got.mean_first_wait_minutes, got.service_level_share])
    assert (np.abs(mean - want) < 4.5 * error + 1e-4).all()


@pytest.mark.parametrize("preemptive", [False, True], ids=["waits its turn", "interrupts"])
def test_different_handling_times_are_near_a_simulation(preemptive: bool) -> None:
    arrivals, handles = np.array([2.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0])
    runs = [simulate(8, arrivals, handles, 4000.0, seed, preemptive) for seed in range(6)]
    mean = np.mean(runs, axis=0)
    got = priority_performance(8, 60.0 * arrivals, handles, 1.0, preemptive=preemptive)
    assert not got.is_exact
    waits = np.array([got.mean_wait_minutes, got.mean_first_wait_minutes])
    np.testing.assert_allclose(waits, mean[:2], rtol=0.25)
    np.testing.assert_allclose(got.service_level_share, mean[2], atol=0.03)


@settings(max_examples=60, deadline=None)
@given(
    loads=st.lists(st.floats(0.01, 60.0), min_size=1, max_size=5),
    spare=st.integers(0, 20),
    preemptive=st.booleans(),
)
def test_laws_of_tiers(loads: list[float], spare: int, preemptive: bool) -> None:
    arrivals, agents = np.array(loads) * 12.0, int(1.001 * sum(loads) + 0.01) + 1 + spare
    got = priority_performance(agents, arrivals, 5.0, 0.5, preemptive=preemptive)
    together = erlang_c_performance(agents, arrivals.sum(), 5.0, 0.5)
    # Whoever goes first, the line is as long: the conservation law.
    assert got.mean_queue.sum() == pytest.approx(float(together.mean_wait_minutes) * arrivals.sum() / 60.0, rel=1e-8)
    if not preemptive:
        shares = arrivals * 5.0 / 60.0 / agents
        held = float(conserved_wait_minutes(agents, arrivals, 5.0))
        assert (shares * got.mean_wait_minutes).sum() == pytest.approx(held, rel=1e-8)
    assert (np.diff(got.mean_first_wait_minutes) >= -1e-12).all()
    more = priority_performance(agents + 1, arrivals, 5.0, 0.5, preemptive=preemptive)
    assert (more.service_level_share >= got.service_level_share - 1e-12).all()
    # Dropping the last class never harms those before it.
    if len(loads) > 1:
        less = priority_performance(agents, arrivals[:-1], 5.0, 0.5, preemptive=preemptive)
        assert (less.service_level_share >= got.service_level_share[:-1] - 1e-12).all()


def test_one_class_is_erlang_c() -> None:
    agents = np.array([3, 12, 120, 1020])
    load = np.array([2.0, 10.0, 110.0, 1000.0])
    got = priority_performance(agents, load[:, None], 60.0, 2.0)
    want = erlang_c_performance(agents, load, 60.0, 2.0)
    np.testing.assert_allclose(got.service_level_share[:, 0], want.service_level_share, rtol=1e-10)
    np.testing.assert_allclose(got.mean_wait_minutes[:, 0], want.mean_wait_minutes, rtol=1e-10)


def test_one_agent_with_any_handling_times_is_cobham() -> None:
    rate, handle, cv = np.array([0.1, 0.2, 0.1]), np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 4.0])
    base = (rate * handle**2 * (1.0 + cv)).sum() / 2.0
    share = np.cumsum(rate * handle)
    before = np.append(0.0, share[:-1])
    got = priority_performance(1, rate * 60.0, handle, 1.0, squared_cv=cv)
    np.testing.assert_allclose(got.mean_wait_minutes, base / ((1 - before) * (1 - share)), rtol=1e-12)
    part = np.cumsum(rate * handle**2 * (1.0 + cv)) / 2.0
    want = part / ((1 - before) * (1 - share)) + handle * before / (1 - before)
    got = priority_performance(1, rate * 60.0, handle, 1.0, squared_cv=cv, preemptive=True)
    np.testing.assert_allclose(got.mean_wait_minutes, want, rtol=1e-12)
    assert got.is_exact
    assert not got.level_is_exact


def test_a_class_that_hardly_comes_waits_as_its_first_customer_would() -> None:
    rare = np.array([0.0, 1e-12, 1e-7, 1e-4, 0.1])
    arrivals = np.stack([np.full(5, 60.0), rare, np.full(5, 80.0)], axis=1)
    waits = priority_performance(4, arrivals, 1.0, 0.5, preemptive=True).mean_wait_minutes[:, 1]
    np.testing.assert_allclose(waits, waits[3], rtol=5e-3)
    np.testing.assert_allclose(waits[:3], waits[3], rtol=1e-5)
    full = priority_performance(4, [[120.0, 119.9999], [239.9999, 1e-9]], 1.0, 0.5, preemptive=True)
    assert np.isfinite(full.mean_wait_minutes).all()


def test_a_class_without_end_leaves_those_above_it_well() -> None:
    got = priority_performance(10, [120.0, 60.0, 600.0], 2.0, 0.5)
    assert got.is_stable.tolist() == [True, True, False]
    assert got.service_level_share[2] == 0.0
    assert np.isinf(got.mean_wait_minutes[2])
    # all agents are always busy: the first class waits for one of ten to come free
    assert got.mean_wait_minutes[0] == pytest.approx(0.2 / (1 - 0.4))


@pytest.mark.parametrize("preemptive", [False, True])
def test_the_team_is_the_smallest_that_keeps_every_promise(preemptive: bool) -> None:
    rng = np.random.default_rng(7)
    arrivals = rng.gamma(0.6, 200.0, (200, 3))
    arrivals[0] = 0.0
    threshold, share = np.array([0.3, 1.0, 10.0]), rng.uniform(0.0, 0.97, (200, 3))
    limit, handle = np.array([np.inf, 2.0, np.inf]), rng.uniform(2.0, 9.0, (200, 1))
    need = required_agents_with_priorities(arrivals, handle, threshold, share, limit, 0.92, preemptive=preemptive)
    assert need.agents[0] == 0
    assert need.binding[0] == "no_work"

    def meets(team):
        got = priority_performance(np.maximum(team, 1), arrivals, handle, threshold, preemptive=preemptive)
        good = (got.service_level_share >= share) & (got.mean_wait_minutes <= limit * (1 + 1e-12)) & got.is_stable
        return (good | (arrivals == 0)).all(axis=1) & (got.total_offered_erlangs <= 0.92 * team * (1 + 1e-12))

    assert meets(need.agents)[1:].all()
    assert not meets(need.agents - 1)[1:].any()
    assert set(need.binding.tolist()) >= {"service_level", "mean_wait", "occupancy", "no_work"}


def test_shapes_broadcast_and_bad_input_is_refused_by_name() -> None:
    got = priority_performance([[5], [6]], np.full((3, 2), 60.0), 2.0, [0.5, 1.0])
    assert got.service_level_share.shape == (2, 3, 2)
    assert got.occupancy_share.shape == (2, 3)
    for change in ({"agents": 0}, {"arrivals_per_hour": [np.nan, 1.0]}, {"handle_minutes": 0.0}, {"squared_cv": -1.0}):
        call = {"agents": 3, "arrivals_per_hour": [3.0, 4.0], "handle_minutes": 5.0, "threshold_minutes": 1.0}
        with pytest.raises(EngineInputError, match=next(iter(change))):
            priority_performance(**{**call, **change})
    with pytest.raises(EngineInputError, match="classes"):
        priority_performance(3, 4.0, 5.0, 1.0)
    with pytest.raises(EngineInputError, match="target_share"):
        required_agents_with_priorities([3.0, 4.0], 5.0, 1.0, [0.5, 0.6, 0.7])
    with pytest.raises(EngineInputError, match="max_occupancy_share"):
        required_agents_with_priorities([3.0, 4.0], 5.0, 1.0, 0.5, np.inf, [0.9, 0.8])
