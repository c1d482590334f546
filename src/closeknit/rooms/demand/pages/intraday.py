"""The page of the day under way, and its tile that asks again every few seconds."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import IntradayView

NOTHING_NEW = 204
"""htmx takes this status for: leave what is there."""


@require_GET
def show_today(request: Request, operation: str) -> HttpResponseBase:
    """How is today going against the forecast?"""
    by: Actor = request.actor
    if reads.find_current_run(operation, by=by) is None:
        raise NotFound("There is no forecast of this operation.", where=operation, todo="Ask for a plan of it first.")
    view = reads.find_intraday(operation, by=by, at=clock.now())
    if request.GET.get("format") == "csv":
        return _export(operation, view)
    return render(request, "demand/today.html", _shown(operation, view, by))


@require_GET
def show_today_tile(request: Request) -> HttpResponseBase:
    """The day under way, again where something came since `seen`."""
    by: Actor = request.actor
    operation = request.GET.get("operation", "")
    view = reads.find_intraday(operation, by=by, at=clock.now())
    if request.GET.get("seen") and request.GET["seen"] == _stamp(view):
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "demand/today_tile.html", _shown(operation, view, by))


def _shown(operation: str, view: IntradayView | None, by: Actor) -> dict[str, object]:
    return {
        "operation": operation,
        "view": view,
        "seen": _stamp(view),
        "whole": reads.sees_whole(by=by),
        "came": sum(card.came_units for card in view.cards) if view else 0.0,
        "expected_so_far": sum(card.expected_so_far_units for card in view.cards) if view else 0.0,
        "expected_day": sum(card.expected_day_units for card in view.cards) if view else 0.0,
        "rest": sum(card.rest_units for card in view.cards) if view else 0.0,
    }


def _stamp(view: IntradayView | None) -> str:
    """Name a state of the day; "nothing" is one, too."""
    return view.refreshed_at.isoformat() if view else "nothing"


def _export(operation: str, view: IntradayView | None) -> HttpResponseBase:
    header = ("service", "region", "local_start", "expected_units", "came_units", "now_units")
    rows = (
        (card.service, card.region, slot.local_start, slot.expected_units, slot.came_units, slot.now_units)
        for card in (view.cards if view else ())
        for slot in card.slots
    )
    return csv_response(f"today-{operation}", header, rows)
