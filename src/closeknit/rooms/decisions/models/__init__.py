"""The tables of decisions."""

from closeknit.rooms.decisions.models.ledger import (
    LedgerCheckpoint,
    LedgerEntry,
    LedgerLeaf,
    LedgerNode,
)
from closeknit.rooms.decisions.models.proposals import (
    Proposal,
)

__all__ = [
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerLeaf",
    "LedgerNode",
    "Proposal",
]
