"""Template tags that every page has: figures, why-links, badges, tiles, charts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zlib import crc32

from django import template
from django.template.context import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join, json_script
from django.utils.safestring import SafeString, mark_safe

from closeknit.web import charts, figures
from closeknit.web.panels import PANELS

register = template.Library()

HIDDEN = mark_safe('<span class="faint" title="Prices are shown to those whose role includes them.">—</span>')
TIERS = {"strategic": 4, "key": 3, "standard": 2, "volume": 1}
STATES = {
    "committed": ("good", "●", "in force"),
    "draft": ("info", "○", "draft"),
    "superseded": ("", "◌", "superseded"),
    "rejected": ("bad", "✕", "rejected"),
    "open": ("warn", "○", "open"),
    "acknowledged": ("info", "◐", "taken on"),
    "closed": ("good", "✓", "closed"),
    "waiting": ("warn", "○", "waiting"),
    "approved": ("good", "✓", "approved"),
    "withdrawn": ("", "◌", "withdrawn"),
    "expired": ("bad", "◌", "expired"),
    "requested": ("warn", "○", "requested"),
    "refused": ("", "✕", "refused"),
    "granted": ("info", "○", "granted"),
    "published": ("good", "●", "published"),
    "active": ("good", "●", "active"),
    "ended": ("", "◌", "ended"),
    "loading": ("info", "◐", "loading"),
    "done": ("good", "✓", "done"),
}

register.filter("number", figures.number)
register.filter("seconds", figures.seconds)
register.filter("share", figures.share)
register.filter("signed_share", figures.signed_share)
register.filter("since", figures.since)
register.filter("left", figures.left)
register.filter("duration", figures.duration)
register.filter("time_left", figures.time_left)
register.filter("exact_share", figures.exact_share)


@register.filter
def hours(value: Any, decimals: int = 1) -> str:
    """Write hours with one decimal, so that columns align."""
    return figures.number(value, decimals)


@register.filter
def money(value: Any, currency: str) -> str:
    """Write money with two decimals; a price that is hidden from this reader is a dash that says so."""
    return HIDDEN if value is None else figures.money(value, currency)


@register.filter
def whole_money(value: Any, currency: str) -> str:
    """Write money without its small change, for headlines."""
    return HIDDEN if value is None else figures.money(value, currency, 0)


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """Write an instant as a time element in UTC; the browser adds the reader's own zone."""
    if value is None:
        return figures.MISSING
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        value.isoformat(),
        figures.moment(value),
        figures.moment(value),
    )


@register.filter
def day(value: date | None) -> SafeString | str:
    """Write a date."""
    return (
        format_html('<time datetime="{}">{}</time>', value.isoformat(), figures.day(value))
        if value
        else figures.MISSING
    )


@register.filter
def short_day(value: date | None) -> str:
    """Write a date without its year."""
    return figures.short_day(value)


@register.filter
def tier(value: Any) -> SafeString | str:
    """Write a tier with four small bars: as many filled as it is close."""
    name = str(value or "")
    if name not in TIERS:
        return name or figures.MISSING
    bars = format_html_join(
        "",
        '<rect x="{}" width="4" height="8" rx="1" class="{}"/>',
        ((i * 6, "on" if i < TIERS[name] else "") for i in range(4)),
    )
    return format_html('<span class="tier"><svg viewBox="0 0 22 8" aria-hidden="true">{}</svg>{}</span>', bars, name)


@register.filter
def state(value: Any) -> SafeString:
    """Write a state as a badge with a mark and a word."""
    tone, mark, word = STATES.get(str(value), ("", "·", str(value)))
    return format_html('<span class="badge {}"><span aria-hidden="true">{}</span>{}</span>', tone, mark, word)


@register.filter
def plainly(value: Any) -> Any:
    """A kept sentence as the page around it writes. A number or a day among kept values stays what it is."""
    return figures.plainly(value) if value is None or isinstance(value, str) else value


@register.filter
def words(value: Any) -> str:
    """A field's name as people say it: time_zone is "time zone", would-move "would move"."""
    return figures.words(str(value))


@register.filter
def cover_class(value: float | None) -> str:
    """Return the class of a coverage cell."""
    return f"cov-{figures.coverage(value)[0]}"


