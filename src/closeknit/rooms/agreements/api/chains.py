"""JSON operations of internal agreements."""

from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.agreements import reads
from closeknit.rooms.agreements.actions.set_chain import set_chain as setting
from closeknit.rooms.agreements.contracts import ChainCard, ChainStep, Clock, Measure, WantedChain

router = Router(tags=["agreements"])


class StatedChainStep(Schema):
    """What one department promises the next."""

    department: str = Field(max_length=80)
    task: str = Field("", max_length=120)
    within_minutes: float
    owner_key: str = Field("", max_length=80)


class StatedChain(Schema):
    """The steps of an operation's promise, one after another; with an id, that chain anew."""

    chain_id: UUID | None = None
    name: str = Field(max_length=80)
    operation: str = Field(max_length=80)
    service: str = Field("", max_length=80)
    work_class: str = Field("", max_length=80)
    measure: Measure
    clock: Clock = Clock.CALENDAR
    steps: list[StatedChainStep] = Field(max_length=30)


class ChainSet(Schema):
    """The chain's id."""

    chain_id: UUID


@router.get("/chains", response=list[ChainCard])
def list_chains(request: Request):
    """Internal agreements in force, with the slack that they leave of each promise."""
    return reads.list_chains(by=request.actor, at=clock.now())


@router.post("/chains", response={201: ChainSet})
def set_chain(request: Request, payload: StatedChain):
    """State how departments share the time of a promise. What does not add up is refused."""
    given = payload.dict()
    chain_id = given.pop("chain_id")
    chain = WantedChain(**{**given, "steps": tuple(ChainStep(**step) for step in given["steps"])})
    return Status(201, {"chain_id": setting(chain, chain_id=chain_id, by=request.actor, at=clock.now())})
