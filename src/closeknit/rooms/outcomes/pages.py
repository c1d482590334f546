"""The board: one row per account."""

from collections.abc import Iterator
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.outcomes import reads
from closeknit.rooms.outcomes.contracts import BoardRow
from closeknit.rooms.outcomes.forms import BoardFilter, Place

PAGE_ROWS = 200
EXPORT_ROWS = 2000


@require_GET
def show_board(request: Request) -> HttpResponseBase:
    """Who gets what was promised, and who does not?"""
    by: Actor = request.actor
    form, place = BoardFilter(request.GET), Place({"start": request.GET.get("from")})
    chosen: dict[str, Any] = {k: v for k, v in form.cleaned_data.items() if v} if form.is_valid() else {}
    if request.GET.get("format") == "csv":
        return _export(by, chosen)
    start = place.cleaned_data["start"] or 0 if place.is_valid() else 0
    rows = reads.list_board(by=by, offset=start, limit=PAGE_ROWS + 1, **chosen)
    which = {name: value for name, value in chosen.items() if name != "sort"}
    return render(
        request,
        "outcomes/board.html",
        {
            "form": form,
            "rows": rows[:PAGE_ROWS],
            "first": start + 1,
            "last": start + len(rows[:PAGE_ROWS]),
            "next": start + PAGE_ROWS if len(rows) > PAGE_ROWS else None,
            "previous": max(start - PAGE_ROWS, 0) if start else None,
            "matching": reads.count_board(by=by, **which),
            "filtered": bool(which),
            "not_in_force": reads.list_not_in_force(by=by),
            "refreshed_at": rows[0].refreshed_at if rows else None,
        },
    )


def _export(by: Actor, chosen: dict[str, Any]) -> HttpResponseBase:
    header = (
        "account_number",
        "name",
        "tier",
        "team",
        "operations",
        "units_last_4_weeks",
        "units_next_4_weeks",
        "need_hours",
        "served_hours",
        "short_hours",
        "coverage_share",
        "amount_last_52_weeks",
        "currency",
        "other_amounts",
        "first_short_week_on",
        "thread_id",
        "refreshed_at",
    )
    rows = (tuple(_cell(row, name) for name in header) for row in _every(by, chosen))
    return csv_response("board", header, rows)


def _cell(row: BoardRow, name: str) -> Any:
    if name == "other_amounts":
        return "; ".join(f"{each.currency} {each.amount}" for each in row.other_amounts or ())
    return getattr(row, name)


def _every(by: Actor, chosen: dict[str, Any]) -> Iterator[BoardRow]:
    start = 0
    while rows := reads.list_board(by=by, offset=start, limit=EXPORT_ROWS, **chosen):
        yield from rows
        start += EXPORT_ROWS
