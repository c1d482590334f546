"""Pages of settings: the list, one setting with its history, and where the company deviates."""

from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.end_setting import end_setting
from closeknit.rooms.org.actions.review_setting import review_setting
from closeknit.rooms.org.actions.set_setting import set_setting
from closeknit.rooms.org.contracts import Deviation, Level, Permission, Setting, SettingValue
from closeknit.rooms.org.forms import Because, DeviationFilter, NewValue, Review, SettingFilter, Somewhere
from closeknit.rooms.org.pages.reading import asked, sent


@require_GET
def list_settings(request: Request) -> HttpResponseBase:
    """What did the company decide, and what does it decide differently somewhere?"""
    by: Actor = request.actor
    form, chosen = asked(SettingFilter, request)
    cards = reads.list_settings(search=chosen.get("search", ""), at=clock.now(), by=by)
    rows: list[dict[str, Any]] = [{"card": card, "value": card.setting.show(card.resolved.value)} for card in cards]
    rooms: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        rooms.setdefault(row["card"].setting.room, []).append(row)
    return render(request, "org/settings.html", {"form": form, "rooms": rooms, "filtered": any(chosen.values())})


@require_GET
def show_setting(request: Request, key: str) -> HttpResponseBase:
    """What is this setting here, why, and who decided it?"""
    by: Actor = request.actor
    setting = reads.get_declared(key, by=by)
    form, where = asked(Somewhere, request)
    now = clock.now()
    account = where.pop("account", "")
    found = reads.get_setting(setting, **where, account_number=account, at=now, by=by)
    said: list[dict[str, Any]] = [
        {"said": s, "value": setting.show(s.value), "silent": s.found is None} for s in found.chain
    ]
    for part in said:
        part["silent"] = part["silent"] and part["said"].level is not Level.DEFAULT
    values = reads.list_setting_values(key, by=by)
    return render(
        request,
        "org/setting.html",
        {
            "setting": setting,
            "value": setting.show(found.value),
            "found": found,
            "chain": said,
            "form": form,
            "asked": any([*where.values(), account]),
            "values": [_row(setting, value, by) for value in values],
            "levels": [level for level in setting.levels if _may_set_at(level, by)],
            "asked_levels": [level.value for level in setting.levels],
        },
    )


@require_GET
def list_deviations(request: Request) -> HttpResponseBase:
    """Where do we decide differently from the rest of the company, since when, and why?"""
    by: Actor = request.actor
    form, chosen = asked(DeviationFilter, request)
    due = chosen.pop("due", False)
    found = reads.list_deviations(**chosen, due_only=due, at=clock.now(), by=by)
    if request.GET.get("format") == "csv":
        return csv_response("deviations", _HEADER, (_cells(deviation) for deviation in found))
    rows = [
        {
            **_row(deviation.setting, deviation.value, by),
            "deviation": deviation,
            "global_value": deviation.setting.show(deviation.global_value),
        }
        for deviation in found
    ]
    return render(request, "org/deviations.html", {"form": form, "rows": rows, "filtered": due or any(chosen.values())})


@require_POST
def set_value(request: Request, key: str) -> HttpResponseBase:
    """Set a value for everyone, or for one place."""
    by: Actor = request.actor
    setting = reads.get_declared(key, by=by)
    form = sent(NewValue, request)
    value = setting.read(form.pop("value"))
    set_setting(key, value, **form, by=by, at=clock.now())
    where = f"{form['level']} {form['place']}" if form["place"] else "everyone"
    messages.success(request, f"{key} is {setting.show(value)} for {where}.")
    return redirect("setting-detail", key=key)


@require_POST
def end_value(request: Request, value_id: int) -> HttpResponseBase:
    """End a value now, or take back a planned one."""
    by: Actor = request.actor
    value = reads.get_setting_value(value_id, by=by)
    end_setting(value_id, **sent(Because, request), by=by, at=clock.now())
    messages.success(request, f"Ended: {value.key}.")
    return redirect("setting-detail", key=value.key)


@require_POST
def review_value(request: Request, value_id: int) -> HttpResponseBase:
    """Keep a local value until the next review."""
    by: Actor = request.actor
    value = reads.get_setting_value(value_id, by=by)
    review_setting(value_id, **sent(Review, request), by=by, at=clock.now())
    messages.success(request, f"Kept: {value.key} for {value.level} {value.place}.")
    return redirect("deviation-list")


_HEADER = (
    "setting",
    "level",
    "place",
    "value",
    "global_value",
    "set_by",
    "reason",
    "starts_at",
    "ends_at",
    "review_on",
    "is_review_due",
    "value_id",
    "thread_id",
)


def _cells(deviation: Deviation) -> tuple[Any, ...]:
    value = deviation.value
    return (
        value.key,
        value.level,
        value.place,
        value.value,
        deviation.global_value,
        value.set_by,
        value.reason,
        value.starts_at,
        value.ends_at,
        value.review_on,
        deviation.is_review_due,
        value.value_id,
        str(value.thread_id),
    )


def _row(setting: Setting, value: SettingValue, by: Actor) -> dict[str, Any]:
    now = clock.now()
    is_over = value.ends_at is not None and value.ends_at <= max(now, value.starts_at)
    state = "over" if is_over else "planned" if value.starts_at > now else "in force"
    return {
        "value": value,
        "shown": setting.show(value.value),
        "state": state,
        "may_change": not is_over and reads.may_set(value.level, value.place, by=by),
        "has_thread": by.may(Permission.READ_LEDGER) or value.level is Level.ACCOUNT,
    }


def _may_set_at(level: Level, by: Actor) -> bool:
    """Tell whether the actor may set a value at a level somewhere: which place is asked when it is set."""
    if by.may(Permission.MANAGE_SETTINGS):
        return True
    return by.may(Permission.SET_LOCALLY) and level in (Level.REGION, Level.SITE, Level.ACCOUNT)
