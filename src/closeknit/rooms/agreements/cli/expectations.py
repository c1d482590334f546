"""Commands of expectations."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements expectations`."""
    shown = agreements.add_parser("expectations", help="up to which time customers stay satisfied, beside promises")
    shown.add_argument("--account", default="", metavar="NUMBER")
    shown.add_argument("--tier", default="")
    shown.add_argument("--survey", dest="kind", default="", help="which survey; without it the one answered most")
    shown.add_argument("--score", type=arguments.number, help="from which score on customers are satisfied")
    shown.add_argument("--days", type=arguments.rows, default=365, help="how far back answers count")
    shown.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    found = reads.get_expectations(
        by=args.by,
        at=clock.now(),
        account_number=args.account,
        tier=args.tier,
        kind=args.kind,
        wanted_score=args.score,
        days=args.days,
    )
    if args.json:
        print_json("closeknit.expectations/1", {"expectations": found})
        return 0
    print_table(
        ("operation", "service", "class", "measure", "answers", "promised minutes", "satisfied up to", "what it says"),
        [
            (
                each.operation,
                each.service,
                each.work_class,
                each.measure,
                each.answers,
                each.promised_minutes,
                each.limit_minutes,
                each.verdict,
            )
            for each in found.promises
        ],
        empty="No answer can be held beside a promise.",
    )
    return 0
