"""Commands of org: API tokens."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json, print_table


def add_commands(org: Any) -> None:
    """Add `closeknit org token issue|list|revoke`."""
    token = org.add_group("token", help="API tokens of the person named by --as")
    issue = token.add_parser("issue", help="issue a token; it is shown once")
    issue.add_argument("label", help="what it is for")
    issue.add_argument("--scope", action="append", help="what it may do; several times; default: what you may read")
    issue.add_argument("--days", type=int, default=90, help="how long it lives, at most 365 (default 90)")
    issue.set_defaults(run=_issue)
    show = token.add_parser("list", help="list tokens and when they were last used")
    show.add_argument("--everyone", action="store_true", help="of everybody, for who manages people")
    show.set_defaults(run=_list)
    revoke = token.add_parser("revoke", help="end tokens at once")
    revoke.add_argument("token", help="its label, or its number")
    revoke.set_defaults(run=_revoke)


def _issue(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.issue_token import issue_token

    issued = issue_token(label=args.label, scopes=args.scope, days=args.days, by=args.by)
    if args.json:
        print_json("closeknit.token/2", {"token": issued})
    else:
        print(f"{issued.token}\nThis is shown once. Send it as: Authorization: Bearer {issued.token[:6]}…")
        print(f"It may do {', '.join(issued.scopes)} until {issued.expires_at:%Y-%m-%d %H:%M} UTC.")
    return 0


def _list(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org import reads

    tokens = reads.list_tokens(person_key="*" if args.everyone else "", at=clock.now(), by=args.by)
    if args.json:
        print_json("closeknit.tokens/1", {"tokens": tokens})
        return 0
    rows = [
        (
            t.token_id,
            t.label,
            t.person_name,
            "revoked" if t.revoked_at else "in force" if t.is_in_force else "expired",
            f"{t.expires_at:%Y-%m-%d}",
            f"{t.last_used_at:%Y-%m-%d %H:%M}" if t.last_used_at else "never",
            ", ".join(t.scopes),
        )
        for t in tokens
    ]
    headings = ("token", "label", "person", "state", "ends", "last used", "may do")
    print_table(headings, rows, empty="No tokens: closeknit org token issue LABEL --as NAME.")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    from closeknit.kernel import clock
    from closeknit.rooms.org.actions.revoke_token import revoke_token

    number = int(args.token) if args.token.isascii() and args.token.isdecimal() else 0
    ended = revoke_token(label="" if number else args.token, token_id=number, by=args.by, at=clock.now())
    if args.json:
        print_json("closeknit.tokens-revoked/1", {"revoked": ended})
    else:
        print(f"Revoked: {ended}. Programs that use them are refused from now on.")
    return 0
