"""Stated chances: the formula by hand, and people whose word is known to be too bold come out as they are."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import calibrate_chances, score_stated_chances, shrunk_size_ratio


def test_the_same_statement_again_is_the_mean_of_a_beta_distribution() -> None:
    outcomes = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
    for chance, weight in ((0.1, 3.0), (0.6, 8.0), (1.0, 1.0)):
        got = calibrate_chances([chance], np.full(5, chance), outcomes, prior_weight=weight)
        assert got[0] == pytest.approx((weight * chance + 3.0) / (weight + 5.0))


def test_far_statements_say_nothing_and_no_record_leaves_the_word() -> None:
    assert calibrate_chances([0.9], [0.2, 0.3], [1.0, 1.0])[0] == pytest.approx(0.9)
    chances = np.linspace(0.0, 1.0, 11)
    np.testing.assert_array_equal(calibrate_chances(chances, [], []), chances)


def test_a_bold_person_is_corrected_and_an_honest_one_left_alone() -> None:
    rng = np.random.default_rng(3)
    stated = rng.uniform(0.2, 0.95, 400)
    for truth in (stated, 0.5 * stated, np.sqrt(stated)):
        happened = (rng.random(400) < truth).astype(float)
        new = rng.uniform(0.2, 0.95, 4000)
        real = np.interp(new, np.sort(stated), truth[np.argsort(stated)])
        calibrated = calibrate_chances(new, stated, happened)
        assert np.abs(calibrated - real).mean() < 0.07
        gain = ((new - real) ** 2).mean() - ((calibrated - real) ** 2).mean()
        assert gain > (-0.005 if truth is stated else 0.015)


def test_reliability_bins_hold_every_statement_once() -> None:
    rng = np.random.default_rng(4)
    stated = np.append(rng.random(200), [0.0, 1.0])
    happened = (rng.random(202) < stated).astype(float)
    score = score_stated_chances(stated, happened)
    assert score.bin_count.sum() == 202
    assert (score.bin_stated >= score.bin_from).all()
    assert (score.bin_stated <= score.bin_from + 0.2).all()
    assert score.bin_happened @ score.bin_count == pytest.approx(happened.sum())
    assert score.brier_score < score.reference_brier_score


def test_sizes_are_shrunk_and_bounded() -> None:
    assert shrunk_size_ratio([], []) == 1.0
    assert shrunk_size_ratio([1.0], [1000.0], prior_weight=6.0) == pytest.approx(9.0 / 7.0)
    assert shrunk_size_ratio([0.5] * 600, [0.25] * 600) == pytest.approx(0.5, abs=0.01)


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="stated is empty"):
        score_stated_chances([], [])
    with pytest.raises(EngineInputError, match="happened"):
        score_stated_chances([0.5, 0.5], [1.0])
    with pytest.raises(EngineInputError, match="stated_size"):
        shrunk_size_ratio([0.0], [1.0])
    with pytest.raises(EngineInputError, match="prior_weight"):
        calibrate_chances([0.5], [], [], prior_weight=0.0)
