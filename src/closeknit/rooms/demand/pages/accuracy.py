"""How good were our forecasts? Scores in groups, the horizon's curve, and a comparison of versions."""

from dataclasses import fields
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import AccuracyBy, AccuracyRow, RunPurpose, ScorePeriod, VersionKind
from closeknit.rooms.demand.forms import AccuracyChoice, VersionChoice


@require_GET
def show_accuracy(request: Request) -> HttpResponseBase:
    """How good were our forecasts?"""
    by: Actor = request.actor
    operations = reads.list_scored_operations(by=by)
    form = AccuracyChoice(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    operation = chosen.get("operation") or (operations[0] if operations else "")
    group_by = AccuracyBy(chosen.get("by") or AccuracyBy.HORIZON)
    asked = _asked(chosen)
    rows = reads.list_accuracy(operation, group_by=group_by, by=by, **asked) if operation else []
    if request.GET.get("format") == "csv":
        header = [field.name for field in fields(AccuracyRow)]
        table = ([getattr(row, name) for name in header] for row in rows)
        return csv_response(f"accuracy-{operation}-{group_by}", header, table)
    whole = reads.list_accuracy(operation, group_by=AccuracyBy.OPERATION, by=by, **asked) if operation else []
    curve = rows if group_by is AccuracyBy.HORIZON else []
    versions = reads.list_score_versions(operation, by=by) if operation else {}
    return render(
        request,
        "demand/forecast_accuracy.html",
        {
            "form": form,
            "operations": operations,
            "operation": operation,
            "group_by": group_by,
            "groups": [group.value for group in AccuracyBy],
            "purposes": [RunPurpose.PLAN.value, RunPurpose.BACKTEST.value],
            "periods": [period.value for period in ScorePeriod],
            "rows": rows,
            "whole": whole[0] if whole else None,
            "curve": curve,
            "versions": [version for found in versions.values() for version in found],
            **_compared(request, operation, versions, by),
        },
    )


def _asked(chosen: dict[str, Any]) -> dict[str, Any]:
    return {
        "period": ScorePeriod(chosen.get("period") or ScorePeriod.WEEK),
        "purpose": RunPurpose(chosen["purpose"]) if chosen.get("purpose") else None,
        "account_number": chosen.get("account") or "",
    }


def _compared(request: Request, operation: str, versions: dict[VersionKind, list[str]], by: Actor) -> dict[str, Any]:
    form = VersionChoice(request.GET)
    before, after = (form.cleaned_data[name] for name in ("before", "after")) if form.is_valid() else ("", "")
    kind = next((kind for kind, known in versions.items() if before in known and after in known), None)
    if kind is None:
        return {"compared": None, "before": before, "after": after}
    compared = reads.compare_versions(operation, before, after, kind=kind, by=by)
    return {"compared": compared, "before": before, "after": after}
