"""Pages of templates: set-ups that proved themselves, and contracts that follow none."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import forms, reads
from closeknit.rooms.agreements.actions.apply_setup import apply_setup
from closeknit.rooms.agreements.actions.review_setup import retire_setup, review_setup
from closeknit.rooms.agreements.actions.save_setup import save_setup
from closeknit.rooms.agreements.contracts import SetupState, WantedOnboarding, WantedSetup
from closeknit.rooms.org.contracts import Permission


@require_GET
def list_setups(request: Request) -> HttpResponseBase:
    """Which set-ups proved themselves, and which contracts follow none?"""
    return _show_list(request, forms.NewSetup(initial={"version_id": request.GET.get("version", "")[:40]}))


@require_POST
def save(request: Request) -> HttpResponseBase:
    """Make a template of a signed contract."""
    request.actor.require(Permission.PROPOSE)
    form = forms.NewSetup(request.POST)
    if not form.is_valid():
        return _show_list(request, form, status=422)
    try:
        template_id = save_setup(WantedSetup(**form.cleaned_data), by=request.actor, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        refuse_form(form, refusal)
        return _show_list(request, form, status=refusal.status)
    messages.success(request, "It is a template now.")
    return redirect("setup-detail", template_id=template_id)


@require_GET
def show_setup(request: Request, template_id: UUID) -> HttpResponseBase:
    """What does this template set up, and does it still hold?"""
    return _show(request, template_id, {})


@require_POST
def apply(request: Request, template_id: UUID) -> HttpResponseBase:
    """Draft and propose a contract for an account from a template."""
    request.actor.require(Permission.PROPOSE)
    form = forms.SetupToApply(request.POST)
    if not form.is_valid():
        return _show(request, template_id, {"apply": form}, status=422)
    try:
        version_id = apply_setup(template_id, WantedOnboarding(**form.cleaned_data), by=request.actor, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        refuse_form(form, refusal)
        return _show(request, template_id, {"apply": form}, status=refusal.status)
    messages.success(request, "It is drafted and proposed. Signed, capacity is planned for it.")
    return redirect("contract-detail", version_id=version_id)


@require_POST
def review(request: Request, template_id: UUID) -> HttpResponseBase:
    """Note what a review found."""

    def step(given: dict[str, Any]) -> None:
        review_setup(template_id, **given, by=request.actor, at=clock.now())

    return _step(request, template_id, "review", forms.NeedReviewed, step, "The review is on record.")


@require_POST
def retire(request: Request, template_id: UUID) -> HttpResponseBase:
    """Take a template out of use."""

    def step(given: dict[str, Any]) -> None:
        retire_setup(template_id, **given, by=request.actor, at=clock.now())

    return _step(request, template_id, "retire", forms.NeedDropped, step, "It is retired; its contracts stay.")


def _step(
    request: Request, template_id: UUID, name: str, kind: type[Form], step: Callable[[dict[str, Any]], None], told: str
) -> HttpResponseBase:
    request.actor.require(Permission.PROPOSE)
    form = kind(request.POST)
    if not form.is_valid():
        return _show(request, template_id, {name: form}, status=422)
    try:
        step(dict(form.cleaned_data))
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal)
        return _show(request, template_id, {name: form}, status=refusal.status)
    messages.success(request, told)
    return redirect("setup-detail", template_id=template_id)


def _may_manage(request: Request) -> bool:
    by = request.actor
    return by.may(Permission.PROPOSE) and by.scope_of(Permission.PROPOSE).every_account


def _show_list(request: Request, form: forms.NewSetup, status: int = 200) -> HttpResponseBase:
    by, at = request.actor, clock.now()
    context = {
        "setups": reads.list_setups(by=by, at=at),
        "customs": reads.list_custom_setups(by=by, at=at),
        "form": form,
        "may_save": _may_manage(request),
    }
    return render(request, "agreements/setups.html", context, status=status)


def _show(request: Request, template_id: UUID, bound: dict[str, Form], status: int = 200) -> HttpResponseBase:
    card = reads.get_setup(template_id, by=request.actor, at=clock.now())
    is_open = card.state is SetupState.IN_USE
    first = {"account_number": request.GET.get("account", "")[:400], "time_factor": 1, "hours_factor": 1}
    blank: dict[str, Form] = {
        "apply": forms.SetupToApply(initial=first),
        "review": forms.NeedReviewed(),
        "retire": forms.NeedDropped(),
    }
    context = {
        "card": card,
        "steps": {**blank, **bound},
        "may_apply": is_open and request.actor.may(Permission.PROPOSE),
        "may_manage": is_open and _may_manage(request),
    }
    return render(request, "agreements/setup.html", context, status=status)
