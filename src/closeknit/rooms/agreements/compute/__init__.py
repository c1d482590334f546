"""Sums of agreements: business time, clocks, chains. They know no database."""

from closeknit.rooms.agreements.compute.business_time import OpenTime, Timetable, holidays_between, open_time
from closeknit.rooms.agreements.compute.clocks import ClockEvent, Regime, read_clock

__all__ = [
    "ClockEvent",
    "OpenTime",
    "Regime",
    "Timetable",
    "holidays_between",
    "open_time",
    "read_clock",
]
