"""Pages of needs: from an account's words to a promise that is kept."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import forms, reads
from closeknit.rooms.agreements.actions.agree_need import agree_need
from closeknit.rooms.agreements.actions.drop_need import drop_need
from closeknit.rooms.agreements.actions.measure_need import measure_need
from closeknit.rooms.agreements.actions.propose_need import propose_need
from closeknit.rooms.agreements.actions.review_need import review_need
from closeknit.rooms.agreements.actions.state_need import state_need
from closeknit.rooms.agreements.contracts import Clock, Measure, NeedCard, NeedParameter, NeedState, WantedNeed
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

EXPORT_ROWS = 10_000
_PARAMETER = ("operation", "service", "work_class", "measure", "within_minutes", "clock", "target_percent", "control")
_HELD = (NeedState.MEASURABLE, NeedState.AGREED, NeedState.PROPOSED, NeedState.PROMISED)
_CHANGED = (NeedState.STATED, NeedState.MEASURABLE, NeedState.AGREED, NeedState.PROMISED)
_CLOSED = (NeedState.PROPOSED, NeedState.PROMISED, NeedState.DROPPED)


@require_GET
def list_needs(request: Request) -> HttpResponseBase:
    """What do accounts say they need, and which of it do we promise?"""
    if request.GET.get("format") == "csv":
        return _export(request)
    given = {name: request.GET.get(name, "")[:500] for name in ("words", "heard_in")}
    return _show_list(request, forms.NewNeed(initial={"account_number": _account(request), **given}))


@require_POST
def state(request: Request) -> HttpResponseBase:
    """Record what an account says it needs."""
    request.actor.require(Permission.PROPOSE)
    form = forms.NewNeed(request.POST)
    if not form.is_valid():
        return _show_list(request, form, status=422)
    try:
        need_id = state_need(WantedNeed(**form.cleaned_data), by=request.actor, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        _refuse(form, refusal)
        return _show_list(request, form, status=refusal.status)
    messages.success(request, "It is on record. Say next what it comes to.")
    carried = _carried(request.POST)
    address = reverse("need-detail", kwargs={"need_id": need_id})
    return redirect(f"{address}?{urlencode(carried)}" if carried else address)


@require_GET
def show_need(request: Request, need_id: UUID) -> HttpResponseBase:
    """What does this need come to, and do we keep it?"""
    return _show_need(request, need_id, {})


@require_POST
def measure(request: Request, need_id: UUID) -> HttpResponseBase:
    """Say what a need comes to."""

    def step(given: dict[str, Any]) -> None:
        share = round(given.pop("target_percent") / 100, 12)
        kind, counted = Measure(given.pop("measure")), Clock(given.pop("clock"))
        parameter = NeedParameter(**given, measure=kind, clock=counted, target_share=share)
        measure_need(need_id, parameter, by=request.actor, at=clock.now())

    return _step(request, need_id, "measure", forms.NeedMeasure, step, "It can be measured now. Agree on it next.")


@require_POST
def agree(request: Request, need_id: UUID) -> HttpResponseBase:
    """Note that the customer agreed."""

    def step(given: dict[str, Any]) -> None:
        agree_need(need_id, **given, by=request.actor, at=clock.now())

    return _step(request, need_id, "agree", forms.NeedAgreed, step, "It is agreed. Nothing is promised yet.")


@require_POST
def propose(request: Request, need_id: UUID) -> HttpResponseBase:
    """Propose a need as a clause of a contract."""

    def step(given: dict[str, Any]) -> None:
        propose_need(need_id, **given, by=request.actor, at=clock.now())

    return _step(request, need_id, "propose", forms.NeedToPropose, step, "It is drafted as a clause, and proposed.")


@require_POST
def review(request: Request, need_id: UUID) -> HttpResponseBase:
    """Note what a review found."""

    def step(given: dict[str, Any]) -> None:
        review_need(need_id, **given, by=request.actor, at=clock.now())

    return _step(request, need_id, "review", forms.NeedReviewed, step, "The review is on record.")


@require_POST
def drop(request: Request, need_id: UUID) -> HttpResponseBase:
    """Close a need without a promise."""

    def step(given: dict[str, Any]) -> None:
        drop_need(need_id, **given, by=request.actor, at=clock.now())

    return _step(request, need_id, "drop", forms.NeedDropped, step, "It is dropped; what was heard stays on record.")


def _step(
    request: Request, need_id: UUID, name: str, kind: type[Form], step: Callable[[dict[str, Any]], None], told: str
) -> HttpResponseBase:
    request.actor.require(Permission.PROPOSE)
    form = kind(request.POST)
    if not form.is_valid():
        return _show_need(request, need_id, {name: form}, status=422)
    try:
        step(dict(form.cleaned_data))
    except (Invalid, Conflict) as refusal:
        _refuse(form, refusal)
        return _show_need(request, need_id, {name: form}, status=refusal.status)
    messages.success(request, told)
    return redirect("need-detail", need_id=need_id)


def _refuse(form: Form, refusal: Invalid | Conflict | NotFound) -> None:
    refuse_form(form, refusal, {"target_share": "target_percent"})


def _carried(given: QueryDict) -> dict[str, str]:
    """Return what a page that leads here already knows of the parameter."""
    return {name: str(given[name])[:300] for name in _PARAMETER if name in given}


def _account(request: Request) -> str:
    return request.GET.get("account", "")[:400]


def _wanted(request: Request) -> dict[str, Any]:
    return {
        "account_number": _account(request),
        "state": request.GET.get("state", "")[:12],
        "is_due": request.GET.get("due") == "1",
    }


def _show_list(request: Request, form: forms.NewNeed, status: int = 200) -> HttpResponseBase:
    by, at, chosen = request.actor, clock.now(), _wanted(request)
    context = {
        "needs": reads.list_needs(by=by, at=at, **chosen),
        "chosen": chosen,
        "states": [state.value for state in NeedState],
        "form": form,
        "carried": _carried(request.POST or request.GET),
        "may_state": by.may(Permission.PROPOSE),
    }
    return render(request, "agreements/needs.html", context, status=status)


def _show_need(request: Request, need_id: UUID, bound: dict[str, Form], status: int = 200) -> HttpResponseBase:
    by, at = request.actor, clock.now()
    life = reads.get_need(need_id, by=by, at=at)
    card = life.need
    may = by.may_at(Permission.PROPOSE, org.place_of(card.account_number))
    blank: dict[str, Form] = {
        "measure": forms.NeedMeasure(initial=_measured(request, card)),
        "agree": forms.NeedAgreed(),
        "propose": forms.NeedToPropose(initial={"contract_number": card.contract_number}),
        "review": forms.NeedReviewed(),
        "drop": forms.NeedDropped(),
    }
    context = {
        "card": card,
        "life": life,
        "steps": {**blank, **bound},
        "may_measure": may and card.state in _CHANGED,
        "may_agree": may and card.state is NeedState.MEASURABLE,
        "may_propose": may and card.state is NeedState.AGREED,
        "may_review": may and card.state in _HELD,
        "may_drop": may and card.state not in _CLOSED,
        "people": _people(request, card) if may else [],
    }
    return render(request, "agreements/need.html", context, status=status)


def _people(request: Request, card: NeedCard) -> list[Any]:
    return org.list_people_who(
        Permission.READ_INTERNAL, account_number=card.account_number, at=clock.now(), by=request.actor
    )


def _measured(request: Request, card: NeedCard) -> dict[str, Any]:
    """Return what the form of a parameter begins with: what holds, or what the address proposes."""
    known = card.parameter
    if known is None:
        return _carried(request.GET)
    return {
        "operation": known.operation,
        "service": known.service,
        "work_class": known.work_class,
        "measure": known.measure.value,
        "within_minutes": known.within_minutes,
        "clock": known.clock.value,
        "target_percent": round(known.target_share * 100, 10),
        "process": known.process,
        "control": known.control,
        "owner_key": known.owner_key,
        "review_on": known.review_on.isoformat(),
    }


def _export(request: Request) -> HttpResponseBase:
    names = ("account_number", "words", "heard_in", "state", "sentence", "owner_name", "term_number", "contract_number")
    found = reads.list_needs(by=request.actor, at=clock.now(), limit=EXPORT_ROWS, **_wanted(request))
    lines = ((*(getattr(card, name) for name in names), card.parameter and card.parameter.review_on) for card in found)
    return csv_response("needs", (*names, "review_on"), lines)
