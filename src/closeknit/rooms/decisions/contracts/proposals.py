"""Proposals: what waits for policy or a person, and the news of its end."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from closeknit.kernel.events import Event


class ProposalState(StrEnum):
    """Where a proposal stands. `waiting` is the only state that can change."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the approval policy looks at when a plan is proposed. Shares are 0..1, money in `currency`."""

    operation: str
    cost: Decimal
    currency: str
    cost_change_share: float | None
    coverage_share: float
    top_tier_accounts_short: int
    data_age_days: int


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one policy row said, kept whether or not it decided."""

    rule: str
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The policy's answer: settle it now, or leave it to a person, and why."""

    automatic: bool
    policy_version: str
    verdicts: tuple[RuleVerdict, ...]


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """A proposal as shown in the inbox and on its thread."""

    proposal_id: UUID
    thread_id: UUID
    kind: str
    subject: str
    title: str
    summary: str
    state: ProposalState
    proposed_by: str
    proposed_by_key: str
    proposed_at: datetime
    due_at: datetime
    money_at_stake: Decimal | None
    currency: str
    verdicts: tuple[RuleVerdict, ...]
    decided_by: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionApproved(Event):
    """A proposal was approved, by policy or by a person."""

    proposal_id: UUID
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class DecisionRejected(Event):
    """A person rejected a proposal."""

    proposal_id: UUID
    kind: str
    subject: str
