"""Ranges that know how sure an event's effect is: against simulated effects, and against sums of normal errors."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import effect_errors, event_effects, widened_quantiles

LEVELS = np.array([0.1, 0.5, 0.9])
ON = (np.arange(140) % 35 == 20).astype(float)
FOUND = event_effects([np.where(ON > 0, 18.0, 10.0) + np.arange(140) % 3], [ON], 7)


def unsure(errors: list[float], effects: list[float]):
    """As many events as numbers are given, of one series, each with its effect and error."""
    return replace(FOUND, effect=np.array([effects]), standard_error=np.array([errors]))


def test_errors_are_those_of_simulated_effects_by_day_and_by_week():
    rng = np.random.default_rng(3)
    ahead = np.array([[1.0, 1.0, 0.5, 0.0], [0.0, 1.0, 0.0, 0.0]])
    known = unsure([0.04, 0.06], [0.5, -0.3])
    base = np.array([20.0, 10.0, 30.0, 40.0])
    drawn = rng.normal(known.effect[0], known.standard_error[0], (200_000, 2))
    simulated = base * np.prod(1.0 + drawn[:, :, None] * ahead, axis=1)
    forecast = base * np.prod(1.0 + known.effect[0][:, None] * ahead, axis=0)
    assert effect_errors([forecast], known, ahead)[0] == pytest.approx(simulated.std(axis=0), rel=0.01, abs=1e-9)
    week = effect_errors([forecast], known, ahead, [0, 0, 0, 0])
    assert week[0, 0] == pytest.approx(simulated.sum(axis=1).std(), rel=0.01)
    # Were days of one event independent, a week's error would be less.
    assert week[0, 0] > 1.2 * np.sqrt((effect_errors([forecast], known, ahead)[0] ** 2).sum())


def test_normal_ranges_widen_as_variances_add():
    mean, own, added = np.array([50.0, 50.0, 50.0]), np.array([3.0, 3.0, 0.0]), np.array([4.0, 0.0, 2.0])
    quantiles = mean + norm.ppf(LEVELS)[:, None] * own
    wide = widened_quantiles(mean, quantiles, LEVELS, added)
    assert wide == pytest.approx(mean + norm.ppf(LEVELS)[:, None] * np.array([5.0, 3.0, 2.0]))


def test_a_range_covers_what_an_effect_known_badly_brings_and_without_it_does_not():
    rng = np.random.default_rng(4)
    known = unsure([0.3], [0.5])
    forecast = np.array([[150.0]])
    narrow = forecast + norm.ppf(LEVELS)[:, None, None] * 10.0
    wide = widened_quantiles(forecast, narrow, LEVELS, effect_errors(forecast, known, [[1.0]]))
    came = 100.0 * (1.0 + rng.normal(0.5, 0.3, 50_000)) + rng.normal(0.0, 10.0, 50_000)
    share = float(np.mean((came >= wide[0]) & (came <= wide[2])))
    red_twin = float(np.mean((came >= narrow[0]) & (came <= narrow[2])))
    assert share == pytest.approx(0.8, abs=0.01)
    assert red_twin < 0.35


def test_what_closes_has_no_range_and_wrong_shapes_are_refused():
    assert effect_errors([[0.0]], unsure([0.2], [-1.0]), [[1.0]]).tolist() == [[0.0]]
    with pytest.raises(EngineInputError, match="one row for each of the 1 events"):
        effect_errors([[1.0]], unsure([0.2], [0.1]), [[1.0], [1.0]])
    with pytest.raises(EngineInputError, match="block_of_period has 2 entries: give 1"):
        effect_errors([[1.0]], unsure([0.2], [0.1]), [[1.0]], [0, 0])
    with pytest.raises(EngineInputError, match="as the mean and its levels are"):
        widened_quantiles([1.0], [[1.0]], LEVELS, [0.0])
