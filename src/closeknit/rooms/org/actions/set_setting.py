"""Set a value of a setting for everyone, or for one region, site, tier or account."""

from datetime import date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import IntegrityError, connection, transaction

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.org.compute import carve, check_place, check_reason
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import (
    REVIEW_AFTER_DAYS,
    Level,
    Setting,
    SettingChanged,
    SettingValue,
)
from closeknit.rooms.org.models import SettingValueRow
from closeknit.rooms.org.reads.settings import (
    TIERS,
    all_declared,
    get_setting,
    list_setting_values,
    require_setter,
)


def set_setting(
    key: str,
    value: Any,
    *,
    level: str = Level.GLOBAL,
    place: str = "",
    reason: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    review_on: date | None = None,
    seen_id: int | None = None,
    by: Actor,
    at: datetime,
) -> int:
    """Set a value from `starts_at` (None: now) until before `ends_at` (None: until changed); return its number.

    The value in force at its start ends there, and comes back where the new one ends first. `seen_id` is the value
    in force that the actor saw (0: none): another one by now is a Conflict. A local value without an end is due for
    review after `org.review_after_days`, unless `review_on` says otherwise.

    Refuses unknown settings, levels and accounts, values of another type or out of bounds, a start in the past, a
    missing reason, a span in which a change is planned already, and whoever may not set it there.
    """
    if not by.may(Permission.MANAGE_SETTINGS):
        by.require(Permission.SET_LOCALLY)
    setting = _declared_setting(key)
    held_level = check_place(setting, level, place, declared(TIERS))
    require_setter(held_level, place, by=by)
    taken = setting.check(value)
    start = starts_at or at
    _check_times(at, start, ends_at)
    check_reason(reason)
    review = review_on or _default_review(held_level, start, ends_at, by, at)
    if review is not None and not at.date() < review < date(clock.LAST_YEAR, 1, 1):
        raise Invalid("The review is not in the future.", where="review_on", todo="Give a later day.")
    with Timeline(key, level, place) as timeline:
        held = list_setting_values(key, level=level, place=place, by=by)
        _check_seen(held, seen_id, at)
        carved = carve(held, start, ends_at)
        thread_id = held[0].thread_id if held else ids.new_id()
        if carved.cut is not None:
            timeline.end(carved.cut.value_id, ends_at=start, reason=reason, by=by, at=at)
        row = _add(setting, held_level, place, setting.stored(taken), reason, start, ends_at, review, thread_id, by, at)
        if carved.cut is not None and carved.resumes_at is not None:
            timeline.resume(carved.cut.value_id, resumes_at=carved.resumes_at, ends_at=carved.cut.ends_at)
        before = carved.cut.value_id if carved.cut else 0
        until = ends_at.isoformat() if ends_at else ""
        publish(SettingChanged(thread_id, key, level, place, row.pk, before, until, reason), by=by)
    return int(row.pk)


def _declared_setting(key: str) -> Setting:
    setting = all_declared().get(key)
    if setting is None:
        raise Invalid("There is no such setting.", where=key[:120], todo="See: closeknit org settings list.")
    return setting


class Timeline:
    """The values of one setting at one place, in a transaction in which nobody else changes them.

    What the database refuses as an overlap is a Conflict.
    """

    def __init__(self, key: str, level: str, place: str) -> None:
        self._name = "\x1f".join(("setting", key, level, place))
        self._transaction = transaction.atomic()

    def __enter__(self) -> Self:
        self._transaction.__enter__()
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [self._name])
        return self

    def __exit__(self, kind: Any, failure: Any, trace: Any) -> None:
        self._transaction.__exit__(kind, failure, trace)
        if isinstance(failure, IntegrityError):
            raise Conflict("Another value of this place overlaps in time.", todo="Look again.") from failure

    def end(self, value_id: int, *, ends_at: datetime, reason: str, by: Actor, at: datetime) -> None:
        """End a value at an instant; one that had not begun by then has never been in force."""
        row = SettingValueRow.objects.get(pk=value_id)
        row.ends_at = max(ends_at, row.starts_at)
        row.ended_by_name, row.end_reason, row.ended_at = by.name, reason, at
        row.save(update_fields=["ends_at", "ended_by_name", "end_reason", "ended_at"])

    def resume(self, value_id: int, *, resumes_at: datetime, ends_at: datetime | None) -> None:
        """Let a value go on after an interruption: as it was set, by whom and why."""
        row = SettingValueRow.objects.get(pk=value_id)
        row.pk, row.resumes_id, row.starts_at, row.ends_at = None, value_id, resumes_at, ends_at
        row.ended_by_name, row.end_reason, row.ended_at = "", "", None
        row.save(force_insert=True)


def _check_times(at: datetime, starts_at: datetime, ends_at: datetime | None) -> None:
    clock.check(at, where="at")
    clock.check(starts_at, where="starts_at")
    if ends_at is not None:
        clock.check(ends_at, where="ends_at")
    if starts_at < at:
        raise Invalid(
            "A value cannot begin in the past: decisions were made by the one before.",
            where="starts_at",
            todo="Leave the start out to begin now.",
        )
    if ends_at is not None and ends_at <= starts_at:
        raise Invalid("The end is not after the start.", where="ends_at", todo="Give a later end, or none.")


def _check_seen(held: list[SettingValue], seen_id: int | None, at: datetime) -> None:
    present = next((value for value in held if value.is_in_force(at)), None)
    changed = [v for v in held if v.set_at > at or (v.ended_at is not None and v.ended_at > at)]
    if changed or (seen_id is not None and seen_id != (present.value_id if present else 0)):
        raise Conflict(
            "Somebody else changed this value meanwhile.",
            where=f"value {present.value_id}" if present else "",
            todo="Look at it again, then decide.",
        )


def _default_review(level: Level, start: datetime, ends_at: datetime | None, by: Actor, at: datetime) -> date | None:
    if level is Level.GLOBAL or ends_at is not None:
        return None
    return (start + timedelta(days=int(get_setting(REVIEW_AFTER_DAYS, at=at, by=by).value))).date()


def _add(
    setting: Setting,
    level: Level,
    place: str,
    stored: Any,
    reason: str,
    starts_at: datetime,
    ends_at: datetime | None,
    review_on: date | None,
    thread_id: UUID,
    by: Actor,
    at: datetime,
) -> SettingValueRow:
    return SettingValueRow.objects.create(
        key=setting.key,
        level=level.value,
        place=place,
        value=stored,
        set_by_key=by.key,
        set_by_name=by.name,
        reason=reason,
        set_at=at,
        starts_at=starts_at,
        ends_at=ends_at,
        review_on=review_on,
        thread_id=thread_id,
    )
