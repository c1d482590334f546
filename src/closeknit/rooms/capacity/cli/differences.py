"""Commands of the differences between sales and plans."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

ANSWERS = ("more-capacity", "sales-moves-date", "accepted", "projection-wrong")


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity differences`."""
    differences = capacity.add_group("differences", help="where sales' projections and plans in force disagree")
    listing = differences.add_parser("list", help="list them by week")
    listing.add_argument("--operation", default="")
    listing.add_argument("--state", default="", choices=("", "open", "settled", "gone"))
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_list)
    assign = differences.add_parser("assign", help="say who answers for one")
    assign.add_argument("difference", type=UUID)
    assign.add_argument("to", help="a user name")
    assign.set_defaults(run=_assign)
    settle = differences.add_parser("settle", help="settle one")
    settle.add_argument("difference", type=UUID)
    settle.add_argument("resolution", choices=ANSWERS)
    settle.add_argument("--reason", required=True, help="a sentence for the ledger")
    settle.set_defaults(run=_settle)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.contracts import DifferenceState

    state = DifferenceState(args.state) if args.state else None
    found = reads.list_differences(by=args.by, at=clock.now(), operation=args.operation, state=state, limit=args.limit)
    if args.json:
        print_json("closeknit.pipeline-differences/1", {"differences": found})
        return 0
    _table(found)
    return 0


def _assign(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.settle_difference import assign_difference

    assign_difference(args.difference, to=args.to, by=args.by, at=clock.now())
    return _show(args)


def _settle(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.settle_difference import settle_difference
    from closeknit.rooms.capacity.contracts import Resolution

    settle_difference(
        args.difference, resolution=Resolution(args.resolution), text=args.reason, by=args.by, at=clock.now()
    )
    return _show(args)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    card = reads.get_difference(args.difference, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.pipeline-difference/1", {"difference": card})
    else:
        _table([card])
    return 0


def _table(found: list[Any]) -> None:
    rows = [
        (
            str(card.difference_id),
            card.pool,
            card.week_on,
            f"{card.committed_hours:,.0f}",
            f"{card.projected_hours:,.0f}",
            f"{card.difference_hours:+,.0f}",
            "overdue" if card.is_overdue else card.resolution or card.state,
            card.owner,
            card.nearer_to or "–",
        )
        for card in found
    ]
    heads = ("difference", "pool", "week of", "committed", "sales project", "difference", "state", "owner", "nearer")
    print_table(heads, rows, empty="Sales and plans agree, as far as you may see.")