@register.filter
def cover_mark(value: float | None) -> str:
    """Return the mark of a coverage cell."""
    return figures.coverage(value)[1]


@register.filter
def cover_word(value: float | None) -> str:
    """Return the word of a coverage cell."""
    return figures.coverage(value)[2]


@register.filter
def cover_bar(value: float | None) -> SafeString | str:
    """Write a coverage share with a small bar."""
    if value is None:
        return figures.MISSING
    return format_html(
        '<svg class="share-bar {}" viewBox="0 0 64 8" aria-hidden="true"><rect width="64" height="8" rx="4"/>'
        '<rect class="fill" width="{}" height="8" rx="4"/></svg>{}',
        "low" if value < 0.95 else "",
        round(64 * min(max(value, 0.0), 1.0), 1),
        figures.share(value),
    )


@register.simple_tag
def why(thread_id: UUID | str | None, about: str = "this") -> SafeString | str:
    """Link to the thread behind a number; nothing where there is none."""
    if not thread_id:
        return ""
    url = reverse("thread-detail", kwargs={"thread_id": thread_id})
    return format_html('<a class="why" href="{}" aria-label="Why? The thread behind {}">why?</a>', url, about)


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw an icon from the sprite."""
    return format_html(
        '<svg aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', static("web/icons.svg"), name
    )


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """Return the present address's query with some parameters changed; an empty value removes one."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value not in ("", None):
            parameters[name] = str(value)
    return "?" + parameters.urlencode()


@register.simple_tag(takes_context=True)
def sort_head(context: Context, field: str, title: str, order: str = "descending", default: bool = False) -> SafeString:
    """Write a table head that sorts by a field, in the one order that the read offers for it."""
    parameters = context["request"].GET.copy()
    chosen = parameters.get("sort", "")
    sort = order if chosen == field or (default and not chosen) else None
    for name in ("after", "before", "from"):
        parameters.pop(name, None)
    parameters["sort"] = field
    return format_html(
        '<th scope="col"{}{}><a href="?{}">{}{}</a></th>',
        mark_safe(' class="num"') if order == "descending" else "",
        format_html(' aria-sort="{}"', sort) if sort else "",
        parameters.urlencode(),
        title,
        {"ascending": " ↑", "descending": " ↓"}.get(sort or "", ""),
    )


@register.inclusion_tag("web/panel.html", takes_context=True)
def panel(context: Context, name: str, **parameters: Any) -> dict[str, Any]:
    """Place a tile of another room by its name; hidden from those who may not see it."""
    place = PANELS[name]
    actor = context.get("actor")
    try:
        url = reverse(place.url_name) + (f"?{urlencode(parameters)}" if parameters else "")
    except NoReverseMatch:
        return {"shown": False}
    return {"shown": bool(actor and place.shown_to(actor)), "url": url, "title": place.title}


@register.inclusion_tag("web/chart.html", takes_context=True)
def chart(context: Context, kind: str, rows: Sequence[Any], name: str, unit: str = "") -> dict[str, Any]:
    """Draw a chart of rows, with its accessible name and the same numbers as a table."""
    if not rows:
        return {"name": name, "spec": None}
    made = charts.CHARTS[kind](rows, unit) if unit else charts.CHARTS[kind](rows)
    count = int(context.render_context.get("charts") or 0) + 1
    context.render_context["charts"] = count
    identity = f"spec-{kind}-{crc32(name.encode()):08x}-{count}"
    return {
        "name": name,
        "identity": identity,
        "spec": json_script(made.spec, identity),
        "columns": made.columns,
        "cells": made.cells,
    }


@register.filter
def evidence(value: Any) -> SafeString | str:
    """Write a ledger line's evidence as nested definition lists."""
    if isinstance(value, Mapping):
        pairs = ((str(key).replace("_", " "), evidence(item)) for key, item in value.items())
        return format_html('<dl class="evidence">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", pairs))
    if isinstance(value, list | tuple):
        if not value:
            return "none"
        if any(isinstance(item, Mapping) for item in value):
            return format_html_join("", "{}", ((evidence(item),) for item in value))
        return ", ".join(str(evidence(item)) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.6g}"
    return "none" if value is None or value == "" else str(value)
