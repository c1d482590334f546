"""News goes up as events: published in the business transaction, delivered at least once, taken exactly once.

`publish` writes the event and one delivery per listener in the caller's transaction. `deliver` claims pending
deliveries with SKIP LOCKED and runs each listener in the same transaction as its done-mark: a crash undoes
both, so nothing is lost and nothing happens twice. Five failures make a dead letter, kept with its reason.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args, get_type_hints
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from closeknit.kernel import clock, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.deletions import Deletion, ask_gate
from closeknit.kernel.errors import CloseknitError, Conflict, Denied, NotFound
from closeknit.kernel.models import Delivery, EventRow
from closeknit.kernel.news import Event, WorkRefused
from closeknit.kernel.scope import acting_as

log = logging.getLogger(__name__)

MAX_TRIES = 5
FIRST_RETRY_SECONDS = 1.0
CHANNEL = "closeknit_outbox"


@dataclass(frozen=True, slots=True)
class Context:
    """What a listener is told beside the event: who caused it, and the delivery that carries it."""

    by: Actor
    event_uid: UUID


Listener = Callable[[Any, Context], None]


@dataclass(slots=True)
class _Wiring:
    listeners: dict[type[Event], tuple[Listener, ...]] = dataclasses.field(default_factory=dict)
    by_name: dict[str, type[Event]] = dataclasses.field(default_factory=dict)
    by_path: dict[str, Listener] = dataclasses.field(default_factory=dict)
    resolve_actor: Callable[[str], Actor] | None = None


_wiring = _Wiring()


def connect(listeners: Mapping[type[Event], tuple[Listener, ...]], resolve_actor: Callable[[str], Actor]) -> None:
    """Install the wiring table (`web/wiring.py`): which listeners hear which event, and how actors are found."""
    names = [event.__name__ for event in listeners]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"two events are named {', '.join(twice)}: names are stored, so each must be one event's")
    _wiring.listeners = dict(listeners)
    _wiring.by_name = {event.__name__: event for event in listeners}
    _wiring.by_path = {path_of(listener): listener for heard in listeners.values() for listener in heard}
    _wiring.resolve_actor = resolve_actor


def path_of(listener: Listener) -> str:
    """Return the stable name of a listener, as stored with its deliveries."""
    return f"{listener.__module__}:{listener.__qualname__}"


def publish(event: Event, *, by: Actor) -> UUID:
    """Record that something happened, in the caller's transaction, and owe it to each listener.

    Raises:
        RuntimeError: outside a transaction, where an event could survive a change that did not.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"publish({type(event).__name__}) needs the transaction of the change it reports")
    row = EventRow.objects.create(
        uid=ids.new_id(),
        name=type(event).__name__,
        thread_id=event.thread_id,
        actor_key=by.key,
        body=_body(event),
    )
    heard = _wiring.listeners.get(type(event), ())
    Delivery.objects.bulk_create([Delivery(event=row, listener=path_of(listener)) for listener in heard])
    if heard:
        with connection.cursor() as cursor:
            cursor.execute("select pg_notify(%s, '')", [CHANNEL])
    return row.uid


def deliver(limit: int = 50) -> int:
    """Claim up to `limit` due deliveries and settle each with its effect. Return how many were tried."""
    with transaction.atomic():
        due = _claim(limit)
        _mark_done([delivery.pk for delivery in due if _settle(delivery)])
    return len(due)


def count_waiting() -> int:
    """Return how many deliveries are still owed (pending, due now or later)."""
    return Delivery.objects.filter(state=Delivery.State.PENDING).count()


def replay_dead(delivery_id: int, *, by: Actor) -> None:
    """Owe a dead letter again, from its first try. Refuses what is not a dead letter."""
    by.require("events.replay")
    changed = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.DEAD).update(
        state=Delivery.State.PENDING, tries=0, next_try_at=transaction_now()
    )
    if not changed:
        raise NotFound("There is no dead letter with this number.", where=f"delivery {delivery_id}")


def purge_settled(keep_days: int) -> int:
    """Delete deliveries done longer ago than that, and events that owe nobody; return how many deliveries went.

    Dead letters stay until someone replays them. What was decided stands in the ledger, not here. Nothing goes where
    the gate of deletions says no.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        made_before = clock.now() - timedelta(days=keep_days)
        if not ask_gate(Deletion("news", "events and deliveries that are settled", made_before)).is_allowed:
            return 0
        cursor.execute(
            "delete from kernel_delivery where state = 'done' and settled_at < now() - make_interval(days => %s)",
            [keep_days],
        )
        gone = int(cursor.rowcount)
        cursor.execute(
            "delete from kernel_event e where published_at < now() - make_interval(days => %s)"
            " and not exists (select from kernel_delivery d where d.event_id = e.id)",
            [keep_days],
        )
    return gone


def transaction_now() -> Any:
    """Return the database's own clock as an expression: timers live in database time."""
    from django.db.models.functions import Now

    return Now()


