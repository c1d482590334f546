"""The page of tolerances: promises that bend for a high-value request."""

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.bend_promise import bend_promise
from closeknit.rooms.agreements.contracts import WantedBend
from closeknit.rooms.agreements.forms import NewBend
from closeknit.rooms.org.contracts import Permission


@require_GET
def list_bends(request: Request) -> HttpResponseBase:
    """Which promises may take longer for now, for which request, and who granted it?"""
    start = {"account_number": request.GET.get("account", "")[:400], "starts_on": clock.now().date().isoformat()}
    return _show(request, NewBend(initial=start))


@require_POST
def ask(request: Request) -> HttpResponseBase:
    """Ask that a promise may bend; it does once its exception is granted."""
    by = request.actor
    by.require(Permission.PROPOSE)
    form = NewBend(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    given = dict(form.cleaned_data)
    stretch = round(given.pop("stretch_percent") / 100, 12)
    try:
        exception_id = bend_promise(WantedBend(**given, stretch_share=stretch), by=by, at=clock.now())
    except (Invalid, Conflict, NotFound) as refusal:
        refuse_form(form, refusal, {"stretch_share": "stretch_percent"})
        return _show(request, form, status=refusal.status)
    messages.success(request, "It is asked for. Nothing bends before it is granted.")
    return redirect("exception-detail", exception_id=exception_id)


def _show(request: Request, form: NewBend, status: int = 200) -> HttpResponseBase:
    by, at = request.actor, clock.now()
    account = request.GET.get("account", "")[:400]
    context = {
        "bends": reads.list_bends(by=by, at=at, account_number=account),
        "policy": reads.get_bend_policy(account, by=by, at=at),
        "account": account,
        "form": form,
        "may_ask": by.may(Permission.PROPOSE),
    }
    return render(request, "agreements/bends.html", context, status=status)
