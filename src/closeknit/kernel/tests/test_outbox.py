"""The outbox: published with its change or not at all, delivered until settled, taken exactly once."""

import threading
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from closeknit.kernel import events, ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.kernel.events import Context
from closeknit.kernel.models import Delivery, EventRow
from closeknit.kernel.news import Event
from closeknit.kernel.tests.conftest import SOMEBODY

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class KettleBoiled(Event):
    """An event of the tests, with every kind of value that an event may carry."""

    litres: int
    kettle_id: UUID | None = None
    cups: tuple[UUID, ...] = ()
    marks: tuple[str, ...] = ()


def count_it(event: KettleBoiled, context: Context) -> None:
    """Add a row to the tally; not idempotent, so that a second run shows."""
    with connection.cursor() as cursor:
        cursor.execute("insert into test_tally values (%s)", [str(context.event_uid)])


def also_count_it(event: KettleBoiled, context: Context) -> None:
    """A second listener of the same event."""
    count_it(event, context)


def fail_after_counting(event: KettleBoiled, context: Context) -> None:
    """Leave an effect behind, then fail."""
    count_it(event, context)
    raise RuntimeError("the cup was \x00 cracked \ud800")


def refuse(event: KettleBoiled, context: Context) -> None:
    """Refuse the input: trying again cannot help."""
    raise Invalid("Tea is not made from this.")


def break_a_deferred_key(event: KettleBoiled, context: Context) -> None:
    """Write a row whose foreign key PostgreSQL checks only at commit."""
    count_it(event, context)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into kernel_delivery (event_id, listener, state, tries, last_error) values (-1, 'x', 'dead', 0, '')"
        )


def boil(litres=1, by=SOMEBODY, **values):
    """Publish one event in a transaction of its own."""
    with transaction.atomic():
        return events.publish(KettleBoiled(ids.new_id(), litres, **values), by=by)


def make_due():
    """Let the waiting time of every pending delivery be over."""
    Delivery.objects.filter(state="pending").update(next_try_at=events.transaction_now())


def test_publishing_needs_a_transaction():
    with pytest.raises(RuntimeError, match="transaction"):
        events.publish(KettleBoiled(ids.new_id(), 1), by=SOMEBODY)
    assert EventRow.objects.count() == 0


def test_a_change_that_is_rolled_back_publishes_nothing(wire):
    wire({KettleBoiled: (count_it,)})
    with transaction.atomic():
        events.publish(KettleBoiled(ids.new_id(), 1), by=SOMEBODY)
        transaction.set_rollback(True)
    assert EventRow.objects.count() == Delivery.objects.count() == 0


def test_an_event_reaches_each_listener_once(wire, tally):
    wire({KettleBoiled: (count_it, also_count_it)})
    for _ in range(3):
        boil()
    assert events.count_waiting() == 6
    assert events.deliver() == 6
    assert events.deliver() == 0
    assert tally() == 6
    assert set(Delivery.objects.values_list("state", "tries")) == {("done", 1)}


def test_an_event_that_nobody_hears_is_kept_and_owed_to_nobody(wire):
    wire({KettleBoiled: ()})
    boil()
    assert EventRow.objects.count() == 1
    assert events.count_waiting() == 0


def test_values_come_back_as_they_went(wire):
    heard = []
    wire({KettleBoiled: (lambda event, context: heard.append((event, context)),)})
    kettle, cup = ids.new_id(), ids.new_id()
    uid = boil(litres=7, kettle_id=kettle, cups=(cup,), marks=("a",))
    events.deliver()
    ((event, context),) = heard
    assert (event.litres, event.kettle_id, event.cups, event.marks) == (7, kettle, (cup,), ("a",))
    assert context == Context(by=SOMEBODY, event_uid=uid)
    assert isinstance(event.thread_id, UUID)


def test_events_carry_ids_only():
    with pytest.raises(TypeError, match="ids only"):
        boil(litres=1.5)


def test_only_what_was_taken_long_ago_is_purged(wire, tally):
    wire({KettleBoiled: (count_it,)})
    for _ in range(3):
        boil()
    assert events.deliver() == 3
    _, dead, young = Delivery.objects.order_by("id").values_list("id", flat=True)
    with connection.cursor() as cursor:
        cursor.execute("update kernel_event set published_at = now() - interval '31 days'")
        cursor.execute("update kernel_delivery set settled_at = now() - interval '31 days' where id <> %s", [young])
        cursor.execute("update kernel_delivery set state = 'dead' where id = %s", [dead])
    assert events.purge_settled(30) == 1
    assert set(Delivery.objects.values_list("id", flat=True)) == {dead, young}
    assert EventRow.objects.count() == 2


