"""How long from a signed message's sending until its row is there to be used? With and without many events beside.

Messages come one by one to a hook, so many a second; the server keeps each before it answers, the worker makes rows.
The time runs on this machine's clock from before the request to the commit that settled the message.
"""

import argparse
import threading
import time
from http.client import HTTPConnection

from benchmarks import _events
from benchmarks._report import percentile, show
from benchmarks._scratch import scratch
from benchmarks._server import ask, post_all, served, with_worker
from benchmarks.ingest import EVENTS_PATH, IN_ONE_REQUEST, OTHER_PATH

A_SECOND, SECONDS = 50, 20


def main() -> None:
    """Send messages at a steady pace alone, then while events come in by the ten thousand, and print the waits."""
    parser = argparse.ArgumentParser(prog="run bench arrival", description="Measure the way from a message to its row.")
    parser.add_argument("--quick", action="store_true", help="a quarter of the time")
    seconds = SECONDS // 4 if parser.parse_args().quick else SECONDS
    with scratch():
        from closeknit.kernel import clock
        from closeknit.rooms.org.reads import console_actor
        from closeknit.rooms.sensing.actions.open_connector import open_hook
        from closeknit.rooms.sensing.actions.register_feed import register_feed

        for recipe in (_events.RECIPE, _events.RECIPE.replace("recipe: events", "recipe: other-events")):
            register_feed(recipe, place="events.yaml", by=console_actor(), at=clock.now())
        hook = open_hook("events", "contacts", by=console_actor(), at=clock.now())
        with served() as (port, headers, _), with_worker():
            for path in (EVENTS_PATH, OTHER_PATH):
                ask(port, headers, f"{path}accounts", b"\n".join(_events.accounts()))
            _send(port, hook.path, hook.secret, 10**8, 2)
            alone = _send(port, hook.path, hook.secret, 0, seconds)
            stop = threading.Event()
            loading = threading.Thread(target=_load_until, args=(port, headers, stop))
            loading.start()
            beside = _send(port, hook.path, hook.secret, 10**7, seconds)
            stop.set()
            loading.join()
    show(
        f"From a signed message to its row, {A_SECOND} messages a second for {seconds} s",
        ("while", "answer p50 ms", "answer p99 ms", "row p50 ms", "row p99 ms", "row slowest ms"),
        [("nothing else", *alone), ("events come in without a pause", *beside)],
    )


def _send(port: int, path: str, secret: str, start: int, seconds: int) -> tuple[str, ...]:
    """Send messages at the pace, and return how long their answers and their rows took."""
    from closeknit.kernel.outbound.webhook import sign

    bodies = _events.lines(A_SECOND * seconds, start)
    sent: dict[str, float] = {}
    answers: list[float] = []
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    began = time.time()
    for number, body in enumerate(bodies):
        time.sleep(max(0.0, began + number / A_SECOND - time.time()))
        message = f"m{start + number}"
        sent[message] = time.time()
        stamp = int(sent[message])
        headers = {
            "webhook-id": message, "webhook-timestamp": str(stamp),
            "webhook-signature": sign(secret, message, stamp, body), "Content-Type": "application/json",
        }  # fmt: skip
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 202:
            raise SystemExit(f"{path} answers {answer.status}: {said[:300]!r}")
        answers.append(time.time() - sent[message])
    rows = _rows(sent)
    return tuple(
        f"{1000 * value:,.0f}"
        for value in (
            *(percentile(answers, q) for q in (0.5, 0.99)),
            *(percentile(rows, q) for q in (0.5, 0.99)),
            max(rows),
        )
    )


def _rows(sent: dict[str, float]) -> list[float]:
    """Wait until all messages are settled, see that each has its row, and return how long each took."""
    from closeknit.rooms.sensing.models import Message, WorkRow

    ends = time.monotonic() + 60
    while Message.objects.filter(message_id__in=sent, settled_at=None).exists():
        if time.monotonic() > ends:
            raise SystemExit("Messages wait for over a minute.")
        time.sleep(0.1)
    found = dict(Message.objects.filter(message_id__in=sent).values_list("message_id", "settled_at"))
    keys = {f"C{int(message[1:]):09d}" for message in sent}
    there = WorkRow.objects.filter(key__in=keys).count()
    if len(found) != len(sent) or there != len(sent):
        raise SystemExit(f"{len(sent)} messages were sent, {len(found)} kept, {there} are rows.")
    return [settled.timestamp() - sent[message] for message, settled in found.items() if settled is not None]


def _load_until(port: int, headers: dict[str, str], stop: threading.Event) -> None:
    start = 5 * 10**7
    while not stop.is_set():
        post_all(port, headers, f"{OTHER_PATH}contacts", [_events.lines(IN_ONE_REQUEST, start)])
        start += IN_ONE_REQUEST


if __name__ == "__main__":
    main()
