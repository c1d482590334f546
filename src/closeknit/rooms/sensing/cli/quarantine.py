"""Look at refused rows."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(sensing: Any) -> None:
    """Add the commands of refused rows."""
    quarantine = sensing.add_parser("quarantine", help="list refused rows with their reasons, newest first")
    quarantine.add_argument("--feed", default="")
    quarantine.add_argument("--limit", type=arguments.rows, default=50)
    quarantine.set_defaults(run=_list_quarantined)


def _list_quarantined(args: argparse.Namespace) -> int:
    from closeknit.rooms.sensing import reads

    refused = reads.list_quarantined(by=args.by, feed=args.feed, limit=args.limit)
    if args.json:
        print_json("closeknit.quarantine/1", {"rows": refused})
        return 0
    print_table(
        ("feed", "file", "line", "code", "reason"),
        [(r.feed, r.source_name, r.line, r.code, r.reason) for r in refused],
        empty="No refused rows wait.",
    )
    return 0
