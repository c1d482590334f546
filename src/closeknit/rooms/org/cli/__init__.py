"""Commands of org, one file per subject."""

from typing import Any

from closeknit.rooms.org.cli import lending, people, settings, sign_in, stewards, tokens


def add_commands(commands: Any) -> None:
    """Add `closeknit org ...`."""
    org = commands.add_group("org", help="people, what they may do, lending, absences, settings and API tokens")
    for part in (people, lending, settings, tokens, sign_in, stewards):
        part.add_commands(org)
