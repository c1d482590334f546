"""The page of an account's adherence, and its pack to take away."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.issue_evidence import issue_evidence
from closeknit.rooms.agreements.contracts import Adherence
from closeknit.rooms.agreements.forms import Period

PAGE_ROWS = 200
LINE_ROWS = 100


@require_GET
def show_adherence(request: Request, account_number: str) -> HttpResponseBase:
    """Did we keep what we promised this account, and what proves it?"""
    first, last = _usual(clock.now().date())
    form = Period(request.GET) if {"from_on", "until_on"} & set(request.GET) else Period(_said(first, last))
    status, found = 200, None
    if form.is_valid():
        first, last = form.cleaned_data["from_on"], form.cleaned_data["until_on"]
    else:
        status = 422
    try:
        found = reads.get_adherence(account_number, from_on=first, until_on=last, by=request.actor, at=clock.now())
    except Invalid as refusal:
        form.is_valid()
        refuse_form(form, refusal)
        status = 422
    if found is not None and request.GET.get("format") == "csv":
        return _export(found)
    if found is not None and request.GET.get("format") == "pdf":
        return _paper(request, found)
    return render(request, "agreements/adherence.html", _context(account_number, form, found), status=status)


@require_POST
def issue(request: Request, account_number: str) -> HttpResponseBase:
    """Take the pack as a file; the ledger keeps its digest."""
    form = Period(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), where=name)
    made = issue_evidence(account_number, **form.cleaned_data, by=request.actor, at=clock.now())
    response = HttpResponse(made.content, content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, made.name) or ""
    return response


def _usual(today: date) -> tuple[date, date]:
    """Return the month before the present one and what there is of the present one."""
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1), today + timedelta(days=1)


def _said(first: date, last: date) -> dict[str, str]:
    return {"from_on": first.isoformat(), "until_on": last.isoformat()}


def _context(account_number: str, form: Period, found: Adherence | None) -> dict[str, Any]:
    missed = found.missed if found else ()
    kept = [clock for clock in found.clocks if clock.is_kept] if found else []
    return {
        "account_number": found.account_number if found else account_number,
        "form": form,
        "found": found,
        "missed": missed[:PAGE_ROWS],
        "missed_in_all": len(missed),
        "kept_in_all": len(kept),
        "held": [clock for clock in kept if clock.holds][:PAGE_ROWS],
        "lines": found.lines[::-1][:LINE_ROWS] if found else (),
        "months": [(each, month) for each in found.obligations for month in each.months if month.settled]
        if found
        else [],
    }


def _paper(request: Request, found: Adherence) -> HttpResponseBase:
    period = {"from_on": found.from_on, "until_on": found.until_on}
    drawn = reads.get_adherence_paper(found.account_number, **period, by=request.actor, at=found.as_of_at)
    response = HttpResponse(drawn, content_type="application/pdf")
    name = f"adherence-{found.from_on}-{found.until_on}.pdf"
    response["Content-Disposition"] = content_disposition_header(True, name) or ""
    return response


def _export(found: Adherence) -> HttpResponseBase:
    header = (
        "operation",
        "work_key",
        "measure",
        "term_number",
        "term_starts_on",
        "started_at",
        "settled_at",
        "ended_at",
        "allowed_minutes",
        "passed_minutes",
        "held_minutes",
        "is_kept",
        "is_noted",
        "is_tolerated",
    )
    return csv_response("adherence", header, (tuple(getattr(each, name) for name in header) for each in found.clocks))
