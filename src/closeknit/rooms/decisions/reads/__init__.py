"""Every question about the ledger and the proposals."""

from closeknit.rooms.decisions.reads.audit import get_ledger_check, list_export_lines
from closeknit.rooms.decisions.reads.entries import get_thread, list_entries, list_threads
from closeknit.rooms.decisions.reads.escalations import (
    count_escalations,
    find_open_escalation,
    get_escalation,
    list_escalation_steps,
    list_escalations,
)
from closeknit.rooms.decisions.reads.on_duty import get_duty_week, list_duty_calendars
from closeknit.rooms.decisions.reads.paths import get_path, list_path_versions, list_paths
from closeknit.rooms.decisions.reads.proposals import find_proposal_about, get_proposal, list_proposals
from closeknit.rooms.decisions.reads.receipts import (
    get_consistency,
    get_public_key,
    get_receipt,
    get_seal,
)

__all__ = [
    "count_escalations",
    "find_open_escalation",
    "find_proposal_about",
    "get_consistency",
    "get_duty_week",
    "get_escalation",
    "get_ledger_check",
    "get_path",
    "get_proposal",
    "get_public_key",
    "get_receipt",
    "get_seal",
    "get_thread",
    "list_duty_calendars",
    "list_entries",
    "list_escalation_steps",
    "list_escalations",
    "list_export_lines",
    "list_path_versions",
    "list_paths",
    "list_proposals",
    "list_threads",
]
