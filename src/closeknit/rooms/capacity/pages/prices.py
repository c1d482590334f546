"""Pages of prices: what is an hour worth, what to keep back for whom, and what does a guaranteed response cost?"""

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
from closeknit.rooms.capacity.actions.cost_offer import cost_offer
from closeknit.rooms.capacity.contracts import PlanState, PriceBook
from closeknit.rooms.capacity.forms import DedicatedForm, OfferForm, PriceChoice
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    "pool",
    "pool_name",
    "unit",
    "week_on",
    "unit_hours",
    "idle_hours",
    "price_per_hour",
    "price_per_unit",
    "one_more_unit_worth",
    "one_less_unit_cost",
    "unit_cost",
    "idle_cost",
    "over_provision_cost",
    "work_list_price",
    "work_surge_price",
    "priority",
    "sentence",
)


@require_GET
def show_prices(request: Request) -> HttpResponseBase:
    """What is one more unit worth, what does one too many cost, and what to keep back for whom?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    form = PriceChoice(request.GET)
    if not form.is_valid():
        raise Invalid("It is not clear which prices to show.", where="plan, week", todo="Choose a plan and a Monday.")
    plan_id, week_on = form.cleaned_data["plan"], form.cleaned_data["week"]
    operation = form.cleaned_data["operation"] or ("" if plan_id else first_planned(by))
    book = None
    if plan_id or operation:
        book = reads.get_prices(plan_id, operation=operation, week_on=week_on, by=by, at=clock.now())
    if book and request.GET.get("format") == "csv":
        return _export(book)
    context = {
        "book": book,
        "chosen_week": week_on,
        "weeks": sorted({row.week_on for row in book.pools}) if book else [],
        "operations": reads.list_operations_planned(by=by),
        "sees_prices": by.may(Permission.READ_PRICES),
    }
    return render(request, "capacity/prices.html", context)


@require_GET
def show_offer(request: Request) -> HttpResponseBase:
    """What does it take and cost to hold units ready, or to guarantee a response, and what do others lose?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    is_asked = "pool" in request.GET and "units" in request.GET
    form = OfferForm(request.GET) if is_asked else OfferForm(initial=request.GET.dict())
    answer = None
    if is_asked and form.is_valid():
        told = form.cleaned_data
        try:
            answer = cost_offer(form.offer(), operation=told["operation"], plan_id=None, by=by, at=clock.now())
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
    context: dict[str, Any] = {"form": form, "answer": answer, "pools": reads.list_pools(by=by)}
    return render(request, "capacity/offer.html", context, status=422 if is_asked and answer is None else 200)


@require_GET
def show_dedicated(request: Request) -> HttpResponseBase:
    """Does a stream of its own pay for a tier, against one that all share?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    form = DedicatedForm(request.GET)
    told = form.cleaned_data if form.is_valid() else {"operation": "", "tier": ""}
    operation, case, refusal = told["operation"] or first_planned(by), None, None
    sees_all = by.scope_of(Permission.READ_CAPACITY).every_account
    tiers = reads.list_tiers_planned(operation=operation, by=by) if operation and sees_all else []
    if tiers:
        try:
            case = reads.get_dedicated_case(told["tier"] or tiers[0], operation=operation, by=by, at=clock.now())
        except Invalid as reason:
            refusal = reason
    context = {
        "case": case,
        "refusal": refusal,
        "tiers": tiers,
        "operation": operation,
        "operations": reads.list_operations_planned(by=by),
        "sees_all": sees_all,
    }
    return render(request, "capacity/dedicated.html", context, status=422 if refusal else 200)


def first_planned(by: Actor) -> str:
    """Return the first operation with a plan in force, else with a draft; none: ""."""
    for state in (PlanState.COMMITTED, PlanState.DRAFT):
        found = sorted(plan.operation for plan in reads.list_plans(by=by, states=[state]))
        if found:
            return found[0]
    return ""


def _export(book: PriceBook) -> HttpResponseBase:
    rows = (tuple(getattr(row, name) for name in COLUMNS) for row in book.pools)
    return csv_response(f"prices-{book.operation}-{book.first_on}", COLUMNS, rows)
