"""Pages of contracts and business calendars."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.kernel.listing import Column, Listing, read_listing
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.actions.set_calendar import set_calendar
from closeknit.rooms.agreements.contracts import (
    DEFAULT_PAUSE_REASONS,
    BusinessCalendar,
    Clause,
    Clock,
    ContractCard,
    ContractState,
    Measure,
    WantedContract,
)
from closeknit.rooms.agreements.contracts.calendars import read_hours, say_hours
from closeknit.rooms.agreements.forms import Clauses, ContractFilter, ContractProposal, NewCalendar, NewContract
from closeknit.rooms.org.contracts import Permission

COLUMNS = (
    Column("title", "Contract", is_fixed=True, fields=("version_id", "contract_number", "version", "title")),
    Column("account", "For", fields=("account_number", "tier")),
    Column("state", "State", is_sortable=False, fields=("state",)),
    Column("from", "From", fields=("starts_on",)),
    Column("until", "Until", fields=("ends_on",)),
    Column("clauses", "Clauses", is_sortable=False, is_number=True, fields=("clauses",)),
    Column("number", "Number", is_shown=False, fields=("contract_number", "version")),
    Column("calendar", "Calendar", is_sortable=False, is_shown=False, fields=("calendar", "time_zone")),
    Column("drafted", "Drafted", is_shown=False, fields=("drafted_at",)),
)
EXPORTED = (
    "version_id",
    "contract_number",
    "version",
    "state",
    "title",
    "account_number",
    "tier",
    "starts_on",
    "ends_on",
    "calendar",
    "time_zone",
    "currency",
    "clauses",
    "drafted_at",
    "decided_at",
)
PAGE_ROWS = 100
EXPORT_ROWS = 1000


@require_GET
def list_contracts(request: Request) -> HttpResponseBase:
    """Which contracts do we hold, which wait, and when does their time pass?"""
    if request.GET.get("format") == "csv":
        header = _listing(request).fields_of(EXPORTED)
        rows = ([_cell(card, name) for name in header] for card in _every(request))
        return csv_response("contracts", header, rows)
    return _show(request, NewCalendar())


@require_POST
def set_hours(request: Request) -> HttpResponseBase:
    """Put a version of a calendar in force."""
    request.actor.require(Permission.PROPOSE)
    form = NewCalendar(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    given = dict(form.cleaned_data)
    try:
        calendar = BusinessCalendar(openings=read_hours(given.pop("hours")), closed_on=(), **given)
        set_calendar(calendar, by=request.actor, at=clock.now())
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal, {"openings": "hours"})
        return _show(request, form, status=refusal.status)
    messages.success(request, f"The calendar holds from {calendar.from_on} on.")
    return redirect("contract-list")


@require_GET
def show_contract(request: Request, version_id: UUID) -> HttpResponseBase:
    """What does this contract promise, and where does it stand?"""
    by: Actor = request.actor
    card = reads.get_contract(version_id, by=by)
    return render(
        request,
        "agreements/contract.html",
        {
            "card": card,
            "versions": reads.list_contracts(by=by, contract_number=card.contract_number),
            "may_propose": card.state is ContractState.DRAFT and by.may(Permission.PROPOSE),
        },
    )


@require_GET
def show_draft_form(request: Request) -> HttpResponseBase:
    """What would we promise, to whom, from when on?"""
    request.actor.require(Permission.PROPOSE)
    initial = {
        "account_number": request.GET.get("account", "")[:400],
        "pause_reasons": ", ".join(DEFAULT_PAUSE_REASONS),
    }
    return _show_form(request, NewContract(initial=initial), Clauses())


@require_POST
def draft(request: Request) -> HttpResponseBase:
    """Draft a contract, or the next version of one."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form, clauses = NewContract(request.POST), Clauses(request.POST)
    if not (form.is_valid() and clauses.is_valid()):
        return _show_form(request, form, clauses, status=422)
    try:
        version_id = draft_contract(_wanted(form.cleaned_data, clauses.cleaned_data), by=by, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        refuse_form(form, refusal)
        return _show_form(request, form, clauses, status=refusal.status)
    messages.success(request, "It is drafted. Nothing is promised before it is approved.")
    return redirect("contract-detail", version_id=version_id)


@require_POST
def propose(request: Request, version_id: UUID) -> HttpResponseBase:
    """Put a draft before the decision table."""
    form = ContractProposal(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), where=name)
    propose_contract(
        version_id,
        reason=form.cleaned_data["reason"],
        money_at_stake=form.cleaned_data["money_at_stake"],
        by=request.actor,
        at=clock.now(),
    )
    messages.success(request, "It is proposed.")
    return redirect("contract-detail", version_id=version_id)


def _wanted(given: dict[str, Any], clauses: list[dict[str, Any]]) -> WantedContract:
    reasons = tuple(reason.strip() for reason in given.pop("pause_reasons").split(",") if reason.strip())
    return WantedContract(
        **given,
        pause_reasons=reasons,
        clauses=tuple(_clause(dict(each)) for each in clauses if each),
    )


def _clause(given: dict[str, Any]) -> Clause:
    share = round(given.pop("target_percent") / 100, 12)
    measure, counted = Measure(given.pop("measure")), Clock(given.pop("clock"))
    return Clause(**given, measure=measure, clock=counted, target_share=share)


def _show(request: Request, form: NewCalendar, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    calendars = reads.list_calendars(by=by)
    which, chosen = _chosen(request)
    listing, after = _listing(request), request.GET.get("after", "")
    found = reads.list_contracts(by=by, sort=listing.sort, after=after, limit=PAGE_ROWS + 1, **chosen)
    return render(
        request,
        "agreements/contracts.html",
        {
            "listing": listing,
            "which": which,
            "filtered": any(chosen.values()),
            "contracts": found[:PAGE_ROWS],
            "more": found[PAGE_ROWS - 1].version_id if len(found) > PAGE_ROWS else None,
            "calendars": [(calendar, say_hours(calendar.openings)) for calendar in calendars],
            "form": form,
            "may_draft": by.may(Permission.PROPOSE),
            "may_set": by.may(Permission.PROPOSE) and by.scope_of(Permission.PROPOSE).every_account,
        },
        status=status,
    )


def _listing(request: Request) -> Listing:
    return read_listing(request.GET, COLUMNS, sort="-drafted")


def _chosen(request: Request) -> tuple[ContractFilter, dict[str, Any]]:
    which = ContractFilter(request.GET)
    if not which.is_valid():
        return which, {}
    data = which.cleaned_data
    return which, {"account_number": data["account"], "state": data["state"], "on": data["on"]}


def _every(request: Request) -> Iterator[ContractCard]:
    _, chosen = _chosen(request)
    asked = {**chosen, "by": request.actor, "sort": _listing(request).sort}
    after = ""
    while found := reads.list_contracts(after=after, limit=EXPORT_ROWS, **asked):
        yield from found
        after = str(found[-1].version_id)


def _cell(card: ContractCard, name: str) -> Any:
    return len(card.clauses) if name == "clauses" else getattr(card, name)


def _show_form(request: Request, form: NewContract, clauses: Any, status: int = 200) -> HttpResponseBase:
    context = {
        "form": form,
        "clauses": clauses,
        "calendars": sorted({calendar.key for calendar in reads.list_calendars(by=request.actor)}),
    }
    return render(request, "agreements/contract_new.html", context, status=status)
