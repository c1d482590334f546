"""Pages of quotes: what would a proposed term take, and can one more request be done?"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.agreements.contracts import Clock
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_request import price_request
from closeknit.rooms.capacity.actions.propose_quote import propose_quote
from closeknit.rooms.capacity.actions.quote_guarantee import quote_guarantee
from closeknit.rooms.capacity.actions.quote_term import quote_term
from closeknit.rooms.capacity.contracts import QuoteCard
from closeknit.rooms.capacity.forms import GuaranteeForm, QuoteFilter, QuoteForm, QuoteSigning, RequestForm
from closeknit.rooms.capacity.tables import touched_weeks
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 200
POOL_COLUMNS = (
    "pool",
    "pool_name",
    "unit",
    "week_on",
    "own_hours",
    "own_hours_more",
    "own_short_hours",
    "pool_hours_more",
    "units_more",
    "overtime_hours_more",
    "free_hours",
    "cost_more",
    "price_per_hour",
)


@require_GET
def list_quotes(request: Request) -> HttpResponseBase:
    """What would a proposed term or guarantee take, cost and do to others?"""
    return _list(request, QuoteForm(initial=_operation(request)))


@require_POST
def make(request: Request) -> HttpResponseBase:
    """Have a term quoted against the plan as it stands."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form = QuoteForm(request.POST)
    made = _quoted(
        request,
        form,
        lambda: quote_term(form.term(), operation=form.cleaned_data["operation"], by=by, at=clock.now()),
    )
    return made or _list(request, form, status=422)


@require_POST
def make_guarantee(request: Request) -> HttpResponseBase:
    """Have capacity held ready quoted against the plan as it stands."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form = GuaranteeForm(request.POST)
    made = _quoted(
        request,
        form,
        lambda: quote_guarantee(form.wanted(), operation=form.cleaned_data["operation"], by=by, at=clock.now()),
    )
    return made or _list(request, QuoteForm(initial=_operation(request)), form, status=422)


def _quoted(request: Request, form: Form, quote: Callable[[], UUID]) -> HttpResponseBase | None:
    """Have what a sound form asks for quoted and go to it; None where the form now says why not."""
    if not form.is_valid():
        return None
    try:
        quote_id = quote()
    except (Invalid, NotFound) as reason:
        form.add_error(None, f"{reason.what} {reason.todo}".strip())
        return None
    messages.success(request, "Quoted. Nothing is promised by it.")
    return redirect("quote-detail", quote_id=quote_id)


@require_GET
def show_quote(request: Request, quote_id: UUID) -> HttpResponseBase:
    """Can it be kept, what does it take and cost, and who else would get less?"""
    by: Actor = request.actor
    if request.GET.get("format") == "csv":
        return _export(reads.get_quote(quote_id, by=by, at=clock.now()))
    return _show(request, quote_id, None)


@require_POST
def propose(request: Request, quote_id: UUID) -> HttpResponseBase:
    """Propose to sign what was quoted."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form = QuoteSigning(request.POST)
    if not form.is_valid():
        return _show(request, quote_id, form, status=422)
    said = form.cleaned_data
    try:
        proposal_id = propose_quote(quote_id, **said, by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        form.add_error(
            refusal.where if refusal.where in form.fields else None, f"{refusal.what} {refusal.todo}".strip()
        )
        return _show(request, quote_id, form, status=refusal.status)
    messages.success(
        request,
        "Proposed. Once it is approved, the contract holds from that day on, and plans count it from the week of it.",
    )
    return redirect("proposal-detail", proposal_id=proposal_id)


@require_GET
def show_request(request: Request) -> HttpResponseBase:
    """Can one more request be done, at what price, and when else?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    asked = "account" in request.GET
    form = RequestForm(request.GET) if asked else RequestForm()
    answer = None
    if asked and form.is_valid():
        try:
            answer = price_request(form.request(), operation=form.cleaned_data["operation"], by=by)
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
    weeks = [week for week in (answer.asked, answer.next_possible) if week] if answer else []
    context = {"form": form, "answer": answer, "weeks": weeks, "operations": reads.list_operations_planned(by=by)}
    return render(request, "capacity/request.html", context, status=422 if asked and answer is None else 200)


def _operation(request: Request) -> dict[str, str]:
    return {"operation": request.GET.get("operation", "")}


def _list(
    request: Request, form: QuoteForm, guarantee: GuaranteeForm | None = None, status: int = 200
) -> HttpResponseBase:
    by: Actor = request.actor
    chosen = QuoteFilter(request.GET)
    account = chosen.cleaned_data["account"] if chosen.is_valid() else ""
    context: dict[str, Any] = {
        "form": form,
        "guarantee": guarantee or GuaranteeForm(initial=_operation(request)),
        "filter": chosen,
        "account": account,
        "quotes": reads.list_quotes(by=by, at=clock.now(), account_number=account, limit=MOST_ROWS),
        "operations": reads.list_operations_planned(by=by),
        "clocks": list(Clock),
        "may_quote": by.may(Permission.PROPOSE),
    }
    return render(request, "capacity/quotes.html", context, status=status)


def _show(request: Request, quote_id: UUID, form: QuoteSigning | None, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_quote(quote_id, by=by, at=clock.now())
    context = {
        "card": card,
        "weeks": touched_weeks(card.pools),
        "form": form or QuoteSigning(initial={"starts_on": card.proposed.starts_on or _next_monday()}),
        "may_propose": by.may(Permission.PROPOSE) and not card.is_expired,
    }
    return render(request, "capacity/quote.html", context, status=status)


def _next_monday() -> date:
    today = clock.now().date()
    return today + timedelta(days=7 - today.weekday())


def _export(card: QuoteCard) -> HttpResponseBase:
    rows = (tuple(getattr(week, name) for name in POOL_COLUMNS) for week in card.pools)
    return csv_response(f"quote-{card.account_number}-{card.made_at:%Y-%m-%d}", POOL_COLUMNS, rows)
