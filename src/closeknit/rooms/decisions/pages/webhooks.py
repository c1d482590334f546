"""Pages of webhook endpoints and of everything that leaves, for administrators."""

from uuid import UUID

from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.errors import Invalid
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions import manage_endpoints
from closeknit.rooms.decisions.actions.send_dispatches import replay_dispatch
from closeknit.rooms.decisions.contracts import DispatchState
from closeknit.rooms.decisions.forms import DispatchFilter, EndpointAddress, EndpointReason, NewEndpoint

PAGE_ROWS = 100


@require_GET
def show_endpoints(request: Request) -> HttpResponseBase:
    """What leaves by webhook and mail?"""
    return _render_endpoints(request)


@require_POST
def create(request: Request) -> HttpResponseBase:
    """Create an endpoint, and show its secret this once."""
    form = NewEndpoint(request.POST)
    if not form.is_valid():
        raise Invalid("An endpoint needs a name and an address.", where=next(iter(form.errors)))
    given = form.cleaned_data
    issued = manage_endpoints.create_endpoint(name=given["name"], url=given["url"], by=request.actor, at=clock.now())
    return _render_endpoints(request, issued=issued, name=given["name"])


@require_GET
def show_endpoint(request: Request, endpoint_id: UUID) -> HttpResponseBase:
    """What went to this endpoint, and how did it go?"""
    by = request.actor
    card = reads.get_endpoint(endpoint_id, by=by)
    dispatches = reads.list_dispatches(endpoint_id=endpoint_id, by=by, limit=PAGE_ROWS)
    return render(request, "decisions/webhook.html", {"card": card, "dispatches": dispatches})


@require_POST
def change(request: Request, endpoint_id: UUID) -> HttpResponseBase:
    """Send to another address from now on."""
    form = EndpointAddress(request.POST)
    if not form.is_valid():
        raise Invalid("The address is missing.", where="url")
    manage_endpoints.change_endpoint(endpoint_id, url=form.cleaned_data["url"], by=request.actor)
    messages.success(request, "Notices go to the new address from now on.")
    return redirect("webhook-detail", endpoint_id=endpoint_id)


@require_POST
def try_out(request: Request, endpoint_id: UUID) -> HttpResponseBase:
    """Send a test message now."""
    card = manage_endpoints.try_endpoint(endpoint_id, by=request.actor, at=clock.now())
    tell = messages.success if card.state is DispatchState.SENT else messages.error
    tell(request, f"Test message: {card.outcome}")
    return redirect("webhook-detail", endpoint_id=endpoint_id)


@require_POST
def disable(request: Request, endpoint_id: UUID) -> HttpResponseBase:
    """Send nothing there any more."""
    form = EndpointReason(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    manage_endpoints.disable_endpoint(endpoint_id, reason=reason, by=request.actor, at=clock.now())
    messages.success(request, "Nothing is sent there any more.")
    return redirect("webhook-detail", endpoint_id=endpoint_id)


@require_POST
def enable(request: Request, endpoint_id: UUID) -> HttpResponseBase:
    """Send there again."""
    manage_endpoints.enable_endpoint(endpoint_id, by=request.actor)
    messages.success(request, "Notices are sent there again.")
    return redirect("webhook-detail", endpoint_id=endpoint_id)


@require_POST
def replay(request: Request, dispatch_id: UUID) -> HttpResponseBase:
    """Owe a dead message again."""
    replay_dispatch(dispatch_id, by=request.actor)
    messages.success(request, "It will be sent again, under the same id.")
    card = reads.get_dispatch(dispatch_id, by=request.actor)
    if card.endpoint_id is None:
        return redirect("webhook-list")
    return redirect("webhook-detail", endpoint_id=card.endpoint_id)


def _render_endpoints(request: Request, **more: object) -> HttpResponseBase:
    by = request.actor
    form = DispatchFilter(request.GET)
    state = form.cleaned_data.get("state") if form.is_valid() else ""
    context = {
        "endpoints": reads.list_endpoints(by=by),
        "dispatches": reads.list_dispatches(state=DispatchState(state) if state else None, by=by, limit=PAGE_ROWS),
        "states": [found.value for found in DispatchState],
        "state": state,
    }
    return render(request, "decisions/webhooks.html", {**context, **more})
