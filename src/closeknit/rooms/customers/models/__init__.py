"""Tables of customers, one file per subject."""

from closeknit.rooms.customers.models.accounts import Account
from closeknit.rooms.customers.models.insights import Insight

__all__ = ["Account", "Insight"]
