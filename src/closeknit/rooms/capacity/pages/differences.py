"""Pages of the differences between sales and plans."""

from dataclasses import fields
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.settle_difference import assign_difference, settle_difference
from closeknit.rooms.capacity.contracts import DifferenceCard, DifferenceState, Resolution
from closeknit.rooms.capacity.forms import DifferenceAssignment, DifferenceFilter, DifferenceSettlement
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 500
TILE_ROWS = 8


@require_GET
def list_differences(request: Request) -> HttpResponseBase:
    """Where do sales and the plans in force disagree, who answers, and who was right before?"""
    by: Actor = request.actor
    now, form = clock.now(), DifferenceFilter(request.GET)
    chosen = _chosen(form)
    found = reads.list_differences(by=by, at=now, limit=MOST_ROWS, **chosen)
    if request.GET.get("format") == "csv":
        return _export(found)
    return render(
        request,
        "capacity/differences.html",
        {
            "form": form,
            "differences": found,
            "counts": reads.count_differences(by=by),
            "operations": reads.list_operations_planned(by=by),
            "filtered": any(chosen.values()),
            "sees_whole": by.scope_of(Permission.READ_CAPACITY).every_account,
        },
    )


@require_GET
def show_difference(request: Request, difference_id: UUID) -> HttpResponseBase:
    """What do sales and the plan say of this week, and what do we do?"""
    by: Actor = request.actor
    card = reads.get_difference(difference_id, by=by, at=clock.now())
    may = by.may(Permission.COMMIT_PLAN) and card.state is DifferenceState.OPEN
    return render(request, "capacity/difference.html", {"card": card, "may_answer": may, "answers": list(Resolution)})


@require_POST
def assign(request: Request, difference_id: UUID) -> HttpResponseBase:
    """Say who answers for a difference."""
    by: Actor = request.actor
    assign_difference(difference_id, to=_read(DifferenceAssignment(request.POST))["to"], by=by, at=clock.now())
    messages.success(request, "Its owner was told.")
    return redirect("difference-detail", difference_id=difference_id)


@require_POST
def settle(request: Request, difference_id: UUID) -> HttpResponseBase:
    """Settle a difference."""
    by: Actor = request.actor
    said = _read(DifferenceSettlement(request.POST))
    resolution = Resolution(said["resolution"])
    settle_difference(difference_id, resolution=resolution, text=said["text"], by=by, at=clock.now())
    messages.success(request, "It is settled.")
    return redirect("difference-detail", difference_id=difference_id)


@require_GET
def show_tile(request: Request) -> HttpResponseBase:
    """Open differences between sales and plans."""
    by: Actor = request.actor
    found = reads.list_differences(by=by, at=clock.now(), state=DifferenceState.OPEN)
    return render(request, "capacity/differences_tile.html", {"shown": found[:TILE_ROWS], "count": len(found)})


def _chosen(form: DifferenceFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "operation": data["operation"],
        "state": DifferenceState(data["state"]) if data["state"] else None,
    }


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(f"{name.capitalize()}: {errors[0]}", where=name, todo="Go back and correct it.")
    return dict(form.cleaned_data)


def _export(found: list[DifferenceCard]) -> HttpResponseBase:
    header = [field.name for field in fields(DifferenceCard)]
    return csv_response("differences", header, ([getattr(card, name) for name in header] for card in found))
