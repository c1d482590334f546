"""Contracts and calendars for tests."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from tests.cast import enter
from tests.small_company import deliver_all

from closeknit.kernel import clock
from closeknit.rooms.agreements.actions.draft_contract import draft_contract
from closeknit.rooms.agreements.actions.propose_contract import propose_contract
from closeknit.rooms.agreements.contracts import (
    BusinessCalendar,
    Clause,
    Clock,
    Guarantee,
    GuaranteeKind,
    Measure,
    Opening,
    WantedContract,
)
from closeknit.rooms.decisions.actions.decide_proposal import approve_proposal

NOW = clock.now()
TODAY = NOW.date()
CLAUSE = Clause(
    term_number="N-1",
    operation="repair",
    service="visit",
    work_class="",
    measure=Measure.RESOLVE_WITHIN,
    within_minutes=240.0,
    clock=Clock.BUSINESS,
    target_share=0.95,
    credit_per_miss=Decimal("40.00"),
    penalty_per_point=Decimal("500.00"),
    penalty_cap=Decimal("5000.00"),
)


def office(from_on: date = TODAY, **other: object) -> BusinessCalendar:
    """Return eight hours on each of five days, in Berlin."""
    whole = BusinessCalendar(
        key="office",
        title="Office hours",
        time_zone="Europe/Berlin",
        openings=tuple(Opening(day, 540, 1020) for day in range(5)),
        holidays_of="DE",
        closed_on=(),
        from_on=from_on,
    )
    return replace(whole, **other)  # type: ignore[arg-type]


def wanted(**other: object) -> WantedContract:
    """Return a contract with ACME that begins in a week."""
    whole = WantedContract(
        contract_number="K-1",
        title="Repair for Acme",
        starts_on=TODAY + timedelta(days=7),
        clauses=(CLAUSE,),
        account_number="ACME",
        time_zone="Europe/Berlin",
        currency="EUR",
        pause_reasons=("waiting for customer", "no access"),
        guarantees=(Guarantee(GuaranteeKind.HOURS_PER_WEEK, "repair", "visit", 12.0),),
    )
    return replace(whole, **other)  # type: ignore[arg-type]


def proposed(contract: WantedContract, at: datetime = NOW) -> tuple[UUID, UUID]:
    """Draft and propose as Alice; return the version's and the proposal's id."""
    alice = enter("alice")
    version_id = draft_contract(contract, by=alice, at=at)
    return version_id, propose_contract(version_id, reason="They asked.", by=alice, at=at)


def signed(contract: WantedContract, at: datetime = NOW) -> UUID:
    """Draft, propose and approve; return the version's id."""
    version_id, proposal_id = proposed(contract, at)
    approve_proposal(proposal_id, reason="Yes.", by=enter("hana"), at=at)
    deliver_all()
    return version_id
