"""Messages of a real broker become rows once each, and the broker hears of it only after our commit."""

import asyncio
import json
import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from closeknit.kernel.errors import Conflict, NotFound
from closeknit.rooms.sensing import reads
from closeknit.rooms.sensing.actions.open_connector import close_connector, open_subject
from closeknit.rooms.sensing.actions.register_feed import register_feed
from closeknit.rooms.sensing.actions.take_messages import take_messages
from closeknit.rooms.sensing.arriving import listening
from closeknit.rooms.sensing.arriving.listening import keep_all, listen, take_subjects
from closeknit.rooms.sensing.models import Message, WorkRow
from closeknit.rooms.sensing.tests.small import AT, RECIPE

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin:/usr/local/bin")
pytest.importorskip("nats", reason="the extra `broker` is not installed: listening is not tested")

broker_only = pytest.mark.skipif(
    SERVER is None, reason="there is no nats-server here (Debian: apt install nats-server): the broker is not tested"
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def thread_of_our_own():
    """One thread serves every event loop of this process: no connection of a test before is left in it."""

    async def leave():
        await sync_to_async(listening._leave)()

    asyncio.run(leave())


@pytest.fixture
def server(tmp_path):
    """A broker of its own with JetStream, stopped afterwards."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    process = subprocess.Popen(
        [SERVER, "-js", "-sd", str(tmp_path), "-a", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.02)
    yield f"nats://127.0.0.1:{port}"
    process.kill()
    process.wait()


@pytest.fixture
def subject(alice):
    """A subject opened into the calls of the small feed."""
    register_feed(RECIPE, place="small", by=alice, at=AT)
    return open_subject("small", "calls", "calls.*", "CALLS", by=alice, at=AT).connector_id


def row(number: int) -> bytes:
    """Return one call as a publisher writes it."""
    return json.dumps({"id": str(number), "at": "2026-02-03T10:00:00", "calls": 1, "account": "A1"}).encode()


async def publish(server: str, bodies, ids=()) -> int:
    """Publish bodies, and return how many the consumer has not yet acknowledged."""
    import nats

    client = await nats.connect(server)
    stream = client.jetstream()
    await stream.add_stream(name="CALLS", subjects=["calls.*"])
    for number, body in enumerate(bodies):
        headers = {"Nats-Msg-Id": ids[number]} if ids else None
        await stream.publish("calls.new", body, headers=headers)
    await client.drain()
    return len(bodies)


async def hear(server: str, by, until, seconds: float = 240.0) -> None:
    """Listen until something holds; the limit is there for the failure, not for a slow machine."""
    stop = asyncio.Event()
    listener = asyncio.create_task(take_subjects(server, stop, by=by))
    deadline = time.monotonic() + seconds
    while not await sync_to_async(until)() and time.monotonic() < deadline and not listener.done():
        await asyncio.sleep(0.05)
    stop.set()
    await listener
    await sync_to_async(lambda: connection.close())()


@broker_only
def test_published_messages_become_rows_and_are_acknowledged(server, subject, alice):
    async def story():
        await publish(server, [row(number) for number in range(120)])
        await hear(server, alice, lambda: Message.objects.count() == 120)
        return await unacknowledged(server, subject)

    assert asyncio.run(story()) == 0
    while take_messages(subject, by=alice, at=AT):
        pass
    assert WorkRow.objects.count() == 120
    assert reads.get_connector(subject, by=alice).waiting == 0


@broker_only
def test_what_was_not_committed_comes_again_and_nothing_is_doubled(server, subject, alice, monkeypatch):
    real, failures = keep_all, []

    def breaks(connector_id, parts):
        if not failures:
            real(connector_id, parts)
            failures.append(1)
            raise RuntimeError("killed after the commit, before the broker heard of it")
        return real(connector_id, parts)

    monkeypatch.setattr(listening, "keep_all", breaks)

    async def story():
        await publish(server, [row(number) for number in range(30)])
        await hear(server, alice, lambda: Message.objects.count() == 30 and failures)
        assert await unacknowledged(server, subject) > 0

    asyncio.run(story())
    monkeypatch.setattr(listening, "keep_all", real)
    assert keep_all(subject, [("CALLS:1", row(0))]) == 0
    take_messages(subject, by=alice, at=AT)
    assert WorkRow.objects.count() == 30


class Told:
    """A message that notes that it was acknowledged."""

    headers: dict = {}

    def __init__(self, number, heard):
        self.number, self.data, self.heard = number, row(number), heard
        self.metadata = SimpleNamespace(stream="CALLS", sequence=SimpleNamespace(stream=number))

    async def ack(self):
        self.heard.append(self.number)


class Halting:
    """A subscription that hands out what it is given, raises what it is given, and then stops the listening."""

    def __init__(self, answers, stop):
        self.answers, self.stop = list(answers), stop

    async def fetch(self, batch, timeout):
        assert batch > 1
        assert timeout > 0
        answer = self.answers.pop(0)
        if not self.answers:
            self.stop.set()
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_no_kind_of_running_out_of_time_loses_a_message_already_handed_over(subject, alice):
    from nats.errors import TimeoutError as ClientTimeout

    heard: list[int] = []

    async def story():
        stop = asyncio.Event()
        first, second = [Told(1, heard), Told(2, heard)], [Told(3, heard)]
        answers = [TimeoutError(), first, TimeoutError(), ClientTimeout(), second]
        await listening._take_subject(Halting(answers, stop), subject, stop)
        await sync_to_async(listening._leave)()

    asyncio.run(story())
    assert heard == [1, 2, 3]
    assert Message.objects.count() == 3


def test_a_failure_of_ours_acknowledges_nothing_and_the_next_messages_still_come(subject, alice, monkeypatch, caplog):
    heard: list[int] = []
    real = keep_all

    def breaks_once(connector_id, parts):
        if parts[0][0] == "CALLS:1":
            raise RuntimeError("the database was away")
        return real(connector_id, parts)

    monkeypatch.setattr(listening, "keep_all", breaks_once)

    async def story():
        stop = asyncio.Event()
        await listening._take_subject(Halting([[Told(1, heard)], [Told(2, heard)]], stop), subject, stop)
        await sync_to_async(listening._leave)()

    asyncio.run(story())
    assert heard == [2]
    assert "1 messages of" in caplog.text
    assert "sends them again" in caplog.text


async def unacknowledged(server: str, connector_id) -> int:
    """Return how many messages the broker still waits to hear of."""
    import nats

    client = await nats.connect(server)
    info = await client.jetstream().consumer_info("CALLS", f"closeknit-{connector_id}")
    await client.drain()
    return info.num_ack_pending + info.num_pending


@broker_only
def test_a_broker_that_keeps_no_such_stream_is_said(server, subject, alice):
    async def story():
        await take_subjects(server, asyncio.Event(), by=alice)

    with pytest.raises(Conflict, match="does not hand messages on"):
        asyncio.run(story())


def test_a_broker_out_of_reach_is_said(subject, alice, monkeypatch):
    monkeypatch.setattr(listening, "CONNECT_SECONDS", 1)
    with pytest.raises(Conflict, match="does not hand messages on"):
        asyncio.run(take_subjects("nats://127.0.0.1:1", asyncio.Event(), by=alice))


def test_without_an_open_subject_there_is_nothing_to_listen_to(subject, alice):
    close_connector(subject, reason="Over.", by=alice, at=AT)
    with pytest.raises(NotFound, match="No subject is open"):
        listen("nats://127.0.0.1:1", by=alice)


def test_the_same_id_with_another_body_is_kept_beside_the_first_and_an_empty_one_passed_over(subject, alice):
    assert keep_all(subject, [("a", row(1)), ("a", row(1)), ("a", row(2)), ("b", b" ")]) == 2
    take_messages(subject, by=alice, at=AT)
    assert sorted(WorkRow.objects.values_list("key", flat=True)) == ["1", "2"]
