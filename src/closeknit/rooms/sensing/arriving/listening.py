"""Listen to a broker: messages of NATS JetStream into the connectors that were opened for their subjects.

The broker is told that a message arrived only after our own commit: its own promise (fsync every two minutes by
default) is not ours. A message that comes again is known by its id: the header Nats-Msg-Id, else stream and number.
"""

import asyncio
import hashlib
import logging
import signal
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING
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
    from nats.aio.client import Client as NatsClient
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    PullSubscription = JetStreamContext.PullSubscription

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
    nats = _client()
    try:
        connection_to_broker = await asyncio.wait_for(
            nats.connect(server, connect_timeout=CONNECT_SECONDS, max_reconnect_attempts=-1), CONNECT_SECONDS
        )
    except Exception as failure:
        raise _out_of_reach(server, failure) from failure
    try:
        subscriptions = [(card.connector_id, await _subscribe(connection_to_broker, card)) for card in cards]
        async with asyncio.TaskGroup() as subjects:
            for connector_id, subscription in subscriptions:
                subjects.create_task(_take_subject(subscription, connector_id, stop))
    except ExceptionGroup as failures:
        raise _out_of_reach(server, failures.exceptions[0]) from failures
    except nats.errors.Error as failure:
        raise _out_of_reach(server, failure) from failure
    finally:
        await connection_to_broker.close()


def _out_of_reach(server: str, failure: Exception) -> Conflict:
    return Conflict(
        f"The broker does not hand messages on: {str(failure) or type(failure).__name__}.",
        where=server,
        todo="Check that it runs with JetStream, and that a stream keeps each subject.",
    )


def _open_subjects(by: Actor) -> list[ConnectorCard]:
    cards = [card for card in reads.list_connectors(by=by) if card.kind is ConnectorKind.SUBJECT and not card.closed_at]
    if not cards:
        raise NotFound("No subject is open.", todo="Open one: closeknit sensing open-subject FEED STREAM SUBJECT")
    return cards


def _client() -> ModuleType:
    try:
        import nats
        import nats.errors
    except ImportError:
        raise NotFound("The broker's client is not installed.", todo="Install closeknit[broker].") from None
    return nats


async def _subscribe(connection_to_broker: "NatsClient", card: ConnectorCard) -> "PullSubscription":
    return await connection_to_broker.jetstream().pull_subscribe(
        str(card.options["subject"]),
        durable=f"closeknit-{card.connector_id}",
        stream=str(card.options["broker_stream"]),
    )


async def _take_subject(subscription: "PullSubscription", connector_id: UUID, stop: asyncio.Event) -> None:
    while not stop.is_set():
        messages = await _fetch(subscription)
        if not messages:
            continue
        parts = [(_message_id(message), bytes(message.data)) for message in messages]
        try:
            await sync_to_async(keep_all)(connector_id, parts)
            for message in messages:
                await message.ack()
        except Exception:
            log.exception(
                "%d messages of %s were not acknowledged: the broker sends them again.", len(parts), connector_id
            )


async def _fetch(subscription: "PullSubscription") -> "list[Msg]":
    from nats.errors import ConnectionClosedError
    from nats.js.errors import ServiceUnavailableError

    try:
        return await subscription.fetch(MESSAGES_AT_ONCE, timeout=WAIT_SECONDS)
    except TimeoutError:  # the client's own kind and the bare one: it raises either where nothing came
        return []
    except (ConnectionClosedError, ServiceUnavailableError):  # until the client has connected again
        await asyncio.sleep(WAIT_SECONDS)
        return []


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


def _message_id(part: "Msg") -> str:
    stated = (part.headers or {}).get(ID_HEADER, "")
    metadata = part.metadata
    return str(stated)[:200] or f"{metadata.stream}:{metadata.sequence.stream}"


def _leave() -> None:
    # Looked up in the thread that used it: a connection belongs to its thread.
    connection.close()
