"""Which days are special, for whom, and what they do to a forecast."""

from datetime import date, timedelta

import numpy as np
import pytest

from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import HOLIDAY, History, Occasion, public_holidays
from closeknit.rooms.demand.compute.calendar import event_rows, is_holiday
from closeknit.rooms.demand.contracts import ForecastKey, Grain
from closeknit.rooms.sensing.contracts import SeriesKey

FIRST = date(2023, 1, 2)
DAY = timedelta(days=1)


def days(count):
    return np.datetime64(FIRST) + np.arange(count)


def occasion(kind, on, length=1, *, name="", **about):
    where = {"service": "", "region": "", "account_number": ""} | about
    return Occasion(name or kind, kind, **where, from_on=on, to_on=on + length * DAY)


def test_public_holidays_are_those_of_each_regions_country():
    found = public_holidays({"dach": "DE", "coast": "US/MD", "moon": "ZZ"}, date(2026, 1, 1), date(2027, 1, 1))
    on = {(o.region, o.from_on) for o in found}
    assert ("dach", date(2026, 10, 3)) in on
    assert ("coast", date(2026, 11, 27)) in on
    assert ("coast", date(2026, 10, 3)) not in on
    assert not [region for region, _ in on if region == "moon"]
    assert all(o.kind == HOLIDAY and o.to_on == o.from_on + DAY for o in found)


def test_a_holiday_seen_twice_has_a_row_and_a_rare_one_is_one_of_the_others():
    past = [Occasion("Xmas", HOLIDAY, "", "", "", date(year, 12, 25), date(year, 12, 26)) for year in (2023, 2024)]
    once = Occasion("Jubilee", HOLIDAY, "", "", "", date(2024, 6, 5), date(2024, 6, 6))
    rows = event_rows([*past, once], days(900), 800)
    assert set(rows.names) == {
        "Xmas",
        "other public holiday",
        "day before a public holiday",
        "day after a public holiday",
    }
    xmas = rows.indicators[rows.names.index("Xmas")]
    assert days(900)[xmas > 0].tolist() == [date(2023, 12, 25), date(2024, 12, 25)]


def test_rows_concern_whom_they_are_about_and_equal_days_are_one_row():
    told = [
        occasion("promotion", date(2023, 3, 6), 7, region="north"),
        occasion("promotion", date(2023, 3, 6), 7, region="south"),
        occasion("launch", date(2023, 4, 3), 7, account_number="A"),
    ]
    rows = event_rows(told, days(200), 150)
    keys = [ForecastKey("pick", region, "", "key", account) for region, account in (("north", "A"), ("east", ""))]
    concerned = rows.concerning(keys)
    assert rows.names.count("promotion") == 1
    assert concerned[0, rows.names.index("promotion")]
    assert not concerned[1, rows.names.index("promotion")]
    assert concerned[0, rows.names.index("launch")]
    assert not concerned[1].any()


def test_a_day_on_which_something_runs_is_not_a_day_after():
    told = [occasion(HOLIDAY, date(2023, 4, 9), name="Sunday"), occasion(HOLIDAY, date(2023, 4, 10), name="Monday")]
    rows = event_rows(told, days(200), 150)
    after = rows.indicators[rows.names.index("day after a public holiday")]
    assert days(200)[after > 0].tolist() == [date(2023, 4, 11)]
    assert is_holiday(told, days(200)).sum() == 2


def made(values, occasions, ahead=14, tiers=None):
    starts = days(values.shape[1]).astype("datetime64[m]")
    keys = tuple(SeriesKey("w", "pick", "", "", f"A{i}") for i in range(values.shape[0]))
    return compute.forecast_panel(History(Grain.DAY, keys, starts, values), tiers or {}, ahead, occasions=occasions)[0]


def test_a_planted_promotion_is_found_and_put_into_the_forecast_to_come():
    rng = np.random.default_rng(4)
    starts = [date(2023, 3, 6), date(2023, 6, 5), date(2023, 9, 4), date(2023, 12, 4), date(2024, 2, 5)]
    ahead = date(2024, 4, 1)
    count = (ahead - FIRST).days
    on = np.zeros(count + 14)
    for start in [*starts, ahead]:
        on[(start - FIRST).days : (start - FIRST).days + 7] = 1.0
    values = rng.poisson(60.0 * (1.0 + 0.4 * on[:count]))[None].astype(float)
    told = [occasion("promotion", start, 7) for start in [*starts, ahead]]
    panel = made(values, told)
    (effect,) = [event for event in panel.events if event.name == "promotion"]
    assert effect.share == pytest.approx(0.4, rel=0.2)
    assert effect.occurrences == 5
    assert panel.total_mean[0, :7].mean() == pytest.approx(84.0, rel=0.08)
    assert panel.total_mean[0, 7:].mean() == pytest.approx(60.0, rel=0.08)
    assert "promotion +" in panel.total_reasons[0]
    # Told nothing of it, the same forecast expects no more in the first week than in the second.
    blind = made(values, [])
    assert blind.total_mean[0, :7].mean() == pytest.approx(60.0, rel=0.1)


def test_an_event_of_one_account_raises_its_total_by_as_much():
    rng = np.random.default_rng(9)
    values = rng.poisson(np.array([[40.0], [60.0]]), (2, 420)).astype(float)
    on = FIRST + 420 * DAY
    told = [Occasion("Launch", "launch", "", "", "A0", on, on + 7 * DAY, 0.5)]
    tiers = {"A0": Tier.KEY, "A1": Tier.KEY}
    with_it, without = made(values, told, tiers=tiers), made(values, [], tiers=tiers)
    own = with_it.mean[0, :7].sum() - without.mean[0, :7].sum()
    assert own == pytest.approx(0.5 * 7 * 40.0, rel=0.15)
    assert with_it.total_mean[0, :7].sum() - without.total_mean[0, :7].sum() == pytest.approx(own, rel=0.1)


def test_thin_series_are_forecast_by_weeks_with_the_days_of_their_total():
    rng = np.random.default_rng(2)
    week = np.resize([10.0, 9.0, 11.0, 9.0, 12.0, 1.0, 0.0], 364)
    values = np.stack([rng.poisson(week * 5.0), rng.poisson(week / 9.0)]).astype(float)
    panel = made(values, [], tiers={"A0": Tier.KEY, "A1": Tier.KEY})
    thin = [k.account_number for k in panel.keys].index("A1")
    assert panel.methods[thin].endswith("of weeks")
    assert panel.reasons[thin].startswith("by weeks, of which ")
    assert panel.reasons[1 - thin].startswith("by days, of which ")
    shape = panel.mean[thin, :7] / panel.mean[thin, :7].sum()
    assert shape == pytest.approx(week[:7] / week[:7].sum(), abs=0.03)
    assert panel.mean[thin, :7].sum() == pytest.approx(week[:7].sum() / 9.0, rel=0.3)
    assert panel.mean.sum(axis=0) == pytest.approx(panel.total_mean[0])
