"""JSON operations of org: people, lending, absences and the access rules."""

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema, Status

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import change_roles, disable_person, enable_person
from closeknit.rooms.org.actions.create_person import create_person
from closeknit.rooms.org.actions.delegate import delegate, end_delegation
from closeknit.rooms.org.actions.report_absence import end_absence, report_absence
from closeknit.rooms.org.contracts import (
    AbsenceCard,
    DelegationCard,
    GrantCard,
    Permission,
    PersonCard,
    RightsChange,
    Role,
)
from closeknit.rooms.org.contracts.rules import AccessRules

router = Router(tags=["people"])


class GrantWanted(Schema):
    """Accounts that roles reach: of a team, of a region, of both together, or one account."""

    team: str = ""
    region: str = ""
    account_number: str = ""


class RightsWanted(Schema):
    """Roles and the accounts they reach: what is not named is taken."""

    roles: list[Role]
    grants: list[GrantWanted] = []
    reason: str


class PersonWanted(Schema):
    """Someone who may sign in."""

    username: str
    name: str
    password: str
    roles: list[Role] = []
    grants: list[GrantWanted] = []
    reason: str = ""


class PersonReason(Schema):
    """Why."""

    reason: str


class DelegationWanted(Schema):
    """Rights lent to a colleague: all that can be lent where none are named. `lender` is for who manages people."""

    to: str
    ends_at: datetime
    starts_at: datetime | None = None
    permissions: list[Permission] | None = None
    lender: str = ""
    reason: str


class AbsenceWanted(Schema):
    """An absence: one's own where nobody is named."""

    ends_at: datetime
    starts_at: datetime | None = None
    reason: str = ""
    person_key: str = ""


class AbsenceMade(Schema):
    """The number of what was made."""

    id: UUID


@router.get("/people", response=list[PersonCard])
def list_people(request: Request):
    """Everyone who may sign in, or could."""
    return reads.list_people(by=request.actor)


@router.post("/people", response={201: PersonCard})
def add_person(request: Request, body: PersonWanted):
    """Let someone in."""
    actor = create_person(
        username=body.username,
        name=body.name,
        password=body.password,
        roles=body.roles,
        grants=_grants(body.grants),
        reason=body.reason,
        by=request.actor,
    )
    return Status(201, reads.get_person(actor.key, by=request.actor))


@router.get("/people/{key}", response=PersonCard)
def get_person(request: Request, key: str):
    """One person: yourself, or anyone for who manages people."""
    return reads.get_person(key, by=request.actor)


@router.get("/people/{key}/changes", response=list[RightsChange])
def list_changes(request: Request, key: str):
    """How a person's rights changed, newest first."""
    return reads.list_rights_changes(key, by=request.actor)


@router.post("/people/{key}/rights", response=PersonCard)
def change_rights(request: Request, key: str, body: RightsWanted):
    """Give a person these roles and this reach instead of what it has."""
    change_roles(key, roles=body.roles, grants=_grants(body.grants), reason=body.reason, by=request.actor)
    return reads.get_person(key, by=request.actor)


@router.post("/people/{key}/disable", response=PersonCard)
def disable(request: Request, key: str, body: PersonReason):
    """Shut a person out, at once."""
    disable_person(key, reason=body.reason, by=request.actor)
    return reads.get_person(key, by=request.actor)


@router.post("/people/{key}/enable", response=PersonCard)
def enable(request: Request, key: str, body: PersonReason):
    """Let a person in again."""
    enable_person(key, reason=body.reason, by=request.actor)
    return reads.get_person(key, by=request.actor)


@router.get("/delegations", response=list[DelegationCard])
def list_delegations(request: Request, person_key: str = "", at: datetime | None = None):
    """What you lend and borrow, or everyone's for who manages people; `at`: in force then."""
    moment = clock.check(at, where="at") if at else None
    return reads.list_delegations(person_key=person_key, at=moment, by=request.actor)


@router.post("/delegations", response={201: DelegationCard})
def lend(request: Request, body: DelegationWanted):
    """Lend rights to a colleague for a time."""
    at = clock.now()
    delegation_id = delegate(
        body.to,
        starts_at=body.starts_at or at,
        ends_at=body.ends_at,
        reason=body.reason,
        permissions=body.permissions,
        lender=body.lender,
        by=request.actor,
        at=at,
    )
    return Status(201, reads.get_delegation(delegation_id, by=request.actor))


@router.post("/delegations/{uuid:delegation_id}/end", response=DelegationCard)
def take_back(request: Request, delegation_id: UUID):
    """End a delegation now."""
    end_delegation(delegation_id, by=request.actor, at=clock.now())
    return reads.get_delegation(delegation_id, by=request.actor)


@router.get("/absences", response=list[AbsenceCard])
def list_absences(request: Request, person_key: str = ""):
    """Your absences, or everyone's for who manages people."""
    return reads.list_absences(person_key=person_key, by=request.actor)


@router.post("/absences", response={201: AbsenceMade})
def report_away(request: Request, body: AbsenceWanted):
    """Say that someone is away."""
    at = clock.now()
    absence_id = report_absence(
        starts_at=body.starts_at or at,
        ends_at=body.ends_at,
        reason=body.reason,
        person_key=body.person_key,
        by=request.actor,
        at=at,
    )
    return Status(201, {"id": absence_id})


@router.post("/absences/{uuid:absence_id}/end", response=AbsenceMade)
def come_back(request: Request, absence_id: UUID):
    """Say that someone is back early."""
    end_absence(absence_id, by=request.actor, at=clock.now())
    return {"id": absence_id}


@router.get("/access", response=AccessRules)
def get_access_rules(request: Request):
    """What each role may do, over which accounts, and which fields need more."""
    return reads.get_access_rules(by=request.actor)


def _grants(reach: list[GrantWanted]) -> list[GrantCard]:
    return [GrantCard(part.team, part.region, part.account_number) for part in reach]
