"""Spike or shift: which series changed their level, and which capacity that asks for."""

from dataclasses import fields

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import ChangeCard, SeriesName

MOST_ROWS = 300


@require_GET
def show_changes(request: Request) -> HttpResponseBase:
    """Is it a spike or a shift, and what does it ask for?"""
    by: Actor = request.actor
    operations = sorted({run.operation for run in reads.list_runs(by=by, limit=50)})
    operation = request.GET.get("operation", "") or (operations[0] if operations else "")
    cards = reads.list_changes(operation, by=by, at=clock.now()) if operation in operations else []
    if request.GET.get("format") == "csv":
        return _export(operation, cards)
    return render(
        request,
        "demand/changes.html",
        {"operations": operations, "operation": operation, "cards": cards[:MOST_ROWS], "found": len(cards)},
    )


def _export(operation: str, cards: list[ChangeCard]) -> HttpResponseBase:
    series = [field.name for field in fields(SeriesName)]
    plain = [field.name for field in fields(ChangeCard) if field.name not in ("series", "response", "operation")]
    header = [*series, *plain, "response", "extra_hours_per_week", "hiring_from_weeks"]
    rows = (
        [
            *(getattr(card.series, name) for name in series),
            *(getattr(card, name) for name in plain),
            card.response.kind,
            card.response.extra_hours_per_week,
            card.response.hiring_from_weeks,
        ]
        for card in cards
    )
    return csv_response(f"changes-{operation}", header, rows)
