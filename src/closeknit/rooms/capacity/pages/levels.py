"""The page of level loading: how even can work that may wait be, and is there room for what may not?"""

from django import forms
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.contracts import LevelBook
from closeknit.rooms.capacity.pages.prices import first_planned
from closeknit.rooms.org.contracts import Permission

DAY_COLUMNS = (
    "day_on",
    "capacity_hours",
    "kept_hours",
    "as_comes_hours",
    "levelled_hours",
    "free_hours",
    "lacking_hours",
)


class LevelChoice(forms.Form):
    """Which plan to level, and which pool to look at day by day."""

    operation = forms.CharField(max_length=80, required=False)
    plan = forms.UUIDField(required=False)
    pool = forms.CharField(max_length=120, required=False)


@require_GET
def show_levels(request: Request) -> HttpResponseBase:
    """How even can the days be, and is there room for what may not wait?"""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    form = LevelChoice(request.GET)
    if not form.is_valid():
        raise Invalid("It is not clear which plan to level.", where="plan", todo="Choose an operation.")
    told = form.cleaned_data
    operation = told["operation"] or ("" if told["plan"] else first_planned(by))
    sees_all = by.scope_of(Permission.READ_CAPACITY).every_account
    book = None
    if sees_all and (told["plan"] or operation):
        book = reads.get_levels(told["plan"], operation=operation, by=by, at=clock.now())
    if book and request.GET.get("format") == "csv":
        return _export(book)
    context = {
        "book": book,
        "pool": _chosen(book, told["pool"]),
        "operations": reads.list_operations_planned(by=by),
        "sees_all": sees_all,
        "may_set": by.may(Permission.READ_INTERNAL),
    }
    return render(request, "capacity/levels.html", context)


def _chosen(book: LevelBook | None, name: str) -> object:
    """Return the named pool; else the first that lacks room, or the first."""
    pools = book.pools if book else ()
    named = [pool for pool in pools if pool.pool == name]
    lacking = [pool for pool in pools if not pool.is_room_kept]
    return next(iter((*named, *lacking, *pools)), None)


def _export(book: LevelBook) -> HttpResponseBase:
    rows = ((pool.pool, *(getattr(day, name) for name in DAY_COLUMNS)) for pool in book.pools for day in pool.days)
    return csv_response(f"levels-{book.operation}-{book.first_on}", ("pool", *DAY_COLUMNS), rows)
