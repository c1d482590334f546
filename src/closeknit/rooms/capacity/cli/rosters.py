"""Commands of rosters, and of who works in a pool."""

import argparse
from pathlib import Path
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table, share_text


def add_commands(capacity: Any) -> None:
    """Add `closeknit capacity rosters`."""
    rosters = capacity.add_group("rosters", help="who of a pool works which shift on which day?")
    staff = rosters.add_parser("staff", help="who works in a pool; with a file: take it in")
    staff.add_argument("pool")
    staff.add_argument("file", type=Path, nargs="?", help="a CSV file of person, name, week_hours and more")
    staff.set_defaults(run=_staff)
    listing = rosters.add_parser("list", help="list them, newest first")
    listing.add_argument("--pool", default="")
    listing.add_argument("--limit", type=arguments.rows, default=50)
    listing.set_defaults(run=_list)
    make = rosters.add_parser("make", help="make a draft for the need of the plan in force")
    make.add_argument("pool")
    make.add_argument("--weeks", type=int, default=1)
    make.add_argument("--from", dest="first_on", type=arguments.day, default=None, help="a Monday of the plan in force")
    make.add_argument("--shift", dest="shifts", action="append", default=[], help="such as 08:00-16:30; many times")
    make.set_defaults(run=_make)
    show = rosters.add_parser("show", help="one roster: people by day, and what stays open")
    show.add_argument("roster", type=UUID)
    show.set_defaults(run=_show)
    why_not = rosters.add_parser("why-not", help="why is a person not on a shift?")
    why_not.add_argument("roster", type=UUID)
    why_not.add_argument("person")
    why_not.add_argument("day", type=arguments.day)
    why_not.add_argument("--shift", default="", help="its code (default: why not off)")
    why_not.set_defaults(run=_why_not)
    publish = rosters.add_parser("publish", help="make a draft what its people go by")
    publish.add_argument("roster", type=UUID)
    publish.add_argument("--reason", required=True)
    publish.set_defaults(run=_publish)
    replay = rosters.add_parser("replay", help="compute a roster again and compare every bit")
    replay.add_argument("roster", type=UUID)
    replay.set_defaults(run=_replay)


def _staff(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.cells import text_of
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.actions.adopt_staff import adopt_staff

    if args.file is not None:
        try:
            data = args.file.read_bytes()
        except OSError as reason:
            raise Invalid(
                "The file cannot be read.", where=str(args.file), todo="Give a file that is there."
            ) from reason
        adopt_staff(args.pool, text_of(data, where=str(args.file)), by=args.by, at=clock.now())
    found = reads.list_staff(args.pool, by=args.by)
    if args.json:
        print_json("closeknit.staff/1", {"staff": found})
        return 0
    rows = [(c.person, c.name, c.week_hours, " ".join(c.skills), " ".join(c.shift_starts) or "any") for c in found]
    print_table(("person", "name", "hours a week", "skills", "shifts"), rows, empty="Nobody is known to work there.")
    return 0


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    found = reads.list_rosters(by=args.by, pool=args.pool, limit=args.limit)
    if args.json:
        print_json("closeknit.rosters/1", {"rosters": found})
        return 0
    rows = [
        (c.pool, c.first_on, c.weeks, c.state, c.people, share_text(c.coverage_share), c.gap_points, c.roster_id)
        for c in found
    ]
    print_table(("pool", "from", "weeks", "state", "people", "covers", "gap", "roster"), rows, empty="No roster yet.")
    return 0


def _make(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity.actions.propose_roster import propose_roster
    from closeknit.rooms.capacity.contracts.rosters import RosterAsked

    asked = RosterAsked(args.pool, args.weeks, args.first_on, tuple(args.shifts))
    args.roster = propose_roster(asked, by=args.by, at=clock.now())
    return _show(args)


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    board = reads.get_roster_board(args.roster, by=args.by)
    if args.json:
        print_json("closeknit.roster/1", {"roster": board})
        return 0
    card = board.card
    print(f"{card.pool_name}, {card.weeks} weeks from {card.first_on}, {card.state}: roster {card.roster_id}")
    print(f"covers {share_text(card.coverage_share)}, {card.gap_points:g} points above the bound {card.bound_points:g}")
    print(
        "  ".join(f"{shift.code}: {shift.hours_text}{f' {shift.role}' if shift.role else ''}" for shift in board.shifts)
    )
    days = [f"{day.day_on:%d.%m.}" for day in board.days]
    rows: list[tuple[Any, ...]] = [(p.person, *(code or "·" for code in p.shifts), p.hours) for p in board.people]
    rows.append(("short, h", *(f"{day.short_hours:g}" for day in board.days), card.short_hours))
    print_table(("person", *days, "hours"), rows)
    for gap in board.gaps:
        print(f"  {gap.day_on} {gap.shift}: {gap.people_short} missing, {gap.hours_short:g} h. {gap.way_out}")
    for loan in board.loans:
        home = loan.from_pool or "outside"
        print(f"  {loan.person} of {home} works for {loan.to_pool}, {loan.from_on} until {loan.until_on}")
    for account in board.retention:
        print(f"  {account.sentence}")
    return 0


def _why_not(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity import reads

    told = reads.get_roster_why_not(args.roster, person=args.person, day_on=args.day, shift=args.shift, by=args.by)
    if args.json:
        print_json("closeknit.roster-why-not/1", {"why_not": told})
        return 0
    print(told.sentence)
    return 0


def _publish(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.capacity import reads
    from closeknit.rooms.capacity.actions.publish_roster import publish_roster

    publish_roster(args.roster, reason=args.reason, by=args.by, at=clock.now())
    card = reads.get_roster_board(args.roster, by=args.by).card
    if args.json:
        print_json("closeknit.roster-published/1", {"roster": card})
        return 0
    print(f"The roster of {card.pool_name} from {card.first_on} is published.")
    return 0


def _replay(args: argparse.Namespace) -> int:
    from closeknit.rooms.capacity.actions.replay_roster import replay_roster

    found = replay_roster(args.roster, by=args.by)
    if args.json:
        print_json("closeknit.roster-replay/1", {"replay": found})
    else:
        print("The same, bit for bit." if found.is_same else "It comes out otherwise.")
        print(f"then {found.stored_digest}, now {found.replayed_digest}, code {found.code_version}")
    return 0 if found.is_same else 1
