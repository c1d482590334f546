"""Pages of quarantine: what waits and why, one row with its fields to mend, and many rows at once."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.mend_rows import mend_alike, mend_row
from closeknit.rooms.sensing.actions.set_rows_aside import set_rows_aside
from closeknit.rooms.sensing.contracts import MendOutcome, QuarantinedCard, RowToMend
from closeknit.rooms.sensing.forms import AlikeForm, QuarantineFilter, WhyForm

ROWS = 50
EXPORT_ROWS = 1000
VALUE = "value:"


@require_GET
def list_quarantined(request: Request, feed: str) -> HttpResponseBase:
    """What waits in this feed's quarantine, and why?"""
    by: Actor = request.actor
    card = reads.get_feed(feed, by=by)
    form = QuarantineFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    code, also_settled = chosen.get("code") or "", bool(chosen.get("settled"))
    if request.GET.get("format") == "csv":
        header = ("row", "source", "line", "code", "reason", "raw", "outcome", "mended")
        rows = (
            (r.row_id, r.source_name, r.line, r.code, r.reason, r.raw, r.outcome, r.mended)
            for r in _every(feed, code, also_settled, by)
        )
        return csv_response(f"quarantine-{feed}", header, rows)
    found = reads.list_quarantined(
        by=by, feed=feed, code=code, also_settled=also_settled, limit=ROWS + 1, before_id=chosen.get("before")
    )
    return render(
        request,
        "sensing/quarantine.html",
        {
            "feed": card,
            "reasons": reads.count_quarantine_reasons(feed, by=by),
            "code": code,
            "also_settled": also_settled,
            "rows": found[:ROWS],
            "more": found[ROWS - 1].row_id if len(found) > ROWS else None,
            "columns": sorted({name for row in found for name in row.raw}),
            "may_mend": by.may(Permission.LOAD_DATA),
        },
    )


@require_GET
def show_row(request: Request, feed: str, row_id: int) -> HttpResponseBase:
    """What is wrong with this row, and what should it say?"""
    return _row_page(request, _row_of(feed, row_id, None, request.actor))


@require_POST
def mend(request: Request, feed: str, row_id: int) -> HttpResponseBase:
    """Try a row again with the values that were sent."""
    by: Actor = request.actor
    by.require(Permission.LOAD_DATA)
    sent = {name.removeprefix(VALUE): str(value) for name, value in request.POST.items() if name.startswith(VALUE)}
    before = {column.column: column.value for column in _row_of(feed, row_id, None, by).columns}
    values = {name: value for name, value in sent.items() if value != _text(before.get(name))}
    why = request.POST.get("why", "")
    try:
        outcome = mend_row(row_id, values, why=why, by=by, at=clock.now())
    except Invalid as failure:
        return _row_page(request, _row_of(feed, row_id, sent, by), f"{failure.what} {failure.todo}", why, 422)
    if outcome.refused:
        refusal = f"Still refused: {outcome.refused[0].reason}"
        return _row_page(request, _row_of(feed, row_id, sent, by), refusal, why, 422)
    messages.success(request, "Accepted." if outcome.accepted else "This row is there already: counted as duplicate.")
    return redirect("quarantine-list", feed=feed)


@require_POST
def mend_many(request: Request, feed: str) -> HttpResponseBase:
    """Try every waiting row of one code again, with the same replacement."""
    form = AlikeForm(request.POST)
    if not form.is_valid():
        raise Invalid("This needs a code and a reason.", where="why", todo="Go back and say why.")
    given: dict[str, Any] = form.cleaned_data
    outcome = mend_alike(
        feed,
        given["code"],
        column=given["column"],
        was=given["was"] or None,
        to=given["to"] if given["column"] else None,
        why=given["why"],
        by=request.actor,
        at=clock.now(),
    )
    messages.success(request, _words(outcome))
    return redirect("quarantine-list", feed=feed)


@require_POST
def set_aside(request: Request, feed: str, row_id: int) -> HttpResponseBase:
    """Say that a row is rightly refused."""
    reads.get_feed(feed, by=request.actor)
    form = WhyForm(request.POST)
    why = form.cleaned_data["why"] if form.is_valid() else ""
    set_rows_aside([row_id], why=why, by=request.actor, at=clock.now())
    messages.success(request, "Set aside: it waits no more and stays counted as quarantined.")
    return redirect("quarantine-list", feed=feed)


def _words(outcome: MendOutcome) -> str:
    return (
        f"{outcome.rows:,} rows tried: {outcome.accepted:,} accepted, {outcome.duplicate:,} duplicate,"
        f" {len(outcome.refused):,} still refused."
    )


def _row_of(feed: str, row_id: int, values: dict[str, str] | None, by: Actor) -> RowToMend:
    row = reads.get_row_to_mend(row_id, values=values, by=by, at=clock.now())
    reads.get_feed(feed, by=by)
    return row


def _row_page(
    request: Request, row: RowToMend, failure: str = "", why: str = "", status: int = 200
) -> HttpResponseBase:
    by: Actor = request.actor
    context = {
        "row": row,
        "card": row.card,
        "general": [problem for problem in row.problems if not problem.columns],
        "failure": failure,
        "why": why,
        "may_mend": by.may(Permission.LOAD_DATA) and not row.why_not,
        "may_set_aside": by.may(Permission.LOAD_DATA) and row.card.settled_at is None,
    }
    return render(request, "sensing/quarantined_row.html", context, status=status)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _every(feed: str, code: str, also_settled: bool, by: Actor) -> Iterator[QuarantinedCard]:
    before: int | None = None
    while rows := reads.list_quarantined(
        by=by, feed=feed, code=code, also_settled=also_settled, limit=EXPORT_ROWS, before_id=before
    ):
        yield from rows
        before = rows[-1].row_id
