"""The judge's loops: as they stand and compiled, they say the same; sums and quantiles are those of plain numpy."""

import numpy as np
import pytest

from closeknit.engine import compiled
from closeknit.engine.forecasting import forecast_selected
from closeknit.engine.forecasting.conformal import calibrated
from closeknit.engine.forecasting.conformal_kernels import place_quantiles
from closeknit.engine.forecasting.methods import standard_methods
from closeknit.engine.forecasting.smoothing import exponential_smoothing, smoothing_ahead
from closeknit.engine.forecasting.spread import empirical_quantiles
from closeknit.engine.forecasting.theta import theta, theta_ahead

LEVELS = np.array([0.01, 0.1, 0.5, 0.77, 0.99])
CHEAP = tuple(method for method in standard_methods((7,)) if method.is_cheap)


def history() -> np.ndarray:
    """Gaps, negative values, a late start, one value, and nothing at all."""
    values = np.random.default_rng(8).gamma(4.0, 6.0, (7, 60)) + 9.0 * (np.arange(60) % 7 == 2)
    values[1, 12:20] = np.nan
    values[2] -= 25.0
    values[3, :50] = np.nan
    values[4, :-1] = np.nan
    values[5] = np.nan
    return values


@pytest.mark.parametrize("combination", ["best", "weighted", "judged"])
@pytest.mark.parametrize("measure", ["mase", "rmsse"])
def test_loops_say_the_same_compiled_and_as_they_stand(
    combination: str, measure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for small_work in (1.0, np.inf):
        monkeypatch.setattr(compiled, "SMALL_WORK", small_work)
        how = {"combination": combination, "measure": measure, "group_of_series": np.arange(7) % 2}
        said.append(forecast_selected(history(), 7, 7, LEVELS, methods=CHEAP, **how))
    for field in ("mean", "quantiles", "errors", "weights", "levels_reached"):
        fast, plain = (getattr(one, field) for one in said)
        np.testing.assert_allclose(fast, plain, rtol=1e-12, atol=1e-12)
    assert said[0].reasons == said[1].reasons
    assert np.isfinite(said[0].mean).all()
    # The red twin: what is compared does tell one way to judge from another.
    other = forecast_selected(history(), 7, 7, LEVELS, methods=CHEAP, group_of_series=np.arange(7) % 3)
    assert not np.allclose(other.quantiles, said[0].quantiles)


@pytest.mark.parametrize("method", CHEAP, ids=lambda method: method.name)
def test_asked_at_once_or_one_by_one_a_cheap_method_says_the_same(method) -> None:  # type: ignore[no-untyped-def]
    values, origins = history(), np.array([6, 21, 44, 53])
    ahead, past = method.ahead_and_on_windows(values, 9, origins)
    assert method.is_exact
    np.testing.assert_array_equal(ahead, method.asked(values, 9))
    alone = np.stack([method.asked(values[:, :end], 9) for end in origins], axis=1)
    np.testing.assert_array_equal(past, alone)


def test_the_forecast_alone_is_that_of_the_whole_fit() -> None:
    values = np.concatenate([history(), np.exp(history()[:1] / 9.0)])
    np.testing.assert_array_equal(smoothing_ahead(values, 7, 9), exponential_smoothing(values, 7, 9).forecast)
    np.testing.assert_array_equal(theta_ahead(values, 7, 9), theta(values, 7, 9).forecast)


@pytest.mark.parametrize("values", [1, 2, 5, 40])
def test_quantiles_are_a_share_of_own_ones_and_the_rest_of_both_sides(values: int) -> None:
    rng = np.random.default_rng(values)
    pool = rng.normal(1.0, 3.0, (7, values))
    pool[rng.random(pool.shape) < 0.3] = np.nan
    pool[3] = np.nan
    own, _ = empirical_quantiles(pool, LEVELS)
    both, _ = empirical_quantiles(np.concatenate([pool, -pool], axis=1), LEVELS)
    found, wider = np.zeros(own.shape), np.linspace(1.0, 2.0, LEVELS.size)
    place_quantiles(np.sort(pool, axis=1), np.sort(np.abs(pool), axis=1), LEVELS, 0.3, wider, found)
    np.testing.assert_allclose(found, (0.3 * own + 0.7 * both) * wider[:, None], rtol=1e-12, atol=1e-12)
    assert not np.allclose(own, both)


def test_scaled_errors_are_those_of_plain_sums() -> None:
    """One group, windows that share no period, an error's size that goes with nothing."""
    rng = np.random.default_rng(4)
    actual, forecast, scale = rng.normal(0.0, 1.0, (5, 4, 6)), np.zeros((5, 4, 6)), rng.uniform(1.0, 2.0, 5)
    actual[2, 1, 3] = np.nan
    origins = np.array([40, 34, 28, 22])
    done = calibrated(actual, forecast, scale, np.zeros(5, dtype=np.int64), origins)
    size = np.abs(actual) / np.sqrt(1.0 + done.growth[0] * np.arange(6)) / scale[:, None, None]
    ratio = np.nanmean(size)
    others = np.array([np.nansum(np.delete(size, w, axis=1), axis=(1, 2)) for w in range(4)]).T
    known = np.array([np.isfinite(np.delete(size, w, axis=1)).sum(axis=(1, 2)) for w in range(4)]).T
    left_out = ((others + 6.0 * ratio) / (known + 6.0))[:, :, None]
    np.testing.assert_allclose(done.scores, np.sign(actual) * size / left_out, rtol=1e-12)
    kept = np.nansum(done.scores, axis=(0, 2)) / np.isfinite(done.scores).sum(axis=(0, 2))
    between = np.sum((kept - np.nanmean(done.scores)) ** 2) / 3.0
    wanted = 4.0 * np.clip(np.nanvar(done.scores) / between, 1.0, 30.0)
    np.testing.assert_allclose(done.independent, [wanted], rtol=1e-12)
