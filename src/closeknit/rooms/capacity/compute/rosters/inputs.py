"""What a roster is computed from, and what comes out."""

import hashlib
from dataclasses import dataclass, fields
from datetime import date

import msgspec

from closeknit.kernel.canonical import canonical_bytes
from closeknit.rooms.capacity.contracts.rosters import (
    RosterDay,
    RosterGap,
    RosterLoan,
    RosterPerson,
    RosterRetention,
    RosterShift,
    RosterWeek,
)

ROSTER_VERSION = "rosters/1"
SLOTS = 48
SLOT_MINUTES = 30


@dataclass(frozen=True, slots=True)
class LabourRules:
    """What holds for everybody where the pool is. `break_after_minutes`: 0 for no breaks, as before there were any."""

    most_week_minutes: int
    least_rest_minutes: int
    most_days_running: int
    most_weekends: int
    break_after_minutes: int = 0


@dataclass(frozen=True, slots=True)
class RosterStaff:
    """A person as the roster takes them, by number.

    `shift_starts`: minutes, empty for any. `wants` and `avoids`: (weekday or -1, start or -1). `recent_turns`:
    retention shifts lately. `weekends_before`: whether the last three weekends were worked, the latest last.
    `days_on_before`: days worked in a row until the first day; `last_ends_minute`: when the last of them ended, in
    minutes from the midnight that began it.
    """

    person: str
    skills: tuple[str, ...]
    week_minutes: int
    shift_starts: tuple[int, ...]
    wants: tuple[tuple[int, int], ...]
    avoids: tuple[tuple[int, int], ...]
    away_on: tuple[date, ...]
    recent_turns: int = 0
    weekends_before: tuple[bool, ...] = (False, False, False)
    days_on_before: int = 0
    last_ends_minute: int = 0


@dataclass(frozen=True, slots=True)
class RosterInputs:
    """All that a roster is computed from; its canonical bytes are kept.

    The need is people present: `slot_people[day][half-hour]` of work that is answered as it arrives, or
    `shift_people[day][shift]` of work by deadline; the other one is empty. `retention_people[day]` come on top, on
    the shift of that role.
    """

    plan_id: str
    plan_digest: str
    pool: str
    pool_name: str
    unit: str
    first_on: date
    weeks: int
    shrinkage: str
    overtime_cost_per_hour: str
    currency: str
    shifts: tuple[RosterShift, ...]
    slot_people: tuple[tuple[int, ...], ...]
    shift_people: tuple[tuple[int, ...], ...]
    retention_people: tuple[int, ...]
    retention: tuple[RosterRetention, ...]
    rules: LabourRules
    people: tuple[RosterStaff, ...]
    assumptions: tuple[str, ...]
    iterations: int = 2000
    rounds: int = 60
    seed: int = 20260302
    loans: tuple[RosterLoan, ...] = ()

    @property
    def days(self) -> int:
        """How many days."""
        return 7 * self.weeks


@dataclass(frozen=True, slots=True)
class RosterTold:
    """What a roster says. `names` of people are left to who shows it."""

    people: tuple[RosterPerson, ...]
    days: tuple[RosterDay, ...]
    gaps: tuple[RosterGap, ...]
    weeks: tuple[RosterWeek, ...]
    wishes: int
    wishes_kept: int


def roster_bytes(inputs: RosterInputs) -> bytes:
    """Return the canonical bytes of a roster's inputs. Without loans they are those of before there were any."""
    stated = {each.name: getattr(inputs, each.name) for each in fields(inputs)}
    return canonical_bytes({name: value for name, value in stated.items() if value or name != "loans"})


def roster_digest(data: bytes) -> str:
    """Return the digest by which a roster's inputs are known."""
    return hashlib.sha256(data).hexdigest()


def roster_inputs_of(data: bytes) -> RosterInputs:
    """Read a roster's inputs back, for replay."""
    return msgspec.json.decode(data, type=RosterInputs)
