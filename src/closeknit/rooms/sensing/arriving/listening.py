"""Listen to a broker: messages of NATS JetStream into the connectors that were opened for their subjects.

The broker is told that a message arrived only after our own commit: its own promise (fsync every two minutes by
default) is not ours. A message that comes again is known by its id: the header Nats-Msg-Id, else stream and number.
"""

import asyncio
import hashlib
import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.arriving.inbox import keep_message
from closeknit.rooms.sensing.contracts import ConnectorCard, ConnectorKind

if TYPE_CHECKING:
    from faststream.nats import NatsBroker

log = logging.getLogger(__name__)

MESSAGES_AT_ONCE = 500
WAIT_SECONDS = 0.2
CONNECT_SECONDS = 10
ID_HEADER = "Nats-Msg-Id"


def listen(server: str, *, by: Actor) -> None:
    """Take messages of every open subject until the process is told to stop (SIGINT or SIGTERM).

    Raises:
        NotFound: when the extra `broker` is not installed, or no subject is open.
        Conflict: when the broker cannot be reached, or keeps no stream for a subject.
    """
    by.require(Permission.LOAD_DATA)
    asyncio.run(_listen_until_told(server, by))


async def _listen_until_told(server: str, by: Actor) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    await take_subjects(server, stop, by=by)


async def take_subjects(server: str, stop: asyncio.Event, *, by: Actor) -> None:
    """Take messages of every open subject until `stop` is set. See `listen`."""
    try:
        await _take_until(server, stop, by)
    finally:
        await sync_to_async(_leave)()


async def _take_until(server: str, stop: asyncio.Event, by: Actor) -> None:
    cards = await sync_to_async(_open_subjects)(by)
    broker = _broker(server)
    for card in cards:
        _subscribe(broker, card)
    try:
        await asyncio.wait_for(broker.start(), CONNECT_SECONDS)
        await stop.wait()
    except Exception as failure:
        raise Conflict(
            f"The broker does not hand messages on: {failure or type(failure).__name__}.",
            where=server,
            todo="Check that it runs with JetStream, and that a stream keeps each subject.",
        ) from failure
    finally:
        await broker.stop()


def _open_subjects(by: Actor) -> list[ConnectorCard]:
    cards = [card for card in reads.list_connectors(by=by) if card.kind is ConnectorKind.SUBJECT and not card.closed_at]
    if not cards:
        raise NotFound("No subject is open.", todo="Open one: closeknit sensing open-subject FEED STREAM SUBJECT")
    return cards


def _broker(server: str) -> "NatsBroker":
    try:
        from faststream.nats import NatsBroker
    except ImportError:
        raise NotFound("The broker's client is not installed.", todo="Install closeknit[broker].") from None
    return NatsBroker(server, connect_timeout=CONNECT_SECONDS, allow_reconnect=True, max_reconnect_attempts=-1)


def _subscribe(broker: "NatsBroker", card: ConnectorCard) -> None:
    from faststream import AckPolicy
    from faststream.nats import JStream, PullSub

    async def take(message: Any) -> None:
        raw = message.raw_message
        parts = [(_message_id(part), bytes(part.data)) for part in (raw if isinstance(raw, list) else [raw])]
        await sync_to_async(keep_all)(card.connector_id, parts)
        await message.ack()

    subscriber = broker.subscriber(
        str(card.options["subject"]),
        durable=f"closeknit-{card.connector_id}",
        stream=JStream(str(card.options["broker_stream"]), declare=False),
        pull_sub=PullSub(batch_size=MESSAGES_AT_ONCE, timeout=WAIT_SECONDS, batch=True),
        ack_policy=AckPolicy.MANUAL,
    )
    subscriber(_with_message(take))


def _with_message(take: Callable[[Any], Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    from faststream.nats import NatsMessage

    async def handler(body: Any, message: NatsMessage) -> None:  # noqa: ARG001 - decoded; rows read the bytes themselves
        await take(message)

    return handler


def keep_all(connector_id: UUID, parts: Sequence[tuple[str, bytes]]) -> int:
    """Keep messages in one transaction; return how many were new. Empty ones hold no row and are passed over.

    A broker's repeat under the same id with another body is kept beside the first: rows, not ids, say what is double.
    """
    close_old_connections()
    new = 0
    with transaction.atomic():
        for message_id, body in parts:
            try:
                new += keep_message(connector_id, message_id, body).is_new
            except Conflict:
                told = f"{message_id}~{hashlib.sha256(body).hexdigest()[:16]}"
                new += keep_message(connector_id, told, body).is_new
            except Invalid:
                log.info("An empty message of %s was passed over.", connector_id)
    return new


def _message_id(part: Any) -> str:
    stated = (part.headers or {}).get(ID_HEADER, "")
    metadata = part.metadata
    return str(stated)[:200] or f"{metadata.stream}:{metadata.sequence.stream}"


def _leave() -> None:
    # Looked up in the thread that used it: a connection belongs to its thread.
    connection.close()
