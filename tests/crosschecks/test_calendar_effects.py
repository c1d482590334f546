"""Effects of events: unbiased, with honest errors, borrowed where thin; and those planted in the sample company."""

from datetime import date

import numpy as np
import pytest

from closeknit.demo.accounts import draw_profiles, granules
from closeknit.demo.effects import PROMOTION_FACTOR, company_effects
from closeknit.demo.rates import daily_rates
from closeknit.demo.spec import CompanySpec
from closeknit.demo.timeline import Timeline
from closeknit.engine.errors import EngineInputError
from closeknit.engine.forecasting import event_effects, event_sums, with_effects, without_effects

DAYS = 364
WEEK = np.array([1.2, 1.1, 1.0, 1.0, 0.9, 0.3, 0.1])
STARTS = (60, 150, 241, 330)
ON = np.zeros((3, DAYS))
for start in STARTS:
    ON[0, start : start + 14] = 1.0
    ON[1, start + 14 : start + 21] = 1.0
ON[2, [100, 200, 310]] = 1.0


def drawn(rng: np.random.Generator, size: np.ndarray, factors: np.ndarray, wander: float = 0.0) -> np.ndarray:
    """Counts by day: a week, a swing over the year, events, and if asked a level that wanders from week to week."""
    mean = size[:, None] * np.tile(WEEK, DAYS // 7) * (1.0 + 0.12 * np.cos(2.0 * np.pi * np.arange(DAYS) / DAYS))
    for event in range(factors.shape[1]):
        mean = mean * (1.0 + (factors[:, event, None] - 1.0) * ON[event])
    if wander:
        drift = rng.normal(0.0, wander, (size.size, DAYS // 7))
        for week in range(1, DAYS // 7):
            drift[:, week] += 0.6 * drift[:, week - 1]
        mean = mean * np.exp(np.repeat(drift, 7, axis=1))
    return rng.poisson(mean).astype(float)


@pytest.mark.parametrize(
    ("series", "mean", "spread", "wander", "runs"),
    [(1, 5.0, 0.0, 0.0, 60), (50, 2.0, 0.15, 0.0, 12), (200, 0.3, 0.2, 0.0, 6), (50, 5.0, 0.2, 0.15, 12)],
)
def test_effects_are_unbiased_and_their_errors_cover(
    series: int, mean: float, spread: float, wander: float, runs: int
) -> None:
    rng = np.random.default_rng(7)
    inside, off = [], []
    for _ in range(runs):
        factors = np.broadcast_to([1.25, 0.93, 0.15], (series, 3)).copy()
        if spread:
            factors[:, 0] *= rng.gamma(1.0 / spread**2, spread**2, series)
        size = mean * rng.uniform(0.3, 2.0, series)
        found = event_effects(drawn(rng, size, factors, wander), ON, 7)
        error = found.effect - (factors - 1.0)
        inside.append(np.abs(error) <= 1.96 * found.standard_error)
        off.append(error.mean(axis=0))
    assert 0.92 <= np.mean(inside) <= 1.0
    # Three holidays of one lone series leave room for doubt, which pulls towards no effect.
    assert (np.abs(np.mean(off, axis=0)) < [0.05, 0.05, 0.05 if series > 1 else 0.15]).all()


def sample(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Daily orders; who responds, tiers and regions; promotions, the weeks after them and each region's holidays."""
    spec = CompanySpec(seed=seed, accounts=1500, weeks=104, ends_on=date(2026, 6, 1))
    timeline, rng = Timeline.of(spec), np.random.default_rng(seed)
    effects = company_effects(spec, timeline)
    orders, responds, tier, region = [], [], [], []
    for granule in range(granules(spec.accounts)):
        who = draw_profiles(spec, granule)
        orders.append(rng.poisson(daily_rates(who, effects, timeline).orders))
        responds.append(who.responds_to_promotions)
        tier.append(who.tier)
        region.append(who.region)
    on = np.zeros((2, spec.days))
    for week in effects.promotion_weeks:
        on[0, 7 * week : 7 * week + 7] = 1.0
        if week + 1 not in effects.promotion_weeks:
            on[1, 7 * (week + 1) : 7 * (week + 2)] = 1.0
    closed = ~timeline.is_open[:, : spec.days] & (np.arange(spec.days) % 7 < 5)
    group = np.stack([np.concatenate(responds).astype(int), np.concatenate(tier), np.concatenate(region)])
    return np.vstack(orders).astype(float), group, np.vstack([on, closed]), effects.promotion_factor(104)


def by_group(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    orders, group, on, _ = sample(seed)
    own = np.ones((orders.shape[0], on.shape[0]), dtype=bool)
    own[:, 2:] = group[2][:, None] == np.arange(on.shape[0] - 2)
    found = event_effects(orders, on, 7, group_of_series=group[0], is_own=own)
    tiers = event_effects(orders, on, 7, group_of_series=group[1], is_own=own)
    size = orders.sum(axis=1)
    mix = np.array([size[(group[1] == t) & (group[0] == 1)].sum() / size[group[1] == t].sum() for t in range(4)])
    return found.group_effect, found.group_standard_error, tiers.group_effect[:, 0], mix


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_sample_companys_promotions_are_found_within_a_fifth(seed: int) -> None:
    effect, error, by_tier, mix = by_group(seed)
    planted = PROMOTION_FACTOR - 1.0
    assert abs(effect[1, 0] - planted) <= 0.2 * planted
    assert abs(effect[0, 0]) <= 0.05
    assert abs(effect[1, 1] - -0.07) <= 2.5 * error[1, 1]
    assert abs(by_tier.mean() - planted * mix.mean()) <= 0.2 * planted * mix.mean()
    assert np.abs(effect[:, 2:] - -0.85).max() <= 0.05  # holidays keep 15 % of the orders


def test_with_the_events_days_in_the_baseline_the_promotion_would_be_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = event_sums.seasonal_level

    def unguarded(values: np.ndarray, used: np.ndarray, *rest: object) -> object:
        return real(values, np.ones_like(used), *rest)

    monkeypatch.setattr(event_sums, "seasonal_level", unguarded)
    effect, _, _, _ = by_group(0)
    assert abs(effect[1, 0] - 0.25) > 0.05


def test_a_series_borrows_what_it_has_not_seen_and_says_so() -> None:
    rng = np.random.default_rng(2)
    history = drawn(rng, np.array([8.0, 8.0, 0.05, 8.0]), np.broadcast_to([1.5, 1.0, 1.0], (4, 3)))
    history[3, :335] = np.nan  # a new account: it has seen ten days of the last promotion only
    never = np.zeros((1, DAYS))
    found = event_effects(history, np.vstack([ON[:1], never]), 7)
    assert found.is_known[:, 0].all()
    assert not found.is_known[:, 1].any()
    assert found.effect[:, 1].tolist() == [0.0] * 4
    assert found.occurrences[:, 0].tolist() == [4, 4, 4, 1]
    assert np.abs(found.effect[:, 0] - 0.5).max() < 0.15
    assert found.own_weight_share[0, 0] > 3.0 * found.own_weight_share[2, 0]
    assert found.standard_error[2, 0] > found.standard_error[0, 0]


def test_an_event_of_others_leaves_a_series_alone() -> None:
    rng = np.random.default_rng(3)
    history = drawn(rng, np.array([8.0, 8.0]), np.array([[1.5, 1.0, 1.0], [1.0, 1.0, 1.0]]))
    found = event_effects(history, ON[:1], 7, is_own=[[True], [False]])
    assert found.effect[1, 0] == 0.0
    assert found.occurrences[:, 0].tolist() == [4, 0]
    np.testing.assert_array_equal(with_effects(history, found, ON[:1])[1], history[1])


def test_overlapping_events_are_told_apart_and_half_periods_count_half() -> None:
    rng = np.random.default_rng(4)
    on = np.zeros((2, DAYS))
    on[0, 50:360:45], on[0, 51:360:45] = 1.0, 1.0
    on[1, 51:360:45], on[1, 20:360:45] = 0.5, 1.0
    mean = 200.0 * (1.0 + 0.5 * on[0]) * (1.0 - 0.6 * on[1])
    found = event_effects(rng.poisson(np.tile(mean, (20, 1))).astype(float), on, 7)
    assert found.group_effect[0] == pytest.approx([0.5, -0.6], abs=0.02)


def test_taking_events_out_and_putting_them_in_are_each_others_reverse() -> None:
    rng = np.random.default_rng(5)
    history = drawn(rng, np.array([6.0, 9.0]), np.broadcast_to([1.4, 0.9, 0.05], (2, 3)))
    found = event_effects(history, ON, 7)
    taken = without_effects(history, found, ON)
    back = with_effects(taken.history, found, ON)
    np.testing.assert_allclose(back[taken.is_observed], history[taken.is_observed])
    # A day that a holiday leaves nearly empty says nothing of what would have been.
    assert not taken.is_observed[:, [100, 200, 310]].any()
    assert taken.is_observed.mean() > 0.98


def test_rows_do_not_depend_on_their_company() -> None:
    rng = np.random.default_rng(6)
    history = drawn(rng, np.linspace(1.0, 9.0, 6), np.broadcast_to([1.4, 0.9, 0.1], (6, 3)))
    together = event_effects(history, ON, 7, group_of_series=np.arange(6))
    shuffled = event_effects(history[::-1], ON, 7, group_of_series=np.arange(6))
    np.testing.assert_allclose(shuffled.effect[::-1], together.effect, rtol=1e-9)


def test_nothing_and_negative_values_have_no_effect() -> None:
    history = np.stack([np.zeros(DAYS), np.where(np.arange(DAYS) == 5, -3.0, 10.0), np.full(DAYS, np.nan)])
    found = event_effects(history, ON, 7)
    assert not found.is_known.any()
    assert not found.effect.any()
    assert event_effects(np.zeros((0, DAYS)), ON, 7).effect.shape == (0, 3)
    assert event_effects(history, np.zeros((0, DAYS)), 7).effect.shape == (3, 0)


def test_bad_input_is_refused_with_the_fix() -> None:
    past = np.ones((2, 30))
    with pytest.raises(EngineInputError, match="indicators has 9 periods: give 30"):
        event_effects(past, np.zeros((1, 9)), 7)
    with pytest.raises(EngineInputError, match=r"indicators.* at most 1"):
        event_effects(past, np.full((1, 30), 2.0), 7)
    with pytest.raises(EngineInputError, match="is_own has shape"):
        event_effects(past, np.zeros((1, 30)), 7, is_own=np.ones((1, 1), dtype=bool))
    with pytest.raises(EngineInputError, match="effects are of 2 series and 1 events"):
        with_effects(np.ones((3, 4)), event_effects(past, np.zeros((1, 30)), 7), np.zeros((1, 4)))
