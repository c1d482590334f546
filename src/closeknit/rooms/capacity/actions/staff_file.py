"""Decide how many people each interval of a CSV file needs, and give the file back with the answer in it."""

import csv
import io
import math
from dataclasses import dataclass
from typing import TypeAlias

from closeknit.kernel.actor import Actor
from closeknit.kernel.cells import csv_line, read_cell
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.actions.answer_staffing import staff_day
from closeknit.rooms.capacity.contracts import StaffingDay, StaffingInterval, StaffingMethod, StaffingQuestion
from closeknit.rooms.org.contracts import Permission

CALLS, HANDLE = "calls", "handle_minutes"
ADDED = (
    "agents",
    "scheduled",
    "service_level_share",
    "mean_wait_seconds",
    "occupancy_share",
    "abandoned_share",
)
MOST_INTERVALS = 10_000
SHAPE = f"A first line of column names, one of them {CALLS}; {HANDLE} where it changes; a line per interval, in order."

Line: TypeAlias = tuple[int, list[str]]
"""Where a line stands in the file, and its cells."""


@dataclass(frozen=True, slots=True)
class StaffedFile:
    """The file given back, as text, and the day that it holds."""

    text: str
    day: StaffingDay


def staff_file(
    text: str, question: StaffingQuestion, *, method: StaffingMethod = StaffingMethod.AUTO, by: Actor
) -> StaffedFile:
    """Size the intervals of a CSV file; every column is given back as it came, the answer's are added.

    Raises:
        Invalid: for a file that is not of this shape, naming its line and column; nothing is computed then.
    """
    by.require(Permission.READ_CAPACITY)
    header, rows = _read(text)
    day = staff_day(question, _intervals(header, rows), method=method, by=by)
    lines = [csv_line([*header, *ADDED])]
    for (_, cells), answer in zip(rows, day.rows, strict=True):
        wait = None if answer.mean_wait_minutes is None else round(answer.mean_wait_minutes * 60.0, 3)
        shares = [round(s, 6) for s in (answer.level_share, answer.occupancy_share, answer.abandoned_share)]
        lines.append(csv_line([*cells, answer.agents, answer.scheduled, shares[0], wait, *shares[1:]]))
    return StaffedFile("".join(lines), day)


def _read(text: str) -> tuple[list[str], list[Line]]:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise Invalid("This is no text file: it holds zero bytes.", todo="Save it as CSV, UTF-8.")
    first = text.split("\n", 1)[0]
    # The file's own header tells which of the usual marks parts its cells.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        table = [(reader.line_num, [read_cell(cell) for cell in cells]) for cells in reader]
    except csv.Error as reason:
        raise Invalid(f"The file is no CSV: {reason}.", where=f"line {reader.line_num}", todo=SHAPE) from reason
    header = [name.strip() for name in table[0][1]] if table else []
    rows = [(line, cells) for line, cells in table[1:] if any(cell.strip() for cell in cells)]
    _check(header, rows)
    return header, rows


def _check(header: list[str], rows: list[Line]) -> None:
    wrong = [name for name in header if name in ADDED or (name in (CALLS, HANDLE) and header.count(name) > 1)]
    if wrong:
        why = f"The column {wrong[0]} is one of those that the answer adds, or stands twice."
        raise Invalid(why, where="line 1", todo="Rename or remove it.")
    if CALLS not in header:
        raise Invalid(f"The file has no column {CALLS}.", where="line 1", todo=SHAPE)
    if not rows:
        raise Invalid("The file holds no interval.", where="line 2", todo=SHAPE)
    if len(rows) > MOST_INTERVALS:
        raise Invalid(f"The file holds {len(rows):,} intervals.", todo=f"Give at most {MOST_INTERVALS:,} at once.")
    for line, cells in rows:
        if len(cells) != len(header):
            why = f"A line has {len(cells)} cells and the first has {len(header)}."
            raise Invalid(why, where=f"line {line}", todo=SHAPE)


def _intervals(header: list[str], rows: list[Line]) -> tuple[StaffingInterval, ...]:
    calls = header.index(CALLS)
    handle = header.index(HANDLE) if HANDLE in header else None
    label = next((i for i in range(len(header)) if i not in (calls, handle)), None)
    found = []
    for number, (line, cells) in enumerate(rows, start=1):
        own = None if handle is None or not cells[handle].strip() else _number(cells[handle], line, HANDLE)
        name = str(number) if label is None else cells[label]
        found.append(StaffingInterval(name, _number(cells[calls], line, CALLS), own))
    return tuple(found)


def _number(text: str, line: int, column: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number) and number >= 0:
        return number
    todo = "Give a number of at least 0 with a decimal point, such as 12.5."
    raise Invalid(f"{text!r} is not a number that can be taken.", where=f"line {line}, column {column}", todo=todo)
