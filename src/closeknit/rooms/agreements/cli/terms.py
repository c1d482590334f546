"""Commands of terms."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements list`."""
    listing = agreements.add_parser("list", help="list terms")
    listing.add_argument("--operation", default="")
    listing.add_argument("--account", default="", help="the account's own terms and those of its tier")
    listing.add_argument("--on", type=arguments.day, default=None, metavar="YYYY-MM-DD", help="in force on this day")
    listing.set_defaults(run=_list_terms)


def _list_terms(args: argparse.Namespace) -> int:
    from closeknit.rooms.agreements import reads

    terms = reads.list_terms(by=args.by, operation=args.operation, account_number=args.account, on=args.on)
    if args.json:
        print_json("closeknit.terms/1", {"terms": terms})
        return 0
    rows = [
        (t.term_number, t.account_number or t.tier or "anyone", t.operation, t.service or "any",
         t.work_class or "any", t.sentence, t.starts_on, t.ends_on, t.source)
        for t in terms
    ]  # fmt: skip
    print_table(
        ("term", "for", "operation", "service", "class", "promise", "from", "until", "source"),
        rows,
        empty="No terms that you may see.",
    )
    return 0
