"""Feeds, their batches, and what waits in quarantine."""

from collections.abc import Callable
from typing import Any

from django.db.models import Count, Max, Q, Sum

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.listing import in_order
from closeknit.rooms.sensing.contracts import (
    AccountRule,
    BatchCard,
    BatchState,
    Counts,
    FeedCard,
    PromiseRule,
)
from closeknit.rooms.sensing.models import Batch, BatchOperation, Feed, QuarantinedRow
from closeknit.rooms.sensing.reads.access import require_feeds

FEED_ORDERS: dict[str, Callable[[FeedCard], Any]] = {
    "feed": lambda card: card.feed,
    "title": lambda card: (card.title or card.feed).casefold(),
    "read": lambda card: card.counts.read,
    "accepted": lambda card: card.counts.accepted,
    "quarantined": lambda card: card.counts.quarantined,
    "duplicate": lambda card: card.counts.duplicate,
    "newest": lambda card: card.newest_data_at,
    "loaded": lambda card: card.last_loaded_at,
}
"""What feeds can be sorted by. They are as many as there are sources, so all of them are read."""


def list_feeds(*, by: Actor, search: str = "", sort: str = "feed") -> list[FeedCard]:
    """Return every feed with its balances, by name or in another order (`FEED_ORDERS`, with "-" backwards).

    `search` keeps those with this in their name or title. What has never brought data comes last either way.
    """
    require_feeds(by)
    words = search.replace("\x00", "").strip()
    which = Q(name__icontains=words) | Q(title__icontains=words) if words else Q()
    return in_order(_cards(which), FEED_ORDERS, sort)


def get_feed(name: str, *, by: Actor) -> FeedCard:
    """Return one feed with its balances, or raise NotFound."""
    require_feeds(by)
    cards = _cards(Q(name=name))
    if not cards:
        raise NotFound("There is no such feed.", where=name, todo="Load a file first: closeknit load RECIPE PATH.")
    return cards[0]


def get_feed_name(feed_id: int, *, by: Actor) -> str:
    """Return a feed's name by its number, or raise NotFound."""
    require_feeds(by)
    name = Feed.objects.filter(pk=feed_id).values_list("name", flat=True).first()
    if name is None:
        raise NotFound("There is no such feed.", where=str(feed_id))
    return name


def get_account_rule(feed: str, *, by: Actor) -> AccountRule | None:
    """Return how a feed's accounts without a stated tier get one; None where its recipe does not say."""
    require_feeds(by)
    return _rule(_feed(feed).account_rule)


def get_promise_rule(feed: str, *, by: Actor) -> PromiseRule | None:
    """Return whether and how a feed's recorded durations are promises; None where its recipe does not say
    so.
    """
    require_feeds(by)
    stored = _feed(feed).promise_rule
    return PromiseRule(**stored) if stored else None


def list_batches(*, by: Actor, feed: str = "", before_id: int | None = None, limit: int = 100) -> list[BatchCard]:
    """Return batches, newest first."""
    require_feeds(by)
    rows = Batch.objects.select_related("feed").order_by("-id")
    if feed:
        rows = rows.filter(feed__name=feed)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [batch_card(row) for row in rows[:limit]]


def get_batch(batch_id: int, *, by: Actor) -> BatchCard:
    """Return one batch, or raise NotFound."""
    require_feeds(by)
    row = Batch.objects.select_related("feed").filter(pk=batch_id).first()
    if row is None:
        raise NotFound("There is no such batch.", where=f"batch {batch_id}")
    return batch_card(row)


def batch_card(row: Batch) -> BatchCard:
    """Shape a batch (with its feed joined) for others."""
    return BatchCard(
        batch_id=row.pk,
        feed=row.feed.name,
        source_name=row.source_name,
        state=BatchState(row.state),
        counts=Counts(row.read, row.accepted, row.quarantined, row.duplicate),
        started_at=row.started_at,
        finished_at=row.finished_at,
        thread_id=row.thread_id,
        recipe_version=row.recipe_version,
        superseded=row.superseded,
    )


def file_name(batch: Batch, file_number: int) -> str:
    """Return the name of a batch's file; the recipe itself for what it brought as assumptions."""
    if 0 <= file_number < len(batch.files):
        return str(batch.files[file_number]["name"])
    return "assumed by the recipe"


def _feed(name: str) -> Feed:
    row = Feed.objects.filter(name=name).first()
    if row is None:
        raise NotFound("There is no such feed.", where=name)
    return row


def _cards(which: Q) -> list[FeedCard]:
    feeds = list(Feed.objects.filter(which).order_by("name"))
    ids = [feed.pk for feed in feeds]
    sums = _sums(ids)
    newest = dict(
        BatchOperation.objects.filter(batch__feed__in=ids)
        .values_list("batch__feed")
        .annotate(newest=Max("last_at"))
        .values_list("batch__feed", "newest")
    )
    waiting = dict(
        QuarantinedRow.objects.filter(feed__in=ids, released_at=None)
        .values_list("feed")
        .annotate(rows=Count("id"))
        .values_list("feed", "rows")
    )
    return [_card(feed, sums.get(feed.pk, {}), newest.get(feed.pk), waiting.get(feed.pk, 0)) for feed in feeds]


def _sums(feed_ids: list[int]) -> dict[int, dict[str, Any]]:
    rows = (
        Batch.objects.filter(feed__in=feed_ids)
        .values("feed")
        .annotate(
            read_sum=Sum("read"),
            accepted_sum=Sum("accepted"),
            quarantined_sum=Sum("quarantined"),
            duplicate_sum=Sum("duplicate"),
            loaded_at=Max("finished_at"),
        )
    )
    return {row["feed"]: dict(row) for row in rows}


def _card(feed: Feed, sums: dict[str, Any], newest: Any, waiting: int) -> FeedCard:
    counts = Counts(*(sums.get(f"{name}_sum", 0) for name in ("read", "accepted", "quarantined", "duplicate")))
    return FeedCard(
        feed=feed.name,
        title=feed.title,
        recipe=feed.recipe,
        recipe_version=feed.recipe_version,
        time_zone=feed.time_zone,
        counts=counts,
        newest_data_at=newest,
        last_loaded_at=sums.get("loaded_at"),
        waiting_in_quarantine=waiting,
        assumptions=tuple(feed.assumptions),
    )


def _rule(stored: dict[str, Any] | None) -> AccountRule | None:
    if stored is None:
        return None
    return AccountRule(**{**stored, "shares": tuple((tier, share) for tier, share in stored["shares"])})
