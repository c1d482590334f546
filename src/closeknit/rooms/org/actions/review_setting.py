"""Look at a local value again and keep it until the next review."""

from datetime import date, datetime

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.org.actions.set_setting import Timeline
from closeknit.rooms.org.compute import check_reason
from closeknit.rooms.org.contracts.settings import Level, SettingReviewed
from closeknit.rooms.org.models import SettingValueRow
from closeknit.rooms.org.reads.settings import get_setting_value, require_setter


def review_setting(value_id: int, *, review_on: date, reason: str, by: Actor, at: datetime) -> None:
    """Keep a value and say when it is looked at next. Refuses global values, ended ones and a day not in the future."""
    value = get_setting_value(value_id, by=by)
    require_setter(value.level, value.place, by=by)
    check_reason(reason)
    if value.level is Level.GLOBAL:
        raise Invalid("Only local values are reviewed.", where=f"value {value_id}", todo="Set another global value.")
    if not at.date() < review_on < date(clock.LAST_YEAR, 1, 1):
        raise Invalid("The review is not in the future.", where="review_on", todo="Give a later day.")
    with Timeline(value.key, value.level, value.place):
        value = get_setting_value(value_id, by=by)
        if value.ends_at is not None and value.ends_at <= at:
            raise Conflict("This value has ended already.", where=f"value {value_id}")
        SettingValueRow.objects.filter(pk=value_id).update(review_on=review_on)
        publish(SettingReviewed(value.thread_id, value_id, review_on.isoformat(), reason), by=by)
