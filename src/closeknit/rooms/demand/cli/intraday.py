"""Commands of the day under way."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `today`."""
    today = demand.add_parser("today", help="how today is going against the forecast, and what is still to come")
    today.add_argument("operation")
    today.set_defaults(run=_show_today)


def _show_today(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    view = reads.get_intraday(args.operation, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.demand-today/1", {"today": view})
        return 0
    rows = [
        (
            card.service,
            card.region,
            round(card.came_units, 1),
            round(card.expected_so_far_units, 1),
            f"{card.level:.0%}",
            f"{card.rest_units:.1f} ({card.rest_low_units:.1f} to {card.rest_high_units:.1f})",
            f"{card.day_units:.1f} ({card.day_low_units:.1f} to {card.day_high_units:.1f})",
            round(card.expected_day_units, 1),
        )
        for card in view.cards
    ]
    heads = ("service", "region", "came", "forecast by then", "level", "rest of day", "whole day", "forecast")
    print_table(heads, rows)
    return 0
