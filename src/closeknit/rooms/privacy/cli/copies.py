"""The command of anonymised copies."""

import argparse
from pathlib import Path
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(privacy: Any) -> None:
    """Add `closeknit privacy copy`."""
    copy = privacy.add_parser("copy", help="write an anonymised copy of an operation, for tests")
    copy.add_argument("operation")
    copy.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="a new folder")
    copy.add_argument("--seed", type=int, help="draw the same events again (pseudonyms are new all the same)")
    copy.set_defaults(run=_copy)


def _copy(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.privacy.actions.make_copy import make_copy

    report = make_copy(args.operation, args.to, seed=args.seed, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.anonymised-copy/1", {"report": report})
        return 0
    print(
        f"{report.accounts:,} accounts and {report.events:,} events are in {args.to}; {report.left_out:,} are left out."
    )
    print_table(("feature", "distance"), [(each.feature, f"{each.distance:.3f}") for each in report.distances])
    print(f"The shape of an average week correlates by {report.seasonality_correlation:.3f}.")
    print(
        f"{report.k} accounts are alike at least; {report.near_share:.1%} lie nearer to a real one than real ones do."
    )
    return 0
