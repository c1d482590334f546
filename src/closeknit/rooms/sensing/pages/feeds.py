"""Feeds, their balances, and what waits in quarantine."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.exports import csv_response
from closeknit.kernel.http import Request
from closeknit.kernel.listing import Column, read_listing
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.contracts import Counts, FeedCard, FeedFreshness, FreshFor, QuarantinedCard
from closeknit.rooms.sensing.forms import FeedFilter, QuarantineFilter

COLUMNS = (
    Column("title", "Feed", is_fixed=True, fields=("feed", "title")),
    Column("read", "Read", is_number=True, fields=("read",)),
    Column("accepted", "= Accepted", is_number=True, fields=("accepted",)),
    Column("quarantined", "+ Quarantined", is_number=True, fields=("quarantined", "waiting_in_quarantine")),
    Column("duplicate", "+ Duplicate", is_number=True, fields=("duplicate",)),
    Column("balance", "Balance", is_sortable=False, fields=("balances",)),
    Column("newest", "Newest data", fields=("newest_data_at",)),
    Column("loaded", "Last loaded", is_shown=False, fields=("last_loaded_at",)),
    Column("recipe", "Recipe", is_sortable=False, is_shown=False, fields=("recipe", "recipe_version")),
    Column("zone", "Time zone", is_sortable=False, is_shown=False, fields=("time_zone",)),
)
EXPORTED: dict[str, Callable[[FeedCard], Any]] = {
    "feed": lambda card: card.feed,
    "title": lambda card: card.title,
    "read": lambda card: card.counts.read,
    "accepted": lambda card: card.counts.accepted,
    "quarantined": lambda card: card.counts.quarantined,
    "duplicate": lambda card: card.counts.duplicate,
    "balances": lambda card: card.counts.balances,
    "waiting_in_quarantine": lambda card: card.waiting_in_quarantine,
    "newest_data_at": lambda card: card.newest_data_at,
    "last_loaded_at": lambda card: card.last_loaded_at,
    "recipe": lambda card: card.recipe,
    "recipe_version": lambda card: card.recipe_version,
    "time_zone": lambda card: card.time_zone,
}
STALE_AFTER = timedelta(days=2)
QUARANTINE_ROWS = 50
EXPORT_ROWS = 1000


@require_GET
def list_feeds(request: Request) -> HttpResponseBase:
    """What comes in, does it balance, and how old is it?"""
    by: Actor = request.actor
    now, form = clock.now(), FeedFilter(request.GET)
    chosen: dict[str, Any] = form.cleaned_data if form.is_valid() else {"search": "", "needing": False}
    listing = read_listing(request.GET, COLUMNS, sort="title")
    stale = _stale_for(reads.list_feed_freshness(at=now, by=by))
    found = reads.list_feeds(by=by, search=chosen["search"], sort=listing.sort)
    feeds = [_shown(card, now) | {"stale_for": stale.get(card.feed, ())} for card in found]
    if chosen["needing"]:
        feeds = [feed for feed in feeds if _needs_someone(feed) or feed["stale_for"]]
    if request.GET.get("format") == "csv":
        header = listing.fields_of(list(EXPORTED))
        return csv_response("feeds", header, ([EXPORTED[name](feed["card"]) for name in header] for feed in feeds))
    context = {"feeds": feeds, "form": form, "listing": listing, "filtered": any(chosen.values())}
    return render(request, "sensing/feeds.html", context)


@require_GET
def show_feed(request: Request, feed: str) -> HttpResponseBase:
    """What did this feed bring, and what was refused?"""
    by: Actor = request.actor
    card = reads.get_feed(feed, by=by)
    if request.GET.get("format") == "csv":
        header = ("row", "source", "line", "code", "reason", "raw")
        rows = ((r.row_id, r.source_name, r.line, r.code, r.reason, r.raw) for r in _every_refused(feed, by))
        return csv_response(f"quarantine-{feed}", header, rows)
    form = QuarantineFilter(request.GET)
    before = form.cleaned_data["before"] if form.is_valid() else None
    refused = reads.list_quarantined(by=by, feed=feed, limit=QUARANTINE_ROWS + 1, before_id=before)
    return render(
        request,
        "sensing/feed.html",
        {
            "feed": _shown(card, clock.now()),
            "batches": [{"card": b, "bar": _bar(b.counts)} for b in reads.list_batches(by=by, feed=feed, limit=50)],
            "may_load": by.may(Permission.LOAD_DATA),
            "freshness": reads.list_feed_freshness(feed, at=clock.now(), by=by),
            "refused": refused[:QUARANTINE_ROWS],
            "more": refused[QUARANTINE_ROWS - 1].row_id if len(refused) > QUARANTINE_ROWS else None,
        },
    )


@require_GET
def show_today_tile(request: Request) -> HttpResponseBase:
    """Feeds that need a steward: rows in quarantine first, then feeds that went quiet."""
    by: Actor = request.actor
    feeds = [_shown(card, clock.now()) for card in reads.list_feeds(by=by)]
    needing = [feed for feed in feeds if _needs_someone(feed)]
    needing.sort(key=lambda feed: (-feed["card"].waiting_in_quarantine, feed["card"].feed))
    return render(request, "sensing/today_tile.html", {"needing": needing, "feeds": len(feeds)})


def _shown(card: FeedCard, now: datetime) -> dict[str, Any]:
    stale = card.last_loaded_at is not None and now - card.last_loaded_at > STALE_AFTER
    return {"card": card, "bar": _bar(card.counts), "stale": stale}


def _needs_someone(feed: dict[str, Any]) -> bool:
    return bool(feed["card"].waiting_in_quarantine or feed["stale"])


def _bar(counts: Counts) -> dict[str, float]:
    """Widths and places of the balance bar's parts, of 100; they fill it when the counts balance."""
    whole = max(counts.read, 1)
    accepted, quarantined = 100 * counts.accepted / whole, 100 * counts.quarantined / whole
    duplicate = 100 * counts.duplicate / whole
    return {
        "accepted": round(accepted, 3),
        "quarantined": round(quarantined, 3),
        "duplicate": round(duplicate, 3),
        "quarantined_at": round(accepted, 3),
        "duplicate_at": round(accepted + quarantined, 3),
    }


def _every_refused(feed: str, by: Actor) -> Iterator[QuarantinedCard]:
    rows = reads.list_quarantined(by=by, feed=feed, limit=EXPORT_ROWS)
    while rows:
        yield from rows
        rows = reads.list_quarantined(by=by, feed=feed, limit=EXPORT_ROWS, before_id=rows[-1].row_id)


def _stale_for(freshness: Iterable[FeedFreshness]) -> dict[str, list[FreshFor]]:
    """Return for which decisions each feed is too old."""
    found: dict[str, list[FreshFor]] = {}
    for one in freshness:
        found.setdefault(one.feed, [])
        if one.is_stale:
            found[one.feed].append(one.kind)
    return found
