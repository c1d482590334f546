"""Every question about the ledger and the proposals."""

from closeknit.rooms.decisions.reads.audit import get_ledger_check, list_export_lines
from closeknit.rooms.decisions.reads.deciders import get_proposal_detail, list_to_decide
from closeknit.rooms.decisions.reads.duties import (
    count_open_occurrences,
    get_duty,
    get_occurrence,
    list_duties,
    list_duty_templates,
    list_evidence_queries,
    list_occurrences,
)
from closeknit.rooms.decisions.reads.entries import (
    count_entries_of_accounts,
    get_thread,
    list_entries,
    list_threads,
)
from closeknit.rooms.decisions.reads.entry_counts import count_latest_entries
from closeknit.rooms.decisions.reads.escalations import (
    count_escalations,
    find_open_escalation,
    get_escalation,
    list_escalation_steps,
    list_escalations,
    list_open_causes,
)
from closeknit.rooms.decisions.reads.exceptions import (
    count_exceptions,
    get_exception,
    list_exceptions,
    list_exceptions_to_review,
)
from closeknit.rooms.decisions.reads.inbox import get_inbox
from closeknit.rooms.decisions.reads.notices import (
    count_unread_notices,
    get_dispatch,
    get_endpoint,
    get_notice,
    get_notice_preferences,
    list_dispatches,
    list_endpoints,
    list_notices,
)
from closeknit.rooms.decisions.reads.on_duty import get_duty_week, list_duty_calendars
from closeknit.rooms.decisions.reads.paths import get_path, list_path_versions, list_paths, path_as_text
from closeknit.rooms.decisions.reads.policy import check_policy, get_policy, judge_again, list_policy_versions
from closeknit.rooms.decisions.reads.proposals import (
    find_proposal_about,
    get_proposal,
    get_proposed,
    list_proposals,
    states_of,
)
from closeknit.rooms.decisions.reads.receipts import (
    get_consistency,
    get_public_key,
    get_receipt,
    get_seal,
    list_public_keys,
)
from closeknit.rooms.decisions.reads.replays import judge_line_again, replay_thread
from closeknit.rooms.decisions.reads.strict_tables import ask_strict_table, read_strict_table, rows_of

__all__ = [
    "ask_strict_table",
    "check_policy",
    "count_entries_of_accounts",
    "count_escalations",
    "count_exceptions",
    "count_latest_entries",
    "count_open_occurrences",
    "count_unread_notices",
    "find_open_escalation",
    "find_proposal_about",
    "get_consistency",
    "get_dispatch",
    "get_duty",
    "get_duty_week",
    "get_endpoint",
    "get_escalation",
    "get_exception",
    "get_inbox",
    "get_ledger_check",
    "get_notice",
    "get_notice_preferences",
    "get_occurrence",
    "get_path",
    "get_policy",
    "get_proposal",
    "get_proposal_detail",
    "get_proposed",
    "get_public_key",
    "get_receipt",
    "get_seal",
    "get_thread",
    "judge_again",
    "judge_line_again",
    "list_dispatches",
    "list_duties",
    "list_duty_calendars",
    "list_duty_templates",
    "list_endpoints",
    "list_entries",
    "list_escalation_steps",
    "list_escalations",
    "list_evidence_queries",
    "list_exceptions",
    "list_exceptions_to_review",
    "list_export_lines",
    "list_notices",
    "list_occurrences",
    "list_open_causes",
    "list_path_versions",
    "list_paths",
    "list_policy_versions",
    "list_proposals",
    "list_public_keys",
    "list_threads",
    "list_to_decide",
    "path_as_text",
    "read_strict_table",
    "replay_thread",
    "rows_of",
    "states_of",
]
