"""Commands of org: stewards, and sharing between departments."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(org: Any) -> None:
    """Add `closeknit org stewards`, `appoint-steward`, `end-steward`, `sharing-rules`, `withhold`, `share-again`."""
    show = org.add_parser("stewards", help="who answers for which data")
    show.add_argument("--domain", default="")
    show.add_argument("--past", action="store_true", help="also those who did before")
    show.set_defaults(run=_list)
    appoint = org.add_parser("appoint-steward", help="say who answers for a domain or one field of it")
    appoint.add_argument("person", help="user name")
    appoint.add_argument("domain")
    appoint.add_argument("--field", default="", help="one field; without: the whole domain")
    appoint.add_argument("--level", default="global", help="global, region or site")
    appoint.add_argument("--place", default="")
    appoint.add_argument("--reason", required=True)
    appoint.set_defaults(run=_appoint)
    end = org.add_parser("end-steward", help="end an appointment now")
    end.add_argument("stewardship", type=int)
    end.add_argument("--reason", required=True)
    end.set_defaults(run=_end)
    rules = org.add_parser("sharing-rules", help="which fields which department does not get")
    rules.add_argument("--past", action="store_true", help="also those that ended")
    rules.set_defaults(run=_rules)
    withhold = org.add_parser("withhold", help="keep a domain's fields from a department")
    withhold.add_argument("domain")
    withhold.add_argument("department", help="sales, operations or finance")
    withhold.add_argument("--field", default="", help="one field; without: all that is more than public")
    withhold.add_argument("--reason", required=True)
    withhold.set_defaults(run=_withhold)
    share = org.add_parser("share-again", help="end a sharing rule now")
    share.add_argument("rule", type=int)
    share.add_argument("--reason", required=True)
    share.set_defaults(run=_share)


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    cards = reads.list_stewards(domain=args.domain, also_past=args.past, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.stewards/1", {"stewards": cards})
        return 0
    rows = [(c.stewardship_id, c.subject, c.person_name, c.starts_at, c.ends_at, c.reason) for c in cards]
    print_table(
        ("number", "for", "steward", "from (UTC)", "until", "why"),
        rows,
        empty="Nobody answers for data yet: closeknit org appoint-steward PERSON DOMAIN --reason WHY.",
    )
    return 0


def _appoint(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.appoint_steward import appoint_steward

    now = clock.now()
    where = {"level": args.level, "place": args.place}
    number = appoint_steward(args.person, args.domain, args.field, **where, reason=args.reason, by=args.by, at=now)
    return _say_steward(args, reads.get_stewardship(number, by=args.by, at=now), "answers for")


def _end(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.appoint_steward import end_stewardship

    now = clock.now()
    end_stewardship(args.stewardship, reason=args.reason, by=args.by, at=now)
    return _say_steward(args, reads.get_stewardship(args.stewardship, by=args.by, at=now), "no longer answers for")


def _say_steward(args: argparse.Namespace, card: Any, verb: str) -> int:
    if args.json:
        print_json("closeknit.steward/1", {"steward": card})
    else:
        print(f"{card.person_name} {verb} {card.subject}.")
    return 0


def _rules(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    cards = reads.list_sharing_rules(also_past=args.past, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.sharing-rules/1", {"rules": cards})
        return 0
    rows = [(c.rule_id, c.domain, c.field or "all", c.department, c.starts_at, c.ends_at, c.reason) for c in cards]
    headings = ("number", "domain", "field", "kept from", "from (UTC)", "until", "why")
    print_table(headings, rows, empty="Nothing is withheld: each department gets what its roles may see.")
    return 0


def _withhold(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.share_with_department import withhold_from_department

    number = withhold_from_department(
        args.domain, args.field, department=args.department, reason=args.reason, by=args.by, at=clock.now()
    )
    return _say_rule(args, reads.get_sharing_rule(number, by=args.by), "no longer gets")


def _share(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads
    from closeknit.rooms.org.actions.share_with_department import share_again

    share_again(args.rule, reason=args.reason, by=args.by, at=clock.now())
    return _say_rule(args, reads.get_sharing_rule(args.rule, by=args.by), "gets again")


def _say_rule(args: argparse.Namespace, card: Any, verb: str) -> int:
    if args.json:
        print_json("closeknit.sharing-rule/1", {"rule": card})
    else:
        print(f"{card.department} {verb} {card.domain}.{card.field or '*'}.")
    return 0
