"""Pages of stock: which item lacks what its promises need, and what does the shelf cost?"""

from django import forms
from django.contrib import messages
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.size_stock import size_stock
from closeknit.rooms.capacity.reads import stock
from closeknit.rooms.org.contracts import Permission

ROWS_SHOWN = 200
ROWS_EXPORTED = 1_000_000
COLUMNS = (
    "item",
    "site",
    "weekly_pieces",
    "weekly_sd_pieces",
    "target_share",
    "promised_to",
    "needed_pieces",
    "buffer_pieces",
    "on_hand_pieces",
    "on_order_pieces",
    "short_pieces",
    "cost_per_week",
    "currency",
)


class StockFilter(forms.Form):
    """Which items to look at."""

    operation = forms.CharField(max_length=80, required=False)
    search = forms.CharField(max_length=200, required=False)
    site = forms.CharField(max_length=200, required=False)
    short = forms.BooleanField(required=False, label="Only what is short")


class SizeForm(forms.Form):
    """Which operation's stock to size."""

    operation = forms.CharField(max_length=80)


@require_GET
def show_stock(request: Request) -> HttpResponseBase:
    """Which items lack what their promises need?"""
    return _show(request, SizeForm())


@require_POST
def size(request: Request) -> HttpResponseBase:
    """Size an operation's stock now."""
    by: Actor = request.actor
    by.require(Permission.RUN_PLAN)
    form = SizeForm(request.POST)
    if form.is_valid():
        operation = form.cleaned_data["operation"]
        try:
            size_stock(operation, by=by, at=clock.now())
        except (Invalid, NotFound) as reason:
            form.add_error(None, f"{reason.what} {reason.todo}".strip())
        else:
            messages.success(request, f"The stock of {operation} is sized for what is promised and counted now.")
            return redirect(f"{reverse('stock')}?operation={operation}")
    return _show(request, form, status=422)


def _show(request: Request, form: SizeForm, status: int = 200) -> HttpResponseBase:
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    asked = StockFilter(request.GET)
    told = asked.cleaned_data if asked.is_valid() else {}
    chosen = {name: told.get(name, "") for name in ("search", "site")} | {"short_only": told.get("short", False)}
    cards = stock.list_stock_plans(by=by)
    card = next((one for one in cards if one.operation == told.get("operation")), cards[0] if cards else None)
    if card is not None and request.GET.get("format") == "csv":
        items = stock.list_stock_items(card.stock_plan_id, by=by, **chosen, limit=ROWS_EXPORTED)
        rows = ([getattr(item, name) for name in COLUMNS] for item in items)
        return csv_response(f"stock-{card.operation}-{card.as_of_on}", COLUMNS, rows)
    items = stock.list_stock_items(card.stock_plan_id, by=by, **chosen, limit=ROWS_SHOWN + 1) if card else []
    context = {
        "form": form,
        "filter": asked,
        "card": card,
        "cards": cards,
        "items": items[:ROWS_SHOWN],
        "more": len(items) > ROWS_SHOWN,
        "sites": stock.list_stock_sites(card.stock_plan_id, by=by) if card else [],
        "operations": reads.list_operations_planned(by=by),
        "may_size": by.may(Permission.RUN_PLAN),
        "sees_all": by.scope_of(Permission.READ_CAPACITY).every_account,
    }
    return render(request, "capacity/stock.html", context, status=status)
