"""Roster week after week, and say what comes of it: days, gaps with their cheapest way out, people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.rostering import RosterProblem, RosterRule, check_roster, plan_roster
from closeknit.kernel.canonical import digest
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.compute.rosters.inputs import SLOT_MINUTES, SLOTS, RosterInputs, RosterTold
from closeknit.rooms.capacity.compute.rosters.problem import Before, present, week_problem
from closeknit.rooms.capacity.contracts.rosters import RosterDay, RosterGap, RosterPerson, RosterWeek

IntArray = NDArray[np.int64]
MOST_GAPS = 40
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Missing:
    """People missing: on a day of the whole roster, on a shift."""

    day: int
    shift: int
    people: int
    hours: float


def make_roster(inputs: RosterInputs) -> RosterTold:
    """Roster all weeks, each beside those before. The same inputs give the same roster, bit for bit."""
    roster = np.zeros((len(inputs.people), 0), dtype=np.int64)
    problems, weeks = [], []
    for week in range(inputs.weeks):
        problem = week_problem(inputs, Before(roster))
        rng = np.random.default_rng(inputs.seed + week)
        found = plan_roster(problem, iterations=inputs.iterations, rounds=inputs.rounds, rng=rng)
        roster = np.concatenate([roster, found.roster.shift], axis=1)
        problems.append(problem)
        points, bound = round(float(found.roster.cost), 6), round(float(found.bound.cost), 6)
        weeks.append(
            RosterWeek(inputs.first_on + timedelta(days=7 * week), points, bound, round(max(points - bound, 0.0), 6))
        )
    days = _days(inputs, roster)
    people = _people(inputs, problems, roster)
    return RosterTold(
        people=people,
        days=tuple(days),
        gaps=tuple(_gaps(inputs, problems, roster)),
        weeks=tuple(weeks),
        wishes=sum(person.wishes for person in people),
        wishes_kept=sum(person.wishes_kept for person in people),
    )


def told_digest(told: RosterTold) -> str:
    """Return the digest of what a roster says."""
    return digest(plain(told))


def numbers_of(inputs: RosterInputs, told: RosterTold) -> IntArray:
    """Return a stored roster as shift numbers (people x days), -1 for off."""
    codes = {shift.code: i for i, shift in enumerate(inputs.shifts)}
    return np.array([[codes.get(code, -1) for code in person.shifts] for person in told.people], dtype=np.int64)


def _own(inputs: RosterInputs, roster: IntArray) -> IntArray:
    """Return the roster without retention work."""
    extra = [i for i, shift in enumerate(inputs.shifts) if shift.role]
    return np.where(np.isin(roster, extra), -1, roster)


def _slots(inputs: RosterInputs, roster: IntArray) -> tuple[IntArray, IntArray]:
    """Return people needed and present by day and half-hour, on the pool's own work."""
    need = np.array(inputs.slot_people, dtype=np.int64)
    return need, present(inputs.shifts, _own(inputs, roster))


def _days(inputs: RosterInputs, roster: IntArray) -> Iterator[RosterDay]:
    extra = [i for i, shift in enumerate(inputs.shifts) if shift.role]
    turns = np.isin(roster, extra).sum(axis=0)
    hours = np.array([shift.minutes / 60.0 for shift in inputs.shifts])
    if inputs.shift_people:
        base = [i for i, shift in enumerate(inputs.shifts) if not shift.role]
        need = np.array(inputs.shift_people, dtype=np.int64)
        there = np.array([(roster == i).sum(axis=0) for i in base]).T
        weight, names = hours[base], [inputs.shifts[i].hours_text for i in base]
    else:
        need, there = _slots(inputs, roster)
        weight = np.full(SLOTS, SLOT_MINUTES / 60.0)
        names = [f"{slot // 2:02d}:{30 * (slot % 2):02d}" for slot in range(SLOTS)]
    missing = np.maximum(need - there, 0)
    for day in range(inputs.days):
        worst = int(np.argmax(missing[day]))
        short = int(missing[day, worst])
        yield RosterDay(
            day_on=inputs.first_on + timedelta(days=day),
            need_hours=float(need[day] @ weight),
            rostered_hours=float(there[day] @ weight),
            covered_hours=float(np.minimum(need[day], there[day]) @ weight),
            short_hours=float(missing[day] @ weight),
            retention_needed=inputs.retention_people[day],
            retention_rostered=int(turns[day]),
            worst_at=names[worst] if short else "",
            worst_people_short=short,
        )


