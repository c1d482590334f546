"""Curtois' public shift-scheduling instances, read from their text files, for measuring only."""

from pathlib import Path

import numpy as np

from closeknit.engine.rostering import RosterProblem


def read_instance(path: Path) -> RosterProblem:
    """An instance in the sections' format: horizon, shifts, staff, days off, requests, cover.

    Days begin on a Monday; a run at the edges is judged as the format says: no least there, nothing worked before.
    """
    sections = _sections(path.read_text(encoding="utf-8"))
    days = int(sections["HORIZON"][0][0])
    shifts = [row[0] for row in sections["SHIFTS"]]
    staff = [row[0] for row in sections["STAFF"]]
    people, kinds = len(staff), len(shifts)
    follow = np.ones((kinds, kinds), dtype=bool)
    for row in sections["SHIFTS"]:
        for follower in filter(None, row[2].split("|") if len(row) > 2 else ()):
            follow[shifts.index(row[0]), shifts.index(follower)] = False
    most = np.zeros((people, kinds), dtype=int)
    for person, row in enumerate(sections["STAFF"]):
        for limit in row[1].split("|"):
            shift, count = limit.split("=")
            most[person, shifts.index(shift)] = min(int(count), days)
    # Max minutes, min minutes, max shifts in a row, min shifts in a row, min days off in a row, max weekends.
    limits = np.array([[int(value) for value in row[2:8]] for row in sections["STAFF"]]).T
    off = np.zeros((people, days), dtype=bool)
    for row in sections.get("DAYS_OFF", ()):
        off[staff.index(row[0]), [int(day) for day in row[1:]]] = True
    wishes = {}
    for name in ("SHIFT_ON_REQUESTS", "SHIFT_OFF_REQUESTS"):
        wishes[name] = np.zeros((people, days, kinds))
        for name_of, on, what, weight in sections.get(name, ()):
            wishes[name][staff.index(name_of), int(on), shifts.index(what)] += float(weight)
    cover = np.zeros((3, days, kinds))
    for on, what, *numbers in sections["COVER"]:
        cover[:, int(on), shifts.index(what)] = [float(number) for number in numbers]
    return RosterProblem.of(
        shift_start_minutes=0,
        shift_minutes=[int(row[1]) for row in sections["SHIFTS"]],
        can_work=most > 0,
        need=cover[0].astype(int),
        under_weight=cover[1],
        over_weight=cover[2],
        is_day_off=off,
        may_follow=follow,
        most_of_shift=most,
        most_minutes=limits[0],
        least_minutes=limits[1],
        most_days_on=limits[2],
        least_days_on=limits[3],
        least_days_off=limits[4],
        most_weekends=limits[5],
        weekend_of_day=np.where(np.arange(days) % 7 >= 5, np.arange(days) // 7, -1),
        wanted_weight=wishes["SHIFT_ON_REQUESTS"],
        unwanted_weight=wishes["SHIFT_OFF_REQUESTS"],
    )


def _sections(text: str) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("SECTION_"):
            rows = found.setdefault(line.removeprefix("SECTION_"), [])
        elif line and not line.startswith("#"):
            rows.append([part.strip() for part in line.split(",")])
    return found
