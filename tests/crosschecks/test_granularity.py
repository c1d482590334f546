"""How fine to forecast: the formula on Poisson counts, the response as a bound, and branches judged on unseen time."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import branches_of_their_own, finest_period

WEEK = np.concatenate([np.tile(np.where((np.arange(48) >= 16) & (np.arange(48) < 40), 1.0, 0.0), 5), np.zeros(96)])


@pytest.mark.parametrize("mean", [0.5, 2.0, 4.0, 30.0])
def test_signal_of_poisson_counts_is_mean_over_mean_plus_one(mean: float) -> None:
    rng = np.random.default_rng(1)
    found = finest_period(rng.poisson(mean, (40, 48 * 56)), 30, 0.0, steps_minutes=(30,), least_signal_share=0.0)
    assert float(found.signal_share.mean()) == pytest.approx(mean / (mean + 1.0), abs=0.02)


def test_thinner_branches_get_longer_periods_and_none_shorter_than_the_response() -> None:
    rng = np.random.default_rng(2)
    per_slot = np.array([60.0, 6.0, 0.8, 0.05, 0.002])
    history = rng.poisson(per_slot[:, None] * np.tile(WEEK, 12))
    free = finest_period(history, 30, 0.0)
    assert (np.diff(free.period_minutes) >= 0).all()
    assert free.period_minutes[0] == 30
    assert free.period_minutes[2] > 30
    assert free.is_worth_it.tolist() == [True, True, True, True, False]
    slow = finest_period(history, 30, [1440.0, 60.0, 60.0, 60.0, 60.0])
    assert slow.period_minutes[0] == 1440
    assert (slow.period_minutes >= free.period_minutes).all()
    assert "respond in 1440 minutes" in slow.reason[0]
    assert "with its group" in slow.reason[4]


def test_a_branch_with_its_own_rhythm_stands_alone_and_a_sparse_one_does_not() -> None:
    rng = np.random.default_rng(3)
    usual, other = np.array([9, 8, 8, 8, 7, 1, 1.0]), np.array([1, 1, 2, 2, 3, 9, 9.0])
    mean = np.stack([np.tile(usual, 40) * 20, np.tile(usual, 40) * 0.02, np.tile(other, 40)])
    found = branches_of_their_own(rng.poisson(mean), [0, 0, 0], 7)
    assert found.is_own[1:].tolist() == [False, True]
    assert found.gain_share[2] > 0.5


def test_too_short_a_history_leaves_all_with_their_groups() -> None:
    found = branches_of_their_own(np.ones((2, 15)), [0, 0], 7)
    assert not found.is_own.any()
    assert finest_period(np.zeros((0, 10)), 30, 0.0).period_minutes.size == 0


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="response_minutes has shape"):
        finest_period(np.ones((2, 9)), 30, [1.0, 2.0, 3.0])
    with pytest.raises(EngineInputError, match="group_of_branch has 1 entries"):
        branches_of_their_own(np.ones((2, 9)), [0], 3)
