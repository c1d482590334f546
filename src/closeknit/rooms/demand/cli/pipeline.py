"""Commands of the sales pipeline."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text


def add_commands(demand: Any) -> None:
    """Add `pipeline`."""
    pipeline = demand.add_parser("pipeline", help="open sales opportunities and the work they will probably bring")
    pipeline.add_argument("operation")
    pipeline.add_argument("--weeks", type=_weeks, default=26)
    pipeline.add_argument("--limit", type=arguments.rows, default=20, help="how many opportunities to show")
    pipeline.set_defaults(run=_pipeline)


def _weeks(text: str) -> int:
    weeks = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
    if not 1 <= weeks <= 104:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of weeks from 1 to 104")
    return weeks


def _pipeline(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.demand import reads

    found = reads.list_pipeline(args.operation, by=args.by, at=clock.now(), weeks=args.weeks)
    if args.json:
        print_json("closeknit.pipeline/1", {"pipeline": found})
        return 0
    rows = [
        (
            row.opportunity_number,
            row.account_number or "new",
            row.stage,
            row.age_days,
            share_text(row.won_share),
            "–" if row.stated_share is None else share_text(row.stated_share),
            f"{row.units_per_week:,.1f}",
            f"{row.expected_units_per_week:,.1f}",
        )
        for row in found.opportunities[: args.limit]
    ]
    heads = ("opportunity", "account", "stage", "days open", "chance", "seller says", "units a week", "expected")
    print_table(heads, rows, empty="No opportunity is open that you may see.")
    weeks = [
        (week.week_on, f"{week.expected_units:,.1f}", f"{week.low_units:,.1f}", f"{week.high_units:,.1f}")
        for week in found.total_weeks
    ]
    if weeks:
        print()
        print_table(("week of", "expected units", "10 %", "90 %"), weeks)
    return 0
