"""Commands of org: people and what they may do."""

import argparse
import getpass
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from closeknit.kernel.output import print_json, print_table

if TYPE_CHECKING:
    from closeknit.rooms.org.contracts import GrantCard, PersonCard, Role


def add_commands(org: Any) -> None:
    """Add the verbs about people to `closeknit org`."""
    people = org.add_parser("people", help="list who may sign in, and what each may do")
    people.set_defaults(run=_list_people)
    person = org.add_parser("person", help="show one person: roles, reach, lending, absences, how they changed")
    person.add_argument("person", help="user name, or key such as person:12")
    person.set_defaults(run=_show_person)
    add = org.add_parser("add-person", help="create a person who can sign in (asks for the password)")
    add.add_argument("username")
    add.add_argument("--name", required=True)
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.add_argument("--reason", default="", help="why this person is let in")
    _add_rights(add)
    add.set_defaults(run=_add_person)
    change = org.add_parser("change-roles", help="give a person other roles and reach; what is not named is taken")
    change.add_argument("person", help="user name, or key such as person:12")
    _add_rights(change)
    change.add_argument("--reason", required=True)
    change.set_defaults(run=_change_roles)
    for verb, text in (("disable", "shut a person out, at once"), ("enable", "let a person in again")):
        parser = org.add_parser(verb, help=text)
        parser.add_argument("person", help="user name, or key such as person:12")
        parser.add_argument("--reason", required=True)
        parser.set_defaults(run=_switch, verb=verb)
    access = org.add_parser("access", help="show the rules: what each role may do, and over which accounts")
    access.set_defaults(run=_show_access)


def _add_rights(parser: argparse.ArgumentParser) -> None:
    again = "may be given several times"
    parser.add_argument("--role", action="append", default=[], help=again)
    parser.add_argument("--team", action="append", default=[], help=f"reach a team's accounts; {again}")
    parser.add_argument("--region", action="append", default=[], help=f"reach a region's accounts; {again}")
    parser.add_argument("--account", action="append", default=[], help=f"reach one account; {again}")


def find_person(name: str, by: Any) -> "PersonCard":
    """Return the person with a key or a user name, as far as the actor may see it."""
    from closeknit.kernel.errors import NotFound
    from closeknit.rooms.org import reads

    actor = None if name.startswith("person:") else reads.find_actor_by_username(name)
    if actor is not None or name.startswith("person:"):
        return reads.get_person(actor.key if actor else name, by=by)
    for person in reads.list_people(by=by):
        if person.username == name:
            return person
    raise NotFound("There is no such person.", where=name, todo="See: closeknit org people.")


