"""End a value of a setting before its time, so that the next level's value stands again."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.org.actions.set_setting import OneAtATime, end_row
from closeknit.rooms.org.compute import check_reason
from closeknit.rooms.org.contracts.settings import SettingChanged
from closeknit.rooms.org.reads.settings import get_setting_value, require_setter


def end_setting(value_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """End a value now, or take back one that is planned. Refuses one that ended already, and a missing reason."""
    value = get_setting_value(value_id, by=by)
    require_setter(value.level, value.place, by=by)
    check_reason(reason)
    with OneAtATime(value.key, value.level, value.place):
        value = get_setting_value(value_id, by=by)
        if value.ends_at is not None and value.ends_at <= max(at, value.starts_at):
            raise Conflict(
                "This value has ended already.", where=f"value {value_id}", todo="See the setting's history."
            )
        end_row(value_id, ends_at=at, reason=reason, by=by, at=at)
        publish(SettingChanged(value.thread_id, value.key, value.level, value.place, 0, value_id), by=by)
