"""What people change in a forecast: exactly there, coherent all through, never below zero, and gone when withdrawn."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import History
from closeknit.rooms.demand.contracts import AdjustmentKind, AdjustmentOutcome, Grain, Panel
from closeknit.rooms.demand.tests.adjusting import LEVELS, MONDAY, make, make_panel
from closeknit.rooms.sensing.contracts import SeriesKey

MULTIPLY, ADD, SET = AdjustmentKind.MULTIPLY, AdjustmentKind.ADD, AdjustmentKind.SET
DAYS = 28
WEEK = np.array([20.0, 18.0, 22.0, 19.0, 21.0, 0.0, 0.0])
ACME, TOGETHER = ("picking", "north", "strategic", "ACME"), ("picking", "north", "volume", "")
OTHER = ("packing", "south", "strategic", "ACME")
SHARES = {("picking", "north", "volume", "CRUMB"): 0.25}


@pytest.fixture
def panel() -> Panel:
    week = np.tile(WEEK, 4)
    return make_panel({ACME: week, TOGETHER: 2 * week, OTHER: 0.5 * week})


def same(one: Panel, other: Panel) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name), equal_nan=f.name == "wape_share")
               if isinstance(getattr(one, f.name), np.ndarray) else getattr(one, f.name) == getattr(other, f.name)
               for f in fields(Panel))  # fmt: skip


def check_coherent(panel: Panel) -> None:
    for number in range(len(panel.total_keys)):
        mine = panel.total_of_series == number
        assert panel.mean[mine].sum(axis=0) == pytest.approx(panel.total_mean[number], abs=1e-9)
        assert panel.weekly_mean[mine].sum(axis=0) == pytest.approx(panel.total_weekly_mean[number], abs=1e-9)
    week = np.searchsorted(panel.week_on, panel.local_starts.astype("datetime64[D]"), side="right") - 1
    for number in range(panel.week_on.size):
        assert panel.mean[:, week == number].sum(axis=1) == pytest.approx(panel.weekly_mean[:, number], abs=1e-9)
    for name in ("weekly_quantiles", "total_quantiles", "total_weekly_quantiles"):
        assert np.all(np.diff(getattr(panel, name), axis=0) >= -1e-9), name
        assert np.all(getattr(panel, name) >= 0), name
    assert np.all(panel.mean >= 0)
    assert np.all(panel.total_mean >= 0)


def test_nothing_to_apply_gives_the_panel_itself(panel):
    found, applied = compute.adjust(panel, LEVELS, [])
    assert found is panel
    assert applied == ()


def test_a_factor_works_on_its_place_and_window_only(panel):
    found, (applied,) = compute.adjust(panel, LEVELS, [make(MULTIPLY, 1.4, service="picking", account_number="ACME")])
    assert found.mean[0, 7:14] == pytest.approx(1.4 * WEEK)
    assert np.array_equal(found.mean[0, :7], panel.mean[0, :7])
    assert np.array_equal(found.mean[1:], panel.mean[1:])
    assert found.total_mean[1, 7:14] == pytest.approx(3.4 * WEEK)
    assert np.array_equal(found.total_quantiles[:, :, 14:], panel.total_quantiles[:, :, 14:])
    assert np.array_equal(found.statistical_mean, panel.mean)
    assert [(w.week_on, w.units_before, w.units_after) for w in applied.weeks] == [
        (found.week_on[1].item(), pytest.approx(100.0), pytest.approx(140.0))
    ]
    assert applied.units_change == pytest.approx(40.0)


def test_all_of_a_total_scaled_scales_its_quantiles(panel):
    found, _ = compute.adjust(panel, LEVELS, [make(MULTIPLY, 1.5, service="picking")])
    picking = panel.total_keys.index(("picking", "north"))
    assert found.total_quantiles[:, picking, 7:14] == pytest.approx(1.5 * panel.total_quantiles[:, picking, 7:14])
    assert found.total_weekly_quantiles[:, picking, 1] == pytest.approx(
        1.5 * panel.total_weekly_quantiles[:, picking, 1]
    )
    assert found.weekly_quantiles[:, 0, 1] == pytest.approx(1.5 * panel.weekly_quantiles[:, 0, 1])


def test_what_comes_on_top_shifts_the_range_and_lies_as_the_week_does(panel):
    found, _ = compute.adjust(panel, LEVELS, [make(ADD, 50.0, service="picking", account_number="ACME")])
    assert found.mean[0, 7:14] == pytest.approx(1.5 * WEEK)
    assert found.weekly_quantiles[:, 0, 1] == pytest.approx(panel.weekly_quantiles[:, 0, 1] + 50.0)


def test_a_window_with_part_of_a_week_gets_that_part(panel):
    found, (applied,) = compute.adjust(panel, LEVELS, [make(ADD, 50.0, 7, 9, service="picking", account_number="ACME")])
    assert found.mean[0, 7:10] == pytest.approx([30.0, 27.0, 22.0])
    assert applied.units_change == pytest.approx(19.0)


@pytest.mark.parametrize("size", [0.0, 30.0, 250.0])
def test_what_is_set_is_what_the_week_holds(panel, size):
    found, _ = compute.adjust(panel, LEVELS, [make(SET, size, service="picking")])
    assert found.weekly_mean[:2, 1] == pytest.approx([size / 3, 2 * size / 3])
    assert found.total_weekly_mean[1, 1] == pytest.approx(size)
    check_coherent(found)
    if size == 0.0:
        assert np.all(found.total_quantiles[:, 1, 7:14] == 0)


def test_to_set_nothing_to_something_fills_every_cell_alike():
    empty = make_panel({ACME: np.zeros(DAYS)})
    found, _ = compute.adjust(empty, LEVELS, [make(SET, 70.0, 7, 21, p=0.5, service="picking")])
    assert found.mean[0, 7:21] == pytest.approx(np.full(14, 5.0))
    assert found.total_weekly_quantiles[0, 0, 1] < 35.0 < found.total_weekly_quantiles[-1, 0, 1]


def test_taking_away_more_than_there_is_leaves_nothing(panel):
    found, (applied,) = compute.adjust(panel, LEVELS, [make(ADD, -500.0, service="picking")])
    assert np.all(found.mean[:2, 7:14] == 0)
    assert applied.weeks[0].units_after == 0
    check_coherent(found)


def test_a_chance_moves_by_its_share_and_widens_by_its_variance(panel):
    found, _ = compute.adjust(panel, LEVELS, [make(ADD, 60.0, p=0.25, service="packing")])
    assert found.weekly_mean[2, 1] == pytest.approx(65.0)
    z = 1.2815515655446004
    before = (panel.weekly_quantiles[-1, 2, 1] - panel.weekly_quantiles[0, 2, 1]) / (2 * z)
    after = (found.weekly_quantiles[-1, 2, 1] - found.weekly_quantiles[0, 2, 1]) / (2 * z)
    assert after**2 == pytest.approx(before**2 + 0.25 * 0.75 * 60.0**2)


def test_the_mean_and_variance_of_a_chance_agree_with_drawing_it(panel):
    """A million draws of "it happens or not" on normal demand."""
    rng = np.random.default_rng(20260302)
    found, _ = compute.adjust(panel, LEVELS, [make(ADD, 60.0, p=0.25, service="packing")])
    z = 1.2815515655446004
    sigma = (panel.weekly_quantiles[-1, 2, 1] - panel.weekly_quantiles[0, 2, 1]) / (2 * z)
    drawn = rng.normal(50.0, sigma, 1_000_000) + 60.0 * (rng.random(1_000_000) < 0.25)
    assert drawn.mean() == pytest.approx(found.weekly_mean[2, 1], abs=0.2)
    spread = (found.weekly_quantiles[-1, 2, 1] - found.weekly_quantiles[0, 2, 1]) / (2 * z)
    assert drawn.std() == pytest.approx(spread, rel=0.01)


def test_an_account_forecast_with_its_tier_is_changed_by_its_share(panel):
    place = {"service": "picking", "tier": "volume", "account_number": "CRUMB"}
    found, (applied,) = compute.adjust(panel, LEVELS, [make(MULTIPLY, 2.0, **place)], SHARES)
    assert found.mean[1, 7:14] == pytest.approx(2 * WEEK * 1.25)
    assert applied.weeks[0].units_before == pytest.approx(50.0)
    found, _ = compute.adjust(panel, LEVELS, [make(SET, 10.0, **place)], SHARES)
    assert found.weekly_mean[1, 1] == pytest.approx(160.0)


def test_a_new_account_joins_its_tier_or_gets_a_series(panel):
    place = {"service": "picking", "region": "north", "account_number": "NEW"}
    joined, (applied,) = compute.adjust(panel, LEVELS, [make(ADD, 10.0, tier="volume", **place)])
    assert joined.weekly_mean[1, 1] == pytest.approx(210.0)
    assert applied.weeks[0].units_before == 0
    grown, (applied,) = compute.adjust(panel, LEVELS, [make(ADD, 10.0, tier="key", **place)])
    assert grown.keys[-1].account_number == "NEW"
    assert grown.methods[-1] == "by people"
    assert (grown.weekly_mean[-1, 1], applied.units_change) == (pytest.approx(10.0), pytest.approx(10.0))
    assert grown.statistical_mean[-1].sum() == 0
    check_coherent(grown)


def test_what_is_not_forecast_is_reported_and_changes_nothing(panel):
    nowhere = [
        make(MULTIPLY, 2.0, service="none"),
        make(ADD, 5.0, 90, 99, "b"),
        make(MULTIPLY, 2.0, account_number="X"),
    ]
    found, applied = compute.adjust(panel, LEVELS, nowhere)
    assert same(found, panel)
    assert {a.outcome for a in applied} == {AdjustmentOutcome.UNMATCHED}


def test_the_later_of_two_that_set_the_same_place_wins(panel):
    early, late = make(SET, 30.0, service="picking"), make(SET, 90.0, number="b", service="picking")
    found, applied = compute.adjust(panel, LEVELS, [late, early])
    assert [a.outcome for a in applied] == [AdjustmentOutcome.OVERRULED, AdjustmentOutcome.APPLIED]
    assert applied[0].overruled_by == "b"
    alone, _ = compute.adjust(panel, LEVELS, [late])
    assert same(found, alone)


def test_one_that_is_overruled_on_some_days_holds_on_the_others(panel):
    early, late = make(SET, 30.0, 7, 21, service="picking"), make(SET, 90.0, 14, 21, "b", service="picking")
    found, applied = compute.adjust(panel, LEVELS, [early, late])
    assert found.total_weekly_mean[1, 1:3] == pytest.approx([30.0, 90.0])
    assert (applied[0].outcome, applied[0].overruled_by) == (AdjustmentOutcome.APPLIED, "b")


def test_what_is_added_over_two_grains_is_shared_between_them():
    day, fine = (
        make_panel({ACME: np.tile(WEEK, 4)}),
        make_panel({OTHER: np.full(28 * 48, 300.0 / 336)}, Grain.HALF_HOUR),
    )
    panels, (applied,) = compute.adjust_panels([day, fine], LEVELS, [make(ADD, 40.0, account_number="ACME")])
    assert [p.weekly_mean[0, 1] for p in panels] == [pytest.approx(110.0), pytest.approx(330.0)]
    assert applied.units_change == pytest.approx(40.0)
    for panel in panels:
        check_coherent(panel)


def test_totals_that_are_not_the_sum_of_their_parts_never_fall_below_zero(panel):
    apart = make_panel({ACME: np.tile(WEEK, 4)})
    apart = type(apart)(
        **{**{f.name: getattr(apart, f.name) for f in fields(Panel)}, "total_mean": apart.total_mean * 0.9}
    )
    found, _ = compute.adjust(apart, LEVELS, [make(MULTIPLY, 0.0, service="picking")])
    assert np.all(found.total_mean[0, 7:14] == 0)


PLACES = st.sampled_from(
    [
        {},
        {"service": "picking"},
        {"region": "south"},
        {"tier": "strategic"},
        {"account_number": "ACME"},
        {"service": "picking", "tier": "volume", "account_number": "CRUMB"},
    ]
)
DRAWN = st.builds(
    lambda kind, size, first, days, p, place: (kind, size, first, first + days, p, place),
    st.sampled_from([MULTIPLY, ADD, SET]),
    st.floats(0, 5),
    st.integers(-5, 30),
    st.integers(1, 20),
    st.floats(0, 1),
    PLACES,
)


def build(drawn: list) -> list:
    def size(kind, amount):
        return amount if kind is MULTIPLY else (amount - 2.5) * 60 if kind is ADD else amount * 60

    return [
        make(kind, size(kind, amount), first, last, chr(97 + i), p, **place)
        for i, (kind, amount, first, last, p, place) in enumerate(drawn)
    ]


@settings(max_examples=120, deadline=None)
@given(st.lists(DRAWN, max_size=5), st.integers(0, 2**32 - 1))
def test_whatever_people_say_the_numbers_stay_coherent_and_elsewhere_they_stay_the_same(drawn, seed):
    rng = np.random.default_rng(seed)
    level = rng.gamma(0.8, 20.0, (3, DAYS)) * (rng.random((3, DAYS)) < 0.8)
    panel = make_panel(dict(zip((ACME, TOGETHER, OTHER), level, strict=True)))
    said = build(drawn)
    found, applied = compute.adjust(panel, LEVELS, said, SHARES)
    check_coherent(found)
    assert len(applied) == len(said)
    in_some_window = np.zeros(DAYS, dtype=bool)
    for a in said:
        in_some_window |= [a.from_on <= d.item() < a.to_on for d in panel.local_starts.astype("datetime64[D]")]
    assert np.array_equal(found.mean[:, ~in_some_window], panel.mean[:, ~in_some_window])
    assert np.array_equal(found.total_quantiles[..., ~in_some_window], panel.total_quantiles[..., ~in_some_window])
    change = sum(a.units_change for a in applied)
    assert found.mean.sum() - panel.mean.sum() == pytest.approx(change, abs=1e-6)
    assert np.array_equal(found.statistical_mean, panel.mean)
    again, _ = compute.adjust(panel, LEVELS, said[::-1], SHARES)
    assert same(again, found)


@settings(max_examples=40, deadline=None)
@given(st.lists(DRAWN, min_size=1, max_size=4))
def test_what_cannot_happen_changes_nothing_bit_for_bit(drawn):
    panel = make_panel({ACME: np.tile(WEEK, 4), TOGETHER: np.tile(WEEK, 4) / 3, OTHER: np.ones(DAYS)})
    found, _ = compute.adjust(panel, LEVELS, build([(*d[:4], 0.0, d[5]) for d in drawn]), SHARES)
    assert same(found, panel)


def test_an_account_has_the_share_of_its_tier_that_it_brought_in_the_last_half_year():
    days = 400
    keys = tuple(SeriesKey("warehouse", "picking", "north", "", a) for a in ("CRUMB", "OLD", "", "ACME"))
    starts = np.datetime64(MONDAY, "m") + np.arange(days) * np.timedelta64(1, "D")
    brought = np.array(
        [np.full(days, 1.0), np.where(np.arange(days) < 100, 9.0, 0.0), np.full(days, 3.0), np.ones(days)]
    )
    history = History(Grain.DAY, keys, starts, brought)
    tiers = {"CRUMB": Tier.VOLUME, "OLD": Tier.VOLUME, "ACME": Tier.STRATEGIC}
    forecast = make_panel({ACME: np.ones(7), TOGETHER: np.ones(7)})
    shares = compute.account_shares([history], forecast.keys, tiers)
    assert shares == {("picking", "north", "volume", "CRUMB"): 0.25, ("picking", "north", "volume", "OLD"): 0.0}
