"""Commands of clocks."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

KINDS = ("answered", "held", "resumed", "priority changed", "done", "reopened")


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements clocks ...`."""
    clocks = agreements.add_group("clocks", help="what runs out when, and what happened to work")
    listing = clocks.add_parser("list", help="the clocks that run, those that run out first first")
    listing.add_argument("--operation", default="")
    listing.add_argument("--account", default="", metavar="NUMBER")
    listing.add_argument("--state", default="", choices=("", "breached", "at risk", "running", "on hold"))
    listing.add_argument("--at", type=arguments.instant, metavar="TIME")
    listing.add_argument("--limit", type=arguments.rows, default=50)
    listing.set_defaults(run=_list)
    record = clocks.add_parser("record", help="record what happened to a piece of work")
    record.add_argument("operation")
    record.add_argument("work_key")
    record.add_argument("kind", choices=KINDS)
    record.add_argument("--at", type=arguments.instant, metavar="TIME", help="without it: now")
    record.add_argument("--reason", default="")
    record.add_argument("--class", dest="work_class", default="")
    record.set_defaults(run=_record)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    cards = reads.list_clocks(
        by=args.by,
        at=args.at or clock.now(),
        operation=args.operation,
        account_number=args.account,
        state=args.state,
        limit=args.limit,
    )
    if args.json:
        print_json("closeknit.clocks/1", {"clocks": cards})
        return 0
    print_table(
        ("due", "state", "operation", "work", "account", "promise", "minutes left"),
        [
            (c.due_at, c.state, c.operation, c.work_key, c.account_number, c.promise or c.measure, c.left_minutes)
            for c in cards
        ],
        empty="No clock runs.",
    )
    return 0


def _record(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads
    from closeknit.rooms.agreements.actions.record_work_event import WantedWorkEvent, record_work_event
    from closeknit.rooms.agreements.contracts import WorkEventKind

    now = clock.now()
    record_work_event(
        WantedWorkEvent(
            args.operation, args.work_key, WorkEventKind(args.kind), args.at or now, args.reason, args.work_class
        ),
        by=args.by,
        at=now,
    )
    if args.json:
        shown = reads.get_work_clocks(args.operation, args.work_key, by=args.by, at=now)
        print_json("closeknit.work-clocks/1", {"work": shown})
    else:
        print("Recorded.")
    return 0
