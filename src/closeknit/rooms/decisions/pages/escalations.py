"""Pages of escalations, their paths, and on-duty calendars."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import answer_escalation, keep_duty_calendar
from closeknit.rooms.decisions.actions.adopt_path import adopt_paths
from closeknit.rooms.decisions.actions.answer_escalation import close_escalation_by_hand
from closeknit.rooms.decisions.contracts.escalations import EscalationCard, EscalationState
from closeknit.rooms.decisions.forms import (
    EscalationAnswer,
    EscalationFilter,
    NewDutyCalendar,
    NewShift,
    NewSwap,
    PathChange,
    ShiftEnd,
)
from closeknit.rooms.org.contracts import Permission

PAGE_ROWS = 200
STANDING = (EscalationState.OPEN, EscalationState.ACKNOWLEDGED)
WORDS = [("open", "open"), ("acknowledged", "taken on"), ("closed", "closed")]
WEEKDAYS = tuple(enumerate(keep_duty_calendar.WEEKDAYS))
HEADER = (
    "escalation",
    "path",
    "title",
    "account_number",
    "state",
    "level",
    "levels",
    "holder",
    "asked",
    "raised_at",
    "next_level_at",
    "thread_id",
)


@require_GET
def show_escalations(request: Request) -> HttpResponseBase:
    """What must not be overlooked, and whom does it ask?"""
    by: Actor = request.actor
    form = EscalationFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    cards = reads.list_escalations(
        by=by,
        states=[EscalationState(chosen["state"])] if chosen.get("state") else STANDING,
        path=chosen.get("path", ""),
        account_number=chosen.get("account", ""),
        mine=bool(chosen.get("mine")),
        limit=PAGE_ROWS,
    )
    if request.GET.get("format") == "csv":
        return csv_response("escalations", HEADER, (_exported(card) for card in cards))
    calendars = reads.list_duty_calendars(at=clock.now(), by=by)
    return render(
        request,
        "decisions/escalations.html",
        {
            "form": form,
            "cards": cards,
            "limit": PAGE_ROWS,
            "filtered": any(chosen.values()),
            "paths": reads.list_paths(by=by),
            "states": WORDS,
            "gappy": [card for card in calendars if card.gaps],
            "now": clock.now(),
        },
    )


@require_GET
def show_escalation(request: Request, escalation_id: UUID) -> HttpResponseBase:
    """Whom does this ask, and what happened to it?"""
    by: Actor = request.actor
    card = reads.get_escalation(escalation_id, by=by)
    steps = reads.list_escalation_steps(escalation_id, by=by)
    return render(request, "decisions/escalation.html", {"card": card, "steps": steps, "now": clock.now()})


@require_GET
def show_escalations_tile(request: Request) -> HttpResponseBase:
    """What asks me, what is due first first."""
    by: Actor = request.actor
    cards = reads.list_escalations(by=by, states=STANDING, mine=True, limit=30)
    others = reads.count_escalations(by=by) - len(cards)
    return render(
        request, "decisions/escalations_tile.html", {"cards": cards, "others": max(others, 0), "now": clock.now()}
    )


@require_POST
def answer(request: Request, escalation_id: UUID) -> HttpResponseBase:
    """Take it on, hand it back, give it to another, or close it."""
    by: Actor = request.actor
    data = _read(EscalationAnswer(request.POST), "answer")
    words: dict[str, Any] = {"reason": data["reason"], "by": by, "at": clock.now()}
    match data["answer"]:
        case "acknowledge":
            answer_escalation.acknowledge_escalation(escalation_id, **words)
        case "hand-back":
            answer_escalation.hand_back_escalation(escalation_id, **words)
        case "reassign":
            answer_escalation.reassign_escalation(escalation_id, to=data["to"], **words)
        case _:
            close_escalation_by_hand(escalation_id, **words)
    messages.success(request, f"{reads.get_escalation(escalation_id, by=by).title}: done.")
    return redirect("escalation-detail", escalation_id=escalation_id)


@require_GET
def show_paths(request: Request) -> HttpResponseBase:
    """Whom does each escalation ask, and for how long before the next?"""
    by: Actor = request.actor
    paths = reads.list_paths(by=by)
    return render(
        request,
        "decisions/escalation_paths.html",
        {
            "paths": paths,
            "may_change": by.may(Permission.MANAGE_SETTINGS),
            "text": "".join(reads.path_as_text(path, by=by) for path in paths),
        },
    )


@require_POST
def change_paths(request: Request) -> HttpResponseBase:
    """Put changed paths in force."""
    data = _read(PathChange(request.POST), "paths")
    changed = adopt_paths(data["paths"], reason=data["reason"], by=request.actor, at=clock.now())
    names = ", ".join(path.path for path in changed)
    messages.success(request, f"In force now: {names}." if changed else "Nothing changed: these paths are in force.")
    return redirect("escalation-paths")


@require_GET
def show_calendars(request: Request) -> HttpResponseBase:
    """Who is on duty now, and when is nobody?"""
    by: Actor = request.actor
    cards = reads.list_duty_calendars(at=clock.now(), by=by)
    return render(request, "decisions/duty_calendars.html", {"cards": cards, "may_keep": _keeps(by)})


@require_GET
def show_week(request: Request, calendar: str) -> HttpResponseBase:
    """Who is on duty this week?"""
    by: Actor = request.actor
    week = reads.get_duty_week(calendar, week_on=_day(request.GET.get("week", "")), by=by)
    days = [week.week_on + timedelta(days=number) for number in range(7)]
    return render(
        request,
        "decisions/duty_week.html",
        {
            "week": week,
            "days": [(day, [span for span in week.spans if span.day_on == day]) for day in days],
            "before": week.week_on - timedelta(days=7),
            "after": week.week_on + timedelta(days=7),
            "weekdays": WEEKDAYS,
            "may_keep": _keeps(by),
        },
    )


@require_POST
def open_calendar(request: Request) -> HttpResponseBase:
    """Open an on-duty calendar."""
    data = _read(NewDutyCalendar(request.POST), "calendar")
    keep_duty_calendar.open_calendar(**data, by=request.actor, at=clock.now())
    messages.success(request, "The calendar is open. Set its shifts now.")
    return redirect("duty-week", calendar=data["calendar"])


@require_POST
def set_shift(request: Request, calendar: str) -> HttpResponseBase:
    """Put a person on duty every week."""
    data = _read(NewShift(request.POST), "shift")
    keep_duty_calendar.set_shift(calendar, **data, by=request.actor, at=clock.now())
    messages.success(request, "The shift is set.")
    return redirect("duty-week", calendar=calendar)


@require_POST
def end_shift(request: Request, calendar: str, shift_id: UUID) -> HttpResponseBase:
    """End a weekly shift before a day."""
    data = _read(ShiftEnd(request.POST), "until_on")
    keep_duty_calendar.end_shift(calendar, shift_id, until_on=data["until_on"], by=request.actor, at=clock.now())
    messages.success(request, "The shift will end.")
    return redirect("duty-week", calendar=calendar)


@require_POST
def swap(request: Request, calendar: str) -> HttpResponseBase:
    """Have someone take over for a time, given on the calendar's own clock."""
    by: Actor = request.actor
    data = _read(NewSwap(request.POST), "swap")
    zone = ZoneInfo(reads.get_duty_week(calendar, week_on=clock.now().date(), by=by).time_zone)
    keep_duty_calendar.swap_shift(
        calendar,
        person=data["person"],
        starts_at=_on_clock(data["starts_local"], zone),
        ends_at=_on_clock(data["ends_local"], zone),
        replaces=data["replaces"],
        reason=data["reason"],
        by=by,
        at=clock.now(),
    )
    messages.success(request, "The swap is set.")
    return redirect("duty-week", calendar=calendar)


def _exported(card: EscalationCard) -> tuple[object, ...]:
    return (
        card.escalation_id,
        card.path,
        card.title,
        card.account_number,
        card.state,
        card.level,
        card.levels,
        card.holder,
        "; ".join(card.asked),
        card.raised_at,
        card.next_level_at,
        card.thread_id,
    )


def _keeps(by: Actor) -> bool:
    return by.may(Permission.DECIDE) or by.may(Permission.MANAGE_SETTINGS)


def _on_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the calendar's clock shows what was typed (the form read it as UTC)."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _read(form: Any, where: str) -> dict[str, Any]:
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise Invalid(f"The form was not understood: {problems[0]}", where=field or where, todo="Fill it in again.")
    data: dict[str, Any] = form.cleaned_data
    return data


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return clock.now().date()
