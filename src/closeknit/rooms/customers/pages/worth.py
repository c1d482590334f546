"""Pages of what accounts are worth, how they score, and which tier that gives."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.adopt_tier_table import adopt_tier_table
from closeknit.rooms.customers.actions.assess_accounts import assess_accounts
from closeknit.rooms.customers.contracts import AccountScore, AccountValue
from closeknit.rooms.customers.forms import DayChoice
from closeknit.rooms.org.contracts import Permission

SHOWN = 10
EXPORT_ROWS = 100_000
ONE_DAY = timedelta(days=1)


@require_GET
def list_values(request: Request) -> HttpResponseBase:
    """Which accounts are worth most, and why?"""
    by: Actor = request.actor
    at, form = _day(request)
    if request.GET.get("format") == "csv":
        return _export(by, at)
    values = reads.list_values(by=by, at=at, limit=SHOWN)
    scores = {}
    if by.may(Permission.READ_INTERNAL):
        scores = {card.account_number: reads.get_score(card.account_number, by=by, at=at) for card in values}
    valued, accounts = reads.count_values(by=by, at=at)
    runs = reads.list_value_runs(by=by, limit=1) if by.may(Permission.READ_INTERNAL) else []
    return render(
        request,
        "customers/values.html",
        {
            "form": form,
            "rows": [(card, scores.get(card.account_number)) for card in values],
            "valued": valued,
            "accounts": accounts,
            "as_of_on": values[0].as_of_on if values else None,
            "weeks": values[0].weeks if values else 0,
            "observed_until_on": values[0].observed_until_on if values else None,
            "has_paused": any(_has_paused(card) for card in values),
            "is_margin_stated": all(card.is_margin_stated for card in values),
            "notes": [note for model in (runs[0].models if runs else {}).values() for note in model.get("notes", [])],
            "may_refresh": by.may(Permission.RUN_PLAN),
        },
    )


@require_GET
def show_tiers(request: Request) -> HttpResponseBase:
    """Which accounts would change their tier this week, and why?"""
    by: Actor = request.actor
    by.require(Permission.READ_INTERNAL)
    at, form = _day(request)
    return render(
        request,
        "customers/tier_week.html",
        {
            "form": form,
            "cards": reads.list_tier_weeks(by=by, at=at, limit=200),
            "outcomes": reads.count_tier_outcomes(by=by, at=at),
            "table": reads.get_tier_table(by=by, on=at.date()),
            "may_adopt": by.may(Permission.MANAGE_SETTINGS),
            "limit": 200,
        },
    )


@require_POST
def refresh_values(request: Request) -> HttpResponseBase:
    """Value, score and judge every account as of this week's Monday."""
    by: Actor = request.actor
    assess_accounts(on=None, by=by, at=clock.now())
    messages.success(request, "Every account is valued and scored as of this week's Monday.")
    return redirect("value-list")


@require_POST
def adopt_table(request: Request) -> HttpResponseBase:
    """Adopt another table of tiers."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_SETTINGS)
    text, reason = request.POST.get("text", ""), request.POST.get("reason", "")
    version = adopt_tier_table(text, reason=reason, by=by, at=clock.now())
    messages.success(request, f"The table {version} is adopted.")
    return redirect("tier-week")


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """What one account is worth and how it scores, term by term."""
    by: Actor = request.actor
    by.require(Permission.READ_INTERNAL)
    number, at = request.GET.get("account", ""), clock.now()
    score = reads.get_score(number, by=by, at=at)
    context = {
        "account_number": number,
        "may_trace": by.may(Permission.READ_FEEDS) and by.scope_of(Permission.READ_FEEDS).every_account,
        "opted_out": bool(reads.left_out([number], by=by, at=at)),
        "value": reads.get_value(number, by=by, at=at),
        "score": score,
        "terms": _waterfall(score),
        "week": next(
            iter(reads.list_tier_weeks(by=by, at=at, account_number=number, moving_only=False, limit=1)), None
        ),
    }
    return render(request, "customers/worth_tile.html", context)


def _has_paused(card: AccountValue) -> bool:
    """Whether nobody at all ordered in the days before the one that it is valued as of."""
    if card.as_of_on is None or card.observed_until_on is None:
        return False
    return card.observed_until_on < card.as_of_on - ONE_DAY


def _waterfall(score: AccountScore) -> list[dict[str, Any]]:
    """Each term with where it begins and ends on the way to the score."""
    found: list[dict[str, Any]] = []
    start = 0
    for term in score.terms or ():
        found.append({"term": term, "from": start / 1000, "to": (start + term.thousandths) / 1000})
        start += term.thousandths
    return found


def _day(request: Request) -> tuple[datetime, DayChoice]:
    form = DayChoice(request.GET)
    day = form.cleaned_data["on"] if form.is_valid() else None
    return (clock.check(datetime.combine(day, time.max, UTC), where="on") if day else clock.now()), form


def _export(by: Actor, at: datetime) -> HttpResponseBase:
    header = (
        "account_number",
        "name",
        "tier",
        "as_of_on",
        "kind",
        "currency",
        "value",
        "low",
        "high",
        "previous_value",
        "margin_share",
        "chance_to_stay",
        "orders",
        "why_not",
        "habit",
        "spending",
        "observed_until_on",
    )
    found = reads.list_values(by=by, at=at, limit=EXPORT_ROWS)
    return csv_response("account-values", header, ([getattr(card, name) for name in header] for card in found))
