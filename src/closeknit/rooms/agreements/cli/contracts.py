"""Commands of contracts and business calendars."""

import argparse
import json
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(agreements: Any) -> None:
    """Add `closeknit agreements contracts ...` and `closeknit agreements calendars ...`."""
    contracts = agreements.add_group("contracts", help="contracts: drafted, decided, in force")
    listing = contracts.add_parser("list", help="versions of contracts, the latest first")
    listing.add_argument("--account", default="", metavar="NUMBER")
    listing.add_argument("--state", default="", choices=("", "draft", "proposed", "signed", "turned down"))
    listing.add_argument("--on", type=arguments.day, metavar="YYYY-MM-DD", help="signed and in force on this day")
    orders = "drafted, title, number, account, from or until; --sort=-drafted (as it is): the last first"
    listing.add_argument("--sort", default="-drafted", help=orders)
    listing.add_argument("--after", default="", metavar="VERSION", help="start behind this version's id")
    listing.add_argument("--limit", type=arguments.rows, default=200)
    listing.set_defaults(run=_list)
    draft = contracts.add_parser("draft", help="draft a contract from a JSON file, as POST /api/v1/contracts takes it")
    draft.add_argument("file", type=Path)
    draft.set_defaults(run=_draft)
    propose = contracts.add_parser("propose", help="put a draft before the decision table")
    propose.add_argument("version", type=UUID)
    propose.add_argument("--reason", required=True)
    propose.set_defaults(run=_propose)
    calendars = agreements.add_group("calendars", help="when the time of promises passes")
    shown = calendars.add_parser("list", help="every version of every calendar")
    shown.set_defaults(run=_calendars)
    put = calendars.add_parser("set", help="put a version in force from a day on")
    put.add_argument("key")
    put.add_argument("title")
    put.add_argument("hours", nargs="+", metavar="mon-fri=09:00-17:00")
    put.add_argument("--from", dest="from_on", type=arguments.day, required=True, metavar="YYYY-MM-DD")
    put.add_argument("--zone", default="", help="such as Europe/Berlin; without it each account's own")
    put.add_argument("--holidays", default="", metavar="DE", help="whose public holidays are closed")
    put.add_argument("--closed", type=arguments.day, nargs="*", default=[], metavar="YYYY-MM-DD")
    put.set_defaults(run=_set)


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.agreements import reads

    which = {"account_number": args.account, "state": args.state, "on": args.on}
    cards = reads.list_contracts(by=args.by, sort=args.sort, after=args.after, limit=args.limit, **which)
    if args.json:
        print_json("closeknit.contracts/1", {"contracts": cards})
        return 0
    print_table(
        ("contract", "version", "state", "for", "from", "until", "clauses", "id"),
        [
            (c.contract_number, c.version, c.state, c.whom, c.starts_on, c.ends_on, len(c.clauses), c.version_id)
            for c in cards
        ],
        empty="No contract was drafted here that you may see.",
    )
    return 0


def _draft(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.agreements.actions.draft_contract import draft_contract
    from closeknit.rooms.agreements.contracts.deals import read_contract

    try:
        given = json.loads(args.file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as failure:
        raise Invalid(f"It cannot be read: {failure}.", where=str(args.file), todo="Give a JSON file.") from None
    version_id = draft_contract(read_contract(given), by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.contract-drafted/1", {"version_id": version_id})
    else:
        print(f"Drafted: {version_id}")
    return 0


def _propose(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.propose_contract import propose_contract

    proposal_id = propose_contract(args.version, reason=args.reason, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.contract-proposed/1", {"proposal_id": proposal_id})
    else:
        print(f"Proposed: {proposal_id}")
    return 0


def _calendars(args: argparse.Namespace) -> int:
    from closeknit.rooms.agreements import reads

    found = reads.list_calendars(by=args.by)
    if args.json:
        print_json("closeknit.calendars/1", {"calendars": found})
        return 0
    print_table(
        ("calendar", "title", "from", "zone", "holidays", "open minutes a day"),
        [
            (
                c.key,
                c.title,
                c.from_on,
                c.time_zone or "each account's",
                c.holidays_of or "none",
                c.open_minutes_per_day,
            )
            for c in found
        ],
        empty="No calendar is set: business time passes on working days, whole days.",
    )
    return 0


def _set(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.agreements.actions.set_calendar import set_calendar
    from closeknit.rooms.agreements.contracts import BusinessCalendar
    from closeknit.rooms.agreements.contracts.calendars import read_hours

    closed: list[date] = args.closed
    calendar = BusinessCalendar(
        key=args.key,
        title=args.title,
        time_zone=args.zone,
        openings=read_hours("\n".join(args.hours)),
        holidays_of=args.holidays,
        closed_on=tuple(closed),
        from_on=args.from_on,
    )
    thread_id = set_calendar(calendar, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.calendar-set/1", {"thread_id": thread_id})
    else:
        print(f"Set from {args.from_on} on.")
    return 0
