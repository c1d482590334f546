"""One week of a roster as the engine takes it, beside the weeks before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.rostering import RosterProblem
from closeknit.rooms.capacity.compute.rosters.inputs import SLOT_MINUTES, SLOTS, RosterInputs, RosterStaff
from closeknit.rooms.capacity.contracts.rosters import RETENTION, RosterShift

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
SHORT_POINTS = 10
"""What a person missing for half an hour counts; one too many counts 1."""
OVER_POINTS = 1
WISH_POINTS = 20
TURN_POINTS = 15
WEEKENDS_LOOKED_AT = 4


@dataclass(frozen=True, slots=True)
class Before:
    """How everybody comes into a week: the roster of the weeks before it, (people x days so far)."""

    roster: IntArray

    @property
    def weeks(self) -> int:
        """How many weeks there were."""
        return int(self.roster.shape[1]) // 7


def present(shifts: Sequence[RosterShift], days: IntArray) -> IntArray:
    """Return people at work in each half-hour from shift numbers (people x days), past midnight as well."""
    total = np.zeros((days.shape[1] + 1) * SLOTS, dtype=np.int64)
    for number, shift in enumerate(shifts):
        first = -(-shift.starts_minute // SLOT_MINUTES)
        last = (shift.starts_minute + shift.minutes) // SLOT_MINUTES
        for day, count in enumerate((days == number).sum(axis=0).tolist()):
            total[day * SLOTS + first : day * SLOTS + last] += count
    return total[: days.shape[1] * SLOTS].reshape(-1, SLOTS)


def is_capable(person: RosterStaff, shift: RosterShift) -> bool:
    """Tell whether a person works a shift at all: its start, and the skill that its role asks for."""
    starts = not person.shift_starts or shift.starts_minute in person.shift_starts
    return starts and (not shift.role or shift.role in person.skills)


def week_problem(inputs: RosterInputs, before: Before) -> RosterProblem:
    """Return the next week's problem; whatever was rostered before it stands."""
    week, shifts, people = before.weeks, inputs.shifts, inputs.people
    days = range(7 * week, 7 * week + 7)
    slots, by_shift, under = _need(inputs, before, days)
    wants, avoids = _wishes(inputs)
    rules = inputs.rules
    retention = [shift.role == RETENTION for shift in shifts]
    last, run = _run_before(inputs, before)
    return RosterProblem.of(
        shift_start_minutes=[shift.starts_minute for shift in shifts],
        shift_minutes=[shift.minutes for shift in shifts],
        can_work=[[is_capable(person, shift) for shift in shifts] for person in people],
        need=by_shift,
        under_weight=under,
        over_weight=under / SHORT_POINTS * OVER_POINTS,
        interval_need=slots,
        interval_under_weight=SHORT_POINTS,
        interval_over_weight=OVER_POINTS,
        is_day_off=[[inputs.first_on + timedelta(days=d) in person.away_on for d in days] for person in people],
        is_banned=_rest_bans(inputs, week),
        least_rest_minutes=rules.least_rest_minutes,
        most_minutes=[min(person.week_minutes, rules.most_week_minutes) for person in people],
        most_days_on=rules.most_days_running,
        most_weekends=_weekends_left(inputs, before),
        weekend_of_day=[-1, -1, -1, -1, -1, 0, 0],
        last_shift=last,
        days_before=run,
        wanted_weight=wants,
        unwanted_weight=avoids,
        turn_shifts=[retention] if any(retention) else None,
        turn_target=turn_targets(inputs, before)[:, None] if any(retention) else None,
        turn_weight=[TURN_POINTS] if any(retention) else None,
    )


