"""Upkeep of the ledger: its own check, the signing key, erasures, accepted breaks."""

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.accept_break import accept_break
from closeknit.rooms.decisions.actions.erase_subject import erase_subject, give_up_keys
from closeknit.rooms.decisions.actions.rotate_key import rotate_key
from closeknit.rooms.decisions.contracts import Erasure
from closeknit.rooms.decisions.forms import AcceptedBreak, ErasedSubject, KeyReason
from closeknit.rooms.org.contracts import Permission

FINDINGS_SHOWN = 100


@require_GET
def show_keys(request: Request) -> HttpResponseBase:
    """Who signs the ledger, and who may no longer be read in it?"""
    by = request.actor
    keys = reads.list_public_keys(by=by)
    return render(
        request,
        "decisions/keys.html",
        {"keys": keys, "seal": reads.get_seal(by=by), "may_manage": by.may(Permission.MANAGE_LEDGER)},
    )


@require_GET
def show_check(request: Request) -> HttpResponseBase:
    """Does the ledger hold? All of it is computed again."""
    check = reads.get_ledger_check(by=request.actor)
    return render(
        request,
        "decisions/check.html",
        {"check": check, "findings": check.findings[:FINDINGS_SHOWN], "more": len(check.findings) > FINDINGS_SHOWN},
    )


@require_POST
def replace(request: Request) -> HttpResponseBase:
    """Sign with a new key from now on."""
    public_key = rotate_key(by=request.actor)
    messages.success(request, f"Checkpoints are signed by {public_key[:16]}… from now on. The old key named it.")
    return redirect("ledger-keys")


@require_POST
def erase(request: Request) -> HttpResponseBase:
    """Make unreadable what the ledger says of a subject."""
    form = ErasedSubject(request.POST)
    if not form.is_valid():
        raise Invalid("It is not clear whom to erase.", where="account, person", todo="Name one account or one person.")
    given = form.cleaned_data
    done = erase_subject(
        account_number=given["account"], person_key=given["person"], reason=given["reason"], by=request.actor
    )
    return _say_erased(request, done)


@require_POST
def give_up(request: Request) -> HttpResponseBase:
    """After the loss of the text key: go on with new keys."""
    return _say_erased(request, give_up_keys(reason=_reason(request), by=request.actor))


@require_POST
def accept(request: Request) -> HttpResponseBase:
    """Accept, on record, that an epoch broke off sealed lines."""
    form = AcceptedBreak(request.POST)
    if not form.is_valid():
        raise Invalid("It is not clear which epoch is meant.", where="epoch", todo="Give its number.")
    entry_id = accept_break(form.cleaned_data["epoch"], reason=form.cleaned_data["reason"], by=request.actor)
    messages.success(request, f"Accepted: line {entry_id} records it.")
    return redirect("ledger-keys")


def _reason(request: Request) -> str:
    form = KeyReason(request.POST)
    return form.cleaned_data["reason"] if form.is_valid() else ""


def _say_erased(request: Request, done: Erasure) -> HttpResponseBase:
    messages.success(
        request,
        f"{done.lines} lines can no longer be read; {done.keys} keys are destroyed. Line {done.entry_id} records it."
        " Backups made before now still hold the keys.",
    )
    return redirect("ledger-keys")
