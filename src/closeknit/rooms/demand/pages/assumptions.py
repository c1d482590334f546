"""Pages of assumptions: what is taken for granted of peak times, the scenarios that try it, and whether it held."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.record_assumption import record_assumption
from closeknit.rooms.demand.actions.request_scenario import request_scenario
from closeknit.rooms.demand.actions.withdraw_assumption import withdraw_assumption
from closeknit.rooms.demand.contracts import AssumptionState, RunPurpose, WantedAssumption
from closeknit.rooms.demand.forms import AssumptionFilter, AssumptionForm, ScenarioForm, WithdrawalForm
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 500
SCENARIO_WEEKS = 8
KINDS = (
    ("multiply", "times what is forecast"),
    ("add-per-week", "units more per week"),
    ("set-per-week", "units per week"),
)


@require_GET
def list_assumptions(request: Request) -> HttpResponseBase:
    """What do we take for granted of peak times, and did it hold?"""
    by: Actor = request.actor
    form = AssumptionFilter(request.GET)
    chosen = _chosen(form)
    return render(
        request,
        "demand/assumptions.html",
        {
            "form": form,
            "assumptions": reads.list_assumptions(by=by, limit=MOST_ROWS, **chosen),
            "counts": reads.count_assumptions(by=by),
            "scenarios": _scenarios(by),
            "runs": reads.list_runs(by=by, purpose=RunPurpose.SCENARIO),
            "states": [state.value for state in AssumptionState],
            "filtered": any(chosen.values()),
            "limit": MOST_ROWS,
            "may_adjust": by.may(Permission.ADJUST_FORECAST),
            "may_plan": by.may(Permission.RUN_PLAN),
        },
    )


@require_GET
def show_new(request: Request) -> HttpResponseBase:
    """What do we take for granted, of whom, and when?"""
    by: Actor = request.actor
    by.require(Permission.ADJUST_FORECAST)
    monday = clock.now().date() + timedelta(days=-clock.now().weekday() % 7)
    start = {"kind": "multiply", "from_on": monday.isoformat(), "to_on": (monday + timedelta(days=14)).isoformat()}
    return _page(request, AssumptionForm(initial={**start, **request.GET.dict()}))


@require_POST
def record(request: Request) -> HttpResponseBase:
    """Record an assumption."""
    by: Actor = request.actor
    by.require(Permission.ADJUST_FORECAST)
    form = AssumptionForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        said = {name: data[name] for name in ("scenario", "statement", "is_peak")}
        try:
            record_assumption(WantedAssumption(**form.changed(), **said), by=by, at=clock.now())
        except Invalid as refusal:
            refuse_form(form, refusal)
        else:
            messages.success(request, "The assumption is recorded. Try its scenario to see what it does.")
            return redirect("assumption-list")
    return _page(request, form, status=422)


@require_POST
def withdraw(request: Request, assumption_id: UUID) -> HttpResponseBase:
    """Take an assumption back."""
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        raise Invalid("Why is it taken back?", where="reason", todo="Go back and say it in a sentence.")
    withdraw_assumption(assumption_id, reason=form.cleaned_data["reason"], by=request.actor, at=clock.now())
    messages.success(request, "The assumption is taken back.")
    return redirect("assumption-list")


@require_POST
def try_scenario(request: Request) -> HttpResponseBase:
    """Ask what a forecast would say under a scenario."""
    by: Actor = request.actor
    by.require(Permission.RUN_PLAN)
    form = ScenarioForm(request.POST)
    if not form.is_valid():
        raise Invalid("This scenario cannot be tried.", where="scenario", todo="Choose one of the list.")
    data = form.cleaned_data
    request_scenario(data["operation"], data["scenario"], weeks=data["weeks"], by=by)
    messages.success(request, "The scenario is being forecast. Its run will stand below in a moment.")
    return redirect("assumption-list")


def _page(request: Request, form: AssumptionForm, status: int = 200) -> HttpResponseBase:
    return render(request, "demand/assumption_new.html", {"form": form, "kinds": KINDS}, status=status)


def _scenarios(by: Actor) -> list[dict[str, Any]]:
    """Return every scenario with open assumptions, by operation."""
    open_ones = reads.list_assumptions(by=by, state=AssumptionState.OPEN, limit=MOST_ROWS)
    pairs = sorted({(card.operation, card.scenario) for card in open_ones})
    return [{"operation": operation, "name": name, "weeks": SCENARIO_WEEKS} for operation, name in pairs]


def _chosen(form: AssumptionFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "operation": data["operation"],
        "scenario": data["scenario"],
        "state": AssumptionState(data["state"]) if data["state"] else None,
        "account_number": data["account"],
    }
