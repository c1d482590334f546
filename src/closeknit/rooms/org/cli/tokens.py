"""Commands of org: API tokens."""

import argparse
from typing import Any

from closeknit.kernel.output import print_json


def add_commands(org: Any) -> None:
    """Add the verbs about tokens to `closeknit org`."""
    token = org.add_parser("token", help="issue an API token for the person named by --as")
    token.add_argument("label")
    token.set_defaults(run=_issue_token)


def _issue_token(args: argparse.Namespace) -> int:
    from closeknit.rooms.org.actions.issue_token import issue_token

    issued = issue_token(label=args.label, by=args.by)
    if args.json:
        print_json("closeknit.token/1", {"token": issued.token, "label": issued.label})
    else:
        print(f"{issued.token}\nThis is shown once. Send it as: Authorization: Bearer {issued.token[:6]}…")
    return 0
