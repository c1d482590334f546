"""The tree of a forecast's series, and forecasts that add up in it."""

import numpy as np
import pytest

from closeknit.rooms.demand.compute.nodes import coherent, moved, nodes_of
from closeknit.rooms.demand.contracts import ForecastKey

KEYS = [
    ForecastKey("pack", "north", "", "key", ""),
    ForecastKey("pick", "north", "", "key", "A"),
    ForecastKey("pick", "north", "", "key", "B"),
    ForecastKey("pick", "north", "", "volume", ""),
    ForecastKey("pick", "south", "", "key", "A"),
]
TOTALS = [("pack", "north"), ("pick", "north"), ("pick", "south")]
OF_TOTAL = np.array([0, 1, 1, 1, 2])


def test_the_tree_has_totals_tiers_services_and_the_operation():
    nodes = nodes_of(KEYS, OF_TOTAL, TOTALS)
    assert [members.tolist() for members in nodes.below] == [
        [0],
        [1, 2, 3],
        [4],
        [1, 2],
        [1, 2, 3, 4],
        [0, 1, 2, 3, 4],
    ]
    pack, north, south, tier, pick, whole = range(5, 11)
    assert nodes.parents.tolist() == [pack, tier, tier, north, south, whole, pick, pick, north, whole, -1]


@pytest.mark.parametrize("seed", range(5))
def test_every_sum_is_the_sum_of_its_series_whatever_was_forecast(seed):
    rng = np.random.default_rng(seed)
    nodes = nodes_of(KEYS, OF_TOTAL, TOTALS)
    mean = rng.gamma(1.0, 10.0, (nodes.count, 9))
    told = coherent(nodes, mean, rng.gamma(1.0, 2.0, nodes.count))
    assert (told >= 0.0).all()
    assert nodes.with_sums(told[: nodes.series]) == pytest.approx(told)


def test_who_is_sure_gives_way_least():
    keys, totals = KEYS[1:4], TOTALS[1:2]
    nodes = nodes_of(keys, np.zeros(3, dtype=np.int64), totals)
    mean = np.array([[10.0], [10.0], [10.0], [60.0], [20.0]])
    total_sure = coherent(nodes, mean, np.array([5.0, 5.0, 5.0, 1e-6, 5.0]))
    series_sure = coherent(nodes, mean, np.array([1e-6, 1e-6, 1e-6, 50.0, 5.0]))
    assert total_sure[3, 0] == pytest.approx(60.0, rel=1e-3)
    assert series_sure[3, 0] == pytest.approx(30.0, rel=1e-3)


def test_quantiles_follow_their_mean_but_never_by_more_than_five_times():
    mean, quantiles = np.array([10.0, 1e-140]), np.array([[8.0, 0.0], [12.0, 3.0]])
    assert moved(mean, quantiles, np.array([20.0, 4.0])).tolist() == [[16.0, 4.0], [24.0, 7.0]]
    assert moved(mean, quantiles, np.array([1000.0, 0.0]))[:, 0].tolist() == [990.0, 1010.0]
