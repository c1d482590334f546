"""Messages kept as they came, and how a connector does."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from closeknit.kernel.errors import CloseknitError, Conflict, Invalid
from closeknit.rooms.sensing.contracts import MessageReceipt
from closeknit.rooms.sensing.models import Connector, Message

LONGEST_WAIT_SECONDS = 600
KEEP = """
    insert into sensing_message (connector_id, message_id, body_sha256, body) values (%s, %s, %s, %s)
    on conflict (connector_id, message_id) do nothing returning id
"""


def keep_message(connector_id: UUID, message_id: str, body: bytes) -> MessageReceipt:
    """Keep a message under its id, in one statement: when this returns, it is committed or the caller's to commit."""
    if not body.strip():
        raise Invalid("The message is empty.", where="body")
    digest = hashlib.sha256(body).digest()
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [connector_id, message_id, digest, body])
        if cursor.fetchone():
            return MessageReceipt(message_id, is_new=True)
    known = Message.objects.filter(connector_id=connector_id, message_id=message_id).values_list("body_sha256").first()
    if known and bytes(known[0]) != digest:
        raise Conflict(
            "Another message came under this id before.",
            where=message_id[:80],
            kept="The first one is kept.",
            todo="Give each message an id of its own.",
        )
    return MessageReceipt(message_id, is_new=False)


def note_failure(row: Connector, failure: CloseknitError, at: datetime) -> None:
    """Keep with a connector why it did not go on, and try again later: after 2, 4, 8 … seconds, at most ten minutes."""
    tries = row.tries + 1
    wait = min(2.0 ** min(tries, 20), LONGEST_WAIT_SECONDS)
    Connector.objects.filter(pk=row.pk).update(
        tries=tries, last_error=str(failure)[:500], next_at=at + timedelta(seconds=wait)
    )


def note_success(row: Connector, at: datetime, next_at: datetime | None = None) -> None:
    """Keep with a connector that it went well."""
    Connector.objects.filter(pk=row.pk).update(tries=0, last_error="", last_at=at, next_at=next_at or at)
