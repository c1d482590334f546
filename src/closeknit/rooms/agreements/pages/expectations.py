"""The page of expectations: what answers to surveys say of promises."""

from typing import Any
from urllib.parse import urlencode

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.contracts import Expectation, Expectations
from closeknit.rooms.agreements.contracts.expectations import SEEN_DAYS
from closeknit.rooms.agreements.forms import ExpectationFilter
from closeknit.rooms.customers.contracts import Tier
from closeknit.rooms.org.contracts import Permission

_COLUMNS = (
    "operation",
    "service",
    "work_class",
    "measure",
    "answers",
    "accounts",
    "promised_minutes",
    "limit_minutes",
    "low_minutes",
    "high_minutes",
    "verdict",
)


@require_GET
def show_expectations(request: Request) -> HttpResponseBase:
    """Do we promise what customers need, or too little, or more than they notice?"""
    form = ExpectationFilter(request.GET)
    status, found = 200, None
    try:
        found = _found(request, form)
    except Invalid as refusal:
        refuse_form(form, refusal, {"wanted_score": "score"})
    if found is None:
        status = 422
    elif request.GET.get("format") == "csv":
        lines = (tuple(getattr(each, name) for name in _COLUMNS) for each in found.promises)
        return csv_response("expectations", _COLUMNS, lines)
    context = {
        "found": found,
        "form": form,
        "tiers": [tier.value for tier in Tier],
        "promises": [(each, _need(found, each)) for each in found.promises] if found else [],
        "may_state": request.actor.may(Permission.PROPOSE),
    }
    return render(request, "agreements/expectations.html", context, status=status)


def _found(request: Request, form: ExpectationFilter) -> Expectations | None:
    # Who may not look is told so, whatever was asked.
    request.actor.require(Permission.READ_ACCOUNTS)
    request.actor.require(Permission.READ_INTERNAL)
    if not form.is_valid():
        return None
    given: dict[str, Any] = form.cleaned_data
    return reads.get_expectations(
        by=request.actor,
        at=clock.now(),
        account_number=given["account"],
        tier=given["tier"],
        kind=given["kind"],
        wanted_score=given["score"],
        days=given["days"] or SEEN_DAYS,
    )


def _need(found: Expectations, each: Expectation) -> str:
    """Return what the form of a need begins with when it is stated from these answers; "" where there is no limit."""
    if each.limit_minutes is None:
        return ""
    given = {
        "account": found.account_number,
        "words": f"{each.operation} {each.service} {each.work_class}: {each.sentence}".replace("  ", " "),
        "heard_in": f"Answers to {found.kind} surveys until {found.as_of_at:%Y-%m-%d}",
        "operation": each.operation,
        "service": each.service,
        "work_class": each.work_class,
        "measure": each.measure.value,
        "within_minutes": f"{each.limit_minutes:.6g}",
        "control": "Clocks, and satisfaction compared again at each review",
    }
    return urlencode(given)
