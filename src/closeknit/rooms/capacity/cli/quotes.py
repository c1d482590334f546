"""Commands of quotes and of single requests."""

import argparse
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

MONEY_HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity quote`, `quote-guarantee`, `quotes`, `propose-quote` and `request`."""
    quote = capacity.add_parser("quote", help="what would a proposed term take, cost and do to others?")
    quote.add_argument("account")
    quote.add_argument("--operation", default="", help="against its plan in force, or its newest draft")
    quote.add_argument("--plan", type=UUID, default=None)
    quote.add_argument("--service", default="", help="default: any service")
    quote.add_argument("--within", type=arguments.span, required=True, help="20s, 24h: how soon")
    quote.add_argument("--target", type=arguments.share, required=True, help="95%%: how often")
    quote.add_argument("--credit", type=_money, default=None, help="credit per miss; default: as now")
    quote.add_argument("--clock", choices=("calendar", "business"), default="calendar")
    quote.add_argument(
        "--from", dest="starts_on", type=arguments.day, metavar="DAY", help="default: the plan's first day"
    )
    quote.set_defaults(run=_quote)
    hold = capacity.add_parser("quote-guarantee", help="what would capacity held ready take, cost and do to others?")
    hold.add_argument("account")
    hold.add_argument("--operation", default="", help="against its plan in force, or its newest draft")
    hold.add_argument("--plan", type=UUID, default=None)
    hold.add_argument("--service", default="", help="default: any service")
    size = hold.add_mutually_exclusive_group(required=True)
    size.add_argument("--units", type=arguments.number, help="10: people or machines of the pool that does its work")
    size.add_argument("--hours", type=arguments.number, help="400: productive hours a week")
    hold.add_argument(
        "--from", dest="starts_on", type=arguments.day, metavar="DAY", help="default: the plan's first day"
    )
    hold.set_defaults(run=_quote_guarantee)
    quotes = capacity.add_parser("quotes", help="quotes that were made, newest first; or one of them")
    quotes.add_argument("quote", type=UUID, nargs="?")
    quotes.add_argument("--account", default="")
    quotes.add_argument("--limit", type=arguments.rows, default=50)
    quotes.set_defaults(run=_list)
    propose = capacity.add_parser("propose-quote", help="propose to sign what was quoted; people decide")
    propose.add_argument("quote", type=UUID)
    propose.add_argument("--from", dest="starts_on", type=arguments.day, required=True, metavar="DAY")
    propose.add_argument("--reason", required=True)
    propose.set_defaults(run=_propose)
    request = capacity.add_parser("request", help="can one more request be done, at what price, and when else?")
    request.add_argument("account")
    request.add_argument("service")
    request.add_argument("units", type=arguments.number)
    request.add_argument("--week", type=arguments.day, required=True, help="its Monday")
    request.add_argument("--region", default="")
    request.add_argument("--operation", default="")
    request.add_argument("--plan", type=UUID, default=None)
    request.set_defaults(run=_request)


def _money(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount: give a number of zero or more")
    return amount


def _quote(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.contracts import Clock
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.actions.quote_term import quote_term
    from closeknit.rooms.capacity.contracts import TermChange

    term = TermChange(
        account_number=args.account,
        threshold_minutes=float(args.within),
        target_share=float(args.target),
        service=args.service,
        credit_per_miss=args.credit,
        clock=Clock(args.clock),
        starts_on=args.starts_on,
    )
    now = clock.now()
    quote_id = quote_term(term, operation=args.operation, plan_id=args.plan, by=args.by, at=now)
    _show(args, reads.get_quote(quote_id, by=args.by, at=now))
    return 0


def _quote_guarantee(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.actions.quote_guarantee import quote_guarantee
    from closeknit.rooms.capacity.contracts import GuaranteeAsked

    wanted = GuaranteeAsked(
        account_number=args.account,
        units=None if args.units is None else float(args.units),
        hours_per_week=None if args.hours is None else float(args.hours),
        service=args.service,
        starts_on=args.starts_on,
    )
    now = clock.now()
    quote_id = quote_guarantee(wanted, operation=args.operation, plan_id=args.plan, by=args.by, at=now)
    _show(args, reads.get_quote(quote_id, by=args.by, at=now))
    return 0


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    now = clock.now()
    if args.quote is not None:
        _show(args, reads.get_quote(args.quote, by=args.by, at=now))
        return 0
    found = reads.list_quotes(by=args.by, at=now, account_number=args.account, limit=args.limit)
    if args.json:
        print_json("closeknit.quotes/1", {"quotes": found})
        return 0
    rows = [
        (q.account_number, q.operation, q.proposed_sentence, q.verdict.value, _shown(q.price), q.expires_at, q.quote_id)
        for q in found
    ]
    heads = ("account", "operation", "proposed", "verdict", "price a week", "stands until", "quote")
    print_table(heads, rows, empty="No quote yet: closeknit capacity quote ACCOUNT --within 24h --target 95%.")
    return 0


def _propose(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.propose_quote import propose_quote

    proposal_id = propose_quote(args.quote, starts_on=args.starts_on, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.quote-proposed/1", {"proposal_id": proposal_id})
    else:
        print(f"Proposed: {proposal_id}.")
        print("Once it is approved, the contract holds from that day on, and plans count it from the week of it.")
    return 0


def _request(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.answer_request import price_request
    from closeknit.rooms.capacity.contracts import UnitRequest

    wanted = UnitRequest(args.account, args.service, float(args.units), args.week, args.region)
    answer = price_request(wanted, operation=args.operation, plan_id=args.plan, by=args.by)
    if args.json:
        print_json("closeknit.request-price/1", {"answer": answer})
    else:
        print(answer.sentence)
    return 0


def _shown(amount: Decimal | None) -> str:
    return MONEY_HIDDEN if amount is None else f"{amount:,.2f}"


def _show(args: argparse.Namespace, card: Any) -> None:
    if args.json:
        print_json("closeknit.quote/1", {"quote": card})
        return
    print(f"{card.account_number}: {card.proposed_sentence}, now {card.now_sentence}. {card.reason}")
    print(
        f"  {card.own_hours_more:+,.1f} hours over {card.weeks} weeks, {card.own_hours:,.1f} in all."
        f" Price a week in {card.currency}: {_shown(card.price)}."
    )
    print(f"  Margin a week: {_shown(card.margin_before)} now, {_shown(card.margin_after)} then. {card.margin_reason}")
    if card.guarantees_in_the_way:
        print(f"  Hours guaranteed to {card.guarantees_in_the_way} others cannot all be held beside these.")
    if card.others:
        print(f"  {card.others} others would get less:")
    for sufferer in card.sufferers:
        print(f"    {sufferer.sentence}")
    rows = [
        (w.pool, w.week_on, w.own_hours_more, w.own_short_hours, w.units_more, w.overtime_hours_more, w.free_hours)
        for w in card.pools
    ]
    print_table(("pool", "week of", "own h more", "own h short", "units more", "overtime h", "free h"), rows)
    if card.stock is not None:
        _show_stock(card.stock, card.currency)
    for sentence in card.assumptions:
        print(f"  assumed: {sentence}")
    print(f"  quote {card.quote_id}, stands until {card.expires_at:%Y-%m-%d}")


def _show_stock(stock: Any, currency: str) -> None:
    print(f"  Stock, as sized on {stock.as_of_on}: {stock.own_pieces_more:+,.0f} pieces of its own part.")
    if stock.pieces_more is None:
        print("  What all accounts together need on the shelf is not shown.")
        return
    print(
        f"  {stock.pieces_more:+,.0f} pieces for all, {_shown(stock.value_more)} in them, "
        f"{_shown(stock.cost_per_week_more)} {currency} a week."
    )
    rows = [(i.item, i.site, i.needed_pieces, i.pieces_more, i.short_pieces, _shown(i.value_more)) for i in stock.worst]
    print_table(("item", "site", "pieces needed", "of them more", "short", "money in them"), rows)
