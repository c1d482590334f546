"""Commands of org: rights lent for a time, and absences."""

import argparse
from typing import Any
from uuid import UUID

from closeknit.kernel import arguments
from closeknit.kernel.output import print_json, print_table


def add_commands(org: Any) -> None:
    """Add the verbs about delegations and absences to `closeknit org`."""
    _add_delegations(org)
    _add_absences(org)


def _add_delegations(org: Any) -> None:
    lend = org.add_parser("delegate", help="lend your rights to a colleague for a time")
    lend.add_argument("to", help="user name, or key such as person:12")
    lend.add_argument("--from", dest="starts_at", type=arguments.instant, help="default: now")
    lend.add_argument("--until", dest="ends_at", type=arguments.instant, required=True)
    lend.add_argument("--reason", required=True)
    lend.add_argument("--permission", action="append", help="lend this only; may be given several times")
    lend.add_argument("--of", default="", help="whose rights: for who manages people")
    lend.set_defaults(run=_delegate)
    listing = org.add_parser("delegations", help="list what you lend and borrow, or everyone's for who manages people")
    listing.add_argument("--person", default="", help="of this person only")
    listing.set_defaults(run=_list_delegations)
    end = org.add_parser("end-delegation", help="take lent rights back, or give them back, now")
    end.add_argument("delegation_id", type=UUID)
    end.set_defaults(run=_end_delegation)


def _add_absences(org: Any) -> None:
    away = org.add_parser("absent", help="say that you are away, so that work waits for others")
    away.add_argument("--from", dest="starts_at", type=arguments.instant, help="default: now")
    away.add_argument("--until", dest="ends_at", type=arguments.instant, required=True)
    away.add_argument("--reason", default="")
    away.add_argument("--person", default="", help="who is away: for who manages people")
    away.set_defaults(run=_report_absence)
    listing = org.add_parser("absences", help="list your absences, or everyone's for who manages people")
    listing.add_argument("--person", default="", help="of this person only")
    listing.set_defaults(run=_list_absences)
    end = org.add_parser("end-absence", help="say that someone is back early")
    end.add_argument("absence_id", type=UUID)
    end.set_defaults(run=_end_absence)


def _key_of(name: str, by: Any) -> str:
    """Return a person's key. A key is taken as it is; a name nobody has is refused by the action."""
    from closeknit.rooms.org import reads

    if not name or name.startswith("person:"):
        return name
    actor = reads.find_actor_by_username(name)
    return actor.key if actor and by else name


def _delegate(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.delegate import delegate
    from closeknit.rooms.org.contracts import Permission

    unknown = sorted(set(args.permission or ()) - set(Permission))
    if unknown:
        raise Invalid(f"There is no permission {unknown[0]!r}.", where="--permission", todo="closeknit org access.")
    at = clock.now()
    delegation_id = delegate(
        _key_of(args.to, args.by),
        starts_at=args.starts_at or at,
        ends_at=args.ends_at,
        reason=args.reason,
        permissions=[Permission(p) for p in args.permission] if args.permission else None,
        lender=_key_of(args.of, args.by),
        by=args.by,
        at=at,
    )
    card = reads.get_delegation(delegation_id, by=args.by)
    if args.json:
        print_json("closeknit.delegation/1", {"delegation": card})
    else:
        print(
            f"{card.lender_name} lends {_what(card)} to {card.borrower_name} until {card.ends_at:%Y-%m-%d %H:%M} UTC."
        )
    return 0


def _what(card: Any) -> str:
    return ", ".join(card.permissions) if card.permissions else "all that can be lent"


def _list_delegations(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    found = reads.list_delegations(person_key=_key_of(args.person, args.by), by=args.by)
    if args.json:
        print_json("closeknit.delegations/1", {"delegations": found})
        return 0
    rows = [
        (d.lender_name, d.borrower_name, _what(d), d.starts_at, d.ended_at or d.ends_at, d.reason, str(d.delegation_id))
        for d in found
    ]
    empty = "Nothing is lent: closeknit org delegate NAME --until TIME --reason WHY."
    print_table(("lender", "borrower", "rights", "from", "until", "reason", "delegation"), rows, empty=empty)
    return 0


def _end_delegation(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.delegate import end_delegation

    end_delegation(args.delegation_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.delegation-ended/1", {"delegation_id": args.delegation_id})
    else:
        print("The rights are back with their owner.")
    return 0


def _report_absence(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.report_absence import report_absence

    at = clock.now()
    absence_id = report_absence(
        starts_at=args.starts_at or at,
        ends_at=args.ends_at,
        reason=args.reason,
        person_key=_key_of(args.person, args.by),
        by=args.by,
        at=at,
    )
    if args.json:
        print_json("closeknit.absence/1", {"absence_id": absence_id})
    else:
        print(f"Noted until {args.ends_at:%Y-%m-%d %H:%M}. What needs an answer is asked of others meanwhile.")
    return 0


def _list_absences(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    found = reads.list_absences(person_key=_key_of(args.person, args.by), by=args.by)
    if args.json:
        print_json("closeknit.absences/1", {"absences": found})
        return 0
    rows = [(a.person_name, a.starts_at, a.ended_at or a.ends_at, a.reason, str(a.absence_id)) for a in found]
    print_table(("who", "from", "until", "reason", "absence"), rows, empty="Nobody is away.")
    return 0


def _end_absence(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.report_absence import end_absence

    end_absence(args.absence_id, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.absence-ended/1", {"absence_id": args.absence_id})
    else:
        print("Noted.")
    return 0
