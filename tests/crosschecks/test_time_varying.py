"""Load that moves: the exact distribution against dense references, simulation, limits and laws."""

import numpy as np
import pytest
from tests.crosschecks.time_varying_reference import Interval, dense_days

from closeknit.engine.queueing.time_varying import Leaving, TransientPerformance, transient_performance

DAYS = {
    "rise and fall, long patience": [(0.3, 0.2, 0.1, 10.0, 0.5, 2), (0.7, 0.2, 0.1, 10.0, 0.5, 4), (0.2, 0.2, 0.1, 10.0, 0.5, 1)],
    "nobody gives up": [(0.3, 0.25, 0.0, 8.0, 2.0, 2), (0.5, 0.25, 0.0, 8.0, 2.0, 1), (0.1, 0.25, 0.0, 8.0, 2.0, 3)],
    "threshold over several intervals": [
        (0.5, 0.2, 0.05, 4.0, 9.0, 3),
        (0.6, 0.2, 0.05, 4.0, 9.0, 1),
        (0.3, 0.2, 0.05, 3.0, 9.0, 2),
        (0.1, 0.2, 0.05, 6.0, 9.0, 2),
    ],
    "closed at noon": [(0.6, 0.3, 0.2, 6.0, 1.0, 3), (0.2, 0.3, 0.2, 6.0, 1.0, 0), (0.4, 0.3, 0.2, 6.0, 1.0, 2)],
    "short patience, other rates by interval": [(1.0, 0.5, 3.0, 5.0, 0.3, 2), (1.5, 0.4, 1.0, 5.0, 0.0, 3), (0.5, 0.2, 2.0, 5.0, 6.0, 1)],
}  # fmt: skip


def ours(days: list[Interval], leaving: Leaving) -> TransientPerformance:
    patience = [1.0 / day.theta if day.theta else np.inf for day in days]
    return transient_performance(
        [60.0 * day.arrivals for day in days],
        [day.agents for day in days],
        [day.length for day in days],
        [1.0 / day.mu for day in days],
        [day.threshold for day in days],
        patience,
        leaving=leaving,
    )


@pytest.mark.parametrize("leaving", Leaving)
@pytest.mark.parametrize("name", DAYS)
def test_every_measure_is_that_of_a_dense_chain(name: str, leaving: Leaving) -> None:
    days = [Interval(*row) for row in DAYS[name]]
    expected = dense_days(days, 24, leaving is Leaving.FINISH_CALL, nodes=14)
    found = ours(days, leaving)
    for field in expected[0]:
        np.testing.assert_allclose(
            getattr(found, field), [row[field] for row in expected], rtol=1e-9, atol=1e-9, err_msg=field
        )
    assert found.error_bound.max() < 1e-10
