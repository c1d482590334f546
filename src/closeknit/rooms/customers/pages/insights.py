"""Pages of what people know of accounts."""

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
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.record_insight import record_insight
from closeknit.rooms.customers.actions.renew_insight import renew_insight
from closeknit.rooms.customers.actions.settle_insight import settle_insight
from closeknit.rooms.customers.actions.withdraw_insight import withdraw_insight
from closeknit.rooms.customers.contracts import InsightCard, InsightState, WantedInsight
from closeknit.rooms.customers.forms import InsightFilter, InsightOutcome, InsightRenewal, InsightWithdrawal, NewInsight
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 500
EXPORT_ROWS = 100_000


@require_GET
def list_insights(request: Request) -> HttpResponseBase:
    """What do we know of our accounts that no figure says yet?"""
    by: Actor = request.actor
    now, form = clock.now(), InsightFilter(request.GET)
    chosen = _chosen(form)
    if request.GET.get("format") == "csv":
        return _export(reads.list_insights(by=by, at=now, limit=EXPORT_ROWS, **chosen))
    return render(
        request,
        "customers/insights.html",
        {
            "form": form,
            "insights": reads.list_insights(by=by, at=now, limit=MOST_ROWS, **chosen),
            "counts": reads.count_insights(by=by),
            "records": reads.list_author_records(by=by, at=now),
            "filtered": any(chosen.values()),
            "limit": MOST_ROWS,
            "may_record": by.may(Permission.RECORD_INSIGHT),
        },
    )


@require_GET
def show_insight(request: Request, insight_id: UUID) -> HttpResponseBase:
    """What is known here, how sure is it, and what came of it?"""
    by: Actor = request.actor
    now = clock.now()
    card = reads.get_insight(insight_id, by=by, at=now)
    is_over = card.to_on <= now.date()
    may = by.may(Permission.RECORD_INSIGHT)
    is_open = card.state in (InsightState.STANDING, InsightState.EXPIRED)
    return render(
        request,
        "customers/insight.html",
        {
            "card": card,
            "record": reads.get_author_record(card.author_key, by=by, at=now),
            "others": [reads.get_insight(other, by=by, at=now) for other in card.contradicted_by],
            "may_withdraw": may and card.state is InsightState.STANDING and not is_over,
            "may_renew": may and is_open and not is_over,
            "may_settle": may and is_open and is_over and by.key != card.author_key,
        },
    )


@require_GET
def show_insight_form(request: Request) -> HttpResponseBase:
    """What do you know of this account, how sure are you, and until when?"""
    by: Actor = request.actor
    by.require(Permission.RECORD_INSIGHT)
    return _show_form(request, NewInsight(initial={"account_number": request.GET.get("account", "")}))


@require_POST
def record(request: Request) -> HttpResponseBase:
    """Record what somebody knows of an account."""
    by: Actor = request.actor
    by.require(Permission.RECORD_INSIGHT)
    form = NewInsight(request.POST)
    if not form.is_valid():
        return _show_form(request, form, status=422)
    try:
        insight_id = record_insight(WantedInsight(**form.cleaned_data), by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal)
        return _show_form(request, form, status=refusal.status)
    messages.success(request, "What you know is recorded. The next forecast hears of it.")
    return redirect("insight-detail", insight_id=insight_id)


@require_POST
def withdraw(request: Request, insight_id: UUID) -> HttpResponseBase:
    """Take an insight back."""
    by: Actor = request.actor
    said = _read(InsightWithdrawal(request.POST))
    withdraw_insight(insight_id, reason=said["reason"], by=by, at=clock.now())
    messages.success(request, "It is taken back.")
    return redirect("insight-detail", insight_id=insight_id)


@require_POST
def renew(request: Request, insight_id: UUID) -> HttpResponseBase:
    """Say that an insight still holds."""
    by: Actor = request.actor
    said = _read(InsightRenewal(request.POST))
    renew_insight(insight_id, reason=said["reason"], expires_on=said["expires_on"], by=by, at=clock.now())
    messages.success(request, "It counts on.")
    return redirect("insight-detail", insight_id=insight_id)


@require_POST
def settle(request: Request, insight_id: UUID) -> HttpResponseBase:
    """Say what came of an insight."""
    by: Actor = request.actor
    said = _read(InsightOutcome(request.POST))
    settle_insight(
        insight_id,
        happened_share=said["happened"],
        actual_size=said["actual_size"],
        reason=said["reason"],
        by=by,
        at=clock.now(),
    )
    messages.success(request, "What came of it is recorded.")
    return redirect("insight-detail", insight_id=insight_id)


@require_GET
def show_author(request: Request, author_key: str) -> HttpResponseBase:
    """How right has this person been?"""
    by: Actor = request.actor
    now = clock.now()
    return render(
        request,
        "customers/author.html",
        {
            "record": reads.get_author_record(author_key, by=by, at=now),
            "insights": reads.list_insights(by=by, at=now, author_key=author_key, limit=MOST_ROWS),
        },
    )


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """What we know of one account."""
    by: Actor = request.actor
    number = request.GET.get("account", "")
    reads.get_account(number, by=by)
    found = reads.list_insights(by=by, at=clock.now(), account_number=number, state=InsightState.STANDING, limit=20)
    context = {"account_number": number, "insights": found, "may_record": by.may(Permission.RECORD_INSIGHT)}
    return render(request, "customers/insights_tile.html", context)


def _show_form(request: Request, form: NewInsight, status: int = 200) -> HttpResponseBase:
    return render(request, "customers/insight_new.html", {"form": form}, status=status)


def _chosen(form: InsightFilter) -> dict[str, Any]:
    if not form.is_valid():
        return {}
    data = form.cleaned_data
    return {
        "account_number": data["account"],
        "state": InsightState(data["state"]) if data["state"] else None,
        "author_key": data["author"],
    }


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(f"{name.replace('_', ' ').capitalize()}: {errors[0]}", where=name, todo="Go back and correct it.")
    return dict(form.cleaned_data)


def _export(found: list[InsightCard]) -> HttpResponseBase:
    header = [field.name for field in fields(InsightCard) if field.name != "contradicted_by"]
    return csv_response("insights", header, ([getattr(card, name) for name in header] for card in found))
