"""Pages of capacity: plans, one plan and its drill-down, asking for a new one. Tiles: `tiles.py`."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.cells import text_of
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_staffing import answer_staffing
from closeknit.rooms.capacity.actions.staff_file import staff_file
from closeknit.rooms.capacity.actions.start_plan import start_plan
from closeknit.rooms.capacity.contracts import PlanCard, PlanState, StaffingMethod
from closeknit.rooms.capacity.forms import CellChoice, PlanRequest, StaffingFileForm, StaffingForm
from closeknit.rooms.capacity.tables import dearest, heat_map
from closeknit.rooms.org.contracts import Permission

PLANS_SHOWN = 60
CLAIMS_SHOWN = 100
CLAIMS_EXPORTED = 1_000_000
LARGEST_FILE_BYTES = 2_000_000
METHODS = (
    (StaffingMethod.AUTO, "as the load asks for"),
    (StaffingMethod.EXACT, "exact, as the load moves"),
    (StaffingMethod.MODIFIED_LOAD, "modified offered load"),
    (StaffingMethod.LAGGED, "each interval by itself, lagged"),
    (StaffingMethod.STATIONARY, "each interval by itself"),
)


@require_GET
def list_plans(request: Request) -> HttpResponseBase:
    """What have we, what is needed, and which plan is in force?"""
    by: Actor = request.actor
    plans = reads.list_plans(by=by, limit=PLANS_SHOWN)
    in_force = {plan.operation: plan for plan in reads.list_plans(by=by, states=[PlanState.COMMITTED])}
    drafts = {plan.operation: plan for plan in reversed(reads.list_plans(by=by, states=[PlanState.DRAFT]))}
    operations = [
        {"name": name, "plan": in_force.get(name), "draft": drafts.get(name)}
        for name in reads.list_operations_planned(by=by)
    ]
    return render(
        request,
        "capacity/plans.html",
        {
            "plans": plans,
            "operations": operations,
            "may_plan": by.may(Permission.RUN_PLAN),
            "weeks": reads.get_planning_weeks(at=clock.now(), by=by),
        },
    )


@require_GET
def show_plan(request: Request, plan_id: UUID) -> HttpResponseBase:
    """What is needed, what is served, who is short, and what would one more unit be worth?"""
    by: Actor = request.actor
    plan = reads.get_plan(plan_id, by=by)
    exported = request.GET.get("format")
    if exported == "csv":
        return _export_pools(plan, by)
    if exported == "claims":
        return _export_claims(plan, by)
    pool_weeks = reads.list_pool_weeks(plan_id, by=by)
    names = {row.pool: row.pool_name for row in pool_weeks}
    short = reads.list_claims(plan_id, by=by, only_short=True, limit=CLAIMS_SHOWN + 1)
    return render(
        request,
        "capacity/plan.html",
        {
            "plan": plan,
            "subject": f"plan:{plan.plan_id}",
            "map": heat_map(pool_weeks),
            "pool_weeks": pool_weeks,
            "withheld": reads.list_withheld_pools(plan_id, by=by),
            "dearest": dearest(pool_weeks),
            "short": [(claim, names.get(claim.pool, claim.pool)) for claim in short[:CLAIMS_SHOWN]],
            "more_short": len(short) > CLAIMS_SHOWN,
            "may_trace": by.may(Permission.READ_FEEDS),
            "may_plan": by.may(Permission.RUN_PLAN),
            "sees_prices": by.may(Permission.READ_PRICES),
            "cells": _cells(plan, request, by) if "pool" in request.GET else None,
        },
    )


@require_GET
def show_cells(request: Request, plan_id: UUID) -> HttpResponseBase:
    """One pool's periods in one week, below its cell of the heat map."""
    by: Actor = request.actor
    plan = reads.get_plan(plan_id, by=by)
    return render(request, "capacity/cells.html", {"plan": plan, "cells": _cells(plan, request, by)})


@require_POST
def start(request: Request) -> HttpResponseBase:
    """Ask for a fresh plan of an operation."""
    by: Actor = request.actor
    form = PlanRequest(request.POST)
    if not form.is_valid():
        raise Invalid(
            "It is not clear what to plan.",
            where="operation, weeks",
            todo="Choose an operation and 1 to 26 weeks.",
        )
    operation = form.cleaned_data["operation"]
    weeks = form.cleaned_data["weeks"] or reads.get_planning_weeks(operation, at=clock.now(), by=by)
    thread_id = start_plan(operation, weeks=weeks, by=by)
    return redirect("plan-progress", thread_id=thread_id)


