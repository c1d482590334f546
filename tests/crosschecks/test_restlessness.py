"""Intervals after a calm spell: as much wider as the past has shown that levels move."""

import numpy as np
import pytest

from closeknit.engine.forecasting import forecast_demand
from closeknit.engine.forecasting.restlessness import restlessness

ONE = np.zeros(1, dtype=np.int64)


def wandering(rng: np.random.Generator, calm: int, series: int = 1) -> np.ndarray:
    """A level that moves for 200 days and then stands still."""
    step = np.concatenate([rng.normal(0.0, 3.0, (series, 200)), np.zeros((series, calm))], axis=1)
    return 200.0 + np.cumsum(step, axis=1) + rng.normal(0.0, 2.0, step.shape)


def windows(periods: int, horizon: int = 7, count: int = 8) -> np.ndarray:
    return periods - horizon * np.arange(1, count + 1)


def test_it_is_the_root_of_a_plain_loop_s_ratio() -> None:
    values = wandering(np.random.default_rng(1), 60)
    values[0, 50:53] = np.nan
    row, origins = values[0], windows(260)
    found = {t: np.nanmean(row[t : t + 7]) - np.nanmean(row[t - 28 : t]) for t in range(28, 254)}
    late = [found[t] for t in found if t >= origins.min()]
    whole, recent = (np.sqrt(np.mean(np.square(some))) for some in (list(found.values()), late))
    got = restlessness(values, origins, 7, 7, ONE)
    np.testing.assert_allclose(got, [min(np.sqrt(whole / recent), 2.0)], rtol=1e-9)
    assert got[0] > 1.2


def test_each_group_by_itself_and_the_unit_does_not_matter() -> None:
    calm, restless = wandering(np.random.default_rng(2), 60), wandering(np.random.default_rng(3), 60)[:, ::-1]
    both = np.vstack([calm, 1000.0 * restless])
    got = restlessness(both, windows(260), 7, 7, np.array([0, 1]))
    np.testing.assert_allclose(got[0], restlessness(calm, windows(260), 7, 7, ONE)[0])
    np.testing.assert_allclose(got[1], restlessness(restless, windows(260), 7, 7, ONE)[0])
    assert got[1] < got[0]


def test_what_moves_more_now_than_before_gets_a_little_less() -> None:
    lively = wandering(np.random.default_rng(6), 600)[:, ::-1]
    assert 0.9 <= restlessness(lively, windows(800), 7, 7, ONE)[0] < 1.0


@pytest.mark.parametrize("periods", [0, 5, 40])
def test_a_short_past_says_nothing(periods: int) -> None:
    assert restlessness(np.ones((1, periods)), windows(periods)[:1], 7, 7, ONE).tolist() == [1.0]
    assert restlessness(np.full((1, 300), 5.0), windows(300), 7, 7, ONE).tolist() == [1.0]


def test_intervals_after_a_calm_spell_are_wider_than_the_spell_alone_would_make_them() -> None:
    values = wandering(np.random.default_rng(4), 70)
    long, short = (forecast_demand(past, (7,), 7, [0.1, 0.9]) for past in (values, values[:, -90:]))
    wide, narrow = ((done.quantiles[1] - done.quantiles[0]).mean() for done in (long, short))
    assert wide > 1.2 * narrow
