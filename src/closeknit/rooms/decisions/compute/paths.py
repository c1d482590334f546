"""Escalation paths as people write them (YAML), read strictly: what is not understood is refused with its place."""

from collections.abc import Mapping
from typing import Any

import yaml

from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.contracts.escalations import EscalationPath, Level

MOST_MINUTES = 14 * 24 * 60
MOST_LEVELS = 10
PATH_KEYS = {"title", "levels", "hold_minutes", "repeat_minutes", "closed_by_hand"}
LEVEL_KEYS = {"minutes", "calendar", "role", "person", "urgent"}
NAMED = {"calendar": "an on-duty calendar's name", "role": "a role's name", "person": "a user name"}


def read_paths(text: str, *, roles: frozenset[str]) -> dict[str, EscalationPath]:
    """Return the paths of a YAML text by name.

    Raises:
        Invalid: with the path and level that cannot be taken, and what would be.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as failure:
        raise Invalid(
            f"The paths are not YAML: {failure}", where="paths", todo="Compare with a shipped path."
        ) from None
    if not isinstance(found, Mapping) or not found:
        raise Invalid("No path was given.", where="paths", todo="Begin with a path's name, such as surge:")
    return {str(name): path_from(str(name), body, roles=roles) for name, body in found.items()}


def path_from(name: str, body: Any, *, roles: frozenset[str], **standing: Any) -> EscalationPath:
    """Return a path from its plain form (mappings, lists, text and numbers)."""
    where = f"path {name}"
    if not name or len(name) > 40 or not all(c.isascii() and (c.islower() or c.isdigit() or c == "-") for c in name):
        raise Invalid("A path's name is small letters, digits and hyphens.", where=where)
    _check_keys(body, PATH_KEYS, PATH_KEYS, where)
    levels = body["levels"]
    if not isinstance(levels, list) or not 1 <= len(levels) <= MOST_LEVELS:
        raise Invalid(f"A path has 1 to {MOST_LEVELS} levels.", where=where)
    return EscalationPath(
        path=name,
        title=_text(body["title"], f"{where}, title"),
        levels=tuple(_level(level, f"{where}, level {n}", roles) for n, level in enumerate(levels, 1)),
        hold_minutes=_minutes(body["hold_minutes"], f"{where}, hold_minutes"),
        repeat_minutes=_minutes(body["repeat_minutes"], f"{where}, repeat_minutes"),
        closed_by_hand=_flag(body["closed_by_hand"], f"{where}, closed_by_hand"),
        **standing,
    )


def plain_path(path: EscalationPath) -> dict[str, Any]:
    """Return a path's plain form, as it is stored and as `path_from` reads it."""
    levels = [
        {
            "minutes": level.minutes,
            **{key: getattr(level, key) for key in NAMED if getattr(level, key)},
            **({"urgent": True} if level.urgent else {}),
        }
        for level in path.levels
    ]
    return {
        "title": path.title,
        "levels": levels,
        "hold_minutes": path.hold_minutes,
        "repeat_minutes": path.repeat_minutes,
        "closed_by_hand": path.closed_by_hand,
    }


def write_path(path: EscalationPath) -> str:
    """Return a path as YAML that `read_paths` takes."""
    return yaml.safe_dump({path.path: plain_path(path)}, sort_keys=False, allow_unicode=True, width=110)


def _level(body: Any, where: str, roles: frozenset[str]) -> Level:
    _check_keys(body, LEVEL_KEYS, {"minutes"}, where)
    named = {key: _text(body[key], f"{where}, {key}") for key in NAMED if key in body}
    if not named or ("person" in named and len(named) > 1):
        raise Invalid(
            "A level asks who is on duty in a calendar, else a role; or one person.",
            where=where,
            todo="Give calendar or role or both, or person alone.",
        )
    if "role" in named and named["role"] not in roles:
        raise Invalid(
            f"There is no role {named['role']}.", where=f"{where}, role", todo=f"Roles: {', '.join(sorted(roles))}."
        )
    urgent = _flag(body.get("urgent", False), f"{where}, urgent")
    return Level(minutes=_minutes(body["minutes"], f"{where}, minutes"), urgent=urgent, **named)


def _check_keys(body: Any, known: set[str], needed: set[str], where: str) -> None:
    if not isinstance(body, Mapping):
        raise Invalid("This is no mapping of names to values.", where=where)
    unknown, missing = sorted(set(map(str, body)) - known), sorted(needed - set(body))
    if unknown or missing:
        what = f"does not know {', '.join(unknown)}" if unknown else f"needs {', '.join(missing)}"
        raise Invalid(f"A path {what} here.", where=where, todo=f"Known: {', '.join(sorted(known))}.")


def _minutes(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_MINUTES:
        raise Invalid(f"Minutes are a whole number from 1 to {MOST_MINUTES:,}.", where=where)
    return value


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid("This is true or false.", where=where)
    return value


def _text(value: Any, where: str) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > 120:
        raise Invalid("This is text of 1 to 120 letters.", where=where)
    return text
