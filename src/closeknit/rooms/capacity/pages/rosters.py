"""Pages of rosters: who works when, what stays open, and why not otherwise."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock, work
from closeknit.kernel.actor import Actor
from closeknit.kernel.cells import text_of
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_staff import KNOWN, adopt_staff
from closeknit.rooms.capacity.actions.publish_roster import publish_roster
from closeknit.rooms.capacity.actions.start_roster import start_roster
from closeknit.rooms.capacity.contracts.rosters import RosterBoard, RosterState, RosterWhyNot
from closeknit.rooms.capacity.forms import PublishForm, RosterForm, StaffForm, WhyNotForm
from closeknit.rooms.org.contracts import Permission

LARGEST_FILE_BYTES = 1_000_000
STOP_POLLING = 286


@require_GET
def list_rosters(request: Request) -> HttpResponseBase:
    """Who works when?"""
    by: Actor = request.actor
    return _list(request, by, RosterForm(initial={"pool": request.GET.get("pool", ""), "weeks": 1}), StaffForm())


@require_POST
def start(request: Request) -> HttpResponseBase:
    """Ask for a draft roster; a worker makes it."""
    by: Actor = request.actor
    by.require(Permission.RUN_PLAN)
    form = RosterForm(request.POST)
    if form.is_valid():
        try:
            thread_id = start_roster(form.asked(), by=by, at=clock.now())
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
        else:
            return redirect("roster-progress", thread_id=thread_id)
    return _list(request, by, form, StaffForm(), status=422)


@require_POST
def state_staff(request: Request) -> HttpResponseBase:
    """Take in who works in a pool."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    form = StaffForm(request.POST, request.FILES)
    if form.is_valid():
        told = form.cleaned_data
        try:
            text = _text_of(told["file"]) if told["file"] else told["people"]
            count = adopt_staff(told["pool"], text, by=by, at=clock.now())
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} ({reason.where}) {reason.todo}".strip())
        else:
            messages.success(request, f"{count} people work in {told['pool']} now.")
            return redirect("roster-list")
    return _list(request, by, RosterForm(initial={"weeks": 1}), form, status=422)


@require_GET
def show_progress(request: Request, thread_id: UUID) -> HttpResponseBase:
    """How far is the roster that was asked for? The page asks itself again each second until it rests."""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    card = reads.find_roster_of_thread(thread_id, by=by)
    failure = work.find_failure_of_thread(thread_id, by=by) if card is None else None
    polls = request.headers.get("HX-Request") == "true"
    status = STOP_POLLING if polls and (card or failure) else 200
    context = {"thread_id": thread_id, "card": card, "failure": failure}
    return render(request, "capacity/roster_progress.html", context, status=status)


@require_GET
def show_roster(request: Request, roster_id: UUID) -> HttpResponseBase:
    """Who works when, what is covered, what stays open, and why not otherwise?"""
    by: Actor = request.actor
    if request.GET.get("format") == "csv":
        return _export(reads.get_roster_board(roster_id, by=by))
    return _show(request, by, roster_id, PublishForm())


@require_POST
def publish(request: Request, roster_id: UUID) -> HttpResponseBase:
    """Make a draft what its people go by."""
    by: Actor = request.actor
    by.require(Permission.PUBLISH_ROSTER)
    form = PublishForm(request.POST)
    if form.is_valid():
        try:
            publish_roster(roster_id, reason=form.cleaned_data["reason"], by=by, at=clock.now())
        except (Invalid, Conflict) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
        else:
            messages.success(request, "Published: this is what its people go by.")
            return redirect("roster-detail", roster_id=roster_id)
    return _show(request, by, roster_id, form, status=422)


def _list(request: Request, by: Actor, form: RosterForm, staff_form: StaffForm, status: int = 200) -> HttpResponseBase:
    staff = reads.list_staff(by=by)
    context: dict[str, Any] = {
        "form": form,
        "staff_form": staff_form,
        "columns": ", ".join(KNOWN),
        "rosters": reads.list_rosters(by=by, limit=100),
        "staff": staff,
        "staffed": sorted({card.pool for card in staff}),
        "pools": reads.list_pools(by=by),
        "may_plan": by.may(Permission.RUN_PLAN),
        "may_load": by.may(Permission.LOAD_DATA),
        "sees_whole": by.scope_of(Permission.READ_CAPACITY).every_account,
    }
    return render(request, "capacity/rosters.html", context, status=status)


def _show(
    request: Request, by: Actor, roster_id: UUID, publication: PublishForm, status: int = 200
) -> HttpResponseBase:
    board = reads.get_roster_board(roster_id, by=by)
    asked = WhyNotForm(board, request.GET if "person" in request.GET else None)
    answer: RosterWhyNot | None = None
    if asked.is_valid():
        told = asked.cleaned_data
        answer = reads.get_roster_why_not(
            roster_id, person=told["person"], day_on=told["day"], shift=told["shift"], by=by
        )
    hours = {shift.code: shift for shift in board.shifts}
    breaks = {(each.person, each.day_on): each.starts_text for each in board.breaks}
    context = {
        "board": board,
        "card": board.card,
        "rows": [
            (
                person,
                [
                    (hours.get(code), breaks.get((person.person, day.day_on), ""))
                    for code, day in zip(person.shifts, board.days, strict=True)
                ],
            )
            for person in board.people
        ],
        "days": [(day, index % 7 == 0) for index, day in enumerate(board.days)],
        "asked": asked,
        "answer": answer,
        "publication": publication,
        "may_publish": by.may(Permission.PUBLISH_ROSTER) and board.card.state == RosterState.DRAFT,
    }
    return render(request, "capacity/roster.html", context, status=422 if asked.errors else status)


def _text_of(file: UploadedFile) -> str:
    if (file.size or 0) > LARGEST_FILE_BYTES:
        raise Invalid("The file is too large.", where="file", todo=f"Give at most {LARGEST_FILE_BYTES:,} bytes.")
    return text_of(file.read(), where="file")


def _export(board: RosterBoard) -> HttpResponseBase:
    card = board.card
    header = ("person", "name", *(day.day_on.isoformat() for day in board.days), "hours")
    rows = [(person.person, person.name, *person.shifts, person.hours) for person in board.people]
    rows += [
        (word, "", *(getattr(day, name) for day in board.days), sum(getattr(day, name) for day in board.days))
        for word, name in (
            ("needed hours", "need_hours"),
            ("rostered hours", "rostered_hours"),
            ("short hours", "short_hours"),
        )
    ]
    return csv_response(f"roster-{card.pool}-{card.first_on}", header, rows)
