"""Rostering problems to measure with: drawn ones of the public instances' kind, and pyworkforce's own."""

from typing import Any

import numpy as np

from closeknit.engine.rostering import RosterProblem

STARTS = np.array([360, 420, 540, 840, 1320])
LENGTHS = np.array([480, 480, 480, 480, 600])


def drawn(people: int, days: int, shifts: int, seed: int) -> RosterProblem:
    """Contracts, leave, requests and cover like those of Curtois' instances; every person can be rostered."""
    rng = np.random.default_rng(seed)
    starts, lengths = STARTS[np.arange(shifts) % STARTS.size], LENGTHS[np.arange(shifts) % LENGTHS.size]
    full = days * 5 // 7
    part = rng.random(people) < 0.25
    most = np.where(part, full * 6 // 10, full) * 480
    day_off = np.zeros((people, days), dtype=bool)
    for person in range(people):
        day_off[person, rng.choice(days, max(1, days // 14), replace=False)] = True
    working = most.sum() / 480 / days
    share = rng.dirichlet(np.full(shifts, 20.0))
    need = np.maximum(np.round(working * 0.9 * share * rng.uniform(0.8, 1.15, (days, shifts))), 1).astype(int)
    want = np.zeros((people, days, shifts))
    against = np.zeros((people, days, shifts))
    for table, count in ((want, people * days // 8), (against, people * days // 12)):
        where = (rng.integers(0, people, count), rng.integers(0, days, count), rng.integers(0, shifts, count))
        table[where] = rng.integers(1, 4, count)
    can = rng.random((people, shifts)) < 0.9
    can[np.arange(people), rng.integers(0, shifts, people)] = True
    return RosterProblem.of(
        shift_start_minutes=starts,
        shift_minutes=lengths,
        can_work=can,
        need=need,
        under_weight=100.0,
        over_weight=1.0,
        is_day_off=day_off,
        least_rest_minutes=660,
        least_minutes=most * 8 // 10,
        most_minutes=most,
        least_days_on=2,
        most_days_on=5,
        least_days_off=2,
        most_weekends=max(1, days // 14),
        weekend_of_day=np.where(np.arange(days) % 7 >= 5, np.arange(days) // 7, -1),
        wanted_weight=want,
        unwanted_weight=against,
    )


def of_hours(given: dict[str, Any], as_solved: bool) -> RosterProblem:
    """pyworkforce's `MinHoursRoster` in our words: least cover is a rule, hours less wishes are the cost.

    `as_solved`: its program (0.5.4) lets nothing at all follow the first of two shifts that may not follow each other,
    which is more than its words say.
    """
    people, shifts, days = given["resources"], given["shifts"], given["num_days"]
    hours = np.array(given["shifts_hours"])
    least = np.array([given["required_resources"][shift] for shift in shifts]).T
    banned = np.zeros((len(people), days, len(shifts)), dtype=bool)
    for ban in given["banned_shifts"]:
        banned[people.index(ban["resource"]), int(ban["day"]), shifts.index(ban["shift"])] = True
    follow = np.ones((len(shifts), len(shifts)), dtype=bool)
    for pair in given["non_sequential_shifts"]:
        barred = slice(None) if as_solved else shifts.index(pair["destination"])
        follow[shifts.index(pair["origin"]), barred] = False
    weight = {wish["resource"]: wish["weight"] for wish in given["resources_prioritization"]}
    pay = np.tile(hours.astype(float), (len(people), 1))
    for wish in given["resources_preferences"]:
        pay[people.index(wish["resource"]), shifts.index(wish["shift"])] -= weight.get(wish["resource"], 1)
    return RosterProblem.of(
        shift_start_minutes=np.arange(len(shifts)) * 360,
        shift_minutes=hours * 60,
        can_work=np.ones((len(people), len(shifts)), dtype=bool),
        need=np.zeros((days, len(shifts)), dtype=int),
        least=least,
        under_weight=0.0,
        over_weight=0.0,
        is_banned=banned,
        may_follow=follow,
        least_shifts=days - given["max_resting"],
        least_minutes=given["min_working_hours"] * 60,
        pay=pay,
    )
