"""Commands of internal agreements."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements chains ...`."""
    chains = agreements.add_group("chains", help="how departments share the time of a promise")
    listing = chains.add_parser("list", help="the chains in force, with the slack that they leave")
    listing.set_defaults(run=_list)
    put = chains.add_parser("set", help="state a chain, or one anew (--chain)")
    put.add_argument("name")
    put.add_argument("operation")
    put.add_argument("measure", choices=("answer_within", "ship_within", "resolve_within", "visit_within"))
    put.add_argument("steps", nargs="+", metavar="DEPARTMENT:TASK:MINUTES")
    put.add_argument("--service", default="")
    put.add_argument("--class", dest="work_class", default="")
    put.add_argument("--clock", choices=("calendar", "business"), default="calendar")
    put.add_argument("--chain", type=UUID)
    put.set_defaults(run=_set)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    cards = reads.list_chains(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.chains/1", {"chains": cards})
        return 0
    print_table(
        ("chain", "operation", "steps", "minutes", "slack", "promises", "id"),
        [
            (c.name, c.operation, len(c.steps), c.total_minutes, c.slack_minutes, len(c.promises), c.chain_id)
            for c in cards
        ],
        empty="No chain of departments is stated.",
    )
    return 0


def _set(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.set_chain import set_chain
    from closeknit.rooms.agreements.contracts import Clock, Measure, WantedChain
    from closeknit.rooms.agreements.contracts.chains import read_steps

    chain = WantedChain(
        args.name,
        args.operation,
        args.service,
        args.work_class,
        Measure(args.measure),
        Clock(args.clock),
        read_steps("\n".join(args.steps)),
    )
    chain_id = set_chain(chain, chain_id=args.chain, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.chain-set/1", {"chain_id": chain_id})
    else:
        print(f"Stated: {chain_id}")
    return 0
