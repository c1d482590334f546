"""A forecast is made for every promise in force within its weeks, not for those of its first day alone."""

from datetime import timedelta

import pytest
from tests.cast import enter
from tests.small_company import AT, load

from closeknit.rooms.agreements.models import TermRow
from closeknit.rooms.demand.contracts import Grain
from closeknit.rooms.demand.reads.inputs import get_forecast_inputs

WEEKS = 4


@pytest.mark.parametrize(
    ("begins_after_days", "within_minutes", "grain", "more_days"),
    [
        (14, 60.0, Grain.HALF_HOUR, 0),
        (27, 60.0, Grain.HALF_HOUR, 0),
        (28, 60.0, Grain.DAY, 0),
        (14, 20 * 1440.0, Grain.DAY, 1),
        (28, 20 * 1440.0, Grain.DAY, 0),
    ],
)
def test_a_promise_that_begins_within_the_weeks_sets_grain_and_reach(
    tmp_path, db, begins_after_days, within_minutes, grain, more_days
):
    load(tmp_path)
    before = _inputs()
    monday = before.first_on + timedelta(days=-before.first_on.weekday() % 7)
    _next_version(monday + timedelta(days=begins_after_days), within_minutes)
    found = _inputs()
    assert {source.history.grain for source in found.sources} == {grain}
    assert (found.horizon_days > before.horizon_days) is bool(more_days)


def _inputs():
    return get_forecast_inputs("warehouse", as_of=None, weeks=WEEKS, by=enter("alice"), at=AT)


def _next_version(starts_on, within_minutes):
    """ACME's next version as signing leaves it: the old one ends on its first day."""
    old = TermRow.objects.get(term_number="T-ACME")
    TermRow.objects.filter(pk=old.pk).update(ends_on=starts_on)
    old.pk, old.starts_on, old.threshold_minutes = None, starts_on, within_minutes
    old.save(force_insert=True)
