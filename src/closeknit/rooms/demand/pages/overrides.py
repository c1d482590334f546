"""Pages of overrides: what people changed, one of them, making one with its effect before it, and what it was worth."""

from dataclasses import fields
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.override_forecast import override_forecast
from closeknit.rooms.demand.actions.withdraw_override import withdraw_override
from closeknit.rooms.demand.contracts import (
    VALUE_GROUPS,
    OverrideCard,
    OverridePreview,
    OverrideReason,
    OverrideState,
    WantedOverride,
)
from closeknit.rooms.demand.forms import OverrideFilter, OverrideForm, ValueChoice, WithdrawalForm
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 500
EXPORT_ROWS = 100_000
START = ("operation", "service", "region", "work_class", "tier", "account_number", "kind", "size", "from_on", "to_on")


@require_GET
def list_overrides(request: Request) -> HttpResponseBase:
    """What did people change in forecasts, and did it help?"""
    by: Actor = request.actor
    form = OverrideFilter(request.GET)
    chosen = _chosen(form)
    if request.GET.get("format") == "csv":
        return _export(reads.list_overrides(by=by, limit=EXPORT_ROWS, **chosen))
    return render(
        request,
        "demand/overrides.html",
        {
            "form": form,
            "overrides": reads.list_overrides(by=by, limit=MOST_ROWS, **chosen),
            "counts": reads.count_overrides(by=by),
            "value": reads.get_override_value(by=by),
            "states": [state.value for state in OverrideState],
            "filtered": any(chosen.values()),
            "limit": MOST_ROWS,
            "may_adjust": by.may(Permission.ADJUST_FORECAST),
        },
    )


@require_GET
def show_new(request: Request) -> HttpResponseBase:
    """What should the forecast be instead, and what would that change?"""
    by: Actor = request.actor
    by.require(Permission.ADJUST_FORECAST)
    given = {name: request.GET[name] for name in (*START, "expires_on", "reason_kind", "reason") if name in request.GET}
    asked = "preview" in request.GET
    form = OverrideForm(request.GET) if asked else OverrideForm(initial={**_start(request, by), **given})
    preview = _preview(form, by) if asked else None
    return _page(request, form, preview)


@require_POST
def make(request: Request) -> HttpResponseBase:
    """Change the forecasts of a place."""
    by: Actor = request.actor
    by.require(Permission.ADJUST_FORECAST)
    form = OverrideForm(request.POST)
    if form.is_valid():
        try:
            made = override_forecast(_wanted(form), replan=form.cleaned_data["replan"], by=by, at=clock.now())
        except Invalid as refusal:
            refuse_form(form, refusal)
        else:
            messages.success(request, "The forecast is changed from its next run on.")
            return redirect("override-detail", override_id=made)
    return _page(request, form, None, status=422)


@require_GET
def show_override(request: Request, override_id: UUID) -> HttpResponseBase:
    """What was changed here, why, and was it right?"""
    by: Actor = request.actor
    card = reads.get_override(override_id, by=by)
    may_end = card.state is OverrideState.STANDING and by.may(Permission.ADJUST_FORECAST)
    return render(request, "demand/override.html", {"card": card, "may_end": may_end})


@require_POST
def withdraw(request: Request, override_id: UUID) -> HttpResponseBase:
    """Take an override back."""
    form = WithdrawalForm(request.POST)
    if not form.is_valid():
        raise Invalid("Why is it taken back?", where="reason", todo="Go back and say it in a sentence.")
    said = form.cleaned_data
    withdraw_override(override_id, reason=said["reason"], replan=said["replan"], by=request.actor, at=clock.now())
    messages.success(request, "The change is taken back from the next forecast on.")
    return redirect("override-detail", override_id=override_id)


@require_GET
def show_value(request: Request) -> HttpResponseBase:
    """Where does it pay to change a forecast, and where does it not?"""
    by: Actor = request.actor
    form = ValueChoice(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    group, operation = chosen.get("by") or "cell", chosen.get("operation") or ""
    return render(
        request,
        "demand/override_value.html",
        {
            "form": form,
            "group": group,
            "groups": VALUE_GROUPS,
            "rows": reads.list_override_value(by=by, group=group, operation=operation),
            "value": reads.get_override_value(by=by, operation=operation),
        },
    )


def _start(request: Request, by: Actor) -> dict[str, Any]:
    """Fill in what is known: the operation's first open week."""
    operation = request.GET.get("operation", "")
    first = (reads.get_first_open_day(operation, by=by) if operation else None) or clock.now().date()
    monday = first + timedelta(days=-first.weekday() % 7)
    days = {"from_on": monday.isoformat(), "to_on": (monday + timedelta(days=14)).isoformat()}
    return {"kind": "multiply", **days}


def _wanted(form: OverrideForm) -> WantedOverride:
    data = form.cleaned_data
    return WantedOverride(
        **form.changed(),
        expires_on=data["expires_on"] or data["to_on"],
        reason_kind=OverrideReason(data["reason_kind"]),
        reason=data["reason"],
    )


def _preview(form: OverrideForm, by: Actor) -> OverridePreview | None:
    """Return the effect, or None with the error beside its field. A reason is not needed to look."""
    form.full_clean()
    for name in ("reason", "reason_kind"):
        form.errors.pop(name, None)
    if form.errors:
        return None
    form.cleaned_data.setdefault("reason", "")
    form.cleaned_data.setdefault("reason_kind", OverrideReason.OTHER.value)
    try:
        return reads.preview_override(_wanted(form), by=by, at=clock.now())
    except CloseknitError as refusal:
        form.add_error(None, f"{refusal.what} {refusal.todo}")
        return None


def _page(request: Request, form: OverrideForm, preview: OverridePreview | None, status: int = 200) -> HttpResponseBase:
    reasons = [reason.value for reason in OverrideReason]
    kinds = (
        ("multiply", "times (1.4 for 40 % more)"),
        ("add-per-week", "units more per week"),
        ("set-per-week", "units per week instead"),
    )
    shown = {"form": form, "preview": preview, "reasons": reasons, "kinds": kinds}
    return render(request, "demand/override_new.html", shown, status=status)


def _chosen(form: OverrideFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "operation": data["operation"],
        "state": OverrideState(data["state"]) if data["state"] else None,
        "account_number": data["account"],
        "author": data["author"],
    }


def _export(found: list[OverrideCard]) -> HttpResponseBase:
    plain = [field.name for field in fields(OverrideCard) if field.name not in ("place", "worth")]
    header = [*plain, "where", "added_units", "added_share"]
    rows = (
        [
            *(getattr(card, name) for name in plain),
            card.where,
            card.worth.added_units if card.worth else None,
            card.worth.added_share if card.worth else None,
        ]
        for card in found
    )
    return csv_response("overrides", header, rows)
