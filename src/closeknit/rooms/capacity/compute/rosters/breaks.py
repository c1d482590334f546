"""When everybody on a roster takes the break that the labour rules ask for."""

import math
from datetime import timedelta
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.rostering import place_breaks
from closeknit.rooms.capacity.compute.rosters.inputs import SLOT_MINUTES, SLOTS, RosterInputs, RosterTold
from closeknit.rooms.capacity.compute.rosters.making import numbers_of
from closeknit.rooms.capacity.compute.rosters.problem import present
from closeknit.rooms.capacity.contracts.rosters import RosterBreak, RosterShift

IntArray = NDArray[np.int64]
EARLIEST_MINUTES, LATEST_MINUTES, LAST_STRETCH_MINUTES = 120, 360, 60
"""A break begins two to six hours into a shift, and work goes on for an hour after it; shorter shifts bend this."""


def breaks_of(inputs: RosterInputs, told: RosterTold) -> tuple[tuple[RosterBreak, ...], float]:
    """Return everybody's breaks, and by how many hours fewer are at work because of them than the plan needs.

    A day's breaks are placed together, beside the other days' people as rostered. Retention work has breaks as well,
    but no need by the half-hour; nor has work by deadline: there they are spread evenly.
    """
    if not inputs.rules.break_after_minutes:
        return (), 0.0
    days = numbers_of(inputs, told)
    found, slots_short = [], 0
    for roles in (False, True):
        mine = np.isin(days, [i for i, shift in enumerate(inputs.shifts) if bool(shift.role) == roles])
        need = _need(inputs) if not roles else np.zeros((inputs.days + 1, SLOTS), dtype=np.int64)
        there = present(inputs.shifts, np.where(mine, days, -1))
        for day in range(inputs.days):
            people = [p for p in np.flatnonzero(mine[:, day]).tolist() if _has_break(inputs, days[p, day])]
            starts, short = _day(inputs, people, days, day, need, there)
            slots_short += short
            found += [_break(inputs, p, day, minute) for p, minute in zip(people, starts, strict=True)]
    found.sort(key=lambda each: (each.day_on, each.starts_minute, each.person))
    return tuple(found), slots_short * SLOT_MINUTES / 60.0


def _has_break(inputs: RosterInputs, number: int) -> bool:
    return inputs.shifts[number].minutes > inputs.rules.break_after_minutes


def _need(inputs: RosterInputs) -> IntArray:
    """Return how many must be at work by day and half-hour, without those whom the plan grants to be on a break."""
    left = 1 - Fraction(inputs.shrinkage)
    need = np.zeros((inputs.days + 1, SLOTS), dtype=np.int64)
    for day, row in enumerate(inputs.slot_people):
        need[day] = [math.ceil(people * left) for people in row]
    return need


def _day(
    inputs: RosterInputs, people: list[int], days: IntArray, day: int, need: IntArray, there: IntArray
) -> tuple[list[int], int]:
    spans = [_span(inputs.shifts[days[p, day]]) for p in people]
    begins, ends, earliest, latest = (np.array([span[i] for span in spans], dtype=np.int64) for i in range(4))
    slots = np.arange(2 * SLOTS)[:, None]
    own = ((slots >= begins) & (slots < ends)).sum(axis=1)
    around = np.concatenate([there[day], there[day + 1] if day + 1 < inputs.days else np.zeros(SLOTS, dtype=np.int64)])
    wanted = np.concatenate([need[day], need[day + 1]])
    # Whoever else is there, from yesterday, tomorrow or on a short shift, stays at work: the rest is left to these.
    left = np.maximum(wanted - np.maximum(around - own, 0), 0)
    told = place_breaks(left, begins, ends, earliest, latest)
    return [SLOT_MINUTES * slot for slot in told.interval.tolist()], told.short - told.short_without


def _span(shift: RosterShift) -> tuple[int, int, int, int]:
    """Return a shift's first half-hour, its end, and the first and last in which its break may be."""
    begins = -(-shift.starts_minute // SLOT_MINUTES)
    ends = max((shift.starts_minute + shift.minutes) // SLOT_MINUTES, begins + 1)
    earliest = begins + min(EARLIEST_MINUTES // SLOT_MINUTES, (ends - begins - 1) // 2)
    latest = min(begins + LATEST_MINUTES // SLOT_MINUTES, ends - 1 - LAST_STRETCH_MINUTES // SLOT_MINUTES)
    return begins, ends, earliest, max(earliest, latest)


def _break(inputs: RosterInputs, person: int, day: int, minute: int) -> RosterBreak:
    return RosterBreak(
        person=inputs.people[person].person,
        day_on=inputs.first_on + timedelta(days=day),
        starts_minute=minute,
        minutes=SLOT_MINUTES,
    )
