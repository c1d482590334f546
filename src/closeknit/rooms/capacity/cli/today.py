"""Commands of the rest of today."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(capacity: Any) -> None:
    """Add `today`."""
    today = capacity.add_parser("today", help="what the rest of today asks of an operation's pools")
    today.add_argument("operation")
    today.set_defaults(run=_show_today)


def _show_today(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    need = reads.get_need_today(args.operation, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.need-today/1", {"need": need})
        return 0
    rows = [
        (
            pool.pool,
            round(pool.units, 1),
            f"{pool.need_hours:.1f} ({pool.need_low_hours:.1f} to {pool.need_high_hours:.1f})",
            round(pool.forecast_hours, 1),
            round(pool.present_hours, 1),
            round(pool.short_hours, 1),
        )
        for pool in need.pools
    ]
    print_table(("pool", "units to come", "need h", "by the forecast h", "rostered h", "short h"), rows)
    return 0
