"""Commands of the exceptions register."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

STATES = ("requested", "refused", "granted", "active", "expired", "ended")


def add_commands(decisions: Any) -> None:
    """Add `closeknit decisions exceptions ...`."""
    exceptions = decisions.add_group("exceptions", help="what deviates from a rule, why and until when")
    listed = exceptions.add_parser("list", help="list exceptions, those that end first come first")
    listed.add_argument("--state", choices=STATES)
    listed.add_argument("--account", default="")
    listed.add_argument("--owner", default="", help="part of a name")
    listed.add_argument("--due", action="store_true", help="only what someone should look at")
    orders = "until, from, review, rule, account or owner; --sort=-until: backwards"
    listed.add_argument("--sort", default="until", help=orders)
    listed.add_argument("--after", default="", metavar="EXCEPTION", help="start behind this one")
    listed.add_argument("--limit", type=arguments.rows, default=200)
    listed.set_defaults(run=_list)
    shown = exceptions.add_parser("show", help="show one exception")
    shown.add_argument("exception", type=UUID)
    shown.set_defaults(run=_show)
    asked = exceptions.add_parser("request", help="ask for an exception, as the person named by --as")
    asked.add_argument("--account", default="", help="for this account")
    asked.add_argument("--place", default="", help="or for this place")
    asked.add_argument("--from-rule", required=True, metavar="RULE", help="the policy, setting or term")
    asked.add_argument("--allow", required=True, metavar="WHAT", help="what holds instead")
    asked.add_argument("--reason", required=True)
    asked.add_argument("--starts", type=arguments.day, required=True, metavar="DAY")
    asked.add_argument("--until", type=arguments.day, required=True, metavar="DAY", help="the last day")
    asked.add_argument("--review", type=arguments.day, metavar="DAY")
    asked.add_argument("--owner", default="", help="who answers for it (a user name; default: who asks)")
    asked.add_argument("--money", type=arguments.money, metavar="AMOUNT", help="money at stake")
    asked.add_argument("--currency", default="")
    asked.set_defaults(run=_request)
    review = exceptions.add_parser("review", help="look at one again: keep, extend or end it")
    review.add_argument("exception", type=UUID)
    review.add_argument("verdict", choices=("keep", "extend", "end"))
    review.add_argument("--reason", required=True)
    review.add_argument("--until", type=arguments.day, metavar="DAY", help="the new last day, to extend")
    review.add_argument("--review", type=arguments.day, metavar="DAY", help="the next review, to keep")
    review.set_defaults(run=_review)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.contracts import ExceptionState

    state = ExceptionState(args.state) if args.state else None
    which = {"account_number": args.account, "owner": args.owner, "due_only": args.due}
    which |= {"sort": args.sort, "after": args.after}
    found = reads.list_exceptions(by=args.by, at=clock.now(), state=state, limit=args.limit, **which)
    if args.json:
        print_json("closeknit.exceptions/1", {"exceptions": found})
        return 0
    rows = [
        (
            str(x.exception_id),
            f"{x.state}, look at it" if x.is_review_due else x.state,
            x.account_number or x.place,
            x.deviates_from,
            x.until_on.isoformat(),
            x.owner,
            x.granted_by,
        )
        for x in found
    ]
    heads = ("exception", "state", "for", "deviates from", "until", "owner", "granted by")
    print_table(heads, rows, empty="No exception matches that you may see.")
    return 0


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads

    return _print(args, reads.get_exception(args.exception, by=args.by, at=clock.now()))


def _request(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock, jobs
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception

    wanted = WantedException(
        deviates_from=args.from_rule,
        allowed=args.allow,
        reason=args.reason,
        starts_on=args.starts,
        until_on=args.until,
        review_on=args.review,
        account_number=args.account,
        place=args.place,
        owner_key=args.owner,
        money_at_stake=args.money,
        currency=args.currency,
    )
    now = clock.now()
    exception_id = request_exception(wanted, by=args.by, at=now)
    jobs.run_until_idle()
    return _print(args, reads.get_exception(exception_id, by=args.by, at=now))


def _review(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.decisions import reads
    from closeknit.rooms.decisions.actions.review_exception import review_exception
    from closeknit.rooms.decisions.contracts import ReviewVerdict

    now = clock.now()
    found = review_exception(
        args.exception,
        verdict=ReviewVerdict(args.verdict),
        reason=args.reason,
        until_on=args.until,
        review_on=args.review,
        by=args.by,
        at=now,
    )
    return _print(args, reads.get_exception(found, by=args.by, at=now))


def _print(args: argparse.Namespace, card: Any) -> int:
    if args.json:
        print_json("closeknit.exception/1", {"exception": card})
        return 0
    rows = [
        ("exception", str(card.exception_id)),
        ("state", f"{card.state}, look at it" if card.is_review_due else card.state),
        ("for", card.account_number or card.place),
        ("deviates from", card.deviates_from),
        ("what holds instead", card.allowed),
        ("why", card.reason),
        ("days", f"{card.starts_on} to {card.until_on}, review {card.review_on}"),
        ("owner", card.owner),
        ("requested by", card.requested_by),
        ("granted by", card.granted_by or "–"),
        ("proposal", str(card.proposal_id)),
        ("thread", str(card.thread_id)),
    ]
    print_table(("what", "value"), rows)
    return 0
