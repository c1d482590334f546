"""Commands of needs."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

MEASURES = ("answer_within", "ship_within", "resolve_within", "visit_within")


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements needs ...`."""
    needs = agreements.add_group("needs", help="what accounts say they need, and how far it is from a promise")
    listing = needs.add_parser("list", help="needs and how far each has come, the latest first")
    listing.add_argument("--account", default="", metavar="NUMBER")
    listing.add_argument(
        "--state", default="", choices=("", "stated", "measurable", "agreed", "proposed", "promised", "dropped")
    )
    listing.add_argument("--due", action="store_true", help="only those whose review date has come")
    listing.set_defaults(run=_list)
    show = needs.add_parser("show", help="one need, and how its promise was kept")
    show.add_argument("need", type=UUID)
    show.set_defaults(run=_show)
    state = needs.add_parser("state", help="record what an account says it needs")
    state.add_argument("account")
    state.add_argument("words")
    state.add_argument("--heard-in", required=True, help="such as a review meeting")
    state.set_defaults(run=_state)
    _add_steps(needs)


def _add_steps(needs: Any) -> None:
    measure = needs.add_parser("measure", help="say what it comes to")
    measure.add_argument("need", type=UUID)
    measure.add_argument("operation")
    measure.add_argument("measure", choices=MEASURES)
    measure.add_argument("within", type=arguments.span, metavar="TIME", help="such as 4h or 2d")
    measure.add_argument("target", type=arguments.share, metavar="SHARE", help="such as 98%%")
    measure.add_argument("--clock", default="calendar", choices=("calendar", "business"))
    measure.add_argument("--service", default="")
    measure.add_argument("--class", dest="work_class", default="")
    measure.add_argument("--process", required=True, help="which process delivers it")
    measure.add_argument("--control", required=True, help="how it is watched")
    measure.add_argument("--review", dest="review_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    measure.add_argument("--owner", default="", metavar="person:3", help="without it, whoever runs this")
    measure.set_defaults(run=_measure)
    agree = needs.add_parser("agree", help="note that the customer agreed what it comes to")
    agree.add_argument("need", type=UUID)
    agree.add_argument("--with", dest="agreed_with", required=True, metavar="WHOM")
    agree.set_defaults(run=_agree)
    propose = needs.add_parser("propose", help="propose it as a clause of a contract")
    propose.add_argument("need", type=UUID)
    propose.add_argument("--from", dest="starts_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    propose.add_argument("--reason", required=True)
    propose.add_argument("--contract", default="", metavar="NUMBER", help="one signed here; without it one of its own")
    propose.set_defaults(run=_propose)
    review = needs.add_parser("review", help="note what a review found, and when the next one is due")
    review.add_argument("need", type=UUID)
    review.add_argument("finding")
    review.add_argument("--next", dest="review_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    review.set_defaults(run=_review)
    drop = needs.add_parser("drop", help="close it without a promise")
    drop.add_argument("need", type=UUID)
    drop.add_argument("--because", required=True)
    drop.set_defaults(run=_drop)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    found = reads.list_needs(by=args.by, at=clock.now(), account_number=args.account, state=args.state, is_due=args.due)
    if args.json:
        print_json("closeknit.needs/1", {"needs": found})
        return 0
    print_table(
        ("need", "account", "state", "comes to", "owner", "review", "id"),
        [
            (
                card.words[:60],
                card.account_number,
                card.state,
                card.sentence,
                card.owner_name,
                card.parameter.review_on if card.parameter else None,
                card.need_id,
            )
            for card in found
        ],
        empty="No need is on record that you may see.",
    )
    return 0


def _show(args: argparse.Namespace) -> int:
    return _tell(args, args.need)


def _state(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.state_need import state_need
    from closeknit.rooms.agreements.contracts import WantedNeed

    wanted = WantedNeed(account_number=args.account, words=args.words, heard_in=args.heard_in)
    return _tell(args, state_need(wanted, by=args.by, at=clock.now()))


def _measure(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.measure_need import measure_need
    from closeknit.rooms.agreements.contracts import Clock, Measure, NeedParameter

    parameter = NeedParameter(
        operation=args.operation,
        measure=Measure(args.measure),
        within_minutes=float(args.within),
        target_share=float(args.target),
        process=args.process,
        control=args.control,
        review_on=args.review_on,
        clock=Clock(args.clock),
        service=args.service,
        work_class=args.work_class,
        owner_key=args.owner,
    )
    measure_need(args.need, parameter, by=args.by, at=clock.now())
    return _tell(args, args.need)


def _agree(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.agree_need import agree_need

    agree_need(args.need, agreed_with=args.agreed_with, by=args.by, at=clock.now())
    return _tell(args, args.need)


def _propose(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.propose_need import propose_need

    propose_need(
        args.need,
        starts_on=args.starts_on,
        reason=args.reason,
        contract_number=args.contract,
        by=args.by,
        at=clock.now(),
    )
    return _tell(args, args.need)


def _review(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.review_need import review_need

    review_need(args.need, finding=args.finding, review_on=args.review_on, by=args.by, at=clock.now())
    return _tell(args, args.need)


def _drop(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.drop_need import drop_need

    drop_need(args.need, because=args.because, by=args.by, at=clock.now())
    return _tell(args, args.need)


def _tell(args: argparse.Namespace, need_id: UUID) -> int:
    """Print one need as it stands."""
    from closeknit.kernel import clock
    from closeknit.rooms.agreements import reads

    life = reads.get_need(need_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.need/1", {"need": life})
        return 0
    card = life.need
    print(f"{card.need_id} {card.state}: {card.words}")
    if card.sentence:
        print(f"comes to: {card.sentence}; owner {card.owner_name}")
    for each in life.kept:
        rate = "nothing came due" if each.kept_share is None else f"{each.kept} of {each.settled} in time"
        print(f"since {max(each.starts_on, life.from_on)}: {rate} ({each.verdict})")
    return 0
