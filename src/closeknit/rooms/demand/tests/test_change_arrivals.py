"""Changes told by how often work comes, where it comes several units at a time."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from closeknit.rooms.demand.compute.change_arrivals import services_with_instants, told_by_arrivals, units_each
from closeknit.rooms.demand.compute.changes import SeriesHistory, classify
from closeknit.rooms.demand.contracts import ChangeKind, ScoreLevel, SeriesName
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.tests.test_changes import COSTS
from closeknit.rooms.sensing.contracts import SeriesKey
from closeknit.rooms.sensing.tests.small import call, load, write_calls

SERIES, WEEKS = 60, 104
MONDAYS = np.datetime64("2024-01-01", "D") + 7 * np.arange(WEEKS)
NAMES = tuple(SeriesName(ScoreLevel.SERIES, "picking", "north", "", "key", f"A{n}") for n in range(SERIES))


def history(mean, each: float = 5.0, seed: int = 3) -> SeriesHistory:
    """Arrivals with these means by week, each with a geometric number of units."""
    rng = np.random.default_rng(seed)
    arrivals = rng.poisson(np.broadcast_to(mean, (SERIES, WEEKS)))
    share = 1.0 / np.broadcast_to(each, (SERIES, WEEKS))
    more = np.where(arrivals > 0, rng.negative_binomial(np.maximum(arrivals, 1), share), 0)
    ones = np.ones((SERIES, WEEKS))
    return SeriesHistory(NAMES, MONDAYS, (arrivals + more).astype(float), ones, arrivals.astype(float), ones)


def kinds(found: SeriesHistory) -> list[ChangeKind]:
    return [card.kind for card in classify("w", found, [COSTS] * SERIES)]


def lasting(mean: float, factor: float) -> np.ndarray:
    return np.where(np.arange(WEEKS) < 60, mean, factor * mean)


def test_a_change_in_how_often_work_comes_shows_twice_as_well_in_arrivals():
    shifted = history(lasting(4.0, 0.6))
    by_arrivals, by_units = kinds(shifted), kinds(replace(shifted, arrivals=None, arrivals_factor=None))
    assert by_arrivals.count(ChangeKind.PERMANENT) >= 0.7 * SERIES
    assert by_units.count(ChangeKind.PERMANENT) <= 0.5 * SERIES


def test_levels_are_in_units_and_the_evidence_says_what_was_counted():
    cards = classify("w", history(lasting(20.0, 1.6)), [COSTS] * SERIES)
    assert np.mean([card.units_before for card in cards]) == pytest.approx(100.0, rel=0.05)
    assert np.mean([card.units_after for card in cards]) == pytest.approx(160.0, rel=0.05)
    assert all("Told by arrivals, of " in card.evidence for card in cards)


def test_larger_orders_are_found_though_no_more_of_them_come():
    found = history(20.0, each=np.where(np.arange(WEEKS) < 60, 3.0, 6.0))
    assert kinds(found).count(ChangeKind.PERMANENT) >= 0.9 * SERIES


def test_a_shift_long_ago_hides_no_spike_of_sizes_today():
    found = history(lasting(20.0, 1.8), each=np.where(np.arange(WEEKS) < 100, 3.0, 12.0))
    cards = classify("w", found, [COSTS] * SERIES)
    late = [c for c in cards if c.kind is ChangeKind.UNKNOWN and str(c.since_on) >= "2025-11-24"]
    assert len(late) >= 0.9 * SERIES


def test_calm_series_are_left_alone():
    alarms = [kind is not ChangeKind.NONE for seed in range(5) for kind in kinds(history(6.0, seed=seed))]
    assert np.mean(alarms) <= 0.05


def test_arrivals_count_only_where_they_are_known():
    found = history(20.0)
    assert found.arrivals is not None
    told = told_by_arrivals(NAMES, found.units, found.arrivals, {"picking"})
    assert told.all()
    assert not told_by_arrivals(NAMES, found.units, found.arrivals, {"phone"}).any(), "days alone are known"
    assert not told_by_arrivals(NAMES, found.arrivals, found.arrivals, {"picking"}).any(), "units say as much"
    steady = np.full_like(found.arrivals, 20.0)
    assert not told_by_arrivals(NAMES, found.units, steady, {"picking"}).any(), "hours alone are known"
    assert units_each(found.units[0], found.arrivals[0]) == found.units[0].sum() / found.arrivals[0].sum()


def test_where_no_day_has_two_arrivals_days_alone_are_known():
    keys = tuple(SeriesKey("w", service, "north", "", "A1") for service in ("picking", "phone"))
    assert services_with_instants(keys, np.array([[1.0, 0.0, 1.0], [0.0, 2.0, 1.0]])) == {"phone"}


@pytest.mark.django_db
def test_arrivals_are_read_in_the_rows_of_units(tmp_path, alice):
    times = ("2026-03-01T09:00:00", "2026-03-01T09:00:00", "2026-03-02T09:00:00")
    load(write_calls(tmp_path, [call(n, at=at, calls="3") for n, at in enumerate(times)]), alice)
    until = {"until_at": datetime(2026, 3, 2, 23, tzinfo=UTC), "by": alice}
    keys, _, arrivals = merged_series.daily_arrivals("desk", **until)
    assert (keys, arrivals.tolist()) == (merged_series.daily_quantities("desk", **until)[0], [[1, 1]])
