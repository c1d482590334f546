"""Sharing forecasts with partners: what is agreed, who took out what, and taking it out."""

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.agree_sharing import agree_sharing
from closeknit.rooms.demand.actions.end_sharing import end_sharing
from closeknit.rooms.demand.actions.export_shared_forecast import export_shared_forecast
from closeknit.rooms.demand.contracts import SharedDetail, SharedField, SharePeriod, WantedSharing
from closeknit.rooms.demand.forms import SharingForm
from closeknit.rooms.org.contracts import Permission


@require_GET
def list_sharing(request: Request) -> HttpResponseBase:
    """Which forecasts do partners get, and what left the house?"""
    return _page(request, SharingForm())


@require_POST
def agree(request: Request) -> HttpResponseBase:
    """Agree to share a forecast."""
    by: Actor = request.actor
    by.require(Permission.SHARE_FORECAST)
    form = SharingForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    chosen: dict[str, Any] = form.cleaned_data
    wanted = WantedSharing(
        partner=chosen["partner"],
        operation=chosen["operation"],
        purpose=chosen["purpose"],
        detail=SharedDetail(chosen["detail"]),
        period=SharePeriod(chosen["period"]),
        fields=tuple(SharedField(name) for name in chosen["fields_shared"]),
        from_on=chosen["from_on"],
        until_on=chosen["until_on"],
        least_accounts=chosen["least_accounts"],
    )
    try:
        agree_sharing(wanted, by=by, at=clock.now())
    except Invalid as failure:
        form.add_error(failure.where if failure.where in form.fields else None, f"{failure.what} {failure.todo}")
        return _page(request, form, status=422)
    return redirect("sharing-list")


@require_POST
def end(request: Request, agreement_id: UUID) -> HttpResponseBase:
    """End an agreement."""
    end_sharing(agreement_id, reason=request.POST.get("reason", ""), by=request.actor, at=clock.now())
    return redirect("sharing-list")


@require_POST
def export(request: Request, agreement_id: UUID) -> HttpResponseBase:
    """Take out what an agreement allows, as a file; the log keeps it."""
    found = export_shared_forecast(agreement_id, way="csv", by=request.actor, at=clock.now())
    shared = [field.value for field in found.fields]
    rows = (
        [
            cell.starts_on,
            cell.service or "all",
            cell.region or "all",
            *(getattr(cell, name) for name in shared),
            "" if cell.withheld is None else f"withheld: {cell.withheld.value}",
        ]
        for cell in found.cells
    )
    header = [f"{found.period.value}_from_on", "service", "region", *shared, "note"]
    return csv_response(f"shared-{found.operation}-{found.forecast_from_on}", header, rows)


def _page(request: Request, form: SharingForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    today = clock.now().date()
    cards = reads.list_sharing(by=by)
    return render(
        request,
        "demand/sharing.html",
        {
            "agreements": [(card, card.stands(today)) for card in cards],
            "accesses": reads.list_sharing_accesses(by=by),
            "may_share": by.may(Permission.SHARE_FORECAST),
            "form": form,
        },
        status=status,
    )