def _list_people(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    people = reads.list_people(by=args.by)
    if args.json:
        print_json("closeknit.people/1", {"people": people})
    else:
        rows = [
            (p.username, p.name, ", ".join(p.roles), reach_text(p), "may sign in" if p.is_active else "shut out")
            for p in people
        ]
        empty = "Nobody can sign in yet: closeknit org add-person."
        print_table(("user", "name", "roles", "reaches", "state"), rows, empty=empty)
    return 0


def reach_text(person: "PersonCard") -> str:
    """Say which accounts a person's roles reach."""
    from closeknit.rooms.org.contracts import SEES_EVERY_ACCOUNT

    parts = ["every account"] if SEES_EVERY_ACCOUNT & set(person.roles) else []
    return ", ".join([*parts, *(grant.sentence for grant in person.grants)])


def _show_person(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    person = find_person(args.person, args.by)
    changes = reads.list_rights_changes(person.key, by=args.by)
    delegations = reads.list_delegations(person_key=person.key, by=args.by)
    absences = reads.list_absences(person_key=person.key, by=args.by)
    if args.json:
        body = {"person": person, "delegations": delegations, "absences": absences, "changes": changes}
        print_json("closeknit.person-rights/1", body)
        return 0
    rows: list[tuple[str, Any]] = [
        ("key", person.key),
        ("user", person.username),
        ("name", person.name),
        ("roles", ", ".join(person.roles) or "none"),
        ("reaches", reach_text(person) or "nothing"),
        ("state", "may sign in" if person.is_active else "shut out"),
        *(("lends", f"{d.lender_name} to {d.borrower_name} until {d.ends_at:%Y-%m-%d}") for d in delegations),
        *(("away", f"{a.starts_at:%Y-%m-%d %H:%M} to {a.ends_at:%Y-%m-%d %H:%M}") for a in absences),
        *(("changed", f"{c.changed_at:%Y-%m-%d %H:%M} {c.reason}") for c in changes),
    ]
    print_table(("what", "value"), rows)
    return 0


def _add_person(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.create_person import create_person

    roles, grants = _rights(args)
    password = sys.stdin.readline().rstrip("\n") if args.password_stdin else ask_password()
    actor = create_person(
        username=args.username,
        name=args.name,
        password=password,
        roles=roles,
        grants=grants,
        reason=args.reason,
        by=args.by,
    )
    if args.json:
        print_json("closeknit.person/1", {"key": actor.key, "username": args.username, "name": actor.name})
    else:
        print(f"{actor.name} can now sign in as {args.username}.")
    return 0


def _rights(args: argparse.Namespace) -> "tuple[Sequence[Role], Sequence[GrantCard]]":
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.org.contracts import GrantCard, Role

    unknown = sorted(set(args.role) - set(Role))
    if unknown:
        raise Invalid(f"There is no role {unknown[0]!r}.", where="--role", todo=f"Use one of {', '.join(Role)}.")
    grants = [
        *(GrantCard(team=name) for name in args.team),
        *(GrantCard(region=name) for name in args.region),
        *(GrantCard(account_number=number) for number in args.account),
    ]
    return [Role(role) for role in args.role], grants


def ask_password() -> str:
    """Ask for a password where there is a terminal."""
    from closeknit.kernel.errors import Invalid

    if not sys.stdin.isatty():
        raise Invalid(
            "There is no terminal to ask for the password.",
            where="--password-stdin",
            todo="Add --password-stdin and pass the password as one line.",
        )
    return getpass.getpass()


def _change_roles(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.change_roles import change_roles

    roles, grants = _rights(args)
    person = find_person(args.person, args.by)
    change_id = change_roles(person.key, roles=roles, grants=grants, reason=args.reason, by=args.by)
    return _say_changed(args, person.key, change_id)


def _switch(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.change_roles import disable_person, enable_person

    person = find_person(args.person, args.by)
    act = disable_person if args.verb == "disable" else enable_person
    return _say_changed(args, person.key, act(person.key, reason=args.reason, by=args.by))


def _say_changed(args: argparse.Namespace, key: str, change_id: Any) -> int:
    person = find_person(key, args.by)
    if args.json:
        print_json("closeknit.rights-change/1", {"change_id": change_id, "person": person})
        return 0
    roles, reach = ", ".join(person.roles) or "no role", reach_text(person) or "nothing"
    state = "" if person.is_active else " and is shut out"
    print(f"{person.name} has {roles}, reaches {reach}{state}." + ("" if change_id else " Nothing changed."))
    return 0


def _show_access(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    rules = reads.get_access_rules(by=args.by)
    if args.json:
        print_json("closeknit.access/1", {"rules": rules})
        return 0
    print_table(("role", "reaches", "what it is for"), [(r.role, r.reach, r.sentence) for r in rules.roles])
    print()
    rows = [(p.permission, ", ".join(p.roles), "yes" if p.is_lendable else "no", p.sentence) for p in rules.permissions]
    print_table(("permission", "roles", "lendable", "what it allows"), rows)
    print()
    fields = [(f.card, f.name, f.sensitivity, f.permission) for f in rules.fields]
    print_table(("of", "field", "is", "shown to who may"), fields, empty="No field is held back.")
    return 0
