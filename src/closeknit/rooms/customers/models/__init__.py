"""Tables of customers, one file per subject."""

from closeknit.rooms.customers.models.accounts import Account
from closeknit.rooms.customers.models.insights import Insight
from closeknit.rooms.customers.models.records import (
    AccountMerge,
    Dispute,
    Doubt,
    Record,
    RecordLink,
    RecordMatch,
    RecordVersion,
    Survivorship,
)

__all__ = [
    "Account",
    "AccountMerge",
    "Dispute",
    "Doubt",
    "Insight",
    "Record",
    "RecordLink",
    "RecordMatch",
    "RecordVersion",
    "Survivorship",
]
