"""Commands of connectors: webhooks, pulls and broker subjects."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

if TYPE_CHECKING:
    from closeknit.rooms.sensing.contracts import ConnectorCard, OpenedHook


def add_commands(sensing: Any) -> None:
    """Add `closeknit sensing connectors`, `open-hook`, `open-pull`, `open-subject` and what goes with them."""
    listed = sensing.add_parser("connectors", help="list webhooks, pulls and broker subjects, and how each does")
    listed.add_argument("--feed", default="")
    listed.set_defaults(run=_list)
    _add_openings(sensing)
    secret = sensing.add_parser("change-secret", help="give a hook a new secret; the old one holds for seven days")
    secret.add_argument("connector", type=UUID)
    secret.set_defaults(run=_change_secret)
    pull = sensing.add_parser("pull", help="ask a pull's database now")
    pull.add_argument("connector", type=UUID)
    pull.set_defaults(run=_pull)
    close = sensing.add_parser("close-connector", help="take nothing through a connector any more")
    close.add_argument("connector", type=UUID)
    close.add_argument("--reason", required=True)
    close.set_defaults(run=_close)
    listen = sensing.add_parser("listen", help="take messages of a broker until stopped (needs closeknit[broker])")
    listen.add_argument("--server", default="nats://127.0.0.1:4222", metavar="URL")
    listen.set_defaults(run=_listen)


def _add_openings(sensing: Any) -> None:
    hook = sensing.add_parser("open-hook", help="take signed webhooks into a stream; prints the secret this once")
    pull = sensing.add_parser("open-pull", help="ask a database for new rows, again and again")
    subject = sensing.add_parser("open-subject", help="take what a broker (NATS JetStream) hands on from a subject")
    for command, run in ((hook, _open_hook), (pull, _open_pull), (subject, _open_subject)):
        command.add_argument("feed")
        command.add_argument("stream")
        command.set_defaults(run=run)
    for command in (hook, subject):
        command.add_argument("--rows-at", default="", metavar="NAMES", help="where rows stand in a body: data.items")
    subject.add_argument("subject")
    subject.add_argument("broker_stream", metavar="BROKER_STREAM", help="the JetStream stream that keeps the subject")
    pull.add_argument("query", type=Path, metavar="QUERY.sql", help="one SELECT with :watermark, ordered by it")
    pull.add_argument("--source", required=True, help="ERP, when the address is in CLOSEKNIT_SOURCE_ERP")
    pull.add_argument("--watermark", required=True, metavar="COLUMN", help="a column that only grows")
    pull.add_argument("--since", required=True, metavar="VALUE", help="where to begin: 1970-01-01T00:00:00Z, or 0")
    pull.add_argument("--every", type=arguments.span, default=arguments.span("15m"), metavar="15m")
    pull.add_argument("--overlap", type=arguments.span, default=arguments.span("0s"), metavar="10m")


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    cards = reads.list_connectors(feed=args.feed, by=args.by)
    if args.json:
        print_json("closeknit.connectors/1", {"connectors": cards})
        return 0
    print_table(
        ("connector", "kind", "into", "state", "waiting", "watermark", "last", "trouble"),
        [
            (
                card.connector_id,
                card.kind.value,
                f"{card.feed}/{card.stream}",
                "closed" if card.closed_at else "open",
                card.waiting,
                card.watermark,
                card.last_at,
                card.last_error,
            )
            for card in cards
        ],
    )
    return 0


def _open_hook(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.open_connector import open_hook

    return _say_secret(args, open_hook(args.feed, args.stream, rows_at=args.rows_at, by=args.by, at=clock.now()))


def _open_pull(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.sensing.actions.open_connector import open_pull
    from closeknit.rooms.sensing.contracts import PullPlan

    try:
        query = args.query.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"The query cannot be read: {failure}", where=str(args.query)) from None
    plan = PullPlan(
        source=args.source,
        query=query,
        watermark_column=args.watermark,
        first_watermark=args.since,
        overlap_seconds=int(args.overlap * 60),
        every_seconds=int(args.every * 60),
    )
    return _say_opened(args, open_pull(args.feed, args.stream, plan, by=args.by, at=clock.now()))


def _open_subject(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.open_connector import open_subject

    card = open_subject(
        args.feed, args.stream, args.subject, args.broker_stream, rows_at=args.rows_at, by=args.by, at=clock.now()
    )
    return _say_opened(args, card)


def _change_secret(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing.actions.open_connector import change_hook_secret

    return _say_secret(args, change_hook_secret(args.connector, by=args.by, at=clock.now()))


def _pull(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, events
    from closeknit.rooms.sensing.actions.pull_rows import pull_rows

    batches = pull_rows(args.connector, by=args.by, at=clock.now())
    while events.deliver():
        continue
    if args.json:
        print_json("closeknit.pulled/1", {"batches": batches})
        return 0
    for card in batches:
        counts = card.counts
        print(
            f"Batch {card.batch_id}: {counts.read:,} read = {counts.accepted:,} accepted"
            f" + {counts.quarantined:,} quarantined + {counts.duplicate:,} duplicate."
        )
    if not batches:
        print("Nothing is new.")
    return 0


def _close(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing import reads
    from closeknit.rooms.sensing.actions.open_connector import close_connector

    close_connector(args.connector, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.connector/1", {"connector": reads.get_connector(args.connector, by=args.by)})
    else:
        print("Closed. What has come already becomes rows still.")
    return 0


def _listen(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing.arriving.listening import listen

    print(f"Listening at {args.server}. Stop with Ctrl+C.", flush=True)
    listen(args.server, by=args.by)
    return 0


def _say_secret(args: argparse.Namespace, opened: "OpenedHook") -> int:
    if args.json:
        print_json(
            "closeknit.hook-opened/1",
            {"connector_id": opened.connector_id, "path": opened.path, "secret": opened.secret},
        )
    else:
        print(f"Post messages to {opened.path}.\nSigning secret, shown this once:\n{opened.secret}")
    return 0


def _say_opened(args: argparse.Namespace, card: "ConnectorCard") -> int:
    if args.json:
        print_json("closeknit.connector/1", {"connector": card})
    else:
        print(f"Opened {card.connector_id}: {card.kind.value} into {card.feed}/{card.stream}.")
    return 0
