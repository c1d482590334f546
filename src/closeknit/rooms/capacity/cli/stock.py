"""Commands of stock."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity stock`."""
    stock = capacity.add_group("stock", help="which item lacks what its promises need?")
    sizing = stock.add_parser("size", help="size an operation's stock from what is promised and counted now")
    sizing.add_argument("operation")
    sizing.add_argument("--limit", type=arguments.rows, default=20)
    sizing.set_defaults(run=_size, search="", site="", short=False)
    showing = stock.add_parser("show", help="the newest sizing, what lacks most first")
    showing.add_argument("--operation", default="")
    showing.add_argument("--search", default="", help="part of an item's name")
    showing.add_argument("--site", default="")
    showing.add_argument("--short", action="store_true", help="only what is short")
    showing.add_argument("--limit", type=arguments.rows, default=20)
    showing.set_defaults(run=_show)
    account = stock.add_parser("account", help="what lies there for an account")
    account.add_argument("account")
    account.set_defaults(run=_account)
    replay = stock.add_parser("replay", help="size it again from what is stored and compare every bit")
    replay.add_argument("stock", type=UUID)
    replay.set_defaults(run=_replay)


def _size(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.size_stock import size_stock
    from closeknit.rooms.capacity.reads import stock

    found = size_stock(args.operation, by=args.by, at=clock.now())
    return _print(args, [stock.get_stock_plan(found, by=args.by)])


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.reads import stock

    return _print(args, stock.list_stock_plans(by=args.by, operation=args.operation))


def _print(args: argparse.Namespace, cards: list[Any]) -> int:
    from closeknit.rooms.capacity.reads import stock

    asked = {"search": args.search, "site": args.site, "short_only": args.short, "limit": args.limit}
    found = [(card, stock.list_stock_items(card.stock_plan_id, by=args.by, **asked)) for card in cards]
    if args.json:
        print_json("closeknit.stock/1", {"stock": [{"sizing": card, "items": items} for card, items in found]})
        return 0
    if not found:
        print("No stock is sized, or none that you may see: closeknit capacity stock size OPERATION.")
    for card, items in found:
        print(f"{card.operation} as of {card.as_of_on}: {card.items_short} of {card.items} items short.")
        rows = [
            (
                one.item,
                one.site,
                f"{one.target_share:.1%}",
                f"{one.needed_pieces:,.0f}",
                "not counted" if one.on_hand_pieces is None else f"{one.on_hand_pieces:,.0f}",
                "not stated" if one.on_order_pieces is None else f"{one.on_order_pieces:,.0f}",
                "" if one.short_pieces is None else f"{one.short_pieces:,.0f}",
                HIDDEN if one.cost_per_week is None else f"{one.cost_per_week:,.2f} {one.currency}",
            )
            for one in items
        ]
        print_table(("item", "site", "promised", "needed", "on hand", "on order", "short", "costs a week"), rows)
        print(f"  sizing {card.stock_plan_id}")
    return 0


def _account(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.reads import stock

    found = stock.account_stock(args.account, by=args.by)
    if args.json:
        print_json("closeknit.account-stock/1", {"stock": found})
        return 0
    rows = [
        (
            one.site,
            one.items,
            one.items_short,
            f"{one.needed_pieces:,.0f}",
            f"{one.buffer_pieces:,.0f}",
            HIDDEN if one.cost_per_week is None else f"{one.cost_per_week:,.2f} {one.currency}",
            one.promise or "nothing of its own",
        )
        for one in found
    ]
    heads = ("site", "items", "short", "pieces for it", "of them buffer", "costs a week", "promised")
    print_table(heads, rows, empty="No stock is kept for it.")
    return 0


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.replay_stock import replay_stock

    found = replay_stock(args.stock, by=args.by)
    if args.json:
        print_json("closeknit.stock-replay/1", {"replay": found})
    else:
        verdict = "the same, bit for bit" if found.is_same else "DIFFERENT"
        print(f"Sized again {found.stock_plan_id}: {verdict}.")
        print(f"  then {found.stored_digest}\n  now  {found.replayed_digest}")
    return 0 if found.is_same else 1
