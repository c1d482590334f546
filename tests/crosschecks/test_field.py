"""Field visits: the square root law against rounds really drawn, and the estimate against its own parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.engine.errors import EngineInputError
from closeknit.engine.queueing import required_technicians, tour_km


def short_round(points):
    """Length of a nearest-neighbour round after exchanging pairs of its legs until none gets shorter."""
    count = len(points)
    apart = np.hypot(*(points[:, None] - points[None, :]).transpose(2, 0, 1))
    order, left = [0], set(range(1, count))
    while left:
        nearest = min(left, key=lambda j: apart[order[-1], j])
        order.append(nearest)
        left.remove(nearest)
    tour, better = np.array(order), True
    while better:
        better = False
        for i in range(count - 2):
            a, b = tour[i], tour[i + 1]
            c, d = tour[i + 2 :], np.append(tour[i + 3 :], tour[0])
            gain = apart[a, b] + apart[c, d] - apart[a, c] - apart[b, d]
            j = int(np.argmax(gain))
            if gain[j] > 1e-9:
                tour[i + 1 : i + j + 3] = tour[i + 1 : i + j + 3][::-1]
                better = True
    return apart[tour, np.roll(tour, -1)].sum()


def test_the_square_root_law_is_near_rounds_that_were_drawn() -> None:
    rng = np.random.default_rng(2)
    for stops in (100, 200):
        drawn = np.mean([short_round(10.0 * rng.random((stops, 2))) for _ in range(3)])
        # Exchanging pairs leaves rounds some 5 % long, and the edge of the area adds as much.
        assert 1.0 < drawn / float(tour_km(stops, 100.0)) < 1.2


@settings(max_examples=60, deadline=None)
@given(
    visits=st.floats(1.0, 500.0),
    area=st.floats(1.0, 5000.0),
    share=st.floats(0.0, 1.0),
    depot=st.floats(0.0, 30.0),
)
def test_more_visits_land_or_windows_never_take_fewer(visits, area, share, depot) -> None:
    def team(**change):
        given_ = {"visits_per_day": visits, "area_km2": area, "window_share": share, "depot_km": depot, **change}
        need = required_technicians(
            visit_minutes=40.0, working_minutes=450.0, speed_km_per_hour=45.0, windows_per_day=3, **given_
        )
        assert need.busy_share <= 1.0 + 1e-9
        assert 0.0 <= need.travel_share <= need.busy_share
        return float(need.exact_technicians)

    base = team()
    assert team(visits_per_day=visits * 1.3) > base
    assert team(area_km2=area * 2.0) > base
    assert team(window_share=min(share + 0.2, 1.0)) >= base
    assert team(depot_km=depot + 1.0) > base
    # Twice the visits in the same area take less than twice the people: density.
    assert team(visits_per_day=2.0 * visits) < 2.0 * base


def test_by_hand_and_at_the_edges() -> None:
    need = required_technicians(90.0, 40.0, 200.0, 480.0, 30.0, 6.0, 1.2, revisit_share=0.1)
    way = 2 * 6.0 * 1.2 * 2.0
    local = 0.57 * np.sqrt(100.0 * 200.0) * 1.2 * 2.0
    assert float(need.visits) == pytest.approx(100.0)
    assert float(need.exact_technicians) == pytest.approx((4000.0 + local) / (480.0 - way))
    assert int(need.technicians) == int(np.ceil((4000.0 + local) / (480.0 - way)))
    assert float(need.busy_share * need.technicians * 480.0) == pytest.approx(4000.0 + local + need.technicians * way)
    nobody = required_technicians(0.0, 40.0, 200.0, 480.0, 30.0)
    assert (nobody.technicians, nobody.busy_share) == (0, 0.0)
    by_area = required_technicians([10.0, 60.0], 40.0, [50.0, 900.0], 480.0, 50.0)
    assert by_area.technicians.shape == (2,)
    with pytest.raises(EngineInputError, match="working_minutes"):
        required_technicians(10.0, 40.0, 200.0, 480.0, 30.0, depot_km=200.0)
    with pytest.raises(EngineInputError, match="revisit_share"):
        required_technicians(10.0, 40.0, 200.0, 480.0, 30.0, revisit_share=1.0)
