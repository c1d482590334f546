"""The steps of an escalation as pure functions of its standing and the people there are. No database, no clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from closeknit.rooms.decisions.contracts.escalations import EscalationPath, EscalationState, Level, StepKind

Chooser = Callable[[Level], Sequence[str]]
"""Whom a level asks now: the keys of people who are there and may see what it is about."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an escalation stands: what its steps look at and change. Levels count from 0 here."""

    state: EscalationState
    level: int
    asked: tuple[str, ...]
    handed_back: tuple[str, ...]
    holder: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it was, where it led, and the levels (from 0) passed over because nobody was there."""

    kind: StepKind
    standing: Standing
    passed_over: tuple[int, ...] = ()


def begin(path: EscalationPath, choose: Chooser, now: datetime) -> Step:
    """Return the first step: the lowest level at which someone is there is asked."""
    return _ask_from(StepKind.RAISED, path, 0, (), choose, now)


def move(path: EscalationPath, standing: Standing, choose: Chooser, now: datetime) -> Step | None:
    """Return what a timer that ran out leads to: the next level, or the last one again; None where none ran out.

    An acknowledgement only stops the clock: when its time is over without an end, this moves on from it as well.
    """
    if standing.state is EscalationState.CLOSED or standing.next_at is None or standing.next_at > now:
        return None
    if standing.level + 1 < len(path.levels):
        return _ask_from(StepKind.MOVED, path, standing.level + 1, (), choose, now)
    return _ask_from(StepKind.REPEATED, path, standing.level, (), choose, now)


def acknowledge(path: EscalationPath, standing: Standing, person: str, now: datetime) -> Step:
    """Return the step by which a person takes it on: the clock stops for the path's hold time."""
    next_at = now + timedelta(minutes=path.hold_minutes)
    taken = replace(standing, state=EscalationState.ACKNOWLEDGED, holder=person, next_at=next_at)
    return Step(StepKind.ACKNOWLEDGED, taken)


def hand_back(path: EscalationPath, standing: Standing, person: str, choose: Chooser, now: datetime) -> Step:
    """Return the step by which a person gives it back: others of the level are asked, with a fresh timer.

    Where the level has no others, the next level is asked at once.
    """
    handed_back = tuple(dict.fromkeys((*standing.handed_back, person)))
    return _ask_from(StepKind.HANDED_BACK, path, standing.level, handed_back, choose, now)


def reassign(path: EscalationPath, standing: Standing, person: str, now: datetime) -> Step:
    """Return the step by which it is given to one person by name, on the same level with a fresh timer."""
    next_at = now + timedelta(minutes=path.levels[standing.level].minutes)
    given = replace(standing, state=EscalationState.OPEN, asked=(person,), holder="", next_at=next_at)
    return Step(StepKind.REASSIGNED, given)


def close(standing: Standing) -> Step:
    """Return the last step. No timer is left."""
    return Step(StepKind.CLOSED, replace(standing, state=EscalationState.CLOSED, next_at=None))


def _ask_from(
    kind: StepKind, path: EscalationPath, level: int, handed_back: tuple[str, ...], choose: Chooser, now: datetime
) -> Step:
    """Ask the first level from here on at which someone is there; nobody anywhere: the last, and again later."""
    top = len(path.levels) - 1
    passed: list[int] = []
    for number in range(level, top + 1):
        excluded = handed_back if number == level else ()
        asked = tuple(key for key in dict.fromkeys(choose(path.levels[number])) if key not in excluded)
        if asked or number == top:
            repeats = number == top and (not asked or kind is StepKind.REPEATED)
            minutes = path.repeat_minutes if repeats else path.levels[number].minutes
            standing = Standing(EscalationState.OPEN, number, asked, excluded, "", now + timedelta(minutes=minutes))
            return Step(kind, standing, tuple(passed))
        passed.append(number)
    raise AssertionError("a path has at least one level")
