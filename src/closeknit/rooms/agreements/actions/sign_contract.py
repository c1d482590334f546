"""Carry out what was decided about a contract: sign it, or turn it down."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.rooms.agreements.actions.propose_contract import KIND
from closeknit.rooms.agreements.compute import threshold_minutes
from closeknit.rooms.agreements.contracts.deals import (
    SIGNED_HERE,
    Clause,
    ContractCard,
    ContractState,
    TermsChanged,
)
from closeknit.rooms.agreements.contracts.terms import TermSource
from closeknit.rooms.agreements.models import Contract, ContractVersion, TermRow
from closeknit.rooms.agreements.reads.calendars import open_minutes_per_day
from closeknit.rooms.agreements.reads.contracts import contract_of
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState, Proposed
from closeknit.rooms.org import reads as org


def sign_contract(proposal_id: UUID, *, by: Actor, at: datetime) -> None:
    """Put an approved version in force from its first day; what held before ends there. Done already: nothing happens.

    Called by the wiring after an approval, as whoever approved it. The decision is what allows it, so no permission is
    asked again; what nobody approved is refused, and so is what a version that begins later stands against.
    """
    proposed = _decided(proposal_id)
    if proposed is None:
        return
    if proposed.state is not ProposalState.APPROVED:
        raise Conflict("Nobody approved this contract.", where=str(proposal_id), todo="Decide its proposal first.")
    with transaction.atomic():
        row = ContractVersion.objects.select_for_update().filter(proposal_id=proposal_id).first()
        if row is None or row.state == ContractState.SIGNED.value:
            return
        card = contract_of(row)
        ended = _end_earlier(card)
        _write_terms(card)
        row.state, row.decided_at = ContractState.SIGNED.value, at
        row.save(update_fields=["state", "decided_at"])
        record_entry(_entry(card, proposed, "contract.signed", "was signed", {"ended": ended}), by=by)
        publish(
            TermsChanged(card.thread_id, card.version_id, card.contract_number, card.account_number),
            by=by,
        )


def turn_down_contract(proposal_id: UUID, *, by: Actor, at: datetime) -> None:
    """Close a version whose proposal was rejected, withdrawn or lapsed. Done already: nothing happens."""
    proposed = _decided(proposal_id)
    if proposed is None or proposed.state in (ProposalState.WAITING, ProposalState.APPROVED):
        return
    with transaction.atomic():
        rows = ContractVersion.objects.select_for_update().filter(
            proposal_id=proposal_id, state=ContractState.PROPOSED.value
        )
        row = rows.first()
        if row is None:
            return
        row.state, row.decided_at = ContractState.TURNED_DOWN.value, at
        row.save(update_fields=["state", "decided_at"])
        what = f"was not signed: its proposal was {proposed.state}"
        record_entry(_entry(contract_of(row), proposed, "contract.turned-down", what, {}), by=by)


def _decided(proposal_id: UUID) -> Proposed | None:
    # Asked as the system: whoever approved may have borrowed the right, and given it back.
    proposed = decisions.get_proposed(proposal_id, by=org.system_actor())
    return proposed if proposed.kind == KIND and proposed.subject.startswith("contract:") else None


def _end_earlier(card: ContractCard) -> list[str]:
    """End what held before: the contract's terms, and those that its clauses state anew. Return their numbers."""
    numbers = [clause.term_number for clause in card.clauses]
    same = TermRow.objects.select_for_update(of=("self",)).filter(
        Q(contract__contract_number=card.contract_number) | Q(term_number__in=numbers)
    )
    later = same.filter(starts_on__gte=card.starts_on).first()
    if later is not None:
        raise Conflict(
            f"{later.term_number} has a version that begins on {later.starts_on}, no earlier than this one.",
            where="starts_on",
            todo="Draft a version that begins after it.",
        )
    held = same.filter(Q(ends_on=None) | Q(ends_on__gt=card.starts_on))
    ended = sorted(held.values_list("term_number", flat=True))
    TermRow.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(ends_on=card.starts_on)
    ContractVersion.objects.filter(
        Q(ends_on=None) | Q(ends_on__gt=card.starts_on),
        contract_number=card.contract_number,
        state=ContractState.SIGNED.value,
    ).update(ends_on=card.starts_on)
    return ended


def _write_terms(card: ContractCard) -> None:
    contract, _ = Contract.objects.get_or_create(
        contract_number=card.contract_number, defaults={"account_number": card.account_number}
    )
    day_minutes = open_minutes_per_day(card.calendar, card.starts_on, by=org.system_actor())
    TermRow.objects.bulk_create(
        [TermRow(contract=contract, **_term(clause, card, day_minutes)) for clause in card.clauses]
    )


def _term(clause: Clause, card: ContractCard, day_minutes: float) -> dict[str, Any]:
    return {
        "term_number": clause.term_number,
        "account_number": card.account_number,
        "tier": card.tier,
        "operation": clause.operation,
        "service": clause.service,
        "work_class": clause.work_class,
        "measure": clause.measure.value,
        "threshold_minutes": threshold_minutes(clause, day_minutes),
        "clock": clause.clock.value,
        "target_share": clause.target_share,
        "credit_per_miss": clause.credit_per_miss or Decimal(0),
        "currency": card.currency,
        "starts_on": card.starts_on,
        "ends_on": card.ends_on,
        "source": (TermSource.CONTRACT if card.account_number else TermSource.TIER_DEFAULT).value,
        "source_feed": SIGNED_HERE,
    }


def _entry(card: ContractCard, proposed: Proposed, kind: str, what: str, more: dict[str, Any]) -> Entry:
    return Entry(
        thread_id=card.thread_id,
        kind=kind,
        subject=f"contract:{card.contract_number}"[:120],
        sentence=f"Version {card.version} of contract {card.contract_number} with {card.whom} {what}.",
        account_number=card.account_number,
        evidence={
            "version_id": card.version_id,
            "proposal_id": proposed.proposal_id,
            "starts_on": card.starts_on,
            "terms": [clause.term_number for clause in card.clauses],
            **more,
        },
    )
