"""Pages of the exceptions register."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.listing import Column, read_listing
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
from closeknit.rooms.decisions.actions.review_exception import review_exception
from closeknit.rooms.decisions.contracts import ExceptionCard, ExceptionState, ReviewVerdict
from closeknit.rooms.decisions.forms import ExceptionFilter, ExceptionReview, NewException
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    Column("rule", "Exception", is_fixed=True, fields=("exception_id", "deviates_from", "allowed")),
    Column("account", "For", fields=("account_number", "place")),
    Column("state", "State", is_sortable=False, fields=("state", "is_review_due")),
    Column("from", "From", is_shown=False, fields=("starts_on",)),
    Column("until", "Until", fields=("until_on", "days_left")),
    Column("review", "Review", fields=("review_on",)),
    Column("owner", "Owner", fields=("owner",)),
    Column("granted", "Granted by", is_sortable=False, fields=("granted_by", "granted_at")),
    Column("asked", "Asked for by", is_sortable=False, is_shown=False, fields=("requested_by", "requested_at")),
    Column("reason", "Reason", is_sortable=False, is_shown=False, fields=("reason",)),
)
EXPORTED = [field.name for field in fields(ExceptionCard)]
PAGE_ROWS = 100
EXPORT_ROWS = 1000


@require_GET
def list_exceptions(request: Request) -> HttpResponseBase:
    """Which rules do we not hold to, for whom, why, until when, and who answers for it?"""
    by: Actor = request.actor
    form, now = ExceptionFilter(request.GET), clock.now()
    chosen = _chosen(form)
    listing = read_listing(request.GET, COLUMNS, sort="until")
    asked: dict[str, Any] = {**chosen, "sort": listing.sort, "by": by, "at": now}
    if request.GET.get("format") == "csv":
        header = listing.fields_of(EXPORTED)
        return csv_response("exceptions", header, ([getattr(x, name) for name in header] for x in _every(asked)))
    found = reads.list_exceptions(after=request.GET.get("after", ""), limit=PAGE_ROWS + 1, **asked)
    return render(
        request,
        "decisions/exceptions.html",
        {
            "form": form,
            "listing": listing,
            "exceptions": found[:PAGE_ROWS],
            "more": found[PAGE_ROWS - 1].exception_id if len(found) > PAGE_ROWS else None,
            "counts": reads.count_exceptions(by=by, at=now),
            "states": [state.value for state in ExceptionState],
            "filtered": any(chosen.values()),
            "may_ask": by.may(Permission.PROPOSE),
        },
    )


@require_GET
def show_request(request: Request) -> HttpResponseBase:
    """What should hold instead, for whom, why, and until when?"""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    start = {"account_number": request.GET.get("account", ""), "starts_on": clock.now().date().isoformat()}
    return render(request, "decisions/exception_request.html", {"form": NewException(initial=start)})


@require_POST
def request_new(request: Request) -> HttpResponseBase:
    """Ask for an exception."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    asked = _read(NewException(request.POST))
    exception_id = request_exception(WantedException(**asked), by=by, at=clock.now())
    messages.success(request, "The exception was asked for.")
    return redirect("exception-detail", exception_id=exception_id)


@require_GET
def show_exception(request: Request, exception_id: UUID) -> HttpResponseBase:
    """What deviates here, who granted it, and is it still right?"""
    by: Actor = request.actor
    card = reads.get_exception(exception_id, by=by, at=clock.now())
    runs = card.state in (ExceptionState.ACTIVE, ExceptionState.GRANTED, ExceptionState.EXPIRED)
    may_review = runs and (card.owner_key == by.key or by.may(Permission.DECIDE))
    return render(request, "decisions/exception.html", {"card": card, "may_review": may_review})


@require_POST
def review(request: Request, exception_id: UUID) -> HttpResponseBase:
    """Keep, extend or end an exception."""
    by: Actor = request.actor
    said = _read(ExceptionReview(request.POST))
    verdict = ReviewVerdict(said.pop("verdict"))
    found = review_exception(exception_id, verdict=verdict, **said, by=by, at=clock.now())
    messages.success(request, "Your review is recorded.")
    return redirect("exception-detail", exception_id=found)


@require_GET
def show_exceptions_tile(request: Request) -> HttpResponseBase:
    """Exceptions that this person should look at."""
    by: Actor = request.actor
    return render(
        request,
        "decisions/exceptions_tile.html",
        {"cards": reads.list_exceptions_to_review(by=by, at=clock.now())},
    )


def _chosen(form: ExceptionFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "state": ExceptionState(data["state"]) if data["state"] else None,
        "account_number": data["account"],
        "owner": data["owner"],
        "due_only": data["due"],
    }


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(f"{name.replace('_', ' ').capitalize()}: {errors[0]}", where=name, todo="Go back and correct it.")
    return dict(form.cleaned_data)


def _every(asked: dict[str, Any]) -> Iterator[ExceptionCard]:
    after = ""
    while found := reads.list_exceptions(after=after, limit=EXPORT_ROWS, **asked):
        yield from found
        after = str(found[-1].exception_id)
