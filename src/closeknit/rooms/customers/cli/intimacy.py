"""Commands of how well accounts are known."""

import argparse
from pathlib import Path
from typing import Any

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(customers: Any) -> None:
    """Add `closeknit customers intimacy ...`."""
    intimacy = customers.add_group("intimacy", help="how well accounts are known, per domain, and what is missing")
    listing = intimacy.add_parser("list", help="accounts as kept last, least known first")
    listing.add_argument("--limit", type=arguments.rows, default=100)
    listing.set_defaults(run=_list)
    show = intimacy.add_parser("show", help="one account, term by term")
    show.add_argument("account_number")
    show.add_argument("--at", type=arguments.instant, metavar="TIME", help="as of a past instant")
    show.set_defaults(run=_show)
    refresh = intimacy.add_parser("refresh", help="keep it as of today; the worker does so weekly")
    refresh.set_defaults(run=_refresh)
    criteria = intimacy.add_parser("criteria", help="print what knowing an account means, as YAML")
    criteria.set_defaults(run=_criteria)
    adopt = intimacy.add_parser("adopt", help="put other criteria in force")
    adopt.add_argument("file", type=Path)
    adopt.add_argument("--reason", required=True)
    adopt.set_defaults(run=_adopt)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    rows = reads.list_intimacy(by=args.by, at=clock.now(), limit=args.limit)
    if args.json:
        print_json("closeknit.intimacy-list/1", {"accounts": rows})
        return 0
    domains = list(rows[0].domain_points) if rows else []
    print_table(
        ("account", "name", "tier", "index", *domains, "missing"),
        [
            (
                row.account_number,
                row.name,
                row.tier,
                row.points,
                *(row.domain_points.get(name) for name in domains),
                row.missing,
            )
            for row in rows
        ],
        empty="Nothing was kept yet: closeknit customers intimacy refresh.",
    )
    return 0


def _show(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    card = reads.get_intimacy(args.account_number, by=args.by, at=args.at or clock.now())
    if args.json:
        print_json("closeknit.intimacy/1", {"intimacy": card})
        return 0
    print(f"{card.account_number} {card.name}: {card.points} of 100 ({card.criteria_version}, {card.as_of_on})")
    for domain in card.domains:
        print(f"\n{domain.title}: {domain.points}")
        for term in domain.terms:
            print(f"  {term.measure.value:<10} {term.points:>5} of {term.weight:>3}  {term.reason}")
        for sentence in domain.missing:
            print(f"  - {sentence}")
    return 0


def _refresh(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers.actions.refresh_intimacy import refresh_intimacy

    kept = refresh_intimacy(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.intimacy-kept/1", {"accounts": kept})
    else:
        print(f"Kept for {kept:,} accounts." if kept else "It is kept as of today already.")
    return 0


def _criteria(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.customers import reads

    criteria = reads.get_intimacy_criteria(by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.intimacy-criteria/1", {"criteria": criteria})
    else:
        print(criteria.text)
    return 0


def _adopt(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.customers.actions.refresh_intimacy import adopt_intimacy_criteria

    try:
        text = args.file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        raise Invalid(f"The criteria cannot be read: {failure}", where=str(args.file)) from None
    thread_id = adopt_intimacy_criteria(text, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.intimacy-adopted/1", {"thread_id": thread_id})
    else:
        print(f"In force from now on. Thread: {thread_id}")
    return 0
