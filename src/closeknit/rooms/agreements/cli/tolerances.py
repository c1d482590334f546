"""Commands of tolerances."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements bends ...`."""
    bends = agreements.add_group("bends", help="promises that may take longer for a high-value request")
    listing = bends.add_parser("list", help="what was asked for, the latest first")
    listing.add_argument("--account", default="", metavar="NUMBER")
    listing.set_defaults(run=_list)
    ask = bends.add_parser("ask", help="ask that a promise may bend; it does once its exception is granted")
    ask.add_argument("account")
    ask.add_argument("term")
    ask.add_argument("stretch", type=arguments.share, metavar="SHARE")
    ask.add_argument("--request", required=True, help="which request it is for")
    ask.add_argument("--worth", type=arguments.money, required=True, metavar="AMOUNT")
    ask.add_argument("--currency", required=True)
    ask.add_argument("--from", dest="starts_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    ask.add_argument("--to", dest="until_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    ask.add_argument("--reason", required=True)
    ask.set_defaults(run=_ask)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    found = reads.list_bends(by=args.by, at=clock.now(), account_number=args.account)
    if args.json:
        print_json("closeknit.bends/1", {"bends": found})
        return 0
    print_table(
        ("term", "account", "more time", "from", "to", "for", "worth", "state", "exception"),
        [
            (
                b.term_number,
                b.account_number,
                share_text(b.stretch_share),
                b.starts_on,
                b.until_on,
                b.request,
                b.worth,
                b.state,
                b.exception_id,
            )
            for b in found
        ],
        empty="No promise bends.",
    )
    return 0


def _ask(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.bend_promise import bend_promise
    from closeknit.rooms.agreements.contracts import WantedBend

    wanted = WantedBend(
        account_number=args.account,
        term_number=args.term,
        stretch_share=float(args.stretch),
        request=args.request,
        worth=args.worth,
        currency=args.currency,
        reason=args.reason,
        starts_on=args.starts_on,
        until_on=args.until_on,
    )
    exception_id = bend_promise(wanted, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.bend-asked/1", {"exception_id": exception_id})
    else:
        print(f"Asked for: exception {exception_id}")
    return 0
