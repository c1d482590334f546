"""The end of a day is waited for where a test would run over it, and nowhere else."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.midnight import LONG_SECONDS, USUAL_SECONDS, seconds_to_wait


@pytest.mark.parametrize(
    ("now", "needs_seconds", "waits_seconds"),
    [
        (datetime(2027, 1, 15, 12, tzinfo=UTC), LONG_SECONDS, 0.0),
        (datetime(2026, 12, 31, 23, 59, 45, tzinfo=UTC), USUAL_SECONDS, 15.0),
        (datetime(2026, 12, 31, 23, 59, 15, tzinfo=UTC), USUAL_SECONDS, 0.0),
        (datetime(2026, 12, 31, 23, 59, 15, tzinfo=UTC), LONG_SECONDS, 45.0),
        (datetime(2027, 1, 1, tzinfo=UTC), LONG_SECONDS, 0.0),
        # Berlin's day ends an hour earlier in winter, two in summer; the day of the change has 23 hours.
        (datetime(2027, 1, 15, 22, 59, 50, tzinfo=UTC), USUAL_SECONDS, 10.0),
        (datetime(2027, 7, 15, 21, 59, 50, tzinfo=UTC), USUAL_SECONDS, 10.0),
        (datetime(2027, 3, 28, 21, 59, 50, tzinfo=UTC), USUAL_SECONDS, 10.0),
        (datetime(2027, 3, 27, 22, 59, 50, tzinfo=UTC), USUAL_SECONDS, 10.0),
    ],
)
def test_who_would_run_over_midnight_waits_for_it(now, needs_seconds, waits_seconds):
    assert seconds_to_wait(now, needs_seconds) == waits_seconds
    assert seconds_to_wait(now + timedelta(seconds=waits_seconds), needs_seconds) == 0.0


def test_red_twin_who_needs_no_time_begins_on_the_last_second_of_a_day():
    assert seconds_to_wait(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), 0.0) == 0.0
