"""Pages and tiles of agreements: what was promised."""

from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.contracts import TermSource
from closeknit.rooms.agreements.forms import TermFilter
from closeknit.rooms.org.contracts import Permission

PAGE_ROWS = 200
EXPORT_ROWS = 100_000


@require_GET
def list_terms(request: Request) -> HttpResponseBase:
    """What did we promise, to whom?"""
    by: Actor = request.actor
    form = TermFilter(request.GET)
    chosen = _chosen(form)
    if request.GET.get("format") == "csv":
        return _export(by, chosen)
    terms = reads.list_terms(by=by, limit=PAGE_ROWS + 1, **chosen)
    return render(
        request,
        "agreements/terms.html",
        {
            "form": form,
            "terms": terms[:PAGE_ROWS],
            "more": terms[PAGE_ROWS - 1].term_number if len(terms) > PAGE_ROWS else None,
            "filtered": any(chosen.values()),
            "assumed": TermSource.ASSUMED,
            "may_read_internal": by.may(Permission.READ_INTERNAL),
        },
    )


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """The promises in force for one account: its own before its tier's."""
    by: Actor = request.actor
    account = request.GET.get("account", "")
    terms = reads.list_terms(by=by, account_number=account, on=clock.now().date(), limit=PAGE_ROWS) if account else []
    terms.sort(key=lambda term: (not term.account_number, term.operation, term.service, term.work_class))
    return render(
        request,
        "agreements/account_tile.html",
        {
            "terms": terms,
            "account": account,
            "assumed": TermSource.ASSUMED,
            "may_read_adherence": by.may(Permission.READ_INTERNAL) and by.may(Permission.READ_DECISIONS),
        },
    )


def _chosen(form: TermFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "operation": data["operation"],
        "account_number": data["account"],
        "on": data["on"],
        "after": data["after"],
    }


def _export(by: Actor, chosen: dict[str, Any]) -> HttpResponseBase:
    header = (
        "term_number",
        "contract_number",
        "account_number",
        "tier",
        "operation",
        "service",
        "work_class",
        "measure",
        "threshold_minutes",
        "target_share",
        "credit_per_miss",
        "currency",
        "starts_on",
        "ends_on",
        "source",
    )
    terms = reads.list_terms(by=by, limit=EXPORT_ROWS, **{**chosen, "after": ""})
    return csv_response("terms", header, (tuple(getattr(t, n) for n in header) for t in terms))
