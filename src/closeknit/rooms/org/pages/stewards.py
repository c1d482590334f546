"""Pages of stewards: who answers for which data, and what departments share of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.appoint_steward import appoint_steward, end_stewardship
from closeknit.rooms.org.actions.share_with_department import share_again, withhold_from_department
from closeknit.rooms.org.contracts import DEPARTMENT_OF, DOMAINS, Permission, StewardCard
from closeknit.rooms.org.forms import Appointment, Because, Withholding
from closeknit.rooms.org.pages.reading import sent


@require_GET
def list_stewards(request: Request) -> HttpResponseBase:
    """Who answers for which data, and which department does not get which fields?"""
    if request.GET.get("format") == "csv":
        cards = reads.list_stewards(by=request.actor, at=clock.now(), also_past=True)
        header = ("domain", "field", "level", "place", "steward", "from", "until", "reason", "appointed_by")
        rows = (
            (c.domain, c.field, c.level, c.place, c.person_name, c.starts_at, c.ends_at, c.reason, c.appointed_by)
            for c in cards
        )
        return csv_response("stewards", header, rows)
    return _page(request, Appointment(), Withholding())


@require_POST
def appoint(request: Request) -> HttpResponseBase:
    """Appoint a steward."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PEOPLE)
    form = Appointment(request.POST)
    if not _done(form, lambda given: appoint_steward(**given, by=by, at=clock.now())):
        return _page(request, form, Withholding(), status=422)
    messages.success(request, "Appointed. What concerns this data goes there.")
    return redirect("steward-list")


@require_POST
def end(request: Request, stewardship_id: int) -> HttpResponseBase:
    """End an appointment."""
    end_stewardship(stewardship_id, reason=sent(Because, request)["reason"], by=request.actor, at=clock.now())
    messages.success(request, "Ended.")
    return redirect("steward-list")


@require_POST
def withhold(request: Request) -> HttpResponseBase:
    """Keep fields from a department."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_SETTINGS)
    form = Withholding(request.POST)
    if not _done(form, lambda given: withhold_from_department(**given, by=by, at=clock.now())):
        return _page(request, Appointment(), form, status=422)
    messages.success(request, "Withheld from the next request on.")
    return redirect("steward-list")


@require_POST
def share(request: Request, rule_id: int) -> HttpResponseBase:
    """Let a department have fields again."""
    share_again(rule_id, reason=sent(Because, request)["reason"], by=request.actor, at=clock.now())
    messages.success(request, "Shared again from the next request on.")
    return redirect("steward-list")


def _done(form: forms.Form, act: Callable[[dict[str, Any]], int]) -> bool:
    """Do what a form asks for; False where the form, or the action, refused it: the form says why."""
    if not form.is_valid():
        return False
    try:
        act(dict(form.cleaned_data))
    except CloseknitError as failure:
        where = failure.where if failure.where in form.fields else None
        form.add_error(where, f"{failure.what} {failure.todo or ''}".strip())
        return False
    return True


def _page(request: Request, appointment: forms.Form, withholding: forms.Form, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    now = clock.now()
    stewards = reads.list_stewards(by=by, at=now)
    return render(
        request,
        "org/stewards.html",
        {
            "stewards": [(card, card.is_in_force(now)) for card in stewards],
            "rules": [(card, card.is_in_force(now)) for card in reads.list_sharing_rules(by=by, at=now)],
            "domains": _domains(stewards, now, by),
            "departments": [(role.value, department.value) for role, department in DEPARTMENT_OF.items()],
            "may_appoint": by.may(Permission.MANAGE_PEOPLE),
            "may_share": by.may(Permission.MANAGE_SETTINGS),
            "appointment": appointment,
            "withholding": withholding,
        },
        status=status,
    )


def _domains(
    stewards: list[StewardCard], now: datetime, by: Actor
) -> list[tuple[str, str, StewardCard | None, list[str]]]:
    held = {c.domain: c for c in stewards if c.is_in_force(now) and not c.field and not c.place}
    fields = reads.list_withholdable_fields(by=by)
    return [(word, sentence, held.get(word), sorted(fields.get(word, ()))) for word, sentence in DOMAINS.items()]
