"""Commands of org: people and tokens."""

import argparse
import getpass
import sys
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(commands: Any) -> None:
    """Add `closeknit org ...`."""
    org = commands.add_group("org", help="people, roles, teams and API tokens")
    people = org.add_parser("people", help="list who may sign in")
    people.set_defaults(run=_list_people)
    add = org.add_parser("add-person", help="create a person who can sign in (asks for the password)")
    add.add_argument("username")
    add.add_argument("--name", required=True)
    add.add_argument("--role", action="append", default=[], help="may be given several times")
    add.add_argument("--team", action="append", default=[], help="may be given several times")
    add.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    add.set_defaults(run=_add_person)
    token = org.add_parser("token", help="issue an API token for the person named by --as")
    token.add_argument("label")
    token.set_defaults(run=_issue_token)


def _list_people(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    people = reads.list_people(by=args.by)
    if args.json:
        print_json("closeknit.people/1", {"people": people})
    else:
        rows = [(p.username, p.name, ", ".join(p.roles), ", ".join(p.teams)) for p in people]
        print_table(("user", "name", "roles", "teams"), rows, empty="Nobody can sign in yet: closeknit org add-person.")
    return 0


def _add_person(args: argparse.Namespace) -> int:
    from closeknit.kernel.errors import Invalid
    from closeknit.rooms.org.actions.create_person import create_person
    from closeknit.rooms.org.contracts import Role

    unknown = sorted(set(args.role) - set(Role))
    if unknown:
        raise Invalid(f"There is no role {unknown[0]!r}.", where="--role", todo=f"Use one of {', '.join(Role)}.")
    password = sys.stdin.readline().rstrip("\n") if args.password_stdin else _ask_password()
    actor = create_person(
        username=args.username,
        name=args.name,
        password=password,
        roles=[Role(role) for role in args.role],
        teams=args.team,
        by=args.by,
    )
    if args.json:
        print_json("closeknit.person/1", {"key": actor.key, "username": args.username, "name": actor.name})
    else:
        print(f"{actor.name} can now sign in as {args.username}.")
    return 0


def _ask_password() -> str:
    from closeknit.kernel.errors import Invalid

    if not sys.stdin.isatty():
        raise Invalid(
            "There is no terminal to ask for the password.",
            where="--password-stdin",
            todo="Add --password-stdin and pass the password as one line.",
        )
    return getpass.getpass()


def _issue_token(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.issue_token import issue_token

    issued = issue_token(label=args.label, by=args.by)
    if args.json:
        print_json("closeknit.token/1", {"token": issued.token, "label": issued.label})
    else:
        print(f"{issued.token}\nThis is shown once. Send it as: Authorization: Bearer {issued.token[:6]}…")
    return 0
