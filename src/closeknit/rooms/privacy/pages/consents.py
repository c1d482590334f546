"""Pages of purposes and of what one subject said."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy import reads
from closeknit.rooms.privacy.actions.adopt_purpose import adopt_purpose
from closeknit.rooms.privacy.actions.record_consent import record_consent
from closeknit.rooms.privacy.contracts import Collection, ConsentState, Purpose, Subject, WantedConsent
from closeknit.rooms.privacy.forms import ConsentForm, PurposeForm


@require_GET
def show_purposes(request: Request) -> HttpResponseBase:
    """What may we use, for what, and where does somebody not want it?"""
    return _show_purposes(request, PurposeForm())


@require_POST
def adopt(request: Request) -> HttpResponseBase:
    """Put a purpose in force."""
    by: Actor = request.actor
    by.require(Permission.MANAGE_PRIVACY)
    form = PurposeForm(request.POST)
    if not form.is_valid():
        return _show_purposes(request, form, status=422)
    said = dict(form.cleaned_data)
    reason = said.pop("reason")
    try:
        adopted = adopt_purpose(Purpose(version=1, **said), reason=reason, by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal)
        return _show_purposes(request, form, status=refusal.status)
    messages.success(request, f"Version {adopted.version} of {adopted.purpose} is in force.")
    return redirect("privacy")


@require_GET
def show_subject(request: Request) -> HttpResponseBase:
    """May we use this subject's data, and what did it say?"""
    subject = _subject(request)
    start = {"kind": subject.kind, "reference": subject.reference} if subject else {"kind": "account"}
    return _show_subject(request, subject, ConsentForm(initial=start))


@require_POST
def record(request: Request) -> HttpResponseBase:
    """Record what a subject said."""
    by: Actor = request.actor
    form = ConsentForm(request.POST)
    if not form.is_valid():
        by.require(Permission.READ_PERSONAL)
        return _show_subject(request, None, form, status=422)
    said = dict(form.cleaned_data)
    subject = Subject(said.pop("kind"), said.pop("reference"))
    words: dict[str, Any] = {
        **said,
        "state": ConsentState(said["state"]),
        "collected": Collection(said["collected"]),
    }
    try:
        record_consent(WantedConsent(subject=subject, **words), by=by, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        refuse_form(form, refusal)
        return _show_subject(request, None, form, status=refusal.status)
    messages.success(request, "It is recorded, and counts for every decision from now on.")
    return redirect(f"{reverse('privacy-subject')}?{urlencode({'kind': subject.kind, 'reference': subject.reference})}")


@require_GET
def show_receipt(request: Request, receipt_id: UUID) -> HttpResponseBase:
    """The receipt to hand to the subject."""
    response = JsonResponse(reads.get_receipt(receipt_id, by=request.actor), json_dumps_params={"indent": 2})
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{receipt_id}.json"'
    return response


@require_GET
def show_account_tile(request: Request) -> HttpResponseBase:
    """What one account allows."""
    subject = Subject("account", request.GET.get("account", ""))
    uses = reads.list_uses(subject, by=request.actor, at=clock.now())
    return render(request, "privacy/account_tile.html", {"subject": subject, "uses": uses})


def _subject(request: Request) -> Subject | None:
    reference = request.GET.get("reference", "").strip()
    return Subject(request.GET.get("kind") or "account", reference) if reference else None


def _show_purposes(request: Request, form: PurposeForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    out = reads.count_opted_out(by=by)
    return render(
        request,
        "privacy/purposes.html",
        {
            "purposes": [(purpose, out.get(purpose.purpose, 0)) for purpose in reads.list_purposes(by=by)],
            "refused": reads.list_refused_uses(by=by, limit=50),
            "may_manage": by.may(Permission.MANAGE_PRIVACY),
            "form": form,
        },
        status=status,
    )


def _show_subject(request: Request, subject: Subject | None, form: ConsentForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    by.require(Permission.READ_PERSONAL)
    return render(
        request,
        "privacy/subject.html",
        {
            "subject": subject,
            "uses": reads.list_uses(subject, by=by, at=clock.now()) if subject else [],
            "consents": reads.list_consents(subject=subject, by=by, limit=200),
            "purposes": reads.list_purposes(by=by),
            "may_record": by.may(Permission.RECORD_INSIGHT) or by.may(Permission.MANAGE_PRIVACY),
            "form": form,
        },
        status=status,
    )
