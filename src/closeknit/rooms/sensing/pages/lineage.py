"""Pages of lineage: from a number back to rows, and from a row forward to decisions."""

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import LineageKind, LineageNode
from closeknit.rooms.sensing.forms import RowAskedForm
from closeknit.rooms.sensing.mapping.open_lineage import events_of

# Values have a page of accounts, not one of each week.
PAGES = {LineageKind.FORECAST: ("demand-detail", "run_id"), LineageKind.PLAN: ("plan-detail", "plan_id")}
ROWS = 100
EXPORT_ROWS = 100_000


@require_GET
def show_back(request: Request, kind: str, node_id: UUID) -> HttpResponseBase:
    """What was this number made of?"""
    place: dict[str, Any] = {name: request.GET.get(name) for name in ("service", "region", "account_number")}
    form = request.GET.get("format", "")
    found = reads.trace_back(kind, node_id, **place, limit=EXPORT_ROWS if form == "csv" else ROWS, by=request.actor)
    if form == "csv":
        header = ("feed", "batch", "source", "line", "key", "service", "region", "account_number", "at", "quantity")
        rows = (
            (r.feed, r.batch_id, r.source_name, r.line, r.key, r.service, r.region, r.account_number, r.occurred_at,
             r.quantity)
            for r in found.rows
        )  # fmt: skip
        return csv_response(f"lineage-{kind}", header, rows)
    if form == "openlineage":
        events = events_of(found, reads.get_recipe_texts(found.batches, by=request.actor))
        return JsonResponse(events, safe=False)
    context = {"found": found, "nodes": [(node, _page_of(node)) for node in found.nodes], "rows_shown": ROWS}
    return render(request, "sensing/lineage_back.html", context)


@require_GET
def show_forward(request: Request, feed: str) -> HttpResponseBase:
    """What did this row touch?"""
    form = RowAskedForm(request.GET)
    if not form.is_valid():
        raise Invalid("A row is named by its load and line.", where="line", todo="Give batch and line as numbers.")
    asked: dict[str, Any] = form.cleaned_data
    found = reads.trace_forward(feed, asked["batch"], asked["line"], file_number=asked["file"] or 0, by=request.actor)
    context = {"found": found, "nodes": [(node, _page_of(node)) for node in found.nodes]}
    return render(request, "sensing/lineage_forward.html", context)


def _page_of(node: LineageNode) -> str:
    name, part = PAGES.get(node.kind, ("", ""))
    return reverse(name, kwargs={part: node.node_id}) if name else ""
