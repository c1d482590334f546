"""Pages of shortages: who gives way, what would end it, and was it kept?"""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.open_shortage import open_shortage
from closeknit.rooms.capacity.actions.propose_reassignment import propose_reassignment
from closeknit.rooms.capacity.contracts import ShortageState
from closeknit.rooms.org.contracts import Permission

MOST_ROWS = 200


class ShortageForm(forms.Form):
    """Which operation's plan, and what people from outside cost."""

    operation = forms.CharField(max_length=80)
    outside_cost = forms.DecimalField(
        required=False, min_value=0, max_value=10_000, decimal_places=4, label="People from outside, a paid hour"
    )


class ReassignmentForm(forms.Form):
    """Why staff should be reassigned."""

    reason = forms.CharField(max_length=2000, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


@require_GET
def list_shortages(request: Request) -> HttpResponseBase:
    """Where does somebody give way, and what is done about it?"""
    return _list(request, ShortageForm(initial={"operation": request.GET.get("operation", "")}))


@require_POST
def open_one(request: Request) -> HttpResponseBase:
    """Write down a plan's shortage and find what would end it."""
    by: Actor = request.actor
    by.require(Permission.RUN_PLAN)
    form = ShortageForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            shortage_id = open_shortage(
                operation=told["operation"], outside_cost_per_hour=told["outside_cost"], by=by, at=clock.now()
            )
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
        else:
            return redirect("shortage-detail", shortage_id=shortage_id)
    return _list(request, form, status=422)


@require_GET
def show_shortage(request: Request, shortage_id: UUID) -> HttpResponseBase:
    """Who gives way, by which rule, at what price, what would end it, who approved it, and was it kept?"""
    return _show(request, shortage_id, ReassignmentForm())


@require_POST
def propose(request: Request, shortage_id: UUID) -> HttpResponseBase:
    """Propose the staff moves."""
    by: Actor = request.actor
    by.require(Permission.PROPOSE)
    form = ReassignmentForm(request.POST)
    if not form.is_valid():
        return _show(request, shortage_id, form, status=422)
    try:
        proposal_id = propose_reassignment(shortage_id, **form.cleaned_data, by=by, at=clock.now())
    except (Invalid, Conflict) as refusal:
        form.add_error(None, f"{refusal.what} {refusal.todo}".strip())
        return _show(request, shortage_id, form, status=refusal.status)
    messages.success(request, "Proposed. Once it is approved, staff are reassigned and the operation is planned again.")
    return redirect("proposal-detail", proposal_id=proposal_id)


def _list(request: Request, form: ShortageForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    context = {
        "form": form,
        "shortages": reads.list_shortages(by=by, limit=MOST_ROWS),
        "operations": reads.list_operations_planned(by=by),
        "may_open": by.may(Permission.RUN_PLAN),
    }
    return render(request, "capacity/shortages.html", context, status=status)


def _show(request: Request, shortage_id: UUID, form: ReassignmentForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    card = reads.get_shortage(shortage_id, by=by)
    may_propose = by.may(Permission.PROPOSE) and by.scope_of(Permission.PROPOSE).every_account
    context = {
        "card": card,
        "form": form,
        "sees_all": by.scope_of(Permission.READ_CAPACITY).every_account,
        "may_propose": may_propose and card.state is ShortageState.OPEN and bool(card.moves),
    }
    return render(request, "capacity/shortage.html", context, status=status)
