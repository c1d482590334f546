"""Commands of customers, one file per subject."""

from typing import Any

from closeknit.rooms.customers.cli import accounts, insights, intimacy, journey, records, worth


def add_commands(commands: Any) -> None:
    """Add `closeknit customers ...`."""
    customers = commands.add_group("customers", help="accounts, their tiers and why they have them, and what we know")
    for part in (accounts, insights, intimacy, journey, records, worth):
        part.add_commands(customers)
