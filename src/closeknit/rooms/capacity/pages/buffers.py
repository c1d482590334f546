"""The page of buffers: who keeps what ready beyond expected work, what does it cost, and is it more than may be?"""

from django import forms
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts import BufferBook
from closeknit.rooms.capacity.pages.prices import first_planned
from closeknit.rooms.org.contracts import Permission

ROWS_EXPORTED = 1_000_000
ROWS_SHOWN = 200
COLUMNS = (
    "account_number",
    "tier",
    "kind",
    "place",
    "unit",
    "expected_units",
    "buffer_units",
    "varying_units",
    "promise",
    "bends_by_share",
    "cost_per_week",
    "currency",
)


class BufferChoice(forms.Form):
    """Which plan's buffers: a named one, or an operation's."""

    operation = forms.CharField(max_length=80, required=False)
    plan = forms.UUIDField(required=False)
    expectations = forms.BooleanField(required=False)


@require_GET
def show_buffers(request: Request) -> HttpResponseBase:
    """What is kept ready for whom, at what cost, and what would bring it back to what may be?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    form = BufferChoice(request.GET)
    if not form.is_valid():
        raise Invalid("It is not clear which plan's buffers to show.", where="plan", todo="Choose an operation.")
    plan_id, surveyed = form.cleaned_data["plan"], form.cleaned_data["expectations"]
    operation = form.cleaned_data["operation"] or ("" if plan_id else first_planned(by))
    is_export = request.GET.get("format") == "csv"
    book = None
    if plan_id or operation:
        limit = ROWS_EXPORTED if is_export else ROWS_SHOWN
        asked = {"operation": operation, "with_expectations": surveyed, "limit": limit}
        book = reads.get_buffers(plan_id, **asked, by=by, at=clock.now())
    if book and is_export:
        return _export(book)
    context = {
        "book": book,
        "above": [pool for pool in book.pools if pool.is_above] if book else [],
        "operations": reads.list_operations_planned(by=by),
        "surveyed": surveyed,
        "sees_prices": by.may(Permission.READ_PRICES),
        "may_set": by.may(Permission.READ_INTERNAL),
    }
    return render(request, "capacity/buffers.html", context)


def _export(book: BufferBook) -> HttpResponseBase:
    rows = (tuple(getattr(row, name) for name in COLUMNS) for row in book.parts)
    return csv_response(f"buffers-{book.operation}-{book.first_on}", COLUMNS, rows)
