"""Pages of requests, holds, and how long data are kept."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import CloseknitError, Conflict, Invalid, NotFound
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.adopt_retention import adopt_retention
from closeknit.rooms.privacy.actions.erase_subject import erase_subject
from closeknit.rooms.privacy.actions.place_hold import WantedHold, place_hold, release_hold
from closeknit.rooms.privacy.actions.record_request import (
    WantedRequest,
    close_request,
    extend_request,
    record_request,
)
from closeknit.rooms.privacy.contracts import (
    CLASS_SENTENCES,
    DataClass,
    RequestKind,
    RequestState,
    RetentionRule,
    Subject,
)
from closeknit.rooms.privacy.forms import (
    ErasureForm,
    ExtensionForm,
    HoldForm,
    OutcomeForm,
    ReasonForm,
    RequestForm,
    RetentionForm,
)

REFUSALS = (Invalid, Conflict, NotFound)


@require_GET
def show_requests(request: Request) -> HttpResponseBase:
    """Who asked about its data, and by when must we answer?"""
    return _show_requests(request, RequestForm(initial={"received_on": clock.now().date()}))


@require_POST
def record(request: Request) -> HttpResponseBase:
    """Record a request."""
    by: Actor = request.actor
    form = RequestForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        asked = WantedRequest(
            RequestKind(said["request_kind"]),
            Subject(said["kind"], said["reference"]),
            said["received_on"],
            said["jurisdiction"],
            said["verified_by"],
        )
        try:
            record_request(asked, by=by, at=clock.now())
            messages.success(request, "The request is recorded.")
            return redirect("privacy-requests")
        except REFUSALS as refusal:
            _say(form, refusal)
    return _show_requests(request, form, status=422)


@require_POST
def extend(request: Request, request_id: UUID) -> HttpResponseBase:
    """Take more time for a request."""
    request.actor.require(Permission.MANAGE_PRIVACY)
    said = _read(ExtensionForm(request.POST))
    extend_request(request_id, **said, by=request.actor, at=clock.now())
    messages.success(request, "It has more time. Tell the subject so.")
    return redirect("privacy-requests")


@require_POST
def close(request: Request, request_id: UUID) -> HttpResponseBase:
    """Answer or refuse a request."""
    request.actor.require(Permission.MANAGE_PRIVACY)
    said = _read(OutcomeForm(request.POST))
    state = RequestState(said.pop("state"))
    close_request(request_id, state=state, **said, by=request.actor, at=clock.now())
    messages.success(request, "The request is closed.")
    return redirect("privacy-requests")


@require_GET
def show_holds(request: Request) -> HttpResponseBase:
    """What must not go, whatever else says it may?"""
    return _show_holds(request, HoldForm())


@require_POST
def place(request: Request) -> HttpResponseBase:
    """Place a hold."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PRIVACY)
    form = HoldForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        classes = tuple(DataClass(name) for name in said["classes"])
        wanted = WantedHold(said["title"], said["reason"], said["review_on"], form.subject(), classes)
        try:
            place_hold(wanted, by=by, at=clock.now())
            messages.success(request, "The hold stands.")
            return redirect("privacy-holds")
        except REFUSALS as refusal:
            _say(form, refusal)
    return _show_holds(request, form, status=422)


@require_POST
def release(request: Request, hold_id: UUID) -> HttpResponseBase:
    """Release a hold."""
    request.actor.require(Permission.MANAGE_PRIVACY)
    release_hold(hold_id, reason=_read(ReasonForm(request.POST))["reason"], by=request.actor, at=clock.now())
    messages.success(request, "The hold is released.")
    return redirect("privacy-holds")


@require_GET
def show_keeping(request: Request) -> HttpResponseBase:
    """How long is what kept, what went, and what did the gate say?"""
    return _show_keeping(request, RetentionForm(), ErasureForm())


@require_POST
def adopt(request: Request) -> HttpResponseBase:
    """Put a rule of keeping in force."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PRIVACY)
    form = RetentionForm(request.POST)
    if form.is_valid():
        said = dict(form.cleaned_data)
        reason = said.pop("reason")
        rule = RetentionRule(**{**said, "data_class": DataClass(said["data_class"])})
        try:
            adopt_retention(rule, reason=reason, by=by, at=clock.now())
            messages.success(request, "The rule is in force.")
            return redirect("privacy-keeping")
        except REFUSALS as refusal:
            _say(form, refusal)
    return _show_keeping(request, form, ErasureForm(), status=422)


@require_POST
def erase(request: Request) -> HttpResponseBase:
    """Erase a subject."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PRIVACY)
    form = ErasureForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        subject = Subject(said["kind"], said["reference"])
        try:
            done = erase_subject(
                subject,
                reason=said["reason"],
                request_id=said["request_id"],
                also_known_as=[word for word in said["also_known_as"].split(";") if word.strip()],
                by=by,
                at=clock.now(),
            )
            messages.success(request, f"{len(done.fields)} fields went, {done.lines} lines went dark.")
            return redirect("privacy-keeping")
        except REFUSALS as refusal:
            _say(form, refusal)
    return _show_keeping(request, RetentionForm(), form, status=422)


def _show_requests(request: Request, form: RequestForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    today = clock.now().date()
    found = reads.list_requests(by=by)
    context = {
        "requests": [(each, each.days_left(today), each.is_late(today)) for each in found],
        "may_record": by.may(Permission.RECORD_INSIGHT) or by.may(Permission.MANAGE_PRIVACY),
        "may_manage": by.may(Permission.MANAGE_PRIVACY),
        "form": form,
    }
    return render(request, "privacy/requests.html", context, status=status)


def _show_holds(request: Request, form: HoldForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    context = {"holds": reads.list_holds(by=by), "may_manage": by.may(Permission.MANAGE_PRIVACY), "form": form}
    return render(request, "privacy/holds.html", context, status=status)


def _show_keeping(request: Request, form: RetentionForm, erasure: ErasureForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    rules = reads.list_retention(by=by)
    context = {
        "rules": [(rule, CLASS_SENTENCES[rule.data_class]) for rule in rules],
        "verdicts": reads.list_gate_lines(by=by, limit=100),
        "erasures": reads.list_erasures(by=by, limit=50),
        "may_manage": by.may(Permission.MANAGE_PRIVACY),
        "form": form,
        "erasure": erasure,
    }
    return render(request, "privacy/keeping.html", context, status=status)


def _say(form: Form, refusal: CloseknitError) -> None:
    refuse_form(form, refusal)


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(f"{name.replace('_', ' ').capitalize()}: {errors[0]}", where=name, todo="Go back and correct it.")
    return dict(form.cleaned_data)
