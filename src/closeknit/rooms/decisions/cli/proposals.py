"""Commands of proposals and of the inbox."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

KINDS = ("proposal", "escalation", "duty", "exception", "notice")


def add_commands(decisions: Any) -> None:
    """Add the commands of proposals to `closeknit decisions`."""
    inbox = decisions.add_parser("inbox", help="what waits for the person named by --as, by consequence")
    inbox.add_argument("--kind", choices=KINDS, help="only these")
    inbox.add_argument("--limit", type=arguments.rows, default=100)
    inbox.set_defaults(run=_list_inbox)
    listed = decisions.add_parser("proposals", help="list proposals, most urgent first")
    listed.add_argument("--state", choices=("waiting", "approved", "rejected", "withdrawn", "expired"))
    listed.add_argument("--kind", default="")
    listed.add_argument("--account", default="")
    listed.add_argument("--limit", type=arguments.rows, default=50)
    listed.set_defaults(run=_list_proposals)
    shown = decisions.add_parser("proposal", help="show one proposal: what changes, who gains and loses, who decides")
    shown.add_argument("proposal", type=UUID)
    shown.set_defaults(run=_show)
    for verb, function in (("approve", _approve), ("reject", _reject), ("withdraw", _withdraw)):
        command = decisions.add_parser(verb, help=f"{verb} a proposal, as the person named by --as")
        command.add_argument("proposal", type=UUID)
        command.add_argument("--reason", default="", help="a sentence for the ledger")
        command.set_defaults(run=function)


def _list_inbox(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import InboxKind

    kind = InboxKind(args.kind) if args.kind else None
    inbox = reads.get_inbox(by=args.by, at=clock.now(), kind=kind, limit=args.limit)
    if args.json:
        print_json("closeknit.inbox/1", {"inbox": inbox})
        return 0
    rows = [
        (item.kind, item.item_id, item.due_at, _money(item.money_at_stake, item.currency), item.title)
        for item in inbox.items
    ]
    print_table(("what", "id", "due (UTC)", "at stake", "title"), rows, empty="Nothing waits for you.")
    if inbox.overdue:
        print(f"{inbox.overdue} overdue.")
    return 0


def _list_proposals(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import ProposalState

    states = [ProposalState(args.state)] if args.state else ()
    found = reads.list_proposals(
        by=args.by, states=states, kind=args.kind, account_number=args.account, limit=args.limit
    )
    if args.json:
        print_json("closeknit.proposals/1", {"proposals": found})
        return 0
    rows = [(str(p.proposal_id), p.state, p.kind, p.due_at, p.proposed_by, p.title) for p in found]
    print_table(("proposal", "state", "kind", "due (UTC)", "by", "title"), rows, empty="There is no proposal.")
    return 0


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads

    detail = reads.get_proposal_detail(args.proposal, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.proposal-detail/1", {"proposal": detail})
        return 0
    card = detail.card
    print(f"{card.title}\n{card.summary}")
    print(f"{card.state}, {card.policy_version} row {card.policy_row}: {detail.row_sentence}")
    for verdict in card.verdicts:
        print(f"  {'holds' if verdict.holds else 'FAILS'}  {verdict.sentence}")
    print_table(("", "before", "after"), [(c.name, c.before, c.after) for c in detail.changes], empty="")
    effects = [(e.account_number, _money(e.amount, card.currency), e.sentence) for e in detail.effects.listed]
    print_table(("account", "gains (+) or loses (-)", ""), effects, empty="No account that you may see is affected.")
    if detail.effects.is_held_back:
        print("Other accounts are affected; too few to tell without naming them.")
    for answer in detail.answers:
        behalf = f" for {answer.on_behalf_of}" if answer.on_behalf_of else ""
        print(f"{answer.person}{behalf} ({answer.role}): {'yes' if answer.approves else 'no'}. {answer.reason}")
    for who in detail.deciders:
        away, behalf = " (away)" if who.is_away else "", f" for {who.on_behalf_of}" if who.on_behalf_of else ""
        print(f"May decide: {who.person}{behalf}, {who.role}{away}")
    return 0


def _money(amount: Any, currency: str) -> str:
    return "–" if amount is None else f"{currency} {amount:,.2f}"


def _approve(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal

    approve_proposal(args.proposal, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _say_state(args)


def _reject(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions.actions.decide_proposal import reject_proposal

    reject_proposal(args.proposal, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _say_state(args)


def _withdraw(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions.actions.withdraw_proposal import withdraw_own_proposal

    withdraw_own_proposal(args.proposal, reason=args.reason, by=args.by, at=clock.now())
    jobs.run_until_idle()
    return _say_state(args)


def _say_state(args: argparse.Namespace) -> int:
    from closeknit.rooms.decisions import reads

    card = reads.get_proposal(args.proposal, by=args.by)
    if args.json:
        print_json("closeknit.proposal/1", {"proposal": card})
    else:
        print(f"{card.state.capitalize()}: {card.title}. Thread {card.thread_id}.")
    return 0
