"""Proposals: what waits for policy or for people, how it is answered, and the news of its end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from closeknit.kernel.news import Event
from closeknit.rooms.decisions.contracts.policy import Outcome


class ProposalState(StrEnum):
    """Where a proposal stands. `waiting` is the only state that can change."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What the approval policy looks at when a plan is proposed. Shares are 0..1, money in `currency`.

    `stale_feeds` counts the feeds behind it whose newest data is older than a plan allows at that place;
    `beyond_routine` the tiers and accounts that it serves less than the plan in force by more than routine allows
    (None: there is no plan in force).
    """

    operation: str
    cost: Decimal
    currency: str
    cost_change_share: float | None
    coverage_share: float
    top_tier_accounts_short: int
    data_age_days: int
    stale_feeds: int = 0
    beyond_routine: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a proposal does to one account: it gains (`amount` above 0) or loses (below), in the proposal's currency.

    `amount` None: it is affected, but not by money. `sentence` is about this account only.
    """

    account_number: str
    amount: Decimal | None
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class ShownEffects:
    """Who gains and who loses, as far as a reader may see it.

    `others_gain` and `others_lose` are totals over accounts that the reader may not see: None where there are fewer
    than three of them, or where one of them makes up more than three quarters. `is_held_back` tells that there are
    accounts of which nothing is shown.
    """

    listed: tuple[Effect, ...]
    others_gain: Decimal | None
    others_lose: Decimal | None
    is_held_back: bool


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What one policy rule said, kept whether or not it decided."""

    rule: str
    holds: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The policy's answer: settle it now, or leave it to people, by which row of which table, and why."""

    automatic: bool
    policy_version: str
    verdicts: tuple[RuleVerdict, ...]
    row: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """A proposal as shown in the inbox and on its thread.

    `approvals` people are needed of those who hold one of `roles`. `tier` is "none" where no account is concerned.
    """

    proposal_id: UUID
    thread_id: UUID
    kind: str
    subject: str
    title: str
    summary: str
    account_number: str
    tier: str
    state: ProposalState
    proposed_by: str
    proposed_by_key: str
    proposed_for: str
    proposed_at: datetime
    due_at: datetime
    expires_at: datetime | None
    money_at_stake: Decimal | None
    currency: str
    policy_version: str
    policy_row: int | None
    verdicts: tuple[RuleVerdict, ...]
    roles: tuple[str, ...]
    approvals: int
    decided_by: str
    decided_by_key: str
    decided_at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """One person's answer. `on_behalf_of` names whose rights were borrowed, "" for the person's own."""

    person: str
    person_key: str
    on_behalf_of: str
    role: str
    approves: bool
    reason: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class DeciderCard:
    """Someone who could answer a proposal: under which role, for whom, and whether away at present."""

    person_key: str
    person: str
    role: str
    on_behalf_of: str
    is_away: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a proposal changes, beside what it was."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ProposalDetail:
    """A proposal with everything a decision needs: before and after, who gains and loses, who answered and who may.

    `refusal` says why this reader cannot answer; "" where it may. `may_withdraw` is for whoever proposed it.
    """

    card: ProposalCard
    changes: tuple[Change, ...]
    effects: ShownEffects
    row_sentence: str
    answers: tuple[AnswerCard, ...]
    deciders: tuple[DeciderCard, ...]
    refusal: str
    acts_for: str
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class Proposed:
    """What another room may need of a decided proposal to carry it out."""

    proposal_id: UUID
    thread_id: UUID
    kind: str
    subject: str
    account_number: str
    state: ProposalState
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    decided_by_key: str
    decided_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class DecisionApproved(Event):
    """A proposal was approved, by policy or by people."""

    proposal_id: UUID
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class DecisionRejected(Event):
    """A person rejected a proposal."""

    proposal_id: UUID
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class DecisionExpired(Event):
    """Nobody decided a proposal in time, so it lapsed."""

    proposal_id: UUID
    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class DecisionWithdrawn(Event):
    """A proposal was taken back before it was decided."""

    proposal_id: UUID
    kind: str
    subject: str
