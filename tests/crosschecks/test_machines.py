"""Machine hours by hand, and the repair crew against the chain solved as linear equations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import erlang_b, repair_performance, required_machine_hours, required_repairers


def solved(crew, fleet, between, repair, spares):
    """Running, waiting and the share of failures that wait, from the balance of flows."""
    states = fleet + spares + 1
    flow = np.zeros((states, states))
    up = np.minimum(fleet, fleet + spares - np.arange(states)) / between
    down = np.minimum(np.arange(states), crew) / repair
    for i in range(states):
        if i + 1 < states:
            flow[i, i + 1] += up[i]
        if i > 0:
            flow[i, i - 1] += down[i]
        flow[i, i] = -up[i] - (down[i] if i else 0.0)
    share = np.linalg.lstsq(np.vstack([flow.T, np.ones(states)]), np.append(np.zeros(states), 1.0), rcond=None)[0]
    running = share @ (up * between)
    late = share[crew:] @ up[crew:] / (share @ up)
    return running, share @ np.maximum(np.arange(states) - crew, 0), late


@pytest.mark.parametrize("crew", [1, 2, 7])
@pytest.mark.parametrize("spares", [0, 3])
@pytest.mark.parametrize("between", [5.0, 60.0])
def test_repair_agrees_with_its_balance(crew: int, spares: int, between: float) -> None:
    got = repair_performance(crew, 12, between, 4.0, spares)
    running, waiting, late = solved(crew, 12, between, 4.0, spares)
    assert float(got.running_machines) == pytest.approx(running, rel=1e-9)
    assert float(got.wait_share) == pytest.approx(late, rel=1e-9)
    # Little's law, of those who wait and of all that are down.
    assert float(got.mean_wait_hours * got.failures_per_hour) == pytest.approx(waiting, rel=1e-9)
    down = float(got.failures_per_hour) * (float(got.mean_wait_hours) + 4.0)
    assert float(got.down_machines) == pytest.approx(down, rel=1e-9)


def test_limits_of_repair() -> None:
    # A repairer for each machine and no spares: each is up its own share of the time, alone.
    got = repair_performance(9, 9, 30.0, 10.0)
    assert float(got.running_share) == pytest.approx(0.75)
    # Endless spares: the whole fleet always runs and its failures come at random.
    rich = repair_performance(8, 4, 10.0, 10.0, 4000)
    assert float(rich.running_share) == pytest.approx(1.0)
    # One machine and many repairers with as many spares: Erlang's loss from the other side.
    loss = repair_performance(5, 1, 1.0, 2.0, 4)
    assert 1.0 - float(loss.running_share) == pytest.approx(float(erlang_b(5, 2.0)), rel=1e-9)
    idle = repair_performance([0, 3], [4, 0], 10.0, 1.0)
    assert idle.running_share.tolist() == [0.0, 1.0]
    assert np.isinf(idle.mean_wait_hours[0])
    huge = repair_performance(3000, 50_000, 100.0, 5.0, 100)
    assert 0.9 < float(huge.running_share) < 1.0


@settings(max_examples=40, deadline=None)
@given(fleet=st.integers(1, 60), ratio=st.floats(0.01, 2.0), spares=st.integers(0, 5))
def test_more_repairers_spares_or_time_keep_more_running(fleet: int, ratio: float, spares: int) -> None:
    crew = np.arange(1, fleet + spares + 1)
    got = repair_performance(crew, fleet, 1.0, ratio, spares)
    assert (np.diff(got.running_share) >= -1e-12).all()
    assert (np.diff(got.mean_wait_hours) <= 1e-9).all()
    more = repair_performance(crew, fleet, 1.0, ratio, spares + 1)
    assert (more.running_share >= got.running_share - 1e-12).all()
    target = float(got.running_share[-1]) * 0.97
    need = int(required_repairers(fleet, 1.0, ratio, target, spares).repairers)
    assert need == 1 + np.argmax(got.running_share >= target * (1 - 1e-9))


def test_machine_hours_by_hand() -> None:
    need = required_machine_hours(950.0, 60.0, 0.95, 0.9, 0.8, 250.0, 0.5, 8.0)
    assert float(need.started_units) == pytest.approx(1000.0)
    assert float(need.batches) == 4.0
    assert float(need.scheduled_hours) == pytest.approx((1000 / 48 + 2.0) / 0.9)
    assert int(need.machines) == 4
    assert float(need.oee_share) == pytest.approx(950 / 60 / float(need.scheduled_hours))
    nothing = required_machine_hours(0.0, 60.0, hours_per_machine=8.0)
    assert (nothing.machines, nothing.scheduled_hours) == (0, 0.0)
    # Without changeovers the product of the three shares is the OEE.
    product = required_machine_hours(500.0, 10.0, 0.9, 0.8, 0.7)
    assert float(product.oee_share) == pytest.approx(0.9 * 0.8 * 0.7)


def test_impossible_machines_are_refused() -> None:
    with pytest.raises(EngineInputError, match="spares"):
        required_repairers(10, 10.0, 10.0, 0.9)
    for name, bad in (("yield_share", 0.0), ("availability_share", 1.2), ("ideal_units_per_hour", 0.0)):
        with pytest.raises(EngineInputError, match=name):
            required_machine_hours(**{"good_units": 5.0, "ideal_units_per_hour": 3.0, name: bad})
    with pytest.raises(EngineInputError, match="repairers"):
        repair_performance(1.5, 4, 10.0, 2.0)
