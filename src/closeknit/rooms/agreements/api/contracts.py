"""JSON operations of contracts and business calendars."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.draft_contract import draft_contract as drafting
from closeknit.rooms.agreements.actions.propose_contract import propose_contract as proposing
from closeknit.rooms.agreements.actions.set_calendar import set_calendar as setting
from closeknit.rooms.agreements.contracts import (
    DEFAULT_PAUSE_REASONS,
    BusinessCalendar,
    Clause,
    Clock,
    ContractCard,
    Guarantee,
    GuaranteeKind,
    Measure,
    Opening,
    WantedContract,
)

router = Router(tags=["agreements"])


class StatedOpening(Schema):
    """Hours of one weekday (Monday 0), in minutes of the day."""

    weekday: int = Field(ge=0, le=6)
    from_minute: int = Field(ge=0, le=1440)
    to_minute: int = Field(ge=0, le=1440)


class StatedCalendar(Schema):
    """A version of a calendar, from a day on."""

    key: str = Field(max_length=60)
    title: str = Field(max_length=120)
    time_zone: str = Field("", max_length=60)
    openings: list[StatedOpening] = Field(max_length=200)
    holidays_of: str = Field("", max_length=12)
    closed_on: list[date] = Field([], max_length=1000)
    from_on: date


class StatedClause(Schema):
    """One promise of a contract."""

    term_number: str = Field(max_length=80)
    operation: str = Field(max_length=80)
    service: str = Field("", max_length=80)
    work_class: str = Field("", max_length=80)
    measure: Measure
    within_minutes: float
    clock: Clock = Clock.CALENDAR
    target_share: float
    credit_per_miss: Decimal | None = None
    penalty_per_point: Decimal | None = None
    penalty_cap: Decimal | None = None


class StatedGuarantee(Schema):
    """A promise beside times: hours a week, or a share of open time."""

    kind: GuaranteeKind
    operation: str = Field(max_length=80)
    service: str = Field("", max_length=80)
    amount: float


class StatedContract(Schema):
    """A contract as somebody drafts it."""

    contract_number: str = Field(max_length=100)
    title: str = Field(max_length=160)
    account_number: str = Field("", max_length=400)
    tier: str = Field("", max_length=12)
    starts_on: date
    ends_on: date | None = None
    calendar: str = Field("", max_length=60)
    time_zone: str = Field("", max_length=60)
    currency: str = Field("", max_length=3)
    pause_reasons: list[str] = Field(list(DEFAULT_PAUSE_REASONS), max_length=50)
    clauses: list[StatedClause] = Field(max_length=200)
    guarantees: list[StatedGuarantee] = Field([], max_length=200)


class ContractReason(Schema):
    """Why it is proposed, and what it is worth a year where somebody has priced it."""

    reason: str = Field(max_length=2000)
    money_at_stake: Decimal | None = None


class ContractDrafted(Schema):
    """The id of the drafted version."""

    version_id: UUID


class ContractProposed(Schema):
    """The id of the proposal that decides it."""

    proposal_id: UUID


class CalendarSet(Schema):
    """The ledger thread of the calendar."""

    thread_id: UUID


@router.get("/contracts", response=list[ContractCard])
def list_contracts(
    request: Request,
    account_number: str = Query("", max_length=400),
    contract_number: str = Query("", max_length=120),
    state: str = Query("", max_length=12),
    on: date | None = None,
    sort: str = Query("-drafted", max_length=20),
    after: str = Query("", max_length=36),
    limit: int = Query(200, ge=1, le=1000),
):
    """Versions of contracts, the latest drafted first; `on` keeps those signed and in force on a day.

    Or sorted by drafted, title, number, account, from or until ("-" before it backwards); `after` a version pages on.
    """
    return reads.list_contracts(
        by=request.actor,
        account_number=account_number,
        contract_number=contract_number,
        state=state,
        on=on,
        sort=sort,
        after=after,
        limit=limit,
    )


@router.post("/contracts", response={201: ContractDrafted})
def draft_contract(request: Request, payload: StatedContract):
    """Draft a contract, or the next version of one. Nothing is promised by it."""
    given = payload.dict()
    wanted = WantedContract(
        **{
            **given,
            "pause_reasons": tuple(given["pause_reasons"]),
            "clauses": tuple(Clause(**each) for each in given["clauses"]),
            "guarantees": tuple(Guarantee(**each) for each in given["guarantees"]),
        }
    )
    return Status(201, {"version_id": drafting(wanted, by=request.actor, at=clock.now())})


@router.get("/contracts/{uuid:version_id}", response=ContractCard)
def get_contract(request: Request, version_id: UUID):
    """One version of a contract."""
    return reads.get_contract(version_id, by=request.actor)


@router.post("/contracts/{uuid:version_id}/propose", response={201: ContractProposed})
def propose_contract(request: Request, version_id: UUID, payload: ContractReason):
    """Put a drafted version before the decision table; it is signed when it is approved."""
    proposal_id = proposing(
        version_id, reason=payload.reason, money_at_stake=payload.money_at_stake, by=request.actor, at=clock.now()
    )
    return Status(201, {"proposal_id": proposal_id})


@router.get("/business-calendars", response=list[BusinessCalendar])
def list_calendars(request: Request, key: str = Query("", max_length=60)):
    """Every version of every business calendar, or of one."""
    return reads.list_calendars(by=request.actor, key=key)


@router.post("/business-calendars", response={201: CalendarSet})
def set_calendar(request: Request, payload: StatedCalendar):
    """Put a version of a calendar in force from a day on."""
    given = payload.dict()
    calendar = BusinessCalendar(
        **{
            **given,
            "openings": tuple(Opening(**each) for each in given["openings"]),
            "closed_on": tuple(given["closed_on"]),
        }
    )
    return Status(201, {"thread_id": setting(calendar, by=request.actor, at=clock.now())})
