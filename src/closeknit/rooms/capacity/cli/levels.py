"""Commands of level loading."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity levels`."""
    levels = capacity.add_parser("levels", help="how even can work that may wait be, with room for what may not?")
    levels.add_argument("operation", nargs="?", default="", help="its plan in force, or its newest draft")
    levels.add_argument("--plan", type=UUID, default=None)
    levels.add_argument("--pool", default="", help="one pool, day by day")
    levels.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    book = reads.get_levels(args.plan, operation=args.operation, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.levels/1", {"levels": book})
        return 0
    for pool in book.pools:
        print(f"{pool.pool}: {pool.sentence}")
        if pool.pool == args.pool:
            heads = ("day", "hours", "kept free", "as it comes", "levelled", "free then", "lacks")
            rows = [
                (
                    day.day_on,
                    day.capacity_hours,
                    day.kept_hours,
                    day.as_comes_hours,
                    day.levelled_hours,
                    day.free_hours,
                    day.lacking_hours,
                )
                for day in pool.days
            ]
            print_table(heads, rows)
    if not book.pools:
        print("No pool of this plan has work that may wait, with people on a roster.")
    for sentence in book.assumptions:
        print(f"  assumed: {sentence}")
    return 0
