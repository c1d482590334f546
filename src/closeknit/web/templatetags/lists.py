"""Template tags that every list has: heads that sort, columns to choose, and what of the address a form keeps."""

from typing import Any

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from closeknit.kernel.listing import BACKWARDS, Column, Listing
from closeknit.rooms.org import reads as org

register = template.Library()

PLACES_IN_THE_LIST = ("after", "before", "from")
"""Where a list goes on: another order or other columns begin it anew."""
FORMATS = {"csv": "CSV", "xlsx": "Excel"}
NUMBER = mark_safe(' class="num"')
TAKEN_AWAY = ("format", "only")
"""What is asked of a table to take away: no part of what is looked at."""


@register.simple_tag(takes_context=True)
def list_heads(context: Context, listing: Listing) -> SafeString:
    """Write the heads of the columns that are shown: a click sorts, a second one the other way."""
    request = context["request"]
    shown = (column for column in listing.columns if column.name in listing.shown)
    # A page that answers a form has another address than the list: from there nothing can be sorted.
    query = request.GET if request.method == "GET" else None
    return format_html_join("", "{}", ((_head(column, listing, query),) for column in shown))


def _head(column: Column, listing: Listing, query: QueryDict | None) -> SafeString:
    tone = NUMBER if column.is_number else ""
    if query is None or not column.is_sortable:
        return format_html('<th scope="col"{}>{}</th>', tone, column.title)
    is_here = listing.sorted_by == column.name
    turned = is_here and not listing.is_descending
    address = query.copy()
    for name in PLACES_IN_THE_LIST:
        address.pop(name, None)
    address["sort"] = f"{BACKWARDS}{column.name}" if turned else column.name
    way = "descending" if listing.is_descending else "ascending"
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}{}</a></th>',
        tone,
        format_html(' aria-sort="{}"', way) if is_here else "",
        address.urlencode(),
        column.title,
        (" ↓" if listing.is_descending else " ↑") if is_here else "",
    )


@register.inclusion_tag("web/list_columns.html", takes_context=True)
def list_columns(context: Context, listing: Listing) -> dict[str, Any]:
    """Offer the columns that may be left out, as a form that keeps the rest of the address."""
    query: QueryDict = context["request"].GET
    left = ("column", *PLACES_IN_THE_LIST, *TAKEN_AWAY)
    taken = query.copy()
    for name in PLACES_IN_THE_LIST:
        taken.pop(name, None)
    return {
        "columns": [
            {"name": column.name, "title": column.title, "is_shown": column.name in listing.shown}
            for column in listing.columns
            if not column.is_fixed
        ],
        "fixed": [column.name for column in listing.columns if column.is_fixed],
        "kept": [(name, value) for name, values in query.lists() if name not in left for value in values],
        "is_chosen": bool(query.getlist("column")),
        "taken": [(title, _with(taken, format=name, only="shown")) for name, title in FORMATS.items()],
    }


def _with(query: QueryDict, **changes: str) -> str:
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return changed.urlencode()


@register.inclusion_tag("web/list_paging.html", takes_context=True)
def list_paging(
    context: Context, listing: Listing, noun: str, rows: int, more: Any = None, total: int | None = None
) -> dict[str, Any]:
    """Say how much of a list is shown, in which order, and lead on: `more` is the last row's key where more come."""
    query: QueryDict = context["request"].GET
    start = query.copy()
    for name in PLACES_IN_THE_LIST:
        start.pop(name, None)
    whole = rows if total is None else total
    return {
        "listing": listing,
        "rows": rows,
        "total": total,
        "noun": noun if whole == 1 else f"{noun}s",
        "first": start.urlencode() if any(query.get(name) for name in PLACES_IN_THE_LIST) else None,
        "next": _with(start, after=str(more)) if more else "",
    }


@register.inclusion_tag("web/list_views.html", takes_context=True)
def list_views(context: Context) -> dict[str, Any]:
    """Offer the views of this list that the reader keeps, and to keep what is asked of it now."""
    request = context["request"]
    asked = request.GET.copy()
    for name in (*PLACES_IN_THE_LIST, *TAKEN_AWAY):
        asked.pop(name, None)
    now, place = asked.urlencode(), request.resolver_match.url_name
    return {
        "views": [{"card": card, "is_here": card.query == now} for card in org.list_views(place, by=request.actor)],
        "asked": now,
        "place": place,
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag(takes_context=True)
def keep(context: Context, *names: str) -> SafeString:
    """Carry parts of the address through a form: hidden fields with what it says now."""
    query: QueryDict = context["request"].GET
    pairs = ((name, value) for name in names for value in query.getlist(name))
    return format_html_join("", '<input type="hidden" name="{}" value="{}">', pairs)
