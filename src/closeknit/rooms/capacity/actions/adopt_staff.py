"""Take in who works in a pool: a CSV file with a line per person, whole or not at all."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.cells import read_cell
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts.rosters import StaffStated
from closeknit.rooms.capacity.models import Pool, StaffMember
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import find_actor_by_username

NEEDED = ("person", "name", "week_hours")
KNOWN = (*NEEDED, "user", "skills", "shifts", "wants", "avoids", "away")
SHAPE = f"A first line of column names: {', '.join(KNOWN)} (the first three are needed); a line per person."
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WISH = re.compile(r"(?:(mon|tue|wed|thu|fri|sat|sun)\b)?\s*(?:([01]\d|2[0-3]):([0-5]\d))?", re.ASCII)
START = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
MOST_PEOPLE, MOST_PER_CELL, LONGEST_AWAY = 500, 50, timedelta(days=366)
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class _Line:
    person: str
    person_key: str
    person_name: str
    skills: list[str]
    week_minutes: int
    shift_starts: list[str]
    wants: list[str]
    avoids: list[str]
    away: list[str]


def adopt_staff(pool: str, text: str, *, by: Actor, at: datetime) -> int:
    """Replace who works in a pool by a file's lines, and return how many there are.

    Who is in it no more is rostered no more. Refuses a file with any line that cannot be taken: nothing is kept then.

    Raises:
        NotFound: for a pool that is not known.
        Invalid: naming the line and column, and what to write instead.
    """
    by.require(Permission.LOAD_DATA)
    by.require(Permission.READ_PERSONAL)
    home = Pool.objects.filter(pool=pool).first()
    if home is None:
        raise NotFound("There is no such pool.", where=pool[:120], todo="See: closeknit capacity pools.")
    lines = [_line(cells, where, at) for where, cells in _read(text)]
    twice = {line.person for line in lines if sum(other.person == line.person for other in lines) > 1}
    if twice:
        raise Invalid(f"{min(twice)} stands in the file twice.", where="person", todo="Keep one line per person.")
    thread_id = ids.new_id()
    with transaction.atomic():
        gone = StaffMember.objects.filter(pool=home, is_active=True).exclude(person__in=[x.person for x in lines])
        left = gone.update(is_active=False)
        for line in lines:
            told = {**asdict(line), "is_active": True}
            StaffMember.objects.update_or_create(pool=home, person=told.pop("person"), defaults=told)
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="staff.stated",
                subject=f"pool:{home.pool}",
                sentence=f"{{actor}} stated who works in {home.name}: {len(lines)} people, {left} no longer.",
                evidence={"pool": home.pool, "people": len(lines), "left": left},
            ),
            by=by,
        )
        publish(StaffStated(thread_id, home.pool), by=by)
    return len(lines)


def _read(text: str) -> list[tuple[int, dict[str, str]]]:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise Invalid("This is no text file: it holds zero bytes.", where="file", todo="Save it as CSV, UTF-8.")
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        table = [(reader.line_num, [read_cell(cell).strip() for cell in cells]) for cells in reader]
    except csv.Error as reason:
        raise Invalid(f"The file is no CSV: {reason}.", where="file", todo=SHAPE) from reason
    header = table[0][1] if table else []
    rows = [(line, cells) for line, cells in table[1:] if any(cells)]
    wrong = [name for name in header if name not in KNOWN or header.count(name) > 1]
    missing = [name for name in NEEDED if name not in header]
    if wrong or missing:
        what = f"The column {wrong[0][:40]!r} is not known, or stands twice." if wrong else f"{missing[0]} is missing."
        raise Invalid(what, where="line 1", todo=SHAPE)
    if not 1 <= len(rows) <= MOST_PEOPLE:
        raise Invalid(f"The file holds {len(rows):,} people.", where="file", todo=f"Give 1 to {MOST_PEOPLE}.")
    for line, cells in rows:
        if len(cells) != len(header):
            what = f"A line has {len(cells)} cells and the first has {len(header)}."
            raise Invalid(what, where=f"line {line}", todo=SHAPE)
    return [(line, dict(zip(header, cells, strict=True))) for line, cells in rows]


def _line(cells: dict[str, str], line: int, at: datetime) -> _Line:
    person, name = (_word(cells[column], line, column) for column in ("person", "name"))
    return _Line(
        person=person,
        person_key=_key(cells.get("user", ""), line, at),
        person_name=name,
        skills=sorted({_word(word, line, "skills").lower() for word in _parts(cells, "skills", line)}),
        week_minutes=_minutes(cells["week_hours"], line),
        shift_starts=[_start(word, line) for word in _parts(cells, "shifts", line)],
        wants=[_wish(word, line, "wants") for word in _parts(cells, "wants", line)],
        avoids=[_wish(word, line, "avoids") for word in _parts(cells, "avoids", line)],
        away=[_away(word, line) for word in _parts(cells, "away", line)],
    )


def _parts(cells: dict[str, str], column: str, line: int) -> Sequence[str]:
    found = [part.strip() for part in cells.get(column, "").split(";") if part.strip()]
    if len(found) > MOST_PER_CELL:
        raise Invalid("There are too many of them.", where=_where(line, column), todo=f"Give {MOST_PER_CELL} at most.")
    return found


def _word(text: str, line: int, column: str) -> str:
    if not text or len(text) > 80 or not text.isprintable():
        raise Invalid("This is empty, too long, or no line of text.", where=_where(line, column), todo="Give a word.")
    return text


def _key(username: str, line: int, at: datetime) -> str:
    if not username:
        return ""
    actor = find_actor_by_username(username, at=at)
    if actor is None:
        todo = "Leave it empty for who does not sign in here."
        raise Invalid("Nobody signs in under this name.", where=_where(line, "user"), todo=todo)
    return actor.key


def _minutes(text: str, line: int) -> int:
    plain = re.fullmatch(r"\d{1,3}(\.\d{1,4})?", text, re.ASCII)
    minutes = round(float(text) * 60) if plain else 0
    if not 0 < minutes <= 7 * 1440:
        todo = "Give the contract's hours, such as 37.5."
        raise Invalid(f"{text[:40]!r} is no hours a week.", where=_where(line, "week_hours"), todo=todo)
    return minutes


def _start(text: str, line: int) -> str:
    if not START.fullmatch(text):
        todo = "Give starts such as 08:00; 13:30."
        raise Invalid(f"{text[:40]!r} is no time of day.", where=_where(line, "shifts"), todo=todo)
    return text


def _wish(text: str, line: int, column: str) -> str:
    found = WISH.fullmatch(" ".join(text.lower().split()))
    if found is None or not found[0] or (column == "wants" and not found[2]):
        todo = "Give a start (08:00), a weekday with a start (mon 08:00)"
        todo += "." if column == "wants" else ", or a weekday (sun)."
        raise Invalid(f"{text[:40]!r} is no wish that can be taken.", where=_where(line, column), todo=todo)
    return found[0]


def _away(text: str, line: int) -> str:
    first, _, last = (part.strip() for part in text.partition(".."))
    try:
        days = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        days = (date.max, date.min)
    if not FIRST_DAY <= days[0] <= days[1] <= min(days[0], LAST_DAY) + LONGEST_AWAY:
        todo = "Give a day or two, such as 2026-03-02..2026-03-06."
        raise Invalid(f"{text[:40]!r} is no time away.", where=_where(line, "away"), todo=todo)
    return f"{days[0]}..{days[1]}"


def _where(line: int, column: str) -> str:
    return f"line {line}, column {column}"
