"""Commands of proposals."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel.output import print_json


def add_commands(decisions: Any) -> None:
    """Add the commands of proposals to `closeknit decisions`."""
    inbox = decisions.add_parser("inbox", help="list proposals that wait for a person")
    inbox.set_defaults(run=_list_inbox)
    for verb, function in (("approve", _approve), ("reject", _reject)):
        command = decisions.add_parser(verb, help=f"{verb} a proposal, as the person named by --as")
        command.add_argument("proposal", type=UUID)
        command.add_argument("--reason", default="", help="a sentence for the ledger")
        command.set_defaults(run=function)


def _list_inbox(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import ProposalState

    waiting = reads.list_proposals(by=args.by, states=[ProposalState.WAITING])
    if args.json:
        print_json("closeknit.proposals/1", {"proposals": waiting})
        return 0
    for card in waiting:
        print(f"{card.proposal_id}  due {card.due_at:%Y-%m-%d %H:%M} UTC\n  {card.title}\n  {card.summary}")
        for verdict in card.verdicts:
            print(f"    {'holds' if verdict.holds else 'FAILS'}  {verdict.sentence}")
    if not waiting:
        print("Nothing waits for a person.")
    return 0


def _approve(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal

    approve_proposal(args.proposal, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _say_decided(args, "approved")


def _reject(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions.actions.decide_proposal import reject_proposal

    reject_proposal(args.proposal, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _say_decided(args, "rejected")


def _say_decided(args: argparse.Namespace, state: str) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_proposal(args.proposal, by=args.by)
    if args.json:
        print_json("closeknit.proposal/1", {"proposal": card})
    else:
        print(f"{state.capitalize()}: {card.title}. Thread {card.thread_id}.")
    return 0
