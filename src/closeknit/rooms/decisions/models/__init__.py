"""The tables of decisions."""

from closeknit.rooms.decisions.models.ledger import (
    LedgerCheckpoint,
    LedgerEntry,
    LedgerLeaf,
    LedgerNode,
)
from closeknit.rooms.decisions.models.notices import (
    Dispatch,
    GatheredNotice,
    Notice,
    NoticeWishes,
    WebhookEndpoint,
)
from closeknit.rooms.decisions.models.proposals import (
    Proposal,
)

__all__ = [
    "Dispatch",
    "GatheredNotice",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerLeaf",
    "LedgerNode",
    "Notice",
    "NoticeWishes",
    "Proposal",
    "WebhookEndpoint",
]
