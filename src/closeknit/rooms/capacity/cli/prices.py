"""Commands of prices and offers."""

import argparse
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity prices` and `offer`."""
    prices = capacity.add_parser("prices", help="what is a unit more or less worth, and what to keep back for whom?")
    prices.add_argument("operation", nargs="?", default="", help="its plan in force, or its newest draft")
    prices.add_argument("--plan", type=UUID, default=None)
    prices.add_argument("--week", type=arguments.day, default=None, help="what to keep back in the week of this Monday")
    prices.set_defaults(run=_prices)
    offer = capacity.add_parser("offer", help="what does it cost to hold units ready, or to guarantee a response?")
    offer.add_argument("pool")
    offer.add_argument("--operation", default="", help="its plan in force, or its newest draft")
    offer.add_argument("--plan", type=UUID, default=None)
    offer.add_argument("--units", type=arguments.number, default=None, help="so many held ready")
    offer.add_argument("--work", type=arguments.number, default=None, help="or as many as so much work a week needs")
    offer.add_argument("--within", type=arguments.span, default=None, help="20s, 4h: to begin it so soon")
    offer.add_argument("--target", type=arguments.share, default=None, help="95%%: so often")
    offer.add_argument("--account", default="", help="whose own work counts towards them")
    offer.add_argument("--from", dest="from_on", type=arguments.day, metavar="MONDAY", default=None)
    offer.add_argument("--weeks", type=arguments.rows, default=None)
    offer.set_defaults(run=_offer)


def _prices(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    book = reads.get_prices(args.plan, operation=args.operation, week_on=args.week, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.prices/1", {"prices": book})
        return 0
    print(f"{book.operation}, {book.weeks} weeks from {book.first_on}, {book.state}. Amounts in {book.currency}.")
    for name in book.withheld_pools:
        print(f"{name} is withheld: its numbers would tell too much of one of the other accounts.")
    rows = [
        (
            row.pool,
            row.week_on,
            _shown(row.price_per_unit),
            _shown(row.one_more_unit_worth),
            _shown(row.one_less_unit_cost),
            _shown(row.unit_cost),
            row.idle_hours,
            _shown(row.work_list_price),
            _shown(row.work_surge_price),
            row.priority.value if row.priority else HIDDEN,
        )
        for row in book.pools
    ]
    heads = ("pool", "week of", "shadow", "one more", "one less", "a unit costs", "idle h", "list", "surge", "by")
    print_table(heads, rows)
    for kept in book.kept_back:
        print(f"  {kept.account_number} at {kept.pool}, week of {kept.week_on}: {kept.sentence or HIDDEN}")
    for conflict in book.conflicts:
        print(f"  conflict: {conflict.sentence}")
    for rule in book.rules:
        print(f"  {rule}")
    return 0


def _offer(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.cost_offer import cost_offer
    from closeknit.rooms.capacity.contracts import OfferAsked

    asked = OfferAsked(
        pool=args.pool,
        units=args.units,
        work_per_week=args.work,
        within_minutes=None if args.within is None else float(args.within),
        target_share=None if args.target is None else float(args.target),
        account_number=args.account,
        from_on=args.from_on,
        weeks=args.weeks,
    )
    answer = cost_offer(asked, operation=args.operation, plan_id=args.plan, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.offer/1", {"offer": answer})
        return 0
    print(f"{answer.units_held:g} {answer.unit} at {answer.pool_name}: {_shown(answer.price_per_week)} a week.")
    for sentence in answer.sentences:
        print(f"  {sentence}")
    rows = [
        (w.week_on, w.hours_held, w.hours_more, _shown(w.list_price), _shown(w.others_cost), _shown(w.price))
        for w in answer.weeks
    ]
    print_table(("week of", "held h", "more h", "at list price", "others lose", "price"), rows)
    for who in answer.sufferers:
        print(f"  {who.sentence}")
    for conflict in answer.conflicts:
        print(f"  conflict: {conflict.sentence}")
    return 0


def _shown(amount: Decimal | None) -> str:
    return HIDDEN if amount is None else f"{amount:,.2f}"
