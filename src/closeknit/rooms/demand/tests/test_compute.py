"""Grouping, closed days, totals and the archive of a forecast, on small histories with known answers."""

import io
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import History
from closeknit.rooms.demand.contracts import Grain
from closeknit.rooms.sensing.contracts import SeriesKey

MONDAY = np.datetime64("2025-01-06", "D")
WEEK = np.array([20.0, 18.0, 22.0, 19.0, 25.0, 0.0, 0.0])


def key(account: str, service: str = "picking") -> SeriesKey:
    return SeriesKey("warehouse", service, "", "", account)


def history(rows: dict[SeriesKey, np.ndarray], grain: Grain = Grain.DAY) -> History:
    first = next(iter(rows.values()))
    step = np.timedelta64(1440 // compute.PERIODS_PER_DAY[grain], "m")
    starts = MONDAY.astype("datetime64[m]") + np.arange(first.size) * step
    return History(grain, tuple(rows), starts, np.array(list(rows.values()), dtype=float))


def test_top_tier_accounts_stand_alone_and_the_rest_by_tier():
    weeks = 20
    rows = {
        key("ACME"): np.tile(WEEK, weeks),
        key("RARE"): np.where(np.arange(7 * weeks) == 3, 1.0, 0.0),
        key("CRUMB"): np.tile(WEEK / 2, weeks),
        key(""): np.tile(WEEK / 4, weeks),
    }
    tiers = {"ACME": Tier.STRATEGIC, "RARE": Tier.KEY, "CRUMB": Tier.VOLUME}
    panel, _ = compute.forecast_panel(history(rows), tiers, 14)
    named = {(k.tier, k.account_number) for k in panel.keys}
    assert named == {("strategic", "ACME"), ("key", ""), ("volume", "")}
    volume = panel.mean[[k.tier for k in panel.keys].index("volume")]
    assert volume[:7] == pytest.approx(WEEK * 0.75)
    assert panel.total_mean[0, :7] == pytest.approx(WEEK * 1.75, rel=0.05, abs=1e-6)


def test_the_future_begins_the_day_after_the_history():
    panel, _ = compute.forecast_panel(history({key("A"): np.tile(WEEK, 10)}), {}, 3)
    assert panel.local_starts[0] == (MONDAY + np.timedelta64(70, "D")).astype("datetime64[m]")
    assert panel.mean.shape == (1, 3)


def test_a_closed_day_is_missing_and_not_no_demand():
    values = np.tile(WEEK, 12)
    values[7 * 11 : 7 * 11 + 5] = 0.0  # a whole week closed, just before the forecast
    panel, _ = compute.forecast_panel(history({key("A"): values}), {}, 7)
    assert panel.mean[0] == pytest.approx(WEEK)


def test_quantiles_are_of_the_sum_and_in_order():
    rng = np.random.default_rng(5)
    rows = {key("A"): rng.poisson(np.tile(WEEK, 60)), key("B", "packing"): rng.poisson(np.tile(WEEK, 60))}
    panel, accuracy = compute.forecast_panel(history(rows), {"A": Tier.VOLUME}, 28)
    assert (np.diff(panel.total_quantiles, axis=0) >= 0).all()
    low, high = panel.total_weekly_quantiles[0, 0, 0], panel.total_weekly_quantiles[-2, 0, 0]
    daily = panel.total_quantiles[[0, -2], 0, :7].sum(axis=1)
    assert daily[0] < low < panel.total_weekly_mean[0, 0] < high < daily[1]
    assert accuracy.wape_share is not None
    assert 0.1 < accuracy.wape_share < 0.4
    assert 0.6 < accuracy.interval_coverage_share <= 1.0


def test_half_hours_keep_the_shape_of_the_day():
    day = np.where((np.arange(48) >= 16) & (np.arange(48) < 36), 6.0, 0.0)
    values = np.tile(np.concatenate([np.tile(day, 5), np.zeros(96)]), 6)
    panel, _ = compute.forecast_panel(history({key("", "phone"): values}, Grain.HALF_HOUR), {}, 7)
    assert panel.mean.shape == (1, 336)
    assert panel.mean[0, :48] == pytest.approx(day)
    assert panel.mean[0, 5 * 48 :].sum() == 0.0


def test_archive_round_trip_keeps_every_bit():
    rng = np.random.default_rng(1)
    rows = {key("A"): rng.poisson(np.tile(WEEK, 30)), key("ünï|,\n"): rng.poisson(np.tile(WEEK, 30))}
    panel, _ = compute.forecast_panel(history(rows), {"ünï|,\n": Tier.KEY}, 14)
    levels, (again,) = compute.unpack(compute.pack(compute.QUANTILE_LEVELS, [panel]))
    assert again.keys == panel.keys
    assert (levels == compute.QUANTILE_LEVELS).all()
    assert compute.result_digest([again]) == compute.result_digest([panel])
    assert (again.local_starts == panel.local_starts).all()


def test_grain_follows_the_shortest_promise():
    assert compute.grain_of([2880.0, 0.5]) is Grain.HALF_HOUR
    assert compute.grain_of([120.0, 1440.0]) is Grain.DAY
    assert compute.grain_of([]) is Grain.DAY


def test_weeks_begin_on_monday():
    starts = np.array(["2026-03-01T12:00", "2026-03-02T00:00", "2026-03-08T23:30"], dtype="datetime64[m]")
    weeks, sums = compute.weekly_sums(starts, np.array([1.0, 2.0, 4.0]))
    assert [w.item() for w in weeks] == [date(2026, 2, 23), date(2026, 3, 2)]
    assert sums.tolist() == [1.0, 6.0]


def test_half_hours_of_another_zone_are_laid_on_the_operations_clock():
    # Monday 2025-03-03: New York is five hours behind Lisbon; from 9 March four, until Lisbon changes on the 30th.
    day = np.where((np.arange(48) >= 16) & (np.arange(48) < 36), 6.0, 0.0)
    values = np.tile(day, 56)
    panel, _ = compute.forecast_panel(history({key("", "phone"): values}, Grain.HALF_HOUR), {}, 14)
    laid = compute.on_clock(panel, "America/New_York", "Europe/Lisbon")
    first_working_slot = [int(np.flatnonzero(laid.mean[0, d * 48 : (d + 1) * 48])[0]) for d in (0, 7)]
    assert [slot / 2 for slot in first_working_slot] == [13.0, 12.0]
    assert laid.mean.sum() == pytest.approx(panel.mean.sum())


def test_joined_panels_keep_each_series_with_its_total():
    rows = {key("A"): np.tile(WEEK, 10)}, {key("B", "packing"): np.tile(WEEK * 2, 10), key("C"): np.tile(WEEK, 10)}
    parts = [compute.forecast_panel(history(r), {"A": Tier.KEY}, 7)[0] for r in rows]
    joined = compute.join_panels(parts)
    for i, k in enumerate(joined.keys):
        assert joined.total_keys[joined.total_of_series[i]][0] == k.service
    assert joined.mean.shape == (3, 7)
    assert joined.total_mean.sum() == pytest.approx(joined.mean.sum())


def test_sparse_work_is_expected_at_its_rate_and_not_as_it_last_came():
    # Five units a year, one of them last week: a short mean of it says one every week, a median says none ever.
    values = np.zeros(7 * 52)
    values[[10, 100, 170, 250, 360]] = 1.0
    panel, _ = compute.forecast_panel(history({key("A"): values}), {}, 28)
    assert panel.methods == ("mean_1x32 of weeks",)
    assert panel.mean.sum() == pytest.approx(3 / 32 * 4, rel=0.05)


def test_series_add_up_to_their_total_over_the_horizon():
    rng = np.random.default_rng(3)
    rows = {key(f"A{i}"): rng.poisson(np.tile(WEEK, 40) * rng.uniform(0.02, 2.0)) for i in range(12)}
    rows |= {key(f"B{i}", "packing"): rng.poisson(0.05, 280) for i in range(6)}
    tiers = {account.account_number: Tier.STRATEGIC for account in rows}
    panel, _ = compute.forecast_panel(history(rows), tiers, 35)
    assert len(panel.keys) > 8
    for total in range(2):
        mine = panel.total_of_series == total
        assert panel.mean[mine].sum() == pytest.approx(panel.total_mean[total].sum())
        assert panel.weekly_mean[mine].sum() == pytest.approx(panel.total_weekly_mean[total].sum())
    assert (panel.mean >= 0.0).all()


def test_an_archive_of_before_reasons_and_adjustments_still_opens():
    panel, _ = compute.forecast_panel(history({key("A"): np.tile(WEEK, 10)}), {}, 7)
    with np.load(io.BytesIO(compute.pack(compute.QUANTILE_LEVELS, [panel]))) as arrays:
        newer = ("reasons", "total_methods", "total_reasons", "events")
        kept = {name: arrays[name] for name in arrays if name.partition(".")[2] not in newer}
    assert len(kept) < len(arrays.files)
    old = io.BytesIO()
    np.savez_compressed(old, **kept)
    _, (again,) = compute.unpack(old.getvalue())
    assert (again.mean == panel.mean).all()
    assert again.statistical_mean is again.mean
    assert (again.reasons, again.total_reasons, again.events) == (("",), ("",), ())


def test_inputs_come_back_from_their_archive_with_the_same_digest():
    given = history({key("A"): np.tile(WEEK, 10), key("B"): np.tile(WEEK, 10) / 3.0})
    inputs = compute.ForecastInputs(
        operation="warehouse",
        zone="Europe/Berlin",
        first_on=date(2025, 3, 17),
        weeks=2,
        horizon_days=14,
        tiers={"A": Tier.KEY},
        own_from={"A": 12.5},
        best_tiers=(Tier.STRATEGIC,),
        occasions=tuple(compute.public_holidays({"": "DE"}, date(2025, 1, 6), date(2025, 4, 1))),
        adjustments=(),
        sources=(compute.Source(given, "Europe/Berlin"),),
    )
    again = compute.unpack_inputs(compute.pack_inputs(inputs))
    assert compute.inputs_digest(again) == compute.inputs_digest(inputs)
    assert (again.sources[0].history.quantities == given.quantities).all()
    assert again.occasions == inputs.occasions
    assert compute.make_forecast(again).digest == compute.make_forecast(inputs).digest
    other = replace(inputs, best_tiers=(Tier.STRATEGIC, Tier.KEY))
    assert compute.inputs_digest(other) != compute.inputs_digest(inputs)
