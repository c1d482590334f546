"""The page of internal agreements."""

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.http import Request, refuse_form
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.set_chain import set_chain
from closeknit.rooms.agreements.contracts import Clock, Measure, WantedChain
from closeknit.rooms.agreements.contracts.chains import read_steps
from closeknit.rooms.agreements.forms import NewChain
from closeknit.rooms.org.contracts import Permission


@require_GET
def list_chains(request: Request) -> HttpResponseBase:
    """How do departments share the time of a promise, and what is left of it?"""
    return _show(request, NewChain())


@require_POST
def put(request: Request) -> HttpResponseBase:
    """State a chain; the same work again states it anew."""
    by, at = request.actor, clock.now()
    by.require(Permission.PROPOSE)
    form = NewChain(request.POST)
    if not form.is_valid():
        return _show(request, form, status=422)
    given = dict(form.cleaned_data)
    try:
        steps, measure, counted = read_steps(given.pop("steps")), Measure(given.pop("measure")), given.pop("clock")
        chain = WantedChain(**given, measure=measure, clock=Clock(counted), steps=steps)
        way = (chain.operation, chain.service, chain.work_class, chain.measure)
        stated = reads.list_chains(by=by, at=at)
        same = [c.chain_id for c in stated if (c.operation, c.service, c.work_class, c.measure) == way]
        set_chain(chain, chain_id=same[0] if same else None, by=by, at=at)
    except (Invalid, Conflict) as refusal:
        refuse_form(form, refusal)
        return _show(request, form, status=refusal.status)
    messages.success(request, "The chain is stated.")
    return redirect("chain-list")


def _show(request: Request, form: NewChain, status: int = 200) -> HttpResponseBase:
    by = request.actor
    context = {
        "chains": reads.list_chains(by=by, at=clock.now()),
        "form": form,
        "may_set": by.may(Permission.PROPOSE) and by.scope_of(Permission.PROPOSE).every_account,
    }
    return render(request, "agreements/chains.html", context, status=status)
