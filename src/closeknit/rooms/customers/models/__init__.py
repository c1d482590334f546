"""Tables of customers, one file per subject."""

from closeknit.rooms.customers.models.accounts import Account

__all__ = ["Account"]
