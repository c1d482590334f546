"""Commands of decisions: the inbox, the ledger, approvals."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(commands: Any) -> None:
    """Add `closeknit decisions ...`."""
    decisions = commands.add_group("decisions", help="what waits, what was decided, and the ledger")
    inbox = decisions.add_parser("inbox", help="list proposals that wait for a person")
    inbox.set_defaults(run=_list_inbox)
    for verb, function in (("approve", _approve), ("reject", _reject)):
        command = decisions.add_parser(verb, help=f"{verb} a proposal, as the person named by --as")
        command.add_argument("proposal", type=UUID)
        command.add_argument("--reason", default="", help="a sentence for the ledger")
        command.set_defaults(run=function)
    ledger = decisions.add_parser("ledger", help="read the ledger, newest first")
    ledger.add_argument("--account", default="")
    ledger.add_argument("--kind", default="")
    ledger.add_argument("--limit", type=arguments.rows, default=30)
    ledger.set_defaults(run=_list_ledger)
    thread = decisions.add_parser("thread", help="read one thread, oldest first")
    thread.add_argument("thread", type=UUID)
    thread.set_defaults(run=_show_thread)


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


def _list_ledger(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    lines = reads.list_entries(by=args.by, account_number=args.account, kind=args.kind, limit=args.limit)
    return _print_lines(args, lines)


def _show_thread(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    return _print_lines(args, reads.get_thread(args.thread, by=args.by))


def _print_lines(args: argparse.Namespace, lines: Any) -> int:
    if args.json:
        print_json("closeknit.ledger/1", {"entries": lines})
    else:
        rows = [(line.entry_id, line.recorded_at, line.kind, line.actor_name, line.sentence) for line in lines]
        print_table(("#", "when (UTC)", "kind", "who", "what"), rows, empty="The ledger is empty.")
    return 0
