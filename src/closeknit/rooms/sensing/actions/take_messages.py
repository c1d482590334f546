"""Turn messages that came into rows, in the order in which they came."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Now

from closeknit.kernel.actor import Actor
from closeknit.kernel.deletions import Deletion, ask_gate
from closeknit.kernel.errors import CloseknitError
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.actions.ingest_batch import ingest_batch
from closeknit.rooms.sensing.arriving.inbox import note_failure, note_success
from closeknit.rooms.sensing.arriving.turns import alone_with
from closeknit.rooms.sensing.contracts import ConnectorKind
from closeknit.rooms.sensing.mapping.messages import lines_of_body
from closeknit.rooms.sensing.mapping.recipe import read_recipe
from closeknit.rooms.sensing.mapping.rows import columns_of_stream
from closeknit.rooms.sensing.models import Connector, Message
from closeknit.rooms.sensing.sources import of_lines

MOST_MESSAGES = 20_000
MOST_BYTES = 32 << 20
KEEP_IDS = timedelta(days=7)
CLAIM = """
    with waiting as (
        select id, sum(octet_length(body)) over (order by id) as bytes
          from (select id, body from sensing_message
                 where connector_id = %(connector)s and settled_at is null and taken_with is null
                 order by id limit %(most)s) found)
    update sensing_message set taken_with = (select min(id) from waiting)
     where id in (select id from waiting where bytes <= %(bytes)s or id = (select min(id) from waiting))
"""


def take_messages(connector_id: UUID, *, by: Actor, at: datetime) -> int:
    """Load a connector's next messages as one batch, as who opened it; return how many. 0: none, or another is at it.

    A load that was cut off is gone on with: the same messages, the same lines. Refused rows go to quarantine as from
    any source. A failure of the whole stays with the connector, which is tried again later.
    """
    by.require(Permission.LOAD_DATA)
    with alone_with(connector_id) as is_alone:
        if not is_alone:
            return 0
        row = Connector.objects.select_related("feed").get(pk=connector_id)
        found = _unfinished(connector_id) or _claimed(connector_id)
        if not found:
            return 0
        try:
            batch_id = _load(row, found, at)
        except CloseknitError as failure:
            note_failure(row, failure, at)
            return 0
        with transaction.atomic():
            Message.objects.filter(pk__in=[message.pk for message in found]).update(
                settled_at=Now(), body=None, batch_id=batch_id
            )
            note_success(row, at)
    return len(found)


def forget_messages(*, by: Actor, at: datetime) -> int:
    """Forget ids of messages that became rows over a week ago; return how many."""
    by.require(Permission.LOAD_DATA)
    with transaction.atomic(), connection.cursor() as cursor:
        if not ask_gate(Deletion("raw-input", "messages that became rows", at - KEEP_IDS), by=by).is_allowed:
            return 0
        cursor.execute("delete from sensing_message where settled_at < %s", [at - KEEP_IDS])
        return int(cursor.rowcount)


def _load(row: Connector, found: list[Message], at: datetime) -> int | None:
    feed = row.feed
    chosen = read_recipe(feed.recipe_text, f"recipe of {feed.name}").stream_named(row.stream)
    rows_at = str(row.options.get("rows_at", ""))
    lines = [line for message in found for line in lines_of_body(bytes(message.body or b""), rows_at)]
    if not lines:
        return None  # nothing but empty lists: the messages came, and held no row
    name = f"{ConnectorKind(row.kind).value} {str(row.pk)[:8]}, messages {found[0].pk}-{found[-1].pk}"
    source = replace(of_lines(lines, chosen, columns_of_stream(chosen)), name=name)
    return ingest_batch(feed.name, source, by=org.get_requester(row.opened_by), at=at).batch_id


def _unfinished(connector_id: UUID) -> list[Message]:
    first = (
        Message.objects.filter(connector_id=connector_id, settled_at=None, taken_with__isnull=False)
        .order_by("id")
        .first()
    )
    if first is None:
        return []
    taken = Message.objects.filter(connector_id=connector_id, settled_at=None, taken_with=first.taken_with)
    return list(taken.order_by("id"))


def _claimed(connector_id: UUID) -> list[Message]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"connector": connector_id, "most": MOST_MESSAGES, "bytes": MOST_BYTES})
    return _unfinished(connector_id)
