"""Commands of the forecast explorer."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(demand: Any) -> None:
    """Add `explore`."""
    explore = demand.add_parser("explore", help="one part of a forecast: its parts, its weeks, why its numbers")
    explore.add_argument("operation")
    for name in ("service", "region", "tier", "account"):
        explore.add_argument(f"--{name}", default="")
    explore.set_defaults(run=_explore)


def _explore(args: argparse.Namespace) -> int:
    from closeknit.kernel.errors import NotFound
    from closeknit.rooms.demand import reads
    from closeknit.rooms.demand.contracts import TOGETHER, Branch

    run = reads.find_current_run(args.operation, by=args.by)
    if run is None:
        raise NotFound("There is no forecast of this operation.", where=args.operation, todo="Run: closeknit plan.")
    branch = Branch(args.service, args.region, args.tier, args.account)
    card = reads.get_branch(run.run_id, branch, by=args.by)
    if args.json:
        print_json("closeknit.forecast-branch/1", {"branch": card})
        return 0
    if card.parts and card.part_level:
        rows = [
            (
                "all others together" if part.name == TOGETHER else part.name,
                part.units_per_week,
                part.low_per_week,
                part.high_per_week,
                part.recent_per_week,
                "–" if part.moved_share is None else f"{part.moved_share:+.0%}",
                part.method,
            )
            for part in card.parts
        ]
        heads = (card.part_level.value, "units per week", "10 %", "90 %", "last 8 weeks", "moved", "method")
        print_table(heads, rows)
    else:
        weeks = [(w.week_on, w.observed, w.statistical, w.mean, w.low, w.high) for w in card.weeks]
        print_table(("week of", "observed", "before people", "forecast", "10 %", "90 %"), weeks)
    for reason in card.reasons[:3]:
        print(f"{reason.name}: {reason.reason}")
    return 0
