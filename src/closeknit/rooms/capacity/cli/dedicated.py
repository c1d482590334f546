"""Commands of dedicated streams."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table, share_text

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity dedicated`."""
    dedicated = capacity.add_parser("dedicated", help="does a stream of its own pay for a tier?")
    dedicated.add_argument("tier")
    dedicated.add_argument("--operation", default="", help="its plan in force, or its newest draft")
    dedicated.add_argument("--plan", type=UUID, default=None)
    dedicated.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    case = reads.get_dedicated_case(args.tier, operation=args.operation, plan_id=args.plan, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.dedicated/1", {"case": case})
        return 0
    print(f"A stream of its own for {case.tier} at {case.operation}: {case.verdict or HIDDEN}")
    rows = [
        (
            row.pool,
            row.pooled_hours,
            row.own_hours,
            row.rest_hours,
            HIDDEN if row.more_cost is None else row.more_cost,
            f"{share_text(row.own_coverage_pooled)} → {share_text(row.own_coverage_apart)}",
            f"{share_text(row.rest_coverage_pooled)} → {share_text(row.rest_coverage_apart)}",
        )
        for row in case.pools
    ]
    heads = (
        "pool",
        "pooled h",
        "own h",
        "rest h",
        f"more {case.currency} a week",
        f"{case.tier} covered",
        "rest covered",
    )
    print_table(heads, rows)
    for row in case.pools:
        print(f"  {row.sentence}")
    for sentence in case.assumptions:
        print(f"  assumed: {sentence}")
    return 0
