"""Pages of forecast exceptions: what must be looked at, one of them, and the tile of Today and of an account."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.listing import Column, read_listing
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.assign_forecast_exception import (
    assign_forecast_exception,
    comment_forecast_exception,
)
from closeknit.rooms.demand.actions.close_forecast_exception import close_forecast_exception
from closeknit.rooms.demand.actions.reopen_forecast_exception import reopen_forecast_exception
from closeknit.rooms.demand.contracts import FindingKind, FollowUpKind, ForecastExceptionCard
from closeknit.rooms.demand.forms import ExceptionChoice, Finding

COLUMNS = (
    Column(
        "what", "What came", is_fixed=True, is_sortable=False, fields=("exception_id", "service", "region", "causes")
    ),
    Column("week", "Week of", fields=("week_on",)),
    Column("operation", "Operation", fields=("operation",)),
    Column("account", "Account", is_shown=False, fields=("account_number",)),
    Column("tier", "Tier", is_sortable=False, fields=("tier",)),
    Column("forecast", "Forecast", is_sortable=False, is_number=True, fields=("mean",)),
    Column("range", "Range", is_sortable=False, is_number=True, is_shown=False, fields=("low", "high")),
    Column("came", "Came", is_sortable=False, is_number=True, fields=("actual",)),
    Column("off", "Off by", is_sortable=False, is_number=True, fields=("deviation_share",)),
    Column("consequence", "Consequence", is_number=True, fields=("consequence",)),
    Column("owner", "Owner", is_sortable=False, fields=("owner_name",)),
    Column("due", "Until", fields=("due_at", "is_overdue")),
    Column("state", "State", is_sortable=False, fields=("state", "finding")),
)
EXPORTED = [field.name for field in fields(ForecastExceptionCard) if field.name != "change"]
PAGE_ROWS = 100
EXPORT_ROWS = 1000
TILE_ROWS = 6


@require_GET
def list_exceptions(request: Request) -> HttpResponseBase:
    """What came otherwise than forecast, and who says why?"""
    by: Actor = request.actor
    now, form = clock.now(), ExceptionChoice(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    asked: dict[str, Any] = {
        "operation": chosen.get("operation") or "",
        "state": {"any": "", "": "open"}.get(chosen.get("state") or "", chosen.get("state") or ""),
        "account_number": chosen.get("account") or "",
        "mine": bool(chosen.get("mine")),
    }
    listing = read_listing(request.GET, COLUMNS, sort="-consequence")
    asked |= {"sort": listing.sort, "by": by, "at": now}
    if request.GET.get("format") == "csv":
        header = listing.fields_of(EXPORTED)
        rows = ([_cell(getattr(card, name)) for name in header] for card in _every(asked))
        return csv_response("forecast-exceptions", header, rows)
    found = reads.list_forecast_exceptions(after=request.GET.get("after", ""), limit=PAGE_ROWS + 1, **asked)
    return render(
        request,
        "demand/exceptions.html",
        {
            "form": form,
            "listing": listing,
            "exceptions": found[:PAGE_ROWS],
            "more": found[PAGE_ROWS - 1].exception_id if len(found) > PAGE_ROWS else None,
            "counts": reads.count_forecast_exceptions(by=by, at=now),
            "agreement": reads.list_classifier_agreement(by=by),
            "filtered": any(chosen.values()),
            "state": asked["state"],
        },
    )


@require_GET
def show_exception(request: Request, exception_id: UUID) -> HttpResponseBase:
    """What came, what was forecast, what is it, and who says why?"""
    return _page(request, exception_id)


def _page(
    request: Request, exception_id: UUID, refused: Invalid | None = None, said: dict[str, Any] | None = None
) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_forecast_exception(exception_id, by=by, at=clock.now())
    context = {
        "card": card,
        "points": reads.list_exception_weeks(exception_id, by=by),
        "steps": reads.list_exception_steps(exception_id, by=by),
        "may_close": reads.may_close(card, by=by),
        "findings": [finding.value for finding in FindingKind],
        "follow_ups": [kind.value for kind in FollowUpKind if kind],
        "refused": refused,
        "said": said or {},
    }
    return render(request, "demand/exception.html", context, status=422 if refused else 200)


@require_POST
def close(request: Request, exception_id: UUID) -> HttpResponseBase:
    """Close it with a finding; what was not said is asked for beside its field."""
    form = Finding(request.POST)
    said = {name: request.POST.get(name, "") for name in Finding.base_fields}
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        return _page(request, exception_id, Invalid(str(errors[0]), where=name), said)
    data = form.cleaned_data
    try:
        close_forecast_exception(
            exception_id,
            finding=FindingKind(data["finding"]),
            text=data["text"],
            follow_up=FollowUpKind(data["follow_up"]),
            follow_up_id=data["follow_up_id"],
            by=request.actor,
            at=clock.now(),
        )
    except Invalid as refused:
        return _page(request, exception_id, refused, said)
    messages.success(request, "Your finding is recorded.")
    return redirect("forecast-exception-detail", exception_id=exception_id)


@require_POST
def reopen(request: Request, exception_id: UUID) -> HttpResponseBase:
    """Open it again."""
    try:
        reason = request.POST.get("reason", "")
        reopen_forecast_exception(exception_id, reason=reason, by=request.actor, at=clock.now())
    except Invalid as refused:
        return _page(request, exception_id, refused)
    messages.success(request, "It is open again.")
    return redirect("forecast-exception-detail", exception_id=exception_id)


@require_POST
def assign(request: Request, exception_id: UUID) -> HttpResponseBase:
    """Say who answers for it."""
    to = request.POST.get("to", "")
    try:
        assign_forecast_exception(exception_id, to=to, by=request.actor, at=clock.now())
    except Invalid as refused:
        return _page(request, exception_id, refused, {"to": to})
    messages.success(request, "Its owner is told.")
    return redirect("forecast-exception-detail", exception_id=exception_id)


@require_POST
def comment(request: Request, exception_id: UUID) -> HttpResponseBase:
    """Add a word."""
    text = request.POST.get("comment", "")
    try:
        comment_forecast_exception(exception_id, text=text, by=request.actor, at=clock.now())
    except Invalid as refused:
        refused.where = "comment"
        return _page(request, exception_id, refused, {"comment": text})
    messages.success(request, "Your comment is recorded.")
    return redirect("forecast-exception-detail", exception_id=exception_id)


@require_GET
def show_tile(request: Request) -> HttpResponseBase:
    """The exceptions to look at first: of all in reach, or of one account."""
    by: Actor = request.actor
    now, account = clock.now(), request.GET.get("account", "")
    return render(
        request,
        "demand/exceptions_tile.html",
        {
            "cards": reads.list_forecast_exceptions(by=by, at=now, account_number=account, limit=TILE_ROWS),
            "counts": reads.count_forecast_exceptions(by=by, at=now, account_number=account),
            "account": account,
        },
    )


def _every(asked: dict[str, Any]) -> Iterator[ForecastExceptionCard]:
    after = ""
    while found := reads.list_forecast_exceptions(after=after, limit=EXPORT_ROWS, **asked):
        yield from found
        after = str(found[-1].exception_id)


def _cell(value: Any) -> Any:
    return "; ".join(value) if isinstance(value, tuple) else value
