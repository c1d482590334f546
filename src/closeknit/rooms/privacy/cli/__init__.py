"""Commands of privacy: `closeknit privacy ...`."""

from typing import Any

from closeknit.rooms.privacy.cli import consents, copies, keeping


def add_commands(commands: Any) -> None:
    """Add this room's commands."""
    privacy = commands.add_group("privacy", help="what may we use, for what purpose, how long?")
    for part in (consents, keeping, copies):
        part.add_commands(privacy)
