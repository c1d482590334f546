"""What other rooms may know of decisions: ledger entries, proposals, and the events about them."""

from closeknit.rooms.decisions.contracts.ledger import (
    Break,
    Checkpoint,
    Entry,
    Finding,
    LedgerCheck,
    LedgerLine,
    Seal,
    SealOutcome,
    Statement,
    ThreadCard,
)
from closeknit.rooms.decisions.contracts.proposals import (
    DecisionApproved,
    DecisionRejected,
    Judgement,
    PlanFacts,
    ProposalCard,
    ProposalState,
    RuleVerdict,
)

__all__ = [
    "Break",
    "Checkpoint",
    "DecisionApproved",
    "DecisionRejected",
    "Entry",
    "Finding",
    "Judgement",
    "LedgerCheck",
    "LedgerLine",
    "PlanFacts",
    "ProposalCard",
    "ProposalState",
    "RuleVerdict",
    "Seal",
    "SealOutcome",
    "Statement",
    "ThreadCard",
]
