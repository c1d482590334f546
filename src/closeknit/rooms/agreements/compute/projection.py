"""How clauses of a contract stand among the terms that planning reads."""

from closeknit.rooms.agreements.contracts.calendars import MINUTES_PER_DAY
from closeknit.rooms.agreements.contracts.deals import Clause
from closeknit.rooms.agreements.contracts.terms import Clock


def threshold_minutes(clause: Clause, open_minutes_per_day: float) -> float:
    """Return a clause's time as terms state it, where a business clock counts 1,440 minutes for each open day.

    `open_minutes_per_day` is the length of the calendar's usual open day.
    """
    if clause.clock is Clock.CALENDAR or open_minutes_per_day in (0.0, float(MINUTES_PER_DAY)):
        return clause.within_minutes
    return clause.within_minutes * MINUTES_PER_DAY / open_minutes_per_day
