"""Signed messages become rows: once each, in order, however often they are sent and whatever breaks off."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.inbound.webhook import NotSigned
from closeknit.kernel.outbound.webhook import sign
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions import take_messages as taking
from closeknit.rooms.sensing.actions.open_connector import change_hook_secret, close_connector, open_hook
from closeknit.rooms.sensing.actions.receive_message import receive_hook
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.actions.take_messages import forget_messages, take_messages
from closeknit.rooms.sensing.arriving.inbox import keep_message
from closeknit.rooms.sensing.models import Message, QuarantinedRow, WorkRow
from closeknit.rooms.sensing.tests.small import AT, RECIPE

pytestmark = pytest.mark.django_db

COLUMNS = ("id", "at", "calls", "account", "seconds", "promised", "kind", "topic")


@pytest.fixture
def hook(alice):
    """A hook into the calls of the small feed."""
    register_feed(RECIPE, place="small", by=alice, at=AT)
    return open_hook("small", "calls", by=alice, at=AT)


def row(number: int, **other: object) -> dict[str, object]:
    """Return one call as a sender writes it."""
    return {"id": str(number), "at": "2026-02-03T10:00:00", "calls": 1, "account": "A1", "seconds": 90, **other}


def send(hook, body: bytes, message_id: str = "m1", *, secret: str = "", at=AT):
    """Post a body as its sender does."""
    seconds = int(at.timestamp())
    headers = {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(secret or hook.secret, message_id, seconds, body),
    }
    return receive_hook(hook.connector_id, headers, body, at=at)


def take(hook, by):
    """Turn what came into rows."""
    return take_messages(hook.connector_id, by=by, at=AT)


def test_a_message_becomes_a_row_and_is_known_when_it_comes_again(hook, alice):
    body = json.dumps(row(1)).encode()
    assert send(hook, body).is_new
    assert not send(hook, body).is_new
    assert take(hook, alice) == 1
    assert not send(hook, body).is_new
    assert take(hook, alice) == 0
    assert list(WorkRow.objects.values_list("key", flat=True)) == ["1"]
    card = reads.get_connector(hook.connector_id, by=alice)
    assert (card.waiting, card.last_error, card.last_at) == (0, "", AT)
    (batch,) = reads.list_batches(by=alice)
    assert (batch.counts.read, batch.counts.accepted) == (1, 1)
    assert Message.objects.get().batch_id == batch.batch_id
    assert Message.objects.get().body is None


def test_objects_lists_lines_and_nested_bodies_are_rows(hook, alice):
    send(hook, json.dumps([row(1), row(2)]).encode(), "list")
    send(hook, b"\n".join(json.dumps(row(number)).encode() for number in (3, 4)), "lines")
    assert take(hook, alice) == 2
    assert sorted(WorkRow.objects.values_list("key", flat=True)) == ["1", "2", "3", "4"]
    nested = open_hook("small", "calls", rows_at="data.calls", by=alice, at=AT)
    send(nested, json.dumps({"type": "x", "data": {"calls": [row(5)]}}).encode())
    assert take(nested, alice) == 1
    assert WorkRow.objects.filter(key="5").exists()


def test_what_is_no_row_goes_to_quarantine_and_costs_nothing_else(hook, alice):
    send(hook, b"not json at all", "a")
    send(hook, b'{"id": "7", "id": "8"}', "b")
    send(hook, b'{"id": "9", "calls": NaN}', "c")
    send(hook, b'{"id": "9", "nested": {"deep": 1}}', "d")
    send(hook, json.dumps(row(1)).encode(), "e")
    assert take(hook, alice) == 5
    codes = sorted(QuarantinedRow.objects.values_list("code", flat=True))
    assert codes == ["not-json", "not-json", "not-json", "unknown-column"]
    assert WorkRow.objects.count() == 1


def test_a_message_not_signed_with_the_hooks_secret_is_refused_as_is_an_unknown_hook(hook, alice):
    other = open_hook("small", "calls", by=alice, at=AT)
    body = json.dumps(row(1)).encode()
    with pytest.raises(NotSigned):
        send(hook, body, secret=other.secret)
    with pytest.raises(NotSigned):
        send(replace(hook, connector_id=alice_id()), body)
    close_connector(hook.connector_id, reason="Moved.", by=alice, at=AT)
    with pytest.raises(NotSigned):
        send(hook, body)
    assert Message.objects.count() == 0


def alice_id():
    """Return an id that names no hook."""
    from closeknit.kernel import ids

    return ids.new_id()


def test_another_body_under_a_known_id_is_refused_and_the_first_kept(hook, alice):
    send(hook, json.dumps(row(1)).encode())
    with pytest.raises(Conflict) as refused:
        send(hook, json.dumps(row(2)).encode())
    assert refused.value.kept == "The first one is kept."
    take(hook, alice)
    assert list(WorkRow.objects.values_list("key", flat=True)) == ["1"]


def test_an_empty_message_is_refused(hook):
    with pytest.raises(Invalid, match="empty"):
        send(hook, b" \n ")


def test_both_secrets_hold_for_a_week_after_a_change_then_only_the_new_one(hook, alice):
    changed = change_hook_secret(hook.connector_id, by=alice, at=AT)
    send(hook, b"[]", "old")
    send(changed, b"[]", "new")
    later = AT + timedelta(days=7)
    send(changed, b"[]", "later", at=later)
    with pytest.raises(NotSigned):
        send(hook, b"[]", "late", at=later)
    assert take(changed, alice) == 3
    assert reads.get_connector(hook.connector_id, by=alice).waiting == 0


def test_who_may_no_longer_load_data_has_their_hook_refuse(hook, monkeypatch):
    monkeypatch.setattr(org, "get_requester", lambda key: replace(org.system_actor(), permissions=frozenset()))
    with pytest.raises(Denied):
        send(hook, b"[]")


def test_a_load_cut_off_goes_on_with_the_same_messages_though_more_came(hook, alice, monkeypatch):
    for number in (1, 2):
        send(hook, json.dumps(row(number)).encode(), f"m{number}")
    real = taking.ingest_batch

    def breaks(*args, **options):
        real(*args, **options)
        raise RuntimeError("killed after the load, before its messages were settled")

    monkeypatch.setattr(taking, "ingest_batch", breaks)
    with pytest.raises(RuntimeError):
        take(hook, alice)
    monkeypatch.setattr(taking, "ingest_batch", real)
    send(hook, json.dumps(row(3)).encode(), "m3")
    assert [take(hook, alice), take(hook, alice), take(hook, alice)] == [2, 1, 0]
    assert sorted(WorkRow.objects.values_list("key", flat=True)) == ["1", "2", "3"]
    assert [batch.counts.duplicate for batch in reads.list_batches(by=alice)] == [0, 2, 0]


def test_trouble_stays_with_the_connector_and_is_tried_again_later(hook, alice, monkeypatch):
    def refuses(*_, **__):
        raise Conflict("The feed small is being loaded by someone else.")

    send(hook, json.dumps(row(1)).encode())
    with monkeypatch.context() as patched:
        patched.setattr(taking, "ingest_batch", refuses)
        assert take(hook, alice) == 0
        assert take(hook, alice) == 0
    card = reads.get_connector(hook.connector_id, by=alice)
    assert card.waiting == 1
    assert "someone else" in card.last_error
    due = reads.list_due_connectors
    assert due(by=alice, at=AT) == []
    assert [found for found, _ in due(by=alice, at=AT + timedelta(seconds=5))] == [hook.connector_id]
    assert take(hook, alice) == 1
    assert reads.get_connector(hook.connector_id, by=alice).last_error == ""


def test_messages_are_taken_in_the_order_in_which_they_came_in_bounded_loads(hook, alice, monkeypatch):
    monkeypatch.setattr(taking, "MOST_MESSAGES", 3)
    for number in range(7):
        send(hook, json.dumps(row(number)).encode(), f"m{number}")
    assert [take(hook, alice) for _ in range(4)] == [3, 3, 1, 0]
    names = [batch.source_name.rpartition(" ")[2] for batch in reversed(reads.list_batches(by=alice))]
    assert names == sorted(names, key=lambda name: int(name.partition("-")[0]))
    monkeypatch.setattr(taking, "MOST_BYTES", 1)
    send(hook, json.dumps(row(8)).encode(), "m8")
    send(hook, json.dumps(row(9)).encode(), "m9")
    assert [take(hook, alice) for _ in range(3)] == [1, 1, 0]


def test_ids_are_known_for_a_week_and_waiting_messages_for_ever(hook, alice):
    send(hook, json.dumps(row(1)).encode(), "settled")
    take(hook, alice)
    send(hook, json.dumps(row(2)).encode(), "waiting")
    now = Message.objects.get(message_id="settled").settled_at
    assert forget_messages(by=alice, at=now + timedelta(days=7)) == 0
    assert forget_messages(by=alice, at=now + timedelta(days=7, seconds=1)) == 1
    assert list(Message.objects.values_list("message_id", flat=True)) == ["waiting"]


def test_opening_changing_and_closing_are_in_the_ledger_without_the_secret(hook, alice):
    changed = change_hook_secret(hook.connector_id, by=alice, at=AT)
    close_connector(hook.connector_id, reason="Moved.", by=alice, at=AT)
    lines = [line for line in decisions.list_entries(by=alice) if line.kind.startswith("connector.")]
    assert [line.kind for line in lines] == ["connector.closed", "connector.secret_changed", "connector.opened"]
    assert hook.secret not in str(lines)
    assert changed.secret not in str(lines)
    with connection.cursor() as cursor:
        cursor.execute("select secret from sensing_connector")
        assert hook.secret[6:].encode() not in bytes(cursor.fetchone()[0])


def test_a_hook_is_refused_where_rows_cannot_be_told_apart_and_for_who_may_not_load(hook, alice, bob):
    register_feed(
        RECIPE.replace("recipe: small", "recipe: keyless").replace("key: [id]", "key: whole-row"),
        place="keyless",
        by=alice,
        at=AT,
    )
    with pytest.raises(Invalid, match="only within a whole file"):
        open_hook("keyless", "calls", by=alice, at=AT)
    with pytest.raises(NotFound):
        open_hook("nowhere", "calls", by=alice, at=AT)
    with pytest.raises(Invalid, match="names joined by dots"):
        open_hook("small", "calls", rows_at="a b", by=alice, at=AT)
    with pytest.raises(Denied):
        open_hook("small", "calls", by=bob, at=AT)
    with pytest.raises(Invalid, match="why"):
        close_connector(hook.connector_id, reason=" ", by=alice, at=AT)


def test_one_process_at_a_time_takes_a_connectors_messages(hook, alice, monkeypatch):
    from contextlib import contextmanager

    keep_message(hook.connector_id, "m", json.dumps(row(1)).encode())

    @contextmanager
    def taken(_connector_id):
        yield False

    monkeypatch.setattr(taking, "alone_with", taken)
    assert take(hook, alice) == 0
    assert WorkRow.objects.count() == 0
