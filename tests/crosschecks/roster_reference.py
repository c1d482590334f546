"""Rosters judged the slow way, from the words of the rules; and every roster there is of a tiny problem."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

Problem = dict[str, Any]
"""The arguments of `RosterProblem.of`, one value per person, day and shift each."""


def drawn_problem(rng: np.random.Generator, people: int, days: int, shifts: int) -> Problem:
    """A small problem in which any rule may bind."""

    def one_of(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
        return rng.choice(values, people)

    least_on = one_of(1, 1, 2)
    least_shifts = np.minimum(one_of(0, 0, 1, 2), days)
    least_minutes = one_of(0, 0, 480)
    weekend_at = int(rng.integers(0, max(days - 1, 1)))
    weekends = np.full(days, -1)
    weekends[weekend_at : weekend_at + 2] = 0
    return {
        "shift_start_minutes": rng.choice([0, 360, 480, 840, 1320], shifts),
        "shift_minutes": rng.choice([480, 480, 240, 600], shifts),
        "can_work": rng.random((people, shifts)) < 0.85,
        "need": rng.integers(0, 3, (days, shifts)),
        "least": rng.integers(0, 2, (days, shifts)) * rng.integers(0, 2, (days, shifts)),
        "under_weight": rng.integers(1, 20, (days, shifts)).astype(float),
        "over_weight": rng.integers(0, 3, (days, shifts)).astype(float),
        "skill_need": rng.integers(0, 2, (days, shifts, 1)),
        "has_skill": rng.random((people, 1)) < 0.5,
        "skill_under_weight": 4.0,
        "interval_need": rng.integers(0, 3, (days, 3)),
        "interval_under_weight": 3.0,
        "interval_over_weight": 0.5,
        "is_day_off": rng.random((people, days)) < 0.1,
        "is_banned": rng.random((people, days, shifts)) < 0.1,
        "least_rest_minutes": int(rng.choice([0, 660])),
        "most_of_shift": rng.integers(1, days + 1, (people, shifts)),
        "least_shifts": least_shifts,
        "most_shifts": np.maximum(np.minimum(one_of(1, 2, days, days), days), least_shifts),
        "least_minutes": least_minutes,
        "most_minutes": np.maximum(one_of(960, 1200, 9999), least_minutes),
        "least_days_on": least_on,
        "most_days_on": np.maximum(one_of(2, 3), least_on),
        "least_days_off": one_of(1, 1, 2),
        "most_weekends": one_of(0, 1, 1),
        "weekend_of_day": weekends,
        "last_shift": rng.integers(-1, shifts, people),
        "days_before": rng.integers(0, 3, people),
        "pay": rng.integers(0, 4, (people, shifts)).astype(float),
        "wanted_weight": rng.integers(0, 3, (people, days, shifts)).astype(float),
        "unwanted_weight": rng.integers(0, 3, (people, days, shifts)).astype(float),
        "turn_shifts": np.arange(shifts)[None, :] == 0,
        "turn_target": rng.integers(0, 3, (people, 1)).astype(float),
        "turn_weight": np.array([float(rng.integers(0, 4))]),
    }


def is_allowed_alone(of: Problem, person: int, days: tuple[int, ...]) -> bool:
    """Whether one person's days keep that person's own rules."""
    start, length = of["shift_start_minutes"], of["shift_minutes"]
    worked = [shift for shift in days if shift >= 0]
    before, known = int(of["last_shift"][person]), int(of["days_before"][person])
    line = ([before] * known if known else []) + list(days)
    for day, shift in enumerate(days):
        if shift < 0:
            continue
        if not of["can_work"][person][shift] or of["is_day_off"][person][day] or of["is_banned"][person][day][shift]:
            return False
    for first, second in zip(line[max(known - 1, 0) :], line[max(known - 1, 0) + 1 :], strict=False):
        rest = 1440 + start[second] - start[first] - length[first] if first >= 0 and second >= 0 else 9999
        if rest < of["least_rest_minutes"]:
            return False
    if not of["least_shifts"][person] <= len(worked) <= of["most_shifts"][person]:
        return False
    if not of["least_minutes"][person] <= sum(length[s] for s in worked) <= of["most_minutes"][person]:
        return False
    if any(worked.count(shift) > of["most_of_shift"][person][shift] for shift in range(len(start))):
        return False
    weekends = {of["weekend_of_day"][day] for day, shift in enumerate(days) if shift >= 0} - {-1}
    if len(weekends) > of["most_weekends"][person]:
        return False
    return all(_run_is_allowed(of, person, *run) for run in _runs(line, known))


def _runs(line: list[int], known: int) -> Iterator[tuple[bool, int, bool, bool, bool]]:
    """Each run: whether it is work, its days, whether it touches day 0 or later, its start unknown, its end unknown."""
    first = 0
    for at in range(1, len(line) + 1):
        if at == len(line) or (line[at] >= 0) != (line[first] >= 0):
            yield line[first] >= 0, at - first, at > known, first == 0 and not known, at == len(line)
            first = at


def _run_is_allowed(
    of: Problem, person: int, on: bool, length: int, inside: bool, no_start: bool, no_end: bool
) -> bool:
    if on and inside and length > of["most_days_on"][person]:
        return False
    least = of["least_days_on"][person] if on else of["least_days_off"][person]
    return no_start or no_end or length >= least


def cost_of(of: Problem, roster: tuple[tuple[int, ...], ...]) -> tuple[float, int]:
    """What a roster costs, and how many people are missing from least cover."""
    start, length = of["shift_start_minutes"], of["shift_minutes"]
    total, missed = 0.0, 0
    for person, days in enumerate(roster):
        for day, shift in enumerate(days):
            wanted = of["wanted_weight"][person][day]
            total += sum(wanted[s] for s in range(len(start)) if s != shift)
            if shift >= 0:
                total += of["pay"][person][shift] + of["unwanted_weight"][person][day][shift]
        turns = sum(1 for shift in days if shift >= 0 and of["turn_shifts"][0][shift])
        total += of["turn_weight"][0] * abs(turns - of["turn_target"][person][0])
    for day, needs in enumerate(of["need"]):
        for shift, need in enumerate(needs):
            there = [person for person, days in enumerate(roster) if days[day] == shift]
            total += of["under_weight"][day][shift] * max(need - len(there), 0)
            total += of["over_weight"][day][shift] * max(len(there) - need, 0)
            missed += max(of["least"][day][shift] - len(there), 0)
            skilled = sum(1 for person in there if of["has_skill"][person][0])
            total += of["skill_under_weight"] * max(of["skill_need"][day][shift][0] - skilled, 0)
    intervals = len(of["interval_need"][0])
    for day, needs in enumerate(of["interval_need"]):
        for place, need in enumerate(needs):
            first = day * 1440 + place * 1440 // intervals
            there_now = 0
            for days in roster:
                for on, shift in enumerate(days):
                    begins = on * 1440 + start[shift] if shift >= 0 else 0
                    inside = shift >= 0 and begins <= first and first + 1440 // intervals <= begins + length[shift]
                    there_now += int(inside)
            total += of["interval_under_weight"] * max(need - there_now, 0)
            total += of["interval_over_weight"] * max(there_now - need, 0)
    return float(total), int(missed)


def all_rosters(of: Problem) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every roster that keeps everybody's own rules."""
    people, shifts = of["can_work"].shape
    days = of["need"].shape[0]
    choices = [
        [line for line in product(range(-1, shifts), repeat=days) if is_allowed_alone(of, person, line)]
        for person in range(people)
    ]
    yield from product(*choices)
