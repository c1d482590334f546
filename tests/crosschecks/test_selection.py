"""The judge of methods: what it picks, what it may not see, and whether its intervals hold on what comes next."""

import numpy as np
import pytest

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import selection
from closeknit.engine.forecasting.methods import Method, standard_methods
from closeknit.engine.forecasting.selection import SelectedForecast, forecast_selected

LEVELS = [0.1, 0.5, 0.9]
CHEAP = tuple(method for method in standard_methods((7,)) if method.is_cheap)


def weekly(rng: np.random.Generator, series: int, periods: int, size: float = 40.0) -> np.ndarray:
    shape = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2]) * size
    mean = np.tile(shape, periods // 7 + 1)[:periods] * rng.lognormal(0.0, 0.6, (series, 1))
    return rng.negative_binomial(8.0, 8.0 / (8.0 + mean)).astype(float)


def coverage(actual: np.ndarray, done: SelectedForecast) -> float:
    there = ~np.isnan(actual)
    inside = (actual >= done.quantiles[0]) & (actual <= done.quantiles[-1])
    return float(inside[there].mean())


def test_the_choice_is_the_family_that_made_the_data() -> None:
    rng = np.random.default_rng(1)
    walk = 500.0 + rng.normal(0.0, 5.0, (30, 140)).cumsum(axis=1)
    flat = rng.normal(500.0, 30.0, (30, 140))
    season = np.tile(rng.uniform(100.0, 900.0, (30, 7)), 20) + rng.normal(0.0, 20.0, (30, 140))
    done = forecast_selected(np.vstack([walk, flat, season]), 7, 7, LEVELS, methods=CHEAP, combination="best")
    names = np.array([done.methods[i] for i in done.best]).reshape(3, 30)
    assert np.mean(names[0] == "naive") >= 0.7
    assert np.mean(np.isin(names[1], ["mean_8", "seasonal_mean_7x4", "sba", "tsb"])) >= 0.9
    assert np.mean(names[2] == "seasonal_mean_7x4") >= 0.9


def test_the_season_is_chosen_too() -> None:
    rng = np.random.default_rng(2)
    history = np.tile(rng.uniform(10.0, 90.0, (10, 28)), 8) + rng.normal(0.0, 2.0, (10, 224))
    done = forecast_selected(history, 7, 28, LEVELS, methods=standard_methods((7, 28)), combination="best")
    assert all("28" in done.methods[i] for i in done.best)


def test_weights_are_errors_to_the_minus_sixth_power_half_way_to_the_group_s() -> None:
    history = weekly(np.random.default_rng(3), 5, 120)
    done = forecast_selected(
        history, 7, 7, LEVELS, methods=CHEAP, combination="weighted", group_of_series=[0, 0, 0, 1, 1]
    )
    logs = np.log(done.errors)
    beside = logs - logs.mean(axis=1, keepdims=True)
    usual = np.vstack([np.tile(beside[rows].mean(axis=0), (len(rows), 1)) for rows in ([0, 1, 2], [3, 4])])
    wanted = np.exp(-6.0 * (logs.mean(axis=1, keepdims=True) + (beside + usual) / 2.0))
    np.testing.assert_allclose(done.weights, wanted / wanted.sum(axis=1, keepdims=True), rtol=1e-10)
    said = np.stack([method.forecast(history, 7) for method in CHEAP])
    np.testing.assert_allclose(done.mean, np.einsum("sm,msh->sh", done.weights, said), rtol=1e-10)


@pytest.mark.parametrize("measure", ["mase", "rmsse"])
def test_errors_are_those_of_a_plain_loop(measure: str) -> None:
    history = weekly(np.random.default_rng(4), 3, 100)
    history[0, 70:73] = np.nan
    done = forecast_selected(history, 7, 10, LEVELS, methods=CHEAP, n_windows=3, measure=measure)
    for i in range(3):
        before = history[i, : 100 - 30]
        scale = np.nanmean(np.abs(before[7:] - before[:-7]))
        for m, method in enumerate(CHEAP):
            off = []
            for w in (1, 2, 3):
                end = 100 - 10 * w
                off.append(history[i, end : end + 10] - method.forecast(history[i : i + 1, :end], 10)[0])
            off_all = np.concatenate(off)
            want = np.nanmean(np.abs(off_all)) if measure == "mase" else np.sqrt(np.nanmean(off_all**2))
            assert done.errors[i, m] == pytest.approx(want / scale, rel=1e-10)


def test_no_method_ever_sees_what_it_is_scored_on() -> None:
    ends: list[int] = []

    def spy(history: np.ndarray, horizon: int) -> np.ndarray:
        ends.append(history.shape[1])
        return np.repeat(history[:, -1:], horizon, axis=1)

    forecast_selected(weekly(np.random.default_rng(5), 2, 60), 7, 5, LEVELS, methods=[Method("spy", spy)], n_windows=3)
    assert sorted(ends) == [45, 50, 55, 60]


def test_more_seasons_averaged_are_methods_of_the_shortest_season_and_win_where_levels_hold() -> None:
    methods = standard_methods((7, 28), (4, 16))
    means = [method.name for method in methods if method.name.startswith("seasonal_mean")]
    assert means == ["seasonal_mean_7x4", "seasonal_mean_7x16", "seasonal_mean_28x4"]
    history = np.random.default_rng(9).poisson(np.tile([9.0, 8, 8, 7, 9, 2, 1], 40), (60, 280)).astype(float)
    chosen = [method for method in methods if method.name in means[:2]]
    done = forecast_selected(history, 7, 28, LEVELS, methods=chosen, combination="best")
    assert np.mean(done.best == 1) >= 0.8
    with pytest.raises(EngineInputError, match="seasons_averaged is empty"):
        standard_methods((7,), ())


@pytest.mark.parametrize("name", [method.name for method in standard_methods((7,))])
def test_from_an_origin_nothing_later_is_seen(name: str) -> None:
    method = next(method for method in standard_methods((7,)) if method.name == name)
    history = weekly(np.random.default_rng(15), 5, 120) + 1.0
    other = history.copy()
    other[:, 100:] *= 0.0
    origins = np.array([60, 80, 90, 100, 110])
    one, again = (method.on_windows(values, 9, origins) for values in (history, other))
    np.testing.assert_array_equal(one[:, :4], again[:, :4])
    assert not np.array_equal(one[:, 4], again[:, 4])
    np.testing.assert_allclose(one[:, 0], method.forecast(history[:, :60], 9), rtol=0.2, atol=2.0)


def leaks(judge_up_to: int, history: np.ndarray, truth: np.ndarray) -> bool:
    """Whether the choice made at `judge_up_to` differs when what comes later does."""

    def choice(values: np.ndarray) -> np.ndarray:
        return forecast_selected(values[:, :judge_up_to], 7, 7, LEVELS, methods=CHEAP).errors

    return not np.array_equal(choice(history), choice(truth))


def test_the_future_does_not_change_the_past_and_a_leak_is_noticed() -> None:
    history = weekly(np.random.default_rng(6), 4, 105)
    other = history.copy()
    other[:, 98:] += 500.0
    assert not leaks(98, history, other)
    assert leaks(105, history, other)


def test_the_same_again_and_each_series_by_itself() -> None:
    history = weekly(np.random.default_rng(7), 6, 100)
    one, again = (forecast_selected(history, 7, 7, LEVELS) for _ in range(2))
    assert one.quantiles.tobytes() == again.quantiles.tobytes()
    for combination, group in (("best", None), ("weighted", np.arange(6))):
        given = {"combination": combination}
        alone = forecast_selected(history[2:3], 7, 7, LEVELS, **given)
        together = forecast_selected(history, 7, 7, LEVELS, group_of_series=group, **given)
        np.testing.assert_array_equal(alone.mean[0], together.mean[2])


@pytest.mark.parametrize(("series", "windows"), [(100, 4), (1, 8)])
def test_eighty_percent_intervals_cover_what_comes_next(series: int, windows: int) -> None:
    rng = np.random.default_rng(8)
    shares = []
    for _ in range(1 if series > 1 else 60):
        values = weekly(rng, series, 154)
        done = forecast_selected(values[:, :140], 7, 14, LEVELS, methods=CHEAP, n_windows=windows)
        shares.append(coverage(values[:, 140:], done))
    assert 0.75 <= np.mean(shares) <= 0.85


def test_what_it_says_it_reached_is_what_it_reaches() -> None:
    values = weekly(np.random.default_rng(9), 200, 154)
    done = forecast_selected(values[:, :140], 7, 14, LEVELS, methods=CHEAP)
    later = [(values[:, 140:] <= q).mean() for q in done.quantiles]
    np.testing.assert_allclose(done.levels_reached, later, atol=0.05)
    assert done.values_judged == 200 * 14


def test_new_series_take_the_shape_of_their_group_and_their_own_level() -> None:
    rng = np.random.default_rng(10)
    values = weekly(rng, 20, 140, 100.0)
    values[0, :-5] = np.nan
    values[0, -5:] = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.2])[np.arange(135, 140) % 7] * 1000.0
    values[1] = np.nan
    done = forecast_selected(values, 7, 7, LEVELS, methods=CHEAP, n_windows=2)
    assert done.is_borrowed[:3].tolist() == [False, True, False] or done.is_borrowed[:2].tolist() == [True, True]
    assert np.isfinite(done.quantiles).all()
    assert done.reasons[1] == "no value yet: as its group"
    np.testing.assert_allclose(done.mean[1], done.mean[2:].mean(axis=0), rtol=0.6)


