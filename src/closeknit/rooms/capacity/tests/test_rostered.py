"""Hours and presence of a roster: line by line as minute by minute."""

from datetime import timedelta

import numpy as np
import pytest

from closeknit.rooms.capacity.compute import RosterInput
from closeknit.rooms.capacity.compute.need import rostered
from closeknit.rooms.capacity.tests.builders import MONDAY


def by_minute(roster, starts, minutes):
    """The plainest way: every minute of every period, line by line."""
    heads, present = np.zeros(starts.size), np.zeros(starts.size)
    for place, start in enumerate(starts.astype("datetime64[m]").tolist()):
        there = np.zeros(minutes, dtype=bool)
        for line in roster:
            if start.weekday() != line.weekday or start.date() < line.from_on:
                continue
            if line.to_on is not None and start.date() >= line.to_on:
                continue
            minute = start.hour * 60 + start.minute + np.arange(minutes)
            worked = (minute >= line.starts_minute) & (minute < line.ends_minute)
            heads[place] += worked.sum() / 60.0 * line.headcount
            there |= worked & (line.headcount > 0)
        present[place] = there.sum() / 60.0
    return heads, present


@pytest.mark.parametrize("minutes", [30, 1440])
@pytest.mark.parametrize("seed", range(12))
def test_lines_that_overlap_begin_or_end_count_as_minute_by_minute(seed, minutes):
    rng = np.random.default_rng(seed)
    roster = []
    for _ in range(rng.integers(0, 9)):
        begins, first = int(rng.integers(0, 1400)), MONDAY + timedelta(days=int(rng.integers(0, 12)))
        last = None if rng.random() < 0.5 else first + timedelta(days=int(rng.integers(0, 12)))
        roster.append(
            RosterInput(
                weekday=int(rng.integers(0, 7)),
                starts_minute=begins,
                ends_minute=int(rng.integers(begins, 1500)),
                headcount=float(rng.choice([0.0, 1.0, 2.5, 3.3])),
                from_on=first,
                to_on=last,
            )
        )
    starts = np.datetime64(MONDAY, "m") + np.arange(0, 14 * 1440, minutes).astype("timedelta64[m]")
    for found, expected in zip(rostered(roster, starts, minutes), by_minute(roster, starts, minutes), strict=True):
        assert np.array_equal(found, expected)