def _need(inputs: RosterInputs, before: Before, days: range) -> tuple[IntArray | None, IntArray, FloatArray]:
    """Return people needed by half-hour (None: by shift), by day and shift, and the points of each one missing."""
    shifts = inputs.shifts
    by_shift = np.zeros((7, len(shifts)), dtype=np.int64)
    halves = np.array([max(shift.minutes // SLOT_MINUTES, 1) for shift in shifts])
    under = np.broadcast_to(SHORT_POINTS * halves, by_shift.shape).astype(np.float64).copy()
    base = [i for i, shift in enumerate(shifts) if not shift.role]
    extra = [i for i, shift in enumerate(shifts) if shift.role]
    for i in extra:
        by_shift[:, i] = [inputs.retention_people[d] for d in days]
    if inputs.shift_people:
        by_shift[:, base] = [inputs.shift_people[d] for d in days]
        return None, by_shift, under
    under[:, base] = 0.0
    slots = np.array([inputs.slot_people[d] for d in days], dtype=np.int64)
    # Who looks after accounts is at work too, but not for the pool's own work: they are asked for on top.
    for i in extra:
        one = present(shifts, np.array([[i]]))[0]
        slots += by_shift[:, i : i + 1] * one[None, :]
    return np.maximum(slots - _spill(inputs, before), 0), by_shift, under


def _spill(inputs: RosterInputs, before: Before) -> IntArray:
    """Return who is still at work in this week from the night before it."""
    found = np.zeros((7, SLOTS), dtype=np.int64)
    if before.weeks:
        last = np.concatenate([before.roster[:, -1:], np.full((len(inputs.people), 1), -1)], axis=1)
        found[0] = present(inputs.shifts, last)[1]
    return found


def _wishes(inputs: RosterInputs) -> tuple[FloatArray, FloatArray]:
    size = (len(inputs.people), 7, len(inputs.shifts))
    wants, avoids = np.zeros(size), np.zeros(size)
    for p, person in enumerate(inputs.people):
        liked = [start for weekday, start in person.wants if weekday < 0]
        for i, shift in enumerate(inputs.shifts):
            if liked and shift.starts_minute not in liked:
                avoids[p, :, i] = WISH_POINTS
            for weekday, start in person.wants:
                if weekday >= 0 and start == shift.starts_minute and not shift.role:
                    wants[p, weekday, i] = WISH_POINTS
            for weekday, start in person.avoids:
                if start in (-1, shift.starts_minute):
                    days = slice(None) if weekday < 0 else slice(weekday, weekday + 1)
                    avoids[p, days, i] = WISH_POINTS
    return wants, avoids


def _rest_bans(inputs: RosterInputs, week: int) -> NDArray[np.bool_]:
    """Ban what begins too soon after the last shift before the roster; between its own days the engine keeps rest."""
    bans = np.zeros((len(inputs.people), 7, len(inputs.shifts)), dtype=np.bool_)
    if week == 0:
        starts = np.array([shift.starts_minute for shift in inputs.shifts])
        for p, person in enumerate(inputs.people):
            if person.days_on_before:
                bans[p, 0] = 1440 + starts - person.last_ends_minute < inputs.rules.least_rest_minutes
    return bans


def _run_before(inputs: RosterInputs, before: Before) -> tuple[list[int], list[int]]:
    """Return each one's last shift and for how many days in a row; what is not known is left open."""
    ends = [shift.starts_minute + shift.minutes for shift in inputs.shifts]
    gentlest = int(np.argmin(ends))
    last, run = [], []
    for p, person in enumerate(inputs.people):
        days = before.roster[p].tolist()
        if not days:
            last.append(gentlest if person.days_on_before else -1)
            run.append(person.days_on_before)
            continue
        length = next((k for k, day in enumerate(reversed(days)) if (day >= 0) != (days[-1] >= 0)), len(days))
        whole = length == len(days) and days[-1] >= 0
        last.append(days[-1])
        run.append(length + (person.days_on_before if whole else 0))
    return last, run


def _weekends_left(inputs: RosterInputs, before: Before) -> list[int]:
    """Return 1 for who may work this weekend: fewer than the most of the three before it were worked."""
    found = []
    for p, person in enumerate(inputs.people):
        worked = list(person.weekends_before)
        worked += [bool((before.roster[p, 7 * w + 5 : 7 * w + 7] >= 0).any()) for w in range(before.weeks)]
        recent = sum(worked[-(WEEKENDS_LOOKED_AT - 1) :])
        found.append(int(recent < inputs.rules.most_weekends))
    return found


def turn_targets(inputs: RosterInputs, before: Before) -> FloatArray:
    """Return retention turns of this week by person: each goes to whoever has had the fewest lately."""
    number = next((i for i, shift in enumerate(inputs.shifts) if shift.role == RETENTION), None)
    targets = np.zeros(len(inputs.people))
    if number is None:
        return targets
    able = np.array([is_capable(person, inputs.shifts[number]) for person in inputs.people])
    had = np.array([person.recent_turns for person in inputs.people]) + (before.roster == number).sum(axis=1)
    week = before.weeks
    for _ in range(sum(inputs.retention_people[7 * week : 7 * week + 7])):
        if able.any():
            next_one = int(np.argmin(np.where(able, had + targets, np.inf)))
            targets[next_one] += 1
    return targets
