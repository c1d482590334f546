"""Commands of outcomes: the board."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(commands: Any) -> None:
    """Add `closeknit board`."""
    board = commands.add_parser("board", help="one row per account: promised, needed, served")
    board.add_argument("--search", default="")
    board.add_argument("--tier", default="")
    board.add_argument("--short", action="store_true", help="only accounts that fall short")
    board.add_argument("--sort", default="short")
    board.add_argument("--limit", type=arguments.rows, default=30)
    board.set_defaults(run=_show_board)


def _show_board(args: argparse.Namespace) -> int:
    from closeknit.rooms.outcomes import reads

    chosen = {"search": args.search, "tier": args.tier, "only_short": args.short}
    rows = reads.list_board(**chosen, sort=args.sort, limit=args.limit, by=args.by)
    total = reads.count_board(**chosen, by=args.by)
    missing = reads.list_not_in_force(by=args.by)
    if args.json:
        print_json("closeknit.board/1", {"total": total, "rows": rows, "not_in_force": missing})
        return 0
    print_table(
        ("account", "name", "tier", "units next 4 w", "need h", "short h", "first short week"),
        [
            (
                r.account_number,
                r.name[:30],
                r.tier,
                r.units_next_4_weeks,
                r.need_hours,
                r.short_hours,
                r.first_short_week_on,
            )
            for r in rows
        ],
        empty="The board is empty: plan and approve first (closeknit plan).",
    )
    if total > len(rows):
        print(f"{len(rows)} of {total} accounts; --limit shows more.")
    for each in missing:
        print(each.sentence)
    return 0
