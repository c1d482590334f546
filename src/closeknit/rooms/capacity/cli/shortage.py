"""Commands of shortages."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity shortages`."""
    shortages = capacity.add_group("shortages", help="who gives way, what would end it, and was it kept?")
    listing = shortages.add_parser("list", help="list them, newest first")
    listing.add_argument("--operation", default="")
    listing.add_argument("--limit", type=arguments.rows, default=50)
    listing.set_defaults(run=_list)
    opening = shortages.add_parser("open", help="write down a plan's shortage and find what would end it")
    opening.add_argument("operation", nargs="?", default="", help="its plan in force, or its newest draft")
    opening.add_argument("--plan", type=UUID, default=None)
    opening.add_argument(
        "--outside-cost", type=arguments.money, default=None, help="what people from outside cost a paid hour"
    )
    opening.set_defaults(run=_open)
    showing = shortages.add_parser("show", help="one of them")
    showing.add_argument("shortage", type=UUID)
    showing.set_defaults(run=_show_one)
    proposing = shortages.add_parser("propose", help="propose the staff moves that would end it")
    proposing.add_argument("shortage", type=UUID)
    proposing.add_argument("--reason", required=True)
    proposing.set_defaults(run=_propose)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    found = reads.list_shortages(by=args.by, operation=args.operation, limit=args.limit)
    if args.json:
        print_json("closeknit.shortages/1", {"shortages": found})
        return 0
    rows = [
        (c.operation, c.state.value, c.first_short_on, _hours(c.short_hours), c.recovery_on or "", c.shortage_id)
        for c in found
    ]
    heads = ("operation", "state", "short from", "hours", "kept again from", "shortage")
    print_table(heads, rows, empty="No shortage was opened: closeknit capacity shortages open OPERATION.")
    return 0


def _open(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.open_shortage import open_shortage

    args.shortage = open_shortage(
        args.plan, operation=args.operation, outside_cost_per_hour=args.outside_cost, by=args.by, at=clock.now()
    )
    return _show_one(args)


def _show_one(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    card = reads.get_shortage(args.shortage, by=args.by)
    if args.json:
        print_json("closeknit.shortage/1", {"shortage": card})
        return 0
    print(f"{card.operation}: short from {card.first_short_on}, {_hours(card.short_hours)} hours; {card.state.value}.")
    rows = [
        (c.account_number or c.tier, c.tier, c.pool, c.week_on, c.short_hours, c.short_hours_after) for c in card.claims
    ]
    print_table(("who", "tier", "pool", "week of", "short h", "with the remedy"), rows)
    for week in card.prices:
        worth = HIDDEN if week.one_more_unit_worth is None else f"{week.one_more_unit_worth:,.2f} {week.currency}"
        print(f"  one {week.unit} more at {week.pool} in the week of {week.week_on} is worth {worth}")
    for move in card.moves:
        whence = move.from_pool or "outside"
        print(f"  {move.units} from {whence} to {move.to_pool}, {move.from_on} until {move.until_on}")
    for lack in card.outside:
        print(f"  {lack.pool} still lacks {lack.units} {lack.unit} that no pool can lend")
    print(f"  everyone is kept again from {card.recovery_on or 'no week of the plan'} on. {card.outcome_sentence}")
    print(f"  {card.rule_sentence}")
    return 0


def _propose(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.propose_reassignment import propose_reassignment

    proposal_id = propose_reassignment(args.shortage, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.reassignment-proposed/1", {"proposal_id": proposal_id})
    else:
        print(f"Proposed: {proposal_id}. Once it is approved the staff are reassigned and the operation planned again.")
    return 0


def _hours(value: float | None) -> str:
    return HIDDEN if value is None else f"{value:,.1f}"
