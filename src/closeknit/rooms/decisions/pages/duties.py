"""Pages of duties: what is to be reviewed and signed, by whom, on what evidence."""

import re
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.output import share_text
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import add_duty as duties
from closeknit.rooms.decisions.actions.sign_duty import sign_duty
from closeknit.rooms.decisions.contracts import Cadence, DutyRule, OccurrenceState
from closeknit.rooms.decisions.forms import (
    DutyAssignment,
    DutyFilter,
    DutyReason,
    NewDuty,
    Signature,
    TemplateInstall,
)
from closeknit.rooms.org.contracts import SEES_EVERY_ACCOUNT, Permission

PAGE_ROWS = 200
DAY = re.compile(r"\d{4}-\d\d-\d\d")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
HEADER = (
    "occurrence",
    "duty",
    "owner",
    "due_on",
    "sign_by_at",
    "state",
    "signed_by",
    "signed_for",
    "signed_at",
    "remark",
    "evidence_sha256",
    "thread_id",
)


@require_GET
def show_duties(request: Request) -> HttpResponseBase:
    """What is to be reviewed and signed, and by whom?"""
    by: Actor = request.actor
    form = DutyFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    state = chosen.get("state")
    cards = reads.list_occurrences(
        by=by,
        states=[OccurrenceState(state)] if state else (),
        duty_id=chosen.get("duty"),
        only_mine=bool(chosen.get("mine")),
        limit=PAGE_ROWS,
    )
    if request.GET.get("format") == "csv":
        return csv_response("duties", HEADER, (_line(card) for card in cards))
    manages = by.may(Permission.DECIDE) or by.may(Permission.MANAGE_SETTINGS)
    return render(
        request,
        "decisions/duties.html",
        {
            "cards": cards,
            "duties": reads.list_duties(by=by),
            "form": form,
            "filtered": any(chosen.values()),
            "states": [found.value for found in OccurrenceState],
            "manages": manages,
            "templates": reads.list_duty_templates(by=by) if manages else [],
            "queries": reads.list_evidence_queries(by=by) if manages else {},
            "roles": sorted(str(role) for role in SEES_EVERY_ACCOUNT),
        },
    )


@require_GET
def show_duties_tile(request: Request) -> HttpResponseBase:
    """What waits for my signature, for the inbox."""
    by = request.actor
    standing = (OccurrenceState.DUE, OccurrenceState.OVERDUE)
    cards = reads.list_occurrences(by=by, states=standing, only_mine=True, limit=10)
    return render(request, "decisions/duties_tile.html", {"cards": cards})


@require_GET
def show_due_date(request: Request, occurrence_id: UUID) -> HttpResponseBase:
    """What is to be signed, on what evidence?"""
    detail = reads.get_occurrence(occurrence_id, by=request.actor)
    history = reads.list_occurrences(by=request.actor, duty_id=detail.card.duty_id, limit=20)
    return render(
        request,
        "decisions/due_date.html",
        {"detail": detail, "card": detail.card, "history": history, "tables": [_table(p) for p in detail.evidence]},
    )


@require_POST
def sign(request: Request, occurrence_id: UUID) -> HttpResponseBase:
    """Sign a due date."""
    form = Signature(request.POST)
    if not form.is_valid():
        raise Invalid("The signature was not understood.", where=next(iter(form.errors)), todo="Use the button Sign.")
    given = form.cleaned_data
    sign_duty(
        occurrence_id,
        evidence_sha256=given["evidence_sha256"],
        remark=given["remark"],
        by=request.actor,
        at=clock.now(),
    )
    messages.success(request, "Signed.")
    return redirect("due-date", occurrence_id=occurrence_id)


@require_POST
def add(request: Request) -> HttpResponseBase:
    """Have something recur."""
    form = NewDuty(request.POST)
    if not form.is_valid():
        raise Invalid("The duty was not understood.", where=next(iter(form.errors)), todo="Go back and correct it.")
    given, at = form.cleaned_data, clock.now()
    duties.add_duty(
        name=given["name"],
        owner=given["owner"],
        rule=_rule(given),
        evidence=given["evidence"],
        statement=given["statement"],
        starts_on=given["starts_on"] or at.date(),
        about=given["about"],
        by=request.actor,
        at=at,
    )
    messages.success(request, f"{given['name']} recurs from now on.")
    return redirect("duties")


@require_POST
def install(request: Request) -> HttpResponseBase:
    """Install shipped duties."""
    form = TemplateInstall(request.POST)
    key = form.cleaned_data["template"] if form.is_valid() else ""
    at = clock.now()
    made = duties.install_duty_templates([key] if key else (), starts_on=at.date(), by=request.actor, at=at)
    messages.success(request, f"{len(made)} dut{'y' if len(made) == 1 else 'ies'} added.")
    return redirect("duties")


@require_POST
def assign(request: Request, duty_id: UUID) -> HttpResponseBase:
    """Pass a duty on."""
    form = DutyAssignment(request.POST)
    if not form.is_valid():
        raise Invalid("Say to whom, and why.", where=next(iter(form.errors)))
    given = form.cleaned_data
    duties.assign_duty(duty_id, owner=given["owner"], reason=given["reason"], by=request.actor, at=clock.now())
    messages.success(request, "It is theirs from now on.")
    return redirect("duties")


@require_POST
def end(request: Request, duty_id: UUID) -> HttpResponseBase:
    """Have a duty recur no more."""
    form = DutyReason(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    duties.end_duty(duty_id, reason=reason, by=request.actor, at=clock.now())
    messages.success(request, "It recurs no more.")
    return redirect("duties")


def _rule(given: dict) -> DutyRule:
    cadence = Cadence(given["cadence"])
    if cadence is Cadence.WEEKLY:
        return DutyRule(cadence, weekday=given["on"], days_to_sign=given["days_to_sign"], time_zone=given["time_zone"])
    which = {"business_day": given["on"]} if given["counted"] == "business" else {"day": given["on"]}
    return DutyRule(
        cadence,
        month=given["month"] or 1,
        days_to_sign=given["days_to_sign"],
        time_zone=given["time_zone"],
        **which,
    )


def _table(part) -> dict:
    rows = [[_cell(head, row.get(head)) for head in part.columns] for row in part.rows]
    heads = [{"name": head.replace("_", " "), "is_number": _is_number(part, head)} for head in part.columns]
    return {"part": part, "heads": heads, "rows": rows}


def _is_number(part, head: str) -> bool:
    found = [row.get(head) for row in part.rows if row.get(head) is not None]
    return bool(found) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in found)


def _cell(head: str, value) -> dict:
    """Write a value that was kept as JSON for a person: shares in percent, instants to the minute."""
    text = value
    if value in (None, ""):
        text = "–"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int | float):
        text = share_text(value) if head.endswith("_share") else f"{value:,.6g}" if value % 1 else f"{value:,.0f}"
    elif INSTANT.fullmatch(str(value)):
        text = f"{value[:10]} {value[11:16]}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    how = "num" if is_number else "nowrap" if DAY.match(str(value)) else ""
    return {"text": text, "how": how, "account": value if head == "account_number" and value else ""}


def _line(card) -> tuple:
    return (
        card.occurrence_id,
        card.name,
        card.owner_name,
        card.due_on,
        card.sign_by_at,
        card.state.value,
        card.signed_by,
        card.signed_for,
        card.signed_at,
        card.remark,
        card.evidence_sha256,
        card.thread_id,
    )
