"""Intermittent demand against plain references, published numbers, exact distributions and invariances."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting.intermittent import (
    IntermittentForecast,
    adida,
    classify_demand,
    croston,
    demand_over_periods,
    imapa,
    intermittent_from_origins,
    sba,
    sbj,
    tsb,
)

Array = NDArray[np.float64]
METHODS: tuple[Callable[..., IntermittentForecast], ...] = (croston, sba, sbj, tsb, adida, imapa)
SEARCHED: dict[Callable[..., IntermittentForecast], dict[str, None]] = {
    croston: {"size_smoothing": None, "interval_smoothing": None},
    sba: {"size_smoothing": None, "interval_smoothing": None},
    sbj: {"size_smoothing": None, "interval_smoothing": None},
    tsb: {"size_smoothing": None, "probability_smoothing": None},
    adida: {},
    imapa: {},
}
# Box and Jenkins, Time Series Analysis (1976), series G: monthly airline passengers, thousands.
PASSENGERS = (
    "112 118 132 129 121 135 148 148 136 119 104 118 115 126 141 135 125 149 170 170 158 133 114 140 145 150 178 163 "
    "172 178 199 199 184 162 146 166 171 180 193 181 183 218 230 242 209 191 172 194 196 196 236 235 229 243 264 272 "
    "237 211 180 201 204 188 235 227 234 264 302 293 259 229 203 229 242 233 267 269 270 315 364 347 312 274 237 278 "
    "284 277 317 313 318 374 413 405 355 306 271 306 315 301 356 348 355 422 465 467 404 347 305 336 340 318 362 348 "
    "363 435 491 505 404 359 310 337 360 342 406 396 420 472 548 559 463 407 362 405 417 391 419 461 472 535 622 606 "
    "508 461 390 432"
)


def smoothed(values: list[float], alpha: float) -> float:
    level = values[0]
    for value in values[1:]:
        level = alpha * value + (1.0 - alpha) * level
    return level


def plain_croston(row: Array, a: float, b: float) -> tuple[float, float]:
    """Size and interval from lists of sizes and gaps."""
    kept = row[~np.isnan(row)]
    places = [t + 1 for t, value in enumerate(kept) if value > 0]
    gaps = [float(now - before) for before, now in zip([0, *places], places, strict=False)]
    return smoothed([kept[t - 1] for t in places], a), smoothed(gaps, b)


def plain_tsb(row: Array, a: float, b: float) -> float:
    kept = row[~np.isnan(row)]
    first = int(np.flatnonzero(kept)[0])
    chances = [1.0 / (first + 1), *(float(value > 0) for value in kept[first + 1 :])]
    return smoothed(chances, b) * smoothed([value for value in kept if value > 0], a)


def plain_bucket(row: Array, bucket: int, alpha: float | None) -> float:
    kept = row[~np.isnan(row)]
    sums = kept[kept.size % bucket :].reshape(-1, bucket).sum(axis=1).tolist()

    def cost(alpha: float) -> float:
        return math.fsum((sums[t] - smoothed(sums[:t], alpha)) ** 2 for t in range(1, len(sums)))

    if alpha is None:
        alpha = min((0.1 + 0.01 * k for k in range(21)), key=cost)
    return smoothed(sums, alpha) / bucket


def history_of(rng: np.random.Generator, series: int, periods: int, missing: float = 0.0) -> Array:
    values = rng.negative_binomial(1, 0.2, (series, periods)) * (rng.random((series, periods)) < 0.3).astype(float)
    values[:, periods // 2] = np.maximum(values[:, periods // 2], 1.0)
    values[rng.random(values.shape) < missing] = np.nan
    values[:, 0] = 2.0
    return values


def test_a_worked_example() -> None:
    row = [[0.0, 4.0, 0.0, 0.0, 0.0, 8.0]]
    got = croston(row, size_smoothing=0.5, interval_smoothing=0.25)
    # sizes 4, 8: 4 + 0.5 (8 - 4) = 6; gaps 2, 4: 2 + 0.25 (4 - 2) = 2.5
    assert (got.size[0], got.interval[0], got.mean[0]) == (6.0, 2.5, 2.4)
    assert sba(row, size_smoothing=0.5, interval_smoothing=0.25).mean[0] == pytest.approx(0.875 * 2.4, rel=1e-15)
    assert sbj(row, size_smoothing=0.5, interval_smoothing=0.25).mean[0] == pytest.approx(
        (1 - 0.25 / 1.75) * 2.4, rel=1e-15
    )
    # chance 1/2 at the first demand, then 3/8, 9/32, 27/128, and up by a quarter of what is missing to 1
    chance = 27 / 128 + 0.25 * (1 - 27 / 128)
    assert tsb(row, size_smoothing=0.5, probability_smoothing=0.25).mean[0] == pytest.approx(6 * chance, rel=1e-15)


def test_published_forecasts_of_the_airline_series() -> None:
    row = [[float(word) for word in PASSENGERS.split()]]
    assert croston(row).mean[0] == pytest.approx(460.302765, abs=1e-5)
    assert sba(row).mean[0] == pytest.approx(437.287627, abs=1e-5)
    assert adida(row).mean[0] == imapa(row).mean[0] == pytest.approx(461.7666, abs=1e-3)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_every_method_is_its_plain_form(missing: float) -> None:
    history = history_of(np.random.default_rng(3), 25, 60, missing)
    pattern = classify_demand(history)
    for i, row in enumerate(history):
        size, interval = plain_croston(row, 0.2, 0.3)
        asked = {"size_smoothing": 0.2, "interval_smoothing": 0.3}
        assert croston(history, **asked).mean[i] == pytest.approx(size / interval, rel=1e-13)
        assert sba(history, **asked).mean[i] == pytest.approx(0.85 * size / interval, rel=1e-13)
        chance_form = tsb(history, size_smoothing=0.2, probability_smoothing=0.3)
        assert chance_form.mean[i] == pytest.approx(plain_tsb(row, 0.2, 0.3), rel=1e-12)
        bucket = math.floor(pattern.mean_interval[i] + 0.5)
        for alpha in (None, 0.25):
            expected = [plain_bucket(row, level, alpha) for level in range(1, bucket + 1)]
            assert adida(history, smoothing=alpha).mean[i] == pytest.approx(expected[-1], rel=1e-12)
            assert imapa(history, smoothing=alpha).mean[i] == pytest.approx(np.mean(expected), rel=1e-12)


def test_the_search_finds_the_least_squared_rate() -> None:
    history = history_of(np.random.default_rng(8), 6, 50)
    grid = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
    got = croston(history, size_smoothing=None, interval_smoothing=None)
    for i, row in enumerate(history):
        costs = {}
        for a in grid:
            for b in grid:
                ahead = [math.nan] + [np.divide(*plain_croston(row[:t], a, b)) for t in range(1, row.size)]
                rates = np.cumsum(row) / np.arange(1, row.size + 1)
                costs[a, b] = np.nansum((np.array(ahead) - rates) ** 2)
        chosen = (float(got.size_smoothing[i]), float(got.interval_smoothing[i]))
        assert costs[chosen] == pytest.approx(min(costs.values()), rel=1e-9)
        size, interval = plain_croston(row, *chosen)
        assert got.mean[i] == pytest.approx(size / interval, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_no_demand_one_demand_and_nothing_observed(method: Callable[..., IntermittentForecast]) -> None:
    rows = np.zeros((4, 6))
    rows[1, 2] = 9.0
    rows[2] = np.nan
    rows[3, -1] = 6.0
    for given_options in ({}, SEARCHED[method]):
        got = method(rows, **given_options)
        assert got.mean[0] == got.mean[2] == 0.0
        assert got.pattern.pattern[0] == got.pattern.pattern[2] == "no_demand"
        assert got.mean[1] > 0.0
        assert 0.5 <= got.mean[3] <= 1.01
        ahead = demand_over_periods(got, 3, [0.1, 0.5, 0.999])
        assert (ahead.quantiles[:, [0, 2]] == 0.0).all()
        assert (ahead.quantiles[2, [1, 3]] > 0.0).all()
    assert method(np.zeros((2, 0))).mean.tolist() == [0.0, 0.0]
    assert method(np.zeros((0, 5))).mean.size == 0


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.01, 100.0), which=st.integers(0, 5), search=st.booleans())
def test_units_missing_periods_and_company_do_not_matter(seed: int, factor: float, which: int, search: bool) -> None:
    rng = np.random.default_rng(seed)
    history = history_of(rng, 5, 40)
    method = METHODS[which]
    options = SEARCHED[method] if search else {}
    got = method(history, **options).mean
    np.testing.assert_allclose(
        method(history * 2.0 ** round(math.log2(factor)), **options).mean,
        got * 2.0 ** round(math.log2(factor)),
        rtol=1e-12,
    )
    gaps = np.insert(history, rng.integers(0, 41, 9), np.nan, axis=1)
    np.testing.assert_array_equal(method(gaps, **options).mean, got)
    np.testing.assert_array_equal(method(history[[2]], **options).mean, got[[2]])
    assert (sba(history).mean <= croston(history).mean).all()


def test_compiled_and_plain_agree() -> None:
    history = history_of(np.random.default_rng(5), 400, 80, 0.1)
    for method in METHODS:
        whole = method(history, **SEARCHED[method]).mean
        rows = np.concatenate([method(history[[i]], **SEARCHED[method]).mean for i in range(0, 40, 9)])
        np.testing.assert_allclose(whole[0:40:9], rows, rtol=1e-12)


def test_sba_takes_away_the_bias_and_tsb_forgets() -> None:
    rng = np.random.default_rng(9)
    history = (rng.random((4000, 200)) < 0.2) * (1.0 + rng.poisson(3.0, (4000, 200)))
    bias = {method: method(history).mean.mean() / 0.8 - 1.0 for method in (croston, sba, tsb)}
    assert bias[croston] > 0.03
    assert abs(bias[sba]) < 0.01
    assert abs(bias[tsb]) < 0.01
    ended = np.concatenate([history[:50], np.zeros((50, 60))], axis=1)
    assert (tsb(ended).mean < 0.01 * croston(ended).mean).all()


def test_patterns_follow_the_published_limits() -> None:
    often, seldom = np.tile([1.0, 1.0, 0.0], 20), np.tile([1.0, 0.0], 20)
    assert classify_demand([often[:-1]]).mean_interval[0] == pytest.approx(59 / 40)
    rows = [np.full(40, 5.0), np.tile([1.0, 9.0], 20), seldom * 3.0, seldom * np.tile([1.0, 1.0, 9.0, 9.0], 10)]
    got = classify_demand(rows)
    assert got.pattern == ("smooth", "erratic", "intermittent", "lumpy")
    sizes = np.tile([1.0, 9.0], 20)
    assert got.squared_cv[1] == pytest.approx(sizes.var(ddof=1) / sizes.mean() ** 2, rel=1e-13)


def test_sums_over_periods_have_the_model_s_moments() -> None:
    rng = np.random.default_rng(6)
    history = (rng.random((1, 3000)) < 0.25) * (1.0 + rng.negative_binomial(2, 0.4, (1, 3000)))
    seen = tsb(history, size_smoothing=0.001, probability_smoothing=0.001)
    levels = [0.3, 0.5, 0.8, 0.9, 0.95, 0.99]
    for periods in (1, 3, 8, 40):
        got = demand_over_periods(seen, periods, levels)
        chance = seen.mean[0] / seen.pattern.mean_size[0]
        sizes = history[history > 0]
        comes = rng.random((200_000, periods)) < chance
        drawn = (comes * rng.choice(sizes, comes.shape)).sum(axis=1)
        assert got.mean[0] == pytest.approx(drawn.mean(), rel=0.01)
        assert got.variance[0] == pytest.approx(drawn.var(), rel=0.03)
        assert got.none_share[0] == pytest.approx((1 - chance) ** periods, rel=1e-9)
        for level, quantile in zip(levels, got.quantiles[:, 0], strict=True):
            # a quantile of whole numbers: what is below stays under the level, what is within reaches it
            assert np.mean(drawn < quantile) <= level + 0.02
            assert np.mean(drawn <= quantile) >= level - 0.02


def test_quantiles_of_ones_are_binomial() -> None:
    seen = croston([[0.0, 1.0] * 10])
    got = demand_over_periods(seen, 2, [0.24, 0.26, 0.74, 0.76])
    assert got.quantiles[:, 0].tolist() == [0.0, 1.0, 1.0, 2.0]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), periods=st.integers(1, 60), whole=st.booleans())
def test_quantiles_rise_with_the_level_and_the_periods(seed: int, periods: int, whole: bool) -> None:
    history = history_of(np.random.default_rng(seed), 6, 30) * (1.0 if whole else 0.37)
    seen = sba(history)
    levels = np.array([0.01, 0.2, 0.5, 0.8, 0.99, 0.9999])
    got = demand_over_periods(seen, periods, levels)
    assert (np.diff(got.quantiles, axis=0) >= 0.0).all()
    assert np.isfinite(got.quantiles).all()
    longer = demand_over_periods(seen, 4 * periods, levels)
    assert (longer.quantiles[1:] >= got.quantiles[1:] - 1.0).all()
    if whole:
        assert (got.quantiles == np.round(got.quantiles)).all()


def test_bad_input_is_refused_with_the_fix() -> None:
    with pytest.raises(EngineInputError, match=r"history\[0, 1\] is -1.*never negative"):
        croston([[1.0, -1.0]])
    with pytest.raises(EngineInputError, match="interval_smoothing"):
        sba([[1.0]], interval_smoothing=0.0)
    with pytest.raises(EngineInputError, match="probability_smoothing"):
        tsb([[1.0]], probability_smoothing=1.5)
    with pytest.raises(EngineInputError, match="periods"):
        demand_over_periods(croston([[1.0]]), 0, [0.5])


@pytest.mark.parametrize("periods", [20, 400])
def test_one_pass_over_all_origins_is_a_fit_at_each(periods: int) -> None:
    rng = np.random.default_rng(periods)
    history = rng.poisson(0.5, (6, periods)).astype(float)
    history[rng.random(history.shape) < 0.1] = np.nan
    history[1], history[2, : periods // 2] = 0.0, np.nan
    origins = np.array([0, 1, 5, periods // 2, periods - 1, periods])
    for name, fit in (("croston", croston), ("sba", sba), ("sbj", sbj), ("tsb", tsb)):
        rolled = intermittent_from_origins(name, history, origins)
        each = np.column_stack([fit(history[:, :end]).mean for end in origins.tolist()])
        np.testing.assert_allclose(rolled, each, rtol=1e-13)
        history[0, 7] = -1.0
        below = intermittent_from_origins(name, history, origins)
        assert np.isnan(below[0]).tolist() == [False, False, False, True, True, True], "no word after a negative one"
        np.testing.assert_array_equal(below[1:], rolled[1:])
        history[0, 7] = 1.0
        assert intermittent_from_origins(name, history[:, :0], np.array([0])).tolist() == [[0.0]] * 6