def test_the_tail_gets_cheap_methods_only() -> None:
    done = forecast_selected(weekly(np.random.default_rng(11), 4, 84), 7, 7, LEVELS, is_tail=[True, True, False, False])
    costly = done.methods.index("smoothing_7")
    assert np.isinf(done.errors[:2, costly]).all()
    assert np.isfinite(done.errors[2:, costly]).all()


@pytest.mark.parametrize("periods", [0, 1, 3, 9])
def test_short_histories_are_answered(periods: int) -> None:
    done = forecast_selected(np.full((2, periods), 5.0), 7, 7, LEVELS)
    assert np.isfinite(done.mean).all()
    assert (np.diff(done.quantiles, axis=0) >= 0.0).all()


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match="combination is 'median'"):
        forecast_selected(np.ones((1, 30)), 7, 7, LEVELS, combination="median")
    with pytest.raises(EngineInputError, match="methods holds no cheap one"):
        forecast_selected(np.ones((1, 30)), 7, 7, LEVELS, methods=[])
    bad = Method("bad", lambda history, _: history[:, :1])
    with pytest.raises(EngineInputError, match="method bad gave shape"):
        forecast_selected(np.ones((1, 30)), 7, 7, LEVELS, methods=[bad])


@pytest.mark.parametrize(("kept", "lenders"), [(10**9, 2048), (0, 2048), (10**9, 20)])
def test_how_many_series_are_taken_at_once_changes_no_bit(
    monkeypatch: pytest.MonkeyPatch, kept: int, lenders: int
) -> None:
    history = weekly(np.random.default_rng(11), 70, 120)
    group, tail = np.arange(70) // 50, np.arange(70) % 4 == 0
    monkeypatch.setattr(selection, "_NUMBERS_KEPT", kept)
    monkeypatch.setattr(selection, "_LENDERS", lenders)
    told = []
    for at_once in (70, 10):
        monkeypatch.setattr(selection, "_SERIES_AT_ONCE", at_once)
        told.append(forecast_selected(history, 7, 7, LEVELS, group_of_series=group, is_tail=tail))
    for name in ("mean", "quantiles", "weights", "errors", "best", "levels_reached"):
        np.testing.assert_array_equal(getattr(told[0], name), getattr(told[1], name))


def test_lenders_are_evenly_spread_over_large_groups_and_all_of_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_LENDERS", 4)
    group = np.array([0] * 8 + [1] * 3 + [0] * 4)
    assert selection._lenders(group).tolist() == [0, 3, 6, 8, 9, 10, 12]
    assert selection._lenders(np.zeros(0, dtype=np.int64)).size == 0
