"""The forecast explorer: one branch of a forecast at a time, down to single accounts."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import TOGETHER, AdjustmentKind, Branch, BranchCard
from closeknit.rooms.demand.forms import BranchChoice
from closeknit.rooms.org.contracts import Permission


@require_GET
def explore_operation(request: Request, operation: str) -> HttpResponseBase:
    """Lead to the newest forecast of an operation."""
    run = reads.find_current_run(operation, by=request.actor)
    if run is None:
        raise NotFound("This operation has no forecast yet.", where=operation, todo="Ask for a plan first.")
    address = request.GET.urlencode()
    response = redirect("demand-explore", run_id=run.run_id)
    if address:
        response["Location"] += f"?{address}"
    return response


@require_GET
def explore_run(request: Request, run_id: UUID) -> HttpResponseBase:
    """What will this part need, and why this number?"""
    by: Actor = request.actor
    form = BranchChoice(request.GET)
    if not form.is_valid():
        raise Invalid(
            "This part of the forecast is not named well.", where="address", todo="Start from the page Demand."
        )
    branch = Branch(**form.cleaned_data)
    card = reads.get_branch(run_id, branch, by=by)
    if request.GET.get("format") == "csv":
        return _export(card)
    coming = [week for week in card.weeks if week.mean is not None]
    return render(
        request,
        "demand/explorer.html",
        {
            "card": card,
            "branch": branch,
            "path": [(name, _address(place)) for name, place in card.path],
            "parts": [(part, _address(part.branch)) for part in card.parts],
            "coming": coming,
            "pullable": [{"week_on": week.week_on.isoformat(), "mean": week.mean} for week in coming],
            "units_per_week": _mean([week.mean for week in coming]),
            "low_per_week": _mean([week.low for week in coming]),
            "high_per_week": _mean([week.high for week in coming]),
            "recent_per_week": _mean([week.observed for week in card.weeks if week.observed is not None][-8:]),
            "series_count": card.series,
            "may_override": bool(coming) and branch.account_number != TOGETHER and by.may(Permission.ADJUST_FORECAST),
            "first_week": coming[0].week_on if coming else None,
            "after_first_week": coming[0].week_on + timedelta(days=7) if coming else None,
            "set_kind": AdjustmentKind.SET.value,
            "factor_kind": AdjustmentKind.MULTIPLY.value,
            "add_kind": AdjustmentKind.ADD.value,
        },
    )


def _mean(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def _address(branch: Branch) -> dict[str, str]:
    return {
        name: value
        for name, value in (
            ("service", branch.service),
            ("region", branch.region),
            ("tier", branch.tier),
            ("account_number", branch.account_number),
        )
        if value
    }


def _export(card: BranchCard) -> HttpResponseBase:
    header = ("week_on", "observed", "statistical", "mean", "low", "high")
    rows = ((w.week_on, w.observed, w.statistical, w.mean, w.low, w.high) for w in card.weeks)
    return csv_response(f"forecast-{card.run.operation}-{card.run.first_on}-weeks", header, rows)
