"""Commands of customers: accounts."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(commands: Any) -> None:
    """Add `closeknit customers ...`."""
    customers = commands.add_group("customers", help="accounts, their tiers and why they have them")
    listing = customers.add_parser("list", help="list accounts by number")
    listing.add_argument("--search", default="", help="part of a name or number")
    listing.add_argument("--tier", default="")
    listing.add_argument("--team", default="")
    listing.add_argument("--after", default="", help="start after this account number")
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_list_accounts)
    show = customers.add_parser("show", help="show one account")
    show.add_argument("account_number")
    show.set_defaults(run=_show_account)


def _list_accounts(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    which = {"search": args.search, "tier": args.tier, "team": args.team}
    found = reads.list_accounts(by=args.by, after=args.after, limit=args.limit, **which)
    total = reads.count_accounts(by=args.by, **which)
    if args.json:
        print_json("closeknit.accounts/1", {"accounts": found, "matching": total})
        return 0
    rows = [(a.account_number, a.name, a.tier, a.team, a.region, a.tier_reason) for a in found]
    print_table(
        ("account", "name", "tier", "team", "region", "why this tier"),
        rows,
        empty="No account matches that you may see.",
    )
    if total > len(found):
        print(f"{len(found):,} of {total:,}. Go on with --after {found[-1].account_number}")
    return 0


def _show_account(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    account = reads.get_account(args.account_number, by=args.by)
    if args.json:
        print_json("closeknit.account/1", {"account": account})
        return 0
    rows = [
        ("account", account.account_number),
        ("name", account.name),
        ("tier", account.tier),
        ("why", account.tier_reason),
        ("team", account.team),
        ("region", account.region),
        ("time zone", account.time_zone),
        ("jurisdiction", account.jurisdiction),
        ("since", account.since_at),
        ("source", account.source_feed),
    ]
    print_table(("what", "value"), rows)
    return 0