@require_GET
def show_progress(request: Request, thread_id: UUID) -> HttpResponseBase:
    """How far is the plan that was asked for?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    return render(request, "capacity/progress.html", {"thread_id": thread_id})


@require_GET
def show_staffing(request: Request) -> HttpResponseBase:
    """How many people keep a promise to answer?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    asked = StaffingForm(request.GET) if "calls" in request.GET else StaffingForm(_initial(StaffingForm))
    answer, refusal = None, None
    if asked.is_valid():
        try:
            answer = answer_staffing(asked.question(), by=by)
        except Invalid as reason:
            refusal = reason
    status = 422 if refusal or not asked.is_valid() else 200
    context = {
        "form": asked,
        "answer": answer,
        "refusal": refusal,
        "methods": METHODS,
        "carried": [(name, asked[name].value() or "") for name in asked.fields if name != "calls"],
    }
    return render(request, "capacity/staffing.html", context, status=status)


@require_POST
def staff_intervals(request: Request) -> HttpResponseBase:
    """Give back a file of intervals with the people that each needs."""
    by: Actor = request.actor
    form = StaffingFileForm(request.POST, request.FILES)
    if not form.is_valid():
        field, reasons = next(iter(form.errors.items()))
        raise Invalid(str(reasons[0]), where=field, todo="Correct it and send the file again.")
    told = form.cleaned_data
    method = StaffingMethod(told["method"] or StaffingMethod.AUTO)
    text = _text_of(told["file"]) if told["file"] else told["intervals"]
    staffed = staff_file(text, form.question(), method=method, by=by)
    response = HttpResponse(staffed.text.encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="staffed.csv"'
    return response


def _initial(form: type[StaffingForm]) -> dict[str, Any]:
    return {name: field.initial for name, field in form.base_fields.items() if field.initial is not None}


def _text_of(file: UploadedFile) -> str:
    if (file.size or 0) > LARGEST_FILE_BYTES:
        raise Invalid("The file is too large.", where="file", todo=f"Give at most {LARGEST_FILE_BYTES:,} bytes.")
    return text_of(file.read(), where="file")


def _cells(plan: PlanCard, request: Request, by: Actor) -> dict[str, Any]:
    form = CellChoice(request.GET)
    if not form.is_valid():
        raise Invalid(
            "It is not clear which pool and week to look into.",
            where="pool, week",
            todo="Choose a cell of the heat map.",
        )
    pool: str = form.cleaned_data["pool"]
    week_on: date = form.cleaned_data["week"]
    rows = reads.list_pool_weeks(plan.plan_id, by=by)
    head = next((row for row in rows if row.pool == pool and row.week_on == week_on), None)
    claims = [
        c
        for c in reads.list_claims(plan.plan_id, by=by, limit=CLAIMS_EXPORTED)
        if c.pool == pool and c.week_on == week_on
    ]
    return {
        "head": head,
        "pool": pool,
        "week_on": week_on,
        "claims": claims,
        "rows": reads.list_cells(plan.plan_id, pool, week_on, by=by),
    }


def _export_pools(plan: PlanCard, by: Actor) -> HttpResponseBase:
    header = (
        "pool",
        "pool_name",
        "unit",
        "week_on",
        "need_hours",
        "capacity_hours",
        "served_hours",
        "short_hours",
        "overtime_hours",
        "peak_need_units",
        "coverage_share",
        "price_per_hour",
        "one_more_unit_worth",
        "one_less_unit_cost",
        "currency",
        "binding_term",
        "sentence",
    )
    rows = (tuple(getattr(row, name) for name in header) for row in reads.list_pool_weeks(plan.plan_id, by=by))
    return csv_response(f"plan-{plan.operation}-{plan.first_on}-pools", header, rows)


def _export_claims(plan: PlanCard, by: Actor) -> HttpResponseBase:
    header = (
        "pool",
        "week_on",
        "tier",
        "account_number",
        "need_hours",
        "served_hours",
        "short_hours",
        "shortfall_cost",
        "currency",
        "term",
        "sentence",
    )
    claims = reads.list_claims(plan.plan_id, by=by, limit=CLAIMS_EXPORTED)
    rows = (tuple(getattr(claim, name) for name in header) for claim in claims)
    return csv_response(f"plan-{plan.operation}-{plan.first_on}-claims", header, rows)
