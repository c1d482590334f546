"""The tables of decisions."""

from closeknit.rooms.decisions.models.duties import Duty, DutyOccurrence
from closeknit.rooms.decisions.models.escalations import (
    DutyCalendar,
    DutyShiftRow,
    DutySwapRow,
    Escalation,
    EscalationPathRow,
    EscalationStepRow,
)
from closeknit.rooms.decisions.models.ledger import (
    LedgerCheckpoint,
    LedgerEntry,
    LedgerLeaf,
    LedgerNode,
    SubjectKey,
)
from closeknit.rooms.decisions.models.notices import (
    Dispatch,
    GatheredNotice,
    Notice,
    NoticePreferenceRow,
    WebhookEndpoint,
)
from closeknit.rooms.decisions.models.proposals import (
    ExceptionRow,
    PolicyRow,
    Proposal,
    ProposalAnswer,
)

__all__ = [
    "Dispatch",
    "Duty",
    "DutyCalendar",
    "DutyOccurrence",
    "DutyShiftRow",
    "DutySwapRow",
    "Escalation",
    "EscalationPathRow",
    "EscalationStepRow",
    "ExceptionRow",
    "GatheredNotice",
    "LedgerCheckpoint",
    "LedgerEntry",
    "LedgerLeaf",
    "LedgerNode",
    "Notice",
    "NoticePreferenceRow",
    "PolicyRow",
    "Proposal",
    "ProposalAnswer",
    "SubjectKey",
    "WebhookEndpoint",
]
