"""Tables of customers, one file per subject."""

from closeknit.rooms.customers.models.accounts import CLOSENESS, Account, numbers_merged_into
from closeknit.rooms.customers.models.insights import Insight
from closeknit.rooms.customers.models.intimacy import IntimacyCriteriaRow, IntimacyRowKept
from closeknit.rooms.customers.models.journey import Touchpoint
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
from closeknit.rooms.customers.models.worth import ScoreRow, TierTableRow, TierWeekRow, ValueRow, WorthRun

__all__ = [
    "CLOSENESS",
    "Account",
    "AccountMerge",
    "Dispute",
    "Doubt",
    "Insight",
    "IntimacyCriteriaRow",
    "IntimacyRowKept",
    "Record",
    "RecordLink",
    "RecordMatch",
    "RecordVersion",
    "ScoreRow",
    "Survivorship",
    "TierTableRow",
    "TierWeekRow",
    "Touchpoint",
    "ValueRow",
    "WorthRun",
    "numbers_merged_into",
]
