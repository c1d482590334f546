"""Commands of customers: accounts."""

import argparse
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(customers: Any) -> None:
    """Add `closeknit customers list | show | change-tier`."""
    listing = customers.add_parser("list", help="list accounts")
    listing.add_argument("--search", default="", help="part of a name or number")
    listing.add_argument("--tier", default="")
    listing.add_argument("--team", default="")
    listing.add_argument("--sort", default="number", help="number, name, tier, region or since; -name: backwards")
    listing.add_argument("--after", default="", help="start after this account number")
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_list_accounts)
    show = customers.add_parser("show", help="show one account")
    show.add_argument("account_number")
    show.set_defaults(run=_show_account)
    change = customers.add_parser("change-tier", help="propose another tier for an account")
    change.add_argument("account_number")
    change.add_argument("tier", choices=("strategic", "key", "standard", "volume"))
    change.add_argument("--reason", required=True, help="a sentence for the ledger")
    change.set_defaults(run=_change_tier)


def _list_accounts(args: argparse.Namespace) -> int:
    from closeknit.rooms.customers import reads

    which = {"search": args.search, "tier": args.tier, "team": args.team}
    found = reads.list_accounts(by=args.by, sort=args.sort, after=args.after, limit=args.limit, **which)
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
    if found and total > len(found):
        again = "" if args.sort == "number" else f"--sort={args.sort} "
        print(f"{len(found):,} of {total:,}. Go on with {again}--after {found[-1].account_number}")
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


def _change_tier(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.customers import reads
    from closeknit.rooms.customers.actions.propose_tier_change import propose_tier_change
    from closeknit.rooms.customers.contracts import Tier

    proposal_id = propose_tier_change(
        args.account_number, Tier(args.tier), reason=args.reason, by=args.by, at=clock.now()
    )
    jobs.run_until_idle()
    account = reads.get_account(args.account_number, by=args.by)
    if args.json:
        print_json("closeknit.tier-change/1", {"proposal_id": proposal_id, "account": account})
    elif account.tier == args.tier:
        print(f"Policy approved: {account.name} is {account.tier}.")
    else:
        print(f"Proposed: {proposal_id}. {account.name} stays {account.tier} until it is approved.")
    return 0
