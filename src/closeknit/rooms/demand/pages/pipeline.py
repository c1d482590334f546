"""The sales pipeline as probable work."""

from dataclasses import fields
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import OpportunityChance, Pipeline, WeekPoint

SHOWN = 200


@require_GET
def show_pipeline(request: Request) -> HttpResponseBase:
    """What work will the open sales opportunities probably bring, and when?"""
    by, now = request.actor, clock.now()
    operations = reads.list_pipeline_operations(by=by)
    operation = request.GET.get("operation", "") or (operations[0] if operations else "")
    found = reads.list_pipeline(operation, by=by, at=now) if operation in operations else None
    if found and request.GET.get("format") == "csv":
        return _export(found)
    context: dict[str, Any] = {"operations": operations, "operation": operation, "pipeline": found, "limit": SHOWN}
    if found:
        context |= {
            "opportunities": found.opportunities[:SHOWN],
            "points": [
                WeekPoint(week.week_on, None, week.expected_units, week.low_units, week.high_units)
                for week in found.total_weeks
            ],
            "last": found.total_weeks[-1] if found.total_weeks else None,
            "expected_wins": sum(chance.won_share for chance in found.opportunities),
        }
    return render(request, "demand/pipeline.html", context)


def _export(found: Pipeline) -> HttpResponseBase:
    header = [field.name for field in fields(OpportunityChance)]
    return csv_response("pipeline", header, ([getattr(row, name) for name in header] for row in found.opportunities))
