"""The page of training: which person learns which work for the most service per hour of training?"""

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts.training import TrainingCase
from closeknit.rooms.capacity.forms import TrainingForm
from closeknit.rooms.capacity.pages.prices import first_planned
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    "pool",
    "to_pool",
    "skills",
    "people",
    "week_hours",
    "training_hours",
    "worth_per_week",
    "worth_per_training_hour",
    "training_cost",
    "weeks_to_pay",
    "short_hours_less_per_week",
    "overtime_hours_less_per_week",
    "sentence",
)


@require_GET
def show_training(request: Request) -> HttpResponseBase:
    """Who should learn what, for the most service per hour of training?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    form = TrainingForm(request.GET)
    operation = (form.cleaned_data["operation"] if form.is_valid() else "") or first_planned(by)
    case, refusal = None, None
    if operation and by.scope_of(Permission.READ_CAPACITY).every_account and form.is_valid():
        try:
            case = reads.get_training_case(form.asked(), operation=operation, by=by, at=clock.now())
        except (Invalid, NotFound) as reason:
            refusal = reason
    if case and request.GET.get("format") == "csv":
        return _export(case)
    context: dict[str, Any] = {
        "case": case,
        "refusal": refusal,
        "form": form,
        "operation": operation,
        "operations": reads.list_operations_planned(by=by),
        "sees_whole": by.scope_of(Permission.READ_CAPACITY).every_account,
        "sees_prices": by.may(Permission.READ_PRICES),
    }
    return render(request, "capacity/training.html", context, status=422 if refusal or not form.is_valid() else 200)


def _export(case: TrainingCase) -> HttpResponseBase:
    joined = {
        "skills": lambda row: "; ".join(row.skills),
        "people": lambda row: "; ".join(each.person for each in row.people),
    }
    rows = [
        tuple(joined[name](row) if name in joined else getattr(row, name) for name in COLUMNS)
        for row in (*case.options, *case.unranked)
    ]
    return csv_response(f"training-{case.operation}-{case.first_on}", COLUMNS, rows)
