"""JSON operations of stewards and of sharing between departments."""

from datetime import datetime

from ninja import Field, Router, Schema, Status

from closeknit.kernel import clock
from closeknit.kernel.errors import NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.appoint_steward import appoint_steward, end_stewardship
from closeknit.rooms.org.actions.share_with_department import share_again, withhold_from_department
from closeknit.rooms.org.contracts import SharingRuleCard, StewardCard

router = Router(tags=["stewards"])


class StewardWish(Schema):
    """Who is to answer for which data: a person's key or user name; field "" is the whole domain."""

    person: str = Field(min_length=1, max_length=150)
    domain: str = Field(max_length=40)
    field: str = Field("", max_length=80)
    level: str = Field("global", max_length=10)
    place: str = Field("", max_length=120)
    reason: str = Field(max_length=500)
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class WithholdingWish(Schema):
    """What a department is not to get; field "" is all of the domain that is more than public."""

    domain: str = Field(max_length=40)
    field: str = Field("", max_length=80)
    department: str = Field(max_length=20)
    reason: str = Field(max_length=500)
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class StewardReason(Schema):
    """Why something ends."""

    reason: str = Field(max_length=500)


@router.get("/stewards", response=list[StewardCard])
def list_stewards(request: Request, domain: str = "", also_past: bool = False):
    """Who answers for which data, now or from later on."""
    return reads.list_stewards(domain=domain, also_past=also_past, by=request.actor, at=clock.now())


@router.get("/stewards/find", response=StewardCard)
def find_steward(request: Request, domain: str, field: str = "", region: str = "", site: str = ""):
    """Who answers for a field at a place: the closest one. 404 where nobody does."""
    card = reads.find_steward(domain, field, region=region, site=site, by=request.actor, at=clock.now())
    if card is None:
        raise NotFound("Nobody answers for this.", where=domain, todo="Ask an administrator to appoint a steward.")
    return card


@router.post("/stewards", response={201: StewardCard})
def appoint(request: Request, wish: StewardWish):
    """Appoint a steward. Whoever answered for the same before ends where the new one begins."""
    now = clock.now()
    number = appoint_steward(**wish.dict(), by=request.actor, at=now)
    return Status(201, reads.get_stewardship(number, by=request.actor, at=now))


@router.post("/stewards/{stewardship_id}/end", response=StewardCard)
def end(request: Request, stewardship_id: int, wish: StewardReason):
    """End an appointment now."""
    now = clock.now()
    end_stewardship(stewardship_id, reason=wish.reason, by=request.actor, at=now)
    return reads.get_stewardship(stewardship_id, by=request.actor, at=now)


@router.get("/sharing-rules", response=list[SharingRuleCard])
def list_rules(request: Request, also_past: bool = False):
    """Which fields which department does not get."""
    return reads.list_sharing_rules(also_past=also_past, by=request.actor, at=clock.now())


@router.post("/sharing-rules", response={201: SharingRuleCard})
def withhold(request: Request, wish: WithholdingWish):
    """Keep fields from a department, on pages, in the API and in exports."""
    number = withhold_from_department(**wish.dict(), by=request.actor, at=clock.now())
    return Status(201, reads.get_sharing_rule(number, by=request.actor))


@router.post("/sharing-rules/{rule_id}/end", response=SharingRuleCard)
def share(request: Request, rule_id: int, wish: StewardReason):
    """Let a department have them again."""
    share_again(rule_id, reason=wish.reason, by=request.actor, at=clock.now())
    return reads.get_sharing_rule(rule_id, by=request.actor)
