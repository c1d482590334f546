"""Commands of org: how people sign in, and where they are signed in."""

import argparse
import sys
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(org: Any) -> None:
    """Add `closeknit org sign-in ...` and `closeknit org sessions ...`."""
    sign_in = org.add_group("sign-in", help="how a person signs in: password, e-mail address, second factor")
    password = sign_in.add_parser("password", help="give a person a new password; all sessions of the person end")
    email = sign_in.add_parser("email", help="set the e-mail address that the company's sign-in goes by")
    factor = sign_in.add_parser("forget-factor", help="take away a lost authenticator app and its recovery codes")
    show = sign_in.add_parser("show", help="show how a person signs in")
    for parser, run in ((password, _password), (email, _email), (factor, _factor), (show, _show)):
        parser.add_argument("person", help="user name")
        parser.set_defaults(run=run)
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    email.add_argument("email", help='the address; "" takes it away')
    sessions = org.add_group("sessions", help="where a person is signed in")
    listing = sessions.add_parser("list", help="list sessions in force")
    listing.set_defaults(run=_list)
    ending = sessions.add_parser("end", help="end sessions at once")
    ending.set_defaults(run=_end)
    for parser in (listing, ending):
        parser.add_argument("person", nargs="?", default="", help="user name (default: who acts)")
    ending.add_argument("--session", default="", help="only the one with this handle")
    ending.add_argument("--everyone", action="store_true", help="of everybody")


def _password(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.change_password import set_password
    from closeknit.rooms.org.cli.people import ask_password

    new = sys.stdin.readline().rstrip("\n") if args.password_stdin else ask_password()
    set_password(person_key=_key(args.person), new=new, by=args.by)
    return _done(args, "Their sessions have ended; the new password holds from now on.")


def _email(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.set_sign_in import set_email

    set_email(person_key=_key(args.person), email=args.email, by=args.by)
    return _done(args, "The address is set." if args.email else "The address is gone.")


def _factor(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.set_sign_in import remove_second_factor

    removed = remove_second_factor(person_key=_key(args.person), by=args.by)
    return _done(args, "The second factor is gone." if removed else "There was no second factor.")


def _show(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    card = reads.get_sign_in(person_key=_key(args.person), by=args.by)
    if args.json:
        print_json("closeknit.sign-in/1", {"sign_in": card})
        return 0
    rows = [
        ("user name", card.username),
        ("e-mail address", card.email or "none"),
        ("password", "set" if card.has_password else "none"),
        ("second factor", f"set, {card.recovery_codes_left} codes left" if card.has_second_factor else "none"),
        ("company's sign-in", "connected" if card.has_single_sign_on else "not connected"),
    ]
    print_table(("what", "how"), rows)
    return 0


def _list(args: argparse.Namespace) -> int:
    from closeknit.rooms.org import reads

    found = reads.list_sessions(person_key=_key(args.person) if args.person else "", by=args.by)
    if args.json:
        print_json("closeknit.sessions/1", {"sessions": found})
        return 0
    rows = [
        (s.handle, s.address, f"{s.began_at:%Y-%m-%d %H:%M}", f"{s.seen_at:%H:%M}", f"{s.ends_at:%H:%M}", s.browser)
        for s in found
    ]
    print_table(("session", "address", "since", "seen", "ends", "browser"), rows, empty="Signed in nowhere.")
    return 0


def _end(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.end_sessions import end_sessions

    key = "*" if args.everyone else _key(args.person) if args.person else ""
    ended = end_sessions(person_key=key, handle=args.session, by=args.by)
    if args.json:
        print_json("closeknit.sessions-ended/1", {"ended": ended})
    else:
        print(f"Ended: {ended}. Whoever was there signs in again.")
    return 0


def _key(username: str) -> str:
    from closeknit.kernel.errors import NotFound
    from closeknit.rooms.org import reads

    actor = reads.find_actor_by_username(username)
    if actor is None:
        raise NotFound("There is no such person.", where=username, todo="See: closeknit org people.")
    return actor.key


def _done(args: argparse.Namespace, said: str) -> int:
    if args.json:
        print_json("closeknit.sign-in-changed/1", {"person": args.person, "said": said})
    else:
        print(said)
    return 0
