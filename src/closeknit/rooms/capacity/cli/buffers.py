"""Commands of buffers."""

import argparse
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text

HIDDEN = "not shown"


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity buffers`."""
    buffers = capacity.add_parser("buffers", help="what is kept ready beyond expected work, for whom, at what cost?")
    buffers.add_argument("operation", nargs="?", default="", help="its plan in force, or its newest draft")
    buffers.add_argument("--plan", type=UUID, default=None)
    buffers.add_argument("--account", default="", help="all buffers of one account in the plans in force")
    buffers.add_argument("--expectations", action="store_true", help="looser promises too that surveys speak for")
    buffers.add_argument("--limit", type=arguments.rows, default=20)
    buffers.set_defaults(run=_show)


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads

    if args.account:
        told = reads.account_buffers(args.account, by=args.by, at=clock.now())
        if args.json:
            print_json("closeknit.account-buffers/1", {"buffers": told})
            return 0
        print(f"{told.sentence} Costs a week, {told.currency}: {_shown(told.cost_per_week)}.")
        _print_parts(told.parts)
        return 0
    asked = {"operation": args.operation, "with_expectations": args.expectations, "limit": args.limit}
    book = reads.get_buffers(args.plan, **asked, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.buffers/1", {"buffers": book})
        return 0
    print(
        f"{book.operation}, {book.weeks} weeks from {book.first_on}, {book.state}. A week, {book.currency}: "
        f"hours {_shown(book.hours_cost_per_week)}, stock {_shown(book.stock_cost_per_week)}."
    )
    _print_pools(book.pools)
    _print_parts(book.parts)
    if book.parts_left_out:
        print(f"  and {book.parts_left_out} more: --limit {args.limit + book.parts_left_out} shows all.")
    for sentence in book.assumptions:
        print(f"  assumed: {sentence}")
    return 0


def _print_pools(pools: Iterable[Any]) -> None:
    for pool in pools:
        print(f"{'!' if pool.is_above else ' '} {pool.pool}: {pool.sentence} Costs {_shown(pool.cost_per_week)}.")
        for promise in pool.promises:
            print(
                f"    {promise.promise}: keeps {promise.buffer_hours:,.1f} h; {promise.step} saves "
                f"{promise.step_hours:,.1f} h, {_shown(promise.step_cost)} a week"
            )
        for way in pool.ways:
            print(f"    {'back: ' if way.brings_back else ''}{way.sentence} Saves {_shown(way.saved_cost)} a week.")


def _print_parts(parts: Iterable[Any]) -> None:
    rows = [
        (
            part.account_number or f"rest of {part.tier}",
            part.kind.value,
            part.place,
            part.expected_units,
            part.buffer_units,
            "" if part.varying_units is None else part.varying_units,
            part.unit,
            "" if part.bends_by_share is None else share_text(part.bends_by_share),
            _shown(part.cost_per_week),
            part.promise,
        )
        for part in parts
    ]
    heads = ("account", "keeps", "at", "expected", "buffer", "varying", "in", "bends by", "a week", "promise")
    print_table(heads, rows)


def _shown(amount: Decimal | None) -> str:
    return HIDDEN if amount is None else f"{amount:,.2f}"
