"""Every question about the ledger and the proposals."""

from closeknit.rooms.decisions.reads.audit import get_ledger_check, list_export_lines
from closeknit.rooms.decisions.reads.entries import get_thread, list_entries, list_threads
from closeknit.rooms.decisions.reads.proposals import find_proposal_about, get_proposal, list_proposals
from closeknit.rooms.decisions.reads.receipts import (
    get_consistency,
    get_public_key,
    get_receipt,
    get_seal,
)

__all__ = [
    "find_proposal_about",
    "get_consistency",
    "get_ledger_check",
    "get_proposal",
    "get_public_key",
    "get_receipt",
    "get_seal",
    "get_thread",
    "list_entries",
    "list_export_lines",
    "list_proposals",
    "list_threads",
]
