"""End a value of a setting before its time, so that what stood before it stands again."""

from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.org.actions.set_setting import Timeline
from closeknit.rooms.org.compute import check_reason
from closeknit.rooms.org.contracts.settings import SettingChanged, SettingValue
from closeknit.rooms.org.models import SettingValueRow
from closeknit.rooms.org.reads.settings import get_setting_value, require_setter


def end_setting(value_id: int, *, reason: str, by: Actor, at: datetime) -> None:
    """End a value now, or take back one that is planned. Refuses one that ended already, and a missing reason.

    The value that it interrupted goes on at once; without one, the next level's value stands.
    """
    value = get_setting_value(value_id, by=by)
    require_setter(value.level, value.place, by=by)
    check_reason(reason)
    with Timeline(value.key, value.level, value.place) as timeline:
        value = get_setting_value(value_id, by=by)
        if value.ends_at is not None and value.ends_at <= max(at, value.starts_at):
            raise Conflict(
                "This value has ended already.", where=f"value {value_id}", todo="See the setting's history."
            )
        timeline.end(value_id, ends_at=at, reason=reason, by=by, at=at)
        _bring_forward(timeline, value, reason, by, at)
        changed = SettingChanged(
            value.thread_id, value.key, value.level, value.place, 0, value_id, until="", reason=reason
        )
        publish(changed, by=by)


def _bring_forward(timeline: Timeline, ended: SettingValue, reason: str, by: Actor, at: datetime) -> None:
    """Let what was to go on after the ended value go on from its new end."""
    if ended.ends_at is None:
        return
    place = SettingValueRow.objects.filter(key=ended.key, level=ended.level.value, place=ended.place)
    waiting = place.filter(starts_at=ended.ends_at, resumes_id__isnull=False).exclude(ends_at=ended.ends_at).first()
    if waiting is not None and waiting.resumes_id is not None:
        until = waiting.ends_at
        timeline.end(waiting.pk, ends_at=waiting.starts_at, reason=reason, by=by, at=at)
        timeline.resume(waiting.resumes_id, resumes_at=max(at, ended.starts_at), ends_at=until)
