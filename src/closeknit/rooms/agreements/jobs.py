"""Background work of this room: ids in, one action out."""

from closeknit.kernel import clock
from closeknit.kernel.events import Context
from closeknit.rooms.agreements.actions.adopt_terms import adopt_terms
from closeknit.rooms.agreements.actions.propose_contract import KIND
from closeknit.rooms.agreements.actions.sign_contract import sign_contract, turn_down_contract
from closeknit.rooms.agreements.actions.warn_of_clocks import note_breaches, warn_of_clocks
from closeknit.rooms.decisions.contracts import (
    DecisionApproved,
    DecisionExpired,
    DecisionRejected,
    DecisionWithdrawn,
)
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.contracts import DemandObserved


def adopt_terms_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take over the terms that a batch stated, and the promises that its work records."""
    adopt_terms(event.batch_id, thread_id=event.thread_id, by=context.by)


def sign_contract_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Put a contract in force that was approved."""
    if event.kind == KIND:
        sign_contract(event.proposal_id, by=context.by, at=clock.now())


def turn_down_on_decision_rejected(event: DecisionRejected, context: Context) -> None:
    """Close a contract that was rejected."""
    if event.kind == KIND:
        turn_down_contract(event.proposal_id, by=context.by, at=clock.now())


def turn_down_on_decision_expired(event: DecisionExpired, context: Context) -> None:
    """Close a contract that nobody decided in time."""
    if event.kind == KIND:
        turn_down_contract(event.proposal_id, by=context.by, at=clock.now())


def turn_down_on_decision_withdrawn(event: DecisionWithdrawn, context: Context) -> None:
    """Close a contract that its proposer took back."""
    if event.kind == KIND:
        turn_down_contract(event.proposal_id, by=context.by, at=clock.now())


def keep_watch_on_clocks() -> None:
    """Tell people of clocks that run out, and note what broke. The worker calls this again and again."""
    by, at = org.system_actor(), clock.now()
    warn_of_clocks(by=by, at=at)
    note_breaches(by=by, at=at)