def _claim(limit: int) -> list[Delivery]:
    return list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state=Delivery.State.PENDING, next_try_at__lte=transaction_now())
        .select_related("event")
        .order_by("next_try_at", "id")[:limit]
    )


def _settle(delivery: Delivery) -> bool:
    try:
        with transaction.atomic():
            _run(delivery)
            _check_deferred_constraints()
    except Exception as failure:
        log.warning("delivery %s to %s failed: %s", delivery.pk, delivery.listener, failure)
        _retry(delivery, failure)
        return False
    return True


def _check_deferred_constraints() -> None:
    # A deferred foreign key that is broken here would otherwise fail the whole batch at commit, every time.
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate; set constraints all deferred")


def _run(delivery: Delivery) -> None:
    listener = _wiring.by_path.get(delivery.listener)
    event_type = _wiring.by_name.get(delivery.event.name)
    if listener is None or event_type is None or _wiring.resolve_actor is None:
        raise Conflict(
            f"Nobody is wired as {delivery.listener} for {delivery.event.name}.", todo="Check web/wiring.py."
        )
    by = _wiring.resolve_actor(delivery.event.actor_key)
    with acting_as(by):
        listener(_event(event_type, delivery.event.body), Context(by=by, event_uid=delivery.event.uid))


def actor_of(key: str) -> Actor:
    """Return the actor with a key, with present rights, as the wiring finds it."""
    if _wiring.resolve_actor is None:
        raise Conflict("Nothing is wired to find actors.", todo="Check web/wiring.py.")
    return _wiring.resolve_actor(key)


def _mark_done(delivery_ids: list[int]) -> None:
    if delivery_ids:
        Delivery.objects.filter(pk__in=delivery_ids).update(
            state=Delivery.State.DONE, tries=F("tries") + 1, settled_at=transaction_now()
        )


def _retry(delivery: Delivery, failure: Exception) -> None:
    tries = delivery.tries + 1
    reason = reason_of(failure)[:2000]
    final = tries >= MAX_TRIES or (isinstance(failure, CloseknitError) and failure.status in (403, 422))
    if isinstance(failure, Denied):
        tell_refusal(failure, delivery.listener, delivery.event.actor_key, delivery.event.thread_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "update kernel_delivery set tries = %s, last_error = %s, state = %s,"
            " settled_at = case when %s then clock_timestamp() end,"
            " next_try_at = clock_timestamp() + make_interval(secs => %s) where id = %s",
            [
                tries,
                reason,
                Delivery.State.DEAD if final else Delivery.State.PENDING,
                final,
                FIRST_RETRY_SECONDS * 4 ** (tries - 1),
                delivery.pk,
            ],
        )


def tell_refusal(failure: Denied, work: str, actor_key: str, thread_id: UUID) -> None:
    """Publish that a step was refused, in the caller's transaction."""
    publish(WorkRefused(thread_id, work, actor_key, failure.where), by=Actor(key="system", name="Closeknit"))


def reason_of(failure: BaseException) -> str:
    """Return a failure's kind and text in a form that PostgreSQL can store: no NUL, no half characters."""
    text = f"{type(failure).__name__}: {failure}".replace("\x00", "\N{SYMBOL FOR NULL}")
    return text.encode("utf-8", "replace").decode("utf-8")


def _body(event: Event) -> dict[str, Any]:
    return {f.name: _jsonable(getattr(event, f.name)) for f in dataclasses.fields(event)}


def _jsonable(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, tuple | list):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, str | int | bool):
        return value
    raise TypeError(f"events carry ids only, not {type(value).__name__}")


def _event(event_type: type[Event], body: Mapping[str, Any]) -> Event:
    hints = get_type_hints(event_type)
    return event_type(**{f.name: _revived(hints[f.name], body[f.name]) for f in dataclasses.fields(event_type)})


def _revived(hint: Any, value: Any) -> Any:
    parts = get_args(hint)
    if isinstance(value, list):
        return tuple(_revived(parts[0] if parts else Any, item) for item in value)
    if value is not None and (hint is UUID or UUID in parts):
        return UUID(value)
    return value