def test_two_events_of_one_name_are_refused():
    other: Any = dataclass(frozen=True, slots=True)(type("KettleBoiled", (Event,), {"__annotations__": {}}))
    with pytest.raises(ValueError, match="KettleBoiled"):
        events.connect({KettleBoiled: (), other: ()}, lambda key: SOMEBODY)


def test_a_failing_listener_is_tried_five_times_with_growing_waits(wire, tally, sql):
    wire({KettleBoiled: (fail_after_counting,)})
    boil()
    waits = []
    for _ in range(events.MAX_TRIES):
        assert events.deliver() == 1
        assert events.deliver() == 0, "not due again at once"
        waits.append(
            float(sql("select extract(epoch from next_try_at - clock_timestamp()) from kernel_delivery")[0][0])
        )
        make_due()
    assert waits[:4] == pytest.approx([1, 4, 16, 64], abs=0.9)
    dead = Delivery.objects.get()
    assert (dead.state, dead.tries) == ("dead", 5)
    assert dead.settled_at is not None
    assert dead.last_error == "RuntimeError: the cup was \N{SYMBOL FOR NULL} cracked ?"
    assert tally() == 0, "what a failed try did is undone"


def test_a_failing_listener_does_not_hold_up_the_others(wire, tally):
    wire({KettleBoiled: (fail_after_counting, count_it)})
    boil()
    events.deliver()
    assert tally() == 1
    assert sorted(Delivery.objects.values_list("state", flat=True)) == ["done", "pending"]


def test_a_broken_deferred_key_fails_its_own_delivery_only(wire, tally):
    wire({KettleBoiled: (break_a_deferred_key, count_it)})
    boil()
    events.deliver()
    assert tally() == 1
    broken = Delivery.objects.get(state="pending")
    assert broken.tries == 1
    assert "foreign key" in broken.last_error


def test_a_dead_letter_can_be_replayed(wire, tally):
    wire({KettleBoiled: (refuse,)})
    boil()
    events.deliver()
    dead = Delivery.objects.get()
    assert (dead.state, dead.tries, dead.last_error) == (
        "dead",
        1,
        "Invalid: Tea is not made from this. Nothing was changed.",
    )
    Delivery.objects.update(listener=events.path_of(count_it))
    wire({KettleBoiled: (count_it,)})
    with pytest.raises(Denied):
        events.replay_dead(dead.pk, by=Actor(key="x", name="X"))
    assert events.deliver() == 0
    events.replay_dead(dead.pk, by=SOMEBODY)
    assert events.deliver() == 1
    assert tally() == 1
    with pytest.raises(NotFound):
        events.replay_dead(dead.pk, by=SOMEBODY)


def test_a_listener_that_is_gone_leaves_its_delivery_waiting_with_the_reason(wire):
    wire({KettleBoiled: (count_it,)})
    boil()
    wire({KettleBoiled: ()})
    events.deliver()
    waiting = Delivery.objects.get()
    assert waiting.state == "pending"
    assert "Nobody is wired as" in waiting.last_error
    assert "count_it" in waiting.last_error


def test_what_an_actor_who_is_gone_caused_is_refused_and_recorded(wire, tally):
    wire({KettleBoiled: (count_it,)})
    boil(by=Actor(key="person:gone", name="Gone"))
    for _ in range(events.MAX_TRIES):
        events.deliver()
        make_due()
    dead = Delivery.objects.get()
    assert dead.state == "dead"
    assert dead.last_error.startswith("NotFound: There is no such person.")
    assert tally() == 0


@pytest.mark.parametrize("guarded", [True, False], ids=["with the lock", "red twin: without"])
def test_dispatchers_side_by_side_never_double(wire, tally, monkeypatch, guarded):
    wire({KettleBoiled: (count_it,)})
    for _ in range(120):
        boil()
    if not guarded:
        monkeypatch.setattr(events, "_claim", _claim_without_lock)
    start = threading.Barrier(4)

    def dispatch():
        try:
            start.wait()
            while events.deliver(limit=7):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=dispatch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert events.count_waiting() == 0
    assert tally() == 120 if guarded else tally() > 120


def _claim_without_lock(limit):
    due = Delivery.objects.filter(state="pending", next_try_at__lte=events.transaction_now())
    return list(due.select_related("event").order_by("id")[:limit])
