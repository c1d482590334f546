"""Connectors, how they do, and what waits in them."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.sensing.contracts import ConnectorCard, ConnectorKind
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.models import Connector, Feed, Message
from closeknit.rooms.sensing.reads.access import require_feeds

DUE = """
    select c.id, c.kind from sensing_connector c
     where (c.next_at is null or c.next_at <= %(at)s)
       and ((c.kind = 'pull' and c.closed_at is null and (c.options->>'every_seconds')::int > 0)
            or exists (select 1 from sensing_message m where m.connector_id = c.id and m.settled_at is null))
"""


def list_connectors(*, feed: str = "", by: Actor) -> list[ConnectorCard]:
    """Return connectors, open ones first, of one feed or of all ("")."""
    require_feeds(by)
    rows = Connector.objects.select_related("feed").order_by("feed__name", "opened_at", "id")
    if feed:
        rows = rows.filter(feed__name=feed)
    found = sorted(rows, key=lambda row: row.closed_at is not None)
    waiting = _waiting([row.pk for row in found])
    return [_card(row, waiting[row.pk]) for row in found]


def get_connector(connector_id: UUID, *, by: Actor) -> ConnectorCard:
    """Return one connector, or raise NotFound."""
    require_feeds(by)
    row = Connector.objects.select_related("feed").filter(pk=connector_id).first()
    if row is None:
        raise NotFound("There is no such connector.", where=str(connector_id))
    return _card(row, _waiting([row.pk])[row.pk])


def list_due_connectors(*, by: Actor, at: datetime) -> list[tuple[UUID, ConnectorKind]]:
    """Return connectors with something to do now: waiting messages, or a pull whose time has come."""
    require_feeds(by)
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"at": at})
        return [(connector_id, ConnectorKind(kind)) for connector_id, kind in cursor.fetchall()]


def list_streams(feed: str, *, by: Actor) -> list[str]:
    """Return the streams of a feed whose rows can be told apart one by one, so that they may come by themselves."""
    require_feeds(by)
    row = Feed.objects.filter(name=feed).first()
    if row is None:
        raise NotFound("There is no such feed.", where=feed)
    streams = read_recipe(row.recipe_text, f"recipe of {feed}").streams
    return [stream.name for stream in streams if not stream.one_per and (stream.into is not None or stream.key)]


def _waiting(connector_ids: list[UUID]) -> Counter[UUID]:
    counted = Message.objects.filter(connector_id__in=connector_ids, settled_at=None).values_list("connector_id")
    return Counter(dict(counted.annotate(count=Count("id"))))


def _card(row: Connector, waiting: int) -> ConnectorCard:
    return ConnectorCard(
        connector_id=row.pk,
        kind=ConnectorKind(row.kind),
        feed=row.feed.name,
        stream=row.stream,
        options=row.options,
        waiting=waiting,
        watermark=row.watermark,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        last_at=row.last_at,
        last_error=row.last_error,
        previous_secret_until=row.previous_secret_until,
    )
