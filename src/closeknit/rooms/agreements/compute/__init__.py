"""Sums of agreements: business time, clocks, chains. They know no database."""

from closeknit.rooms.agreements.compute.business_time import (
    OpenTime,
    Timetable,
    day_starts,
    from_us,
    holidays_between,
    knows_holidays,
    local_day,
    open_time,
    to_us,
)
from closeknit.rooms.agreements.compute.chains import rests_on, slack_of
from closeknit.rooms.agreements.compute.clocks import ClockEvent, Reading, Regime, read_clock
from closeknit.rooms.agreements.compute.projection import threshold_minutes

__all__ = [
    "ClockEvent",
    "OpenTime",
    "Reading",
    "Regime",
    "Timetable",
    "day_starts",
    "from_us",
    "holidays_between",
    "knows_holidays",
    "local_day",
    "open_time",
    "read_clock",
    "rests_on",
    "slack_of",
    "threshold_minutes",
    "to_us",
]
