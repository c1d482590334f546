"""The page of the journey map."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions import set_touchpoint as setting
from closeknit.rooms.customers.contracts.journey import Stage, TouchpointPlan, Triage
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


class _Chosen(forms.Form):
    account = forms.CharField(required=False, max_length=400)
    days = forms.IntegerField(required=False, min_value=1, max_value=366)


class _Touchpoint(forms.Form):
    name = forms.CharField(max_length=80)
    stage = forms.ChoiceField(choices=[(stage.value, stage.value) for stage in Stage])
    operation = forms.CharField(max_length=80)
    service = forms.CharField(required=False, max_length=80)
    channel = forms.CharField(required=False, max_length=80)
    queue = forms.CharField(required=False, max_length=80)
    owner_key = forms.CharField(required=False, max_length=60)
    answer_within_minutes = forms.IntegerField(min_value=1, max_value=366 * 24 * 60)
    triage = forms.ChoiceField(choices=[(triage.value, triage.value) for triage in Triage])


@require_GET
def show_journey(request: Request) -> HttpResponseBase:
    """Where do customers meet us, to whom does that go, and where does it fall short?"""
    by, at = request.actor, clock.now()
    form = _Chosen(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    journey = reads.get_journey(account_number=chosen.get("account") or "", days=chosen.get("days") or 28, by=by, at=at)
    may_set = by.may(Permission.RECORD_INSIGHT) and by.scope_of(Permission.RECORD_INSIGHT).every_account
    people = org.list_people_who(Permission.READ_INTERNAL, account_number=None, at=at, by=by) if may_set else []
    cards = (*journey.touchpoints, *journey.unmapped)
    context: dict[str, Any] = {
        "journey": journey,
        "stages": list(Stage),
        "triages": list(Triage),
        "people": people,
        "may_set": may_set,
        "gaps": sum(len(card.gaps) for card in cards),
        "came": sum(card.count for card in cards),
    }
    return render(request, "customers/journey.html", context)


@require_POST
def put(request: Request) -> HttpResponseBase:
    """Put a touchpoint on the map; the same way again states it anew."""
    by, at, plan = request.actor, clock.now(), _plan(request)
    way = (plan.operation, plan.service, plan.channel)
    stated = reads.list_touchpoints(by=by, at=at)
    same = next((found for found, now, _ in stated if (now.operation, now.service, now.channel) == way), None)
    setting.set_touchpoint(plan, touchpoint_id=same, by=by, at=at)
    messages.success(request, "It is changed from now on." if same else "It is on the map.")
    return redirect("journey")


@require_POST
def end(request: Request, touchpoint_id: UUID) -> HttpResponseBase:
    """Take a touchpoint off the map."""
    setting.end_touchpoint(touchpoint_id, by=request.actor, at=clock.now())
    messages.success(request, "It is off the map from now on.")
    return redirect("journey")


def _plan(request: Request) -> TouchpointPlan:
    form = _Touchpoint(request.POST)
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(str(errors[0]), where=name)
    given = dict(form.cleaned_data)
    return TouchpointPlan(**{**given, "stage": Stage(given["stage"]), "triage": Triage(given["triage"])})