def _people(inputs: RosterInputs, problems: list[RosterProblem], roster: IntArray) -> tuple[RosterPerson, ...]:
    cost = np.concatenate([problem.action_cost for problem in problems], axis=1)
    wished = cost.max(axis=2) > 0.0
    asked = wished & ~np.concatenate([problem.is_day_off for problem in problems], axis=1)
    got = np.take_along_axis(cost, roster[:, :, None] + 1, axis=2)[:, :, 0] == 0.0
    found = []
    for p, person in enumerate(inputs.people):
        worked = [inputs.shifts[i] for i in roster[p].tolist() if i >= 0]
        found.append(
            RosterPerson(
                person=person.person,
                name=None,
                shifts=tuple("" if i < 0 else inputs.shifts[i].code for i in roster[p].tolist()),
                hours=sum(shift.minutes for shift in worked) / 60.0,
                retention_turns=sum(bool(shift.role) for shift in worked),
                wishes=int(asked[p].sum()),
                wishes_kept=int((asked[p] & got[p]).sum()),
            )
        )
    return tuple(found)


def _missing(inputs: RosterInputs, roster: IntArray) -> Iterator[_Missing]:
    hours = [shift.minutes / 60.0 for shift in inputs.shifts]
    for i, shift in enumerate(inputs.shifts):
        if shift.role:
            short = np.array(inputs.retention_people) - (roster == i).sum(axis=0)
            yield from (
                _Missing(d, i, int(short[d]), float(short[d]) * hours[i]) for d in np.flatnonzero(short > 0).tolist()
            )
    if inputs.shift_people:
        for i in range(len(inputs.shift_people[0])):
            short = np.array(inputs.shift_people)[:, i] - (roster == i).sum(axis=0)
            yield from (
                _Missing(d, i, int(short[d]), float(short[d]) * hours[i]) for d in np.flatnonzero(short > 0).tolist()
            )
        return
    need, there = _slots(inputs, roster)
    lacking = np.maximum(need - there, 0)
    base = [i for i, shift in enumerate(inputs.shifts) if not shift.role]
    covers = {i: present(inputs.shifts, np.array([[i, -1]]))[0] > 0 for i in base}
    for day in range(inputs.days):
        left = lacking[day].copy()
        while left.any():
            # The shift that would fill most is named; what no shift reaches is said among the assumptions.
            best = max(base, key=lambda i: (int(left[covers[i]].sum()), -i))
            if not left[covers[best]].any():
                break
            filled = left[covers[best]]
            yield _Missing(day, best, int(filled.max()), float(filled.sum()) * SLOT_MINUTES / 60.0)
            left[covers[best]] = 0


def _gaps(inputs: RosterInputs, problems: list[RosterProblem], roster: IntArray) -> Iterator[RosterGap]:
    worst_first = sorted(_missing(inputs, roster), key=lambda m: (-m.hours, m.day, m.shift))[:MOST_GAPS]
    for missing in sorted(worst_first, key=lambda m: (m.day, m.shift)):
        yield _gap(inputs, problems[missing.day // 7], roster, missing)


def _gap(inputs: RosterInputs, problem: RosterProblem, roster: IntArray, missing: _Missing) -> RosterGap:
    shift, on = inputs.shifts[missing.shift], inputs.first_on + timedelta(days=missing.day)
    week = roster[:, 7 * (missing.day // 7) : 7 * (missing.day // 7) + 7]
    options = []
    for p in np.flatnonzero(problem.may_work[:, missing.day % 7, missing.shift] & (week[:, missing.day % 7] < 0)):
        over = _over_contract(inputs, problem, week, int(p), missing)
        if over is not None:
            options.append((over, int(p)))
    length = shift.minutes / 60.0
    if not options:
        why = f"Nobody of the pool may work it: bring in a temporary {inputs.unit or 'person'} for {length:g} h"
        return RosterGap(on, shift.code, missing.people, missing.hours, f"{why}, or lend one.", "", length, None)
    over, who = min(options)
    cost = (Decimal(inputs.overtime_cost_per_hour) * Decimal(str(over))).quantize(CENT)
    free = "a shift within the contract that fills less than it costs" if not over else f"{over:g} h of overtime"
    said = f"{inputs.people[who].person} may work it: {free}."
    return RosterGap(on, shift.code, missing.people, missing.hours, said, inputs.people[who].person, over, cost)


def _over_contract(
    inputs: RosterInputs, problem: RosterProblem, week: IntArray, person: int, missing: _Missing
) -> float | None:
    """Return hours beyond a contract that a person's extra shift takes; None where a labour rule forbids it."""
    changed = week.copy()
    changed[person, missing.day % 7] = missing.shift
    broken = {b.rule for b in check_roster(problem, changed).broken if b.person == person}
    if broken - {RosterRule.MOST_MINUTES}:
        return None
    minutes = sum(inputs.shifts[i].minutes for i in changed[person].tolist() if i >= 0)
    if minutes > inputs.rules.most_week_minutes:
        return None
    return float(max(minutes - inputs.people[person].week_minutes, 0)) / 60.0
