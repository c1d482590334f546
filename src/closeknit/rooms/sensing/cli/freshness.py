"""See how fresh feeds are for each kind of decision."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the command of freshness."""
    show = sensing.add_parser("freshness", help="each feed against what each kind of decision asks for")
    show.add_argument("--feed", default="")
    show.add_argument("--region", default="")
    show.add_argument("--site", default="")
    show.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.sensing import reads

    found = reads.list_feed_freshness(args.feed, region=args.region, site=args.site, at=clock.now(), by=args.by)
    if args.json:
        print_json("closeknit.freshness/1", {"freshness": found})
        return 0
    rows = [
        (
            f.feed,
            f.kind,
            f"{f.objective_hours:g} h",
            "none" if f.age_hours is None else f"{f.age_hours:.1f} h",
            "stale" if f.is_stale else "fresh",
            f.sentence,
        )
        for f in found
    ]
    print_table(("feed", "decision", "asks for", "age", "state", "how it should come"), rows, empty="No feeds yet.")
    return 0
