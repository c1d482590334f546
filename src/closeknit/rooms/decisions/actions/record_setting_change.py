"""Write into the ledger that a setting's value was set, ended or reviewed somewhere."""

from datetime import UTC, datetime
from typing import Any

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts.settings import Level, SettingChanged, SettingReviewed, SettingValue
from closeknit.rooms.org.reads import system_actor


def record_setting_change(event: SettingChanged, *, by: Actor) -> int:
    """Record a change with the value before and after, and the reason, on the thread of its place; return the line.

    A value set by an interruption's end, or taken back before it began, is a change like any other.
    """
    after, before = _value(event.value_id), _value(event.before_id)
    if after:
        was = f", was {_shown(before)}" if before else ""
        ends_at = datetime.fromisoformat(event.until).astimezone(UTC) if event.until else None
        until = f" until {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at else ""
        sentence = f"{{actor}} set {event.key} to {_shown(after)}{_where(event)}{until}{was}. Reason: {event.reason}"
    else:
        sentence = f"{{actor}} ended {event.key} = {_shown(before)}{_where(event)}. Reason: {event.reason}"
    return record_entry(
        Entry(
            thread_id=event.thread_id,
            kind="setting.changed" if after else "setting.ended",
            subject=f"setting:{event.key}",
            sentence=_literal(sentence),
            evidence={"level": event.level, "place": event.place, "before": _told(before), "after": _told(after)},
            account_number=event.place if event.level == Level.ACCOUNT else "",
        ),
        by=by,
    )


def record_setting_review(event: SettingReviewed, *, by: Actor) -> int:
    """Record that somebody looked at a value again and kept it; return the line."""
    value = org.get_setting_value(event.value_id, by=system_actor())
    where = f" for {value.level} {value.place}"
    sentence = f"{{actor}} kept {value.key} = {_shown(value)}{where} until {event.review_on}. Reason: {event.reason}"
    return record_entry(
        Entry(
            thread_id=event.thread_id,
            kind="setting.reviewed",
            subject=f"setting:{value.key}",
            sentence=_literal(sentence),
            evidence={"value": _told(value), "review_on": event.review_on, "reason": event.reason},
            account_number=value.place if value.level is Level.ACCOUNT else "",
        ),
        by=by,
    )


def _value(value_id: int) -> SettingValue | None:
    return org.get_setting_value(value_id, by=system_actor()) if value_id else None


def _where(event: SettingChanged) -> str:
    return "" if event.level == Level.GLOBAL else f" for {event.level} {event.place}"


def _shown(value: SettingValue | None) -> str:
    return org.get_declared(value.key, by=system_actor()).show(value.value) if value else "the default"


def _literal(sentence: str) -> str:
    """Keep what a person typed from being read as a placeholder."""
    head, placeholder, rest = sentence.partition("{actor}")
    return head + placeholder + rest.replace("{actor}", "(actor)")


def _told(value: SettingValue | None) -> dict[str, Any] | None:
    if value is None:
        return None
    return {
        "value_id": value.value_id,
        "value": value.value,
        "set_by": value.set_by_key,
        "reason": value.reason,
        "starts_at": value.starts_at,
        "review_on": value.review_on,
    }
