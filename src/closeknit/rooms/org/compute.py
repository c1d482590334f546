"""The sums of settings: what may be set, which value wins, and how a new one takes its span out of those before."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.org.contracts.settings import (
    LEVELS,
    LONGEST_TEXT,
    Level,
    Resolved,
    Said,
    Setting,
    SettingPlace,
    SettingValue,
    is_plain,
)

LONGEST_PLACE = 120


def resolve(setting: Setting, values: Iterable[SettingValue], place: SettingPlace, at: datetime) -> Resolved:
    """Return the most specific value in force at an instant, or the default, and what every level says."""
    held = {(v.level, v.place): v for v in values if v.key == setting.key and v.is_in_force(at)}
    found = {level: held.get((level, name)) for level in LEVELS if (name := place.at_level(level)) is not None}
    winner = next((value for level in reversed(LEVELS) if (value := found.get(level))), None)
    chain = (_default(setting, winner), *(_said(level, place, value, winner) for level, value in found.items()))
    return Resolved(
        key=setting.key,
        value=winner.value if winner else setting.default,
        level=winner.level if winner else Level.DEFAULT,
        place=winner.place if winner else "",
        who=winner.set_by if winner else "",
        why=winner.reason if winner else "Nobody set it: this is the default.",
        since_at=winner.starts_at if winner else None,
        until_at=winner.ends_at if winner else None,
        value_id=winner.value_id if winner else None,
        thread_id=winner.thread_id if winner else None,
        chain=chain,
    )


def _default(setting: Setting, winner: SettingValue | None) -> Said:
    return Said(Level.DEFAULT, "", setting.default, None, winner is None)


def _said(level: Level, place: SettingPlace, value: SettingValue | None, winner: SettingValue | None) -> Said:
    name = place.at_level(level) or ""
    return Said(level, name, value.value if value else None, value, value is not None and value is winner)


@dataclass(frozen=True, slots=True)
class Carved:
    """What a new span does to the values of its place: `cut` ends where it starts, `resumes_at` goes on after it."""

    cut: SettingValue | None
    resumes_at: datetime | None


def carve(values: Sequence[SettingValue], starts_at: datetime, ends_at: datetime | None) -> Carved:
    """Take the span [starts_at, ends_at) out of the values of one key and place.

    The value in force at its start ends there, and comes back where the new one ends before it would have.

    Raises:
        Conflict: where a value is planned to begin within the span: it is not taken away unasked.
    """
    touched = [v for v in values if _overlaps(v, starts_at, ends_at)]
    planned = [v for v in touched if v.starts_at > starts_at]
    if planned:
        first = min(planned, key=lambda v: v.starts_at)
        raise Conflict(
            f"A change of {first.set_by} is planned from {first.starts_at:%Y-%m-%d %H:%M} UTC on.",
            where=f"value {first.value_id}",
            todo="End yours before it begins, or end the planned one first.",
        )
    cut = touched[0] if touched else None
    goes_on = cut is not None and ends_at is not None and (cut.ends_at is None or cut.ends_at > ends_at)
    return Carved(cut, ends_at if goes_on else None)


def _overlaps(value: SettingValue, starts_at: datetime, ends_at: datetime | None) -> bool:
    if value.ends_at is not None and value.ends_at <= max(value.starts_at, starts_at):
        return False
    return ends_at is None or value.starts_at < ends_at


def check_place(setting: Setting, level: str, place: str, tiers: Collection[str] = ()) -> Level:
    """Return the level; refuse one where nobody asks for the setting, and a place that cannot be."""
    if level not in LEVELS or Level(level) not in setting.levels:
        known = ", ".join(setting.levels)
        raise Invalid(f"{setting.key} is not asked for at level {level[:40]!r}.", where="level", todo=f"Use {known}.")
    if (level == Level.GLOBAL) != (place == ""):
        raise Invalid("Global values have no place; all others need one.", where="place", todo="Name the place.")
    if len(place) > LONGEST_PLACE or not is_plain(place) or place != place.strip():
        raise Invalid("This is no name of a place.", where="place", todo=f"At most {LONGEST_PLACE} plain characters.")
    if level == Level.TIER and tiers and place not in tiers:
        raise Invalid(f"There is no tier {place!r}.", where="place", todo=f"Use one of {', '.join(tiers)}.")
    return Level(level)


def check_reason(reason: str) -> None:
    """Refuse a missing, long or unprintable reason."""
    if not reason.strip() or len(reason) > LONGEST_TEXT or not is_plain(reason):
        raise Invalid(
            f"This needs a reason of at most {LONGEST_TEXT} characters.", where="reason", todo="Say why, in a sentence."
        )


def check_span(starts_at: datetime, ends_at: datetime | None, at: datetime) -> None:
    """Refuse a start in the past, and an end that is not after it."""
    if starts_at < at:
        raise Invalid("This cannot begin in the past.", where="starts_at", todo="Leave the start out to begin now.")
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid("The end is not after the start.", where="ends_at", todo="Give a later end, or none.")
