"""Pages of how well accounts are known."""

from django import forms
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads

PAGE_ROWS = 100
EXPORT_ROWS = 100_000


class _After(forms.Form):
    points = forms.DecimalField(required=False, min_value=0, max_value=100)
    account = forms.CharField(required=False, max_length=400)


@require_GET
def list_intimacy(request: Request) -> HttpResponseBase:
    """Whom do we know least, and what is missing?"""
    by, at = request.actor, clock.now()
    criteria = reads.get_intimacy_criteria(by=by, at=at)
    domains = [(domain.domain, domain.title) for domain in criteria.domains]
    if request.GET.get("format") == "csv":
        kept = reads.list_intimacy(by=by, at=at, limit=EXPORT_ROWS)
        header = ("account_number", "name", "tier", "as_of_on", "points", *(name for name, _ in domains), "missing")
        rows = (
            (
                r.account_number,
                r.name,
                r.tier,
                r.as_of_on,
                r.points,
                *(r.domain_points.get(n) for n, _ in domains),
                r.missing,
            )
            for r in kept
        )
        return csv_response("intimacy", header, rows)
    form = _After(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    after = (given["points"], given["account"]) if given.get("points") is not None else None
    found = reads.list_intimacy(by=by, at=at, after=after, limit=PAGE_ROWS + 1)
    return render(
        request,
        "customers/intimacy_list.html",
        {
            "rows": [
                {"row": row, "domains": [row.domain_points.get(name) for name, _ in domains]}
                for row in found[:PAGE_ROWS]
            ],
            "domains": domains,
            "criteria": criteria,
            "kept_on": reads.latest_intimacy_on(by=by, at=at),
            "more": found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None,
        },
    )


@require_GET
def show_intimacy(request: Request, account_number: str) -> HttpResponseBase:
    """How well do we know this account, and what is missing?"""
    card = reads.get_intimacy(account_number, by=request.actor, at=clock.now())
    return render(request, "customers/intimacy.html", {"card": card})


@require_GET
def show_intimacy_tile(request: Request) -> HttpResponseBase:
    """How well an account is known, in short."""
    card = reads.get_intimacy(request.GET.get("account", ""), by=request.actor, at=clock.now())
    missing = [(domain.title, sentence) for domain in card.domains for sentence in domain.missing]
    return render(
        request, "customers/intimacy_tile.html", {"card": card, "missing": missing[:3], "count": len(missing)}
    )
