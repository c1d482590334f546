"""JSON operations of who an account is: claims, merges, pairs that may be one, and what is said to be wrong."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.actions.answer_dispute import answer_dispute
from closeknit.rooms.customers.actions.link_record import judge_match, link_record
from closeknit.rooms.customers.actions.merge_accounts import merge_accounts
from closeknit.rooms.customers.actions.report_wrong_fact import report_wrong_fact
from closeknit.rooms.customers.actions.set_survivorship import set_survivorship
from closeknit.rooms.customers.actions.split_accounts import split_accounts
from closeknit.rooms.customers.contracts import (
    DisputeCard,
    DisputeState,
    MatchCard,
    MatchState,
    MergeCard,
    Profile,
    SurvivorshipRules,
    TouchedDecision,
    UnlinkedRecord,
    groups_of_plain,
)
from closeknit.rooms.org.contracts import Permission

router = Router(tags=["customers"])


def _moment(at: datetime | None) -> datetime:
    return clock.now() if at is None else clock.check(at, where="at")


@router.get("/account-profiles/{path:account_number}", response=Profile)
def get_profile(request: Request, account_number: str, at: datetime | None = None):
    """An account as it was known at an instant: every field with its source, age and rule, and the words that lost."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.get_profile(account_number, by=request.actor, at=_moment(at))


@router.get("/golden-numbers", response=dict[str, str])
def get_golden_numbers(request: Request, at: datetime | None = None):
    """For each number that was merged away: the number of the account that it is another name of."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.golden_numbers(by=request.actor, at=_moment(at))


@router.get("/account-merges", response=list[MergeCard])
def list_merges(request: Request, account_number: str):
    """The merges of an account, newest first, those that were split too."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.list_merges(account_number, by=request.actor)


class MergeBody(Schema):
    """Which account is another name of which, and how we know."""

    kept_number: str = Field(..., max_length=400)
    absorbed_number: str = Field(..., max_length=400)
    reason: str = Field("", max_length=2000)


class MergeProposal(Schema):
    """The proposal that was made of it; none where nothing was left to do."""

    proposal_id: UUID | None


@router.post("/account-merges", response={201: MergeProposal})
def propose_merge(request: Request, merge: MergeBody):
    """Propose to make one account of two. Policy settles it below the top tiers."""
    proposal_id = merge_accounts(**merge.model_dump(), by=request.actor, at=clock.now())
    return Status(201, {"proposal_id": proposal_id})


class RecordReason(Schema):
    """Why."""

    reason: str = Field("", max_length=2000)


@router.post("/account-merges/{merge_id}/split", response=MergeCard)
def split(request: Request, merge_id: UUID, why: RecordReason):
    """Undo a merge."""
    split_accounts(merge_id, reason=why.reason, by=request.actor, at=clock.now())
    return reads.get_merge(merge_id, by=request.actor)


@router.get("/account-records/unlinked", response=list[UnlinkedRecord])
def list_unlinked(request: Request, limit: int = Query(100, ge=1, le=1000)):
    """Records that are yet nobody's, by what they state."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.list_unlinked_records(by=request.actor, limit=limit)


class RecordLinkBody(Schema):
    """Whose a record is ("": nobody's), and how we know."""

    account_number: str = Field("", max_length=400)
    reason: str = Field("", max_length=2000)


@router.post("/account-records/{record_id}/link", response={204: None})
def link(request: Request, record_id: int, wanted: RecordLinkBody):
    """Give a record to an account, or take it from one."""
    link_record(record_id, wanted.account_number, reason=wanted.reason, by=request.actor, at=clock.now())
    return Status(204, None)


@router.get("/record-matches", response=list[MatchCard])
def list_matches(
    request: Request,
    state: MatchState = MatchState.WAITING,
    account_number: str = "",
    limit: int = Query(100, ge=1, le=1000),
):
    """Pairs of records that may be one account, surest first, with what each field says."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.list_matches(by=request.actor, state=state, account_number=account_number, limit=limit)


@router.get("/record-matches/{match_id}", response=MatchCard)
def get_match(request: Request, match_id: UUID):
    """One pair."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.get_match(match_id, by=request.actor)


class MatchVerdictBody(Schema):
    """Whether two records are one account, and how we know."""

    verdict: Literal["one", "two"]
    reason: str = Field("", max_length=2000)


@router.post("/record-matches/{match_id}/judge", response=MergeProposal)
def judge(request: Request, match_id: UUID, said: MatchVerdictBody):
    """Say whether two records are one account. Where that makes two accounts one, a merge is proposed."""
    proposal_id = judge_match(
        match_id, are_one=said.verdict == "one", reason=said.reason, by=request.actor, at=clock.now()
    )
    return {"proposal_id": proposal_id}


@router.get("/survivorship", response=list[SurvivorshipRules])
def list_survivorship(request: Request):
    """Every version of the rules by which claims survive, newest first."""
    return reads.list_survivorship(by=request.actor)


class SurvivorshipGroupBody(Schema):
    """Fields that survive together, and what chooses among their sources."""

    fields: list[str] = Field(..., min_length=1, max_length=20)
    by: list[str] = Field(..., min_length=1, max_length=10)
    systems: list[str] = Field(default_factory=list, max_length=100)


class SurvivorshipBody(Schema):
    """New rules, and why."""

    groups: list[SurvivorshipGroupBody] = Field(..., max_length=50)
    reason: str = Field("", max_length=2000)


@router.post("/survivorship", response={201: SurvivorshipRules})
def set_rules(request: Request, wanted: SurvivorshipBody):
    """Set which source's word counts, from now on."""
    data = [{name: words for name, words in group.model_dump().items() if words} for group in wanted.groups]
    now = clock.now()
    set_survivorship(groups_of_plain(data), reason=wanted.reason, by=request.actor, at=now)
    return Status(201, reads.get_survivorship(by=request.actor, at=now))


@router.get("/disputes", response=list[DisputeCard])
def list_disputes(
    request: Request,
    account_number: str = "",
    state: DisputeState | None = None,
    limit: int = Query(100, ge=1, le=1000),
):
    """What is said to be wrong: open ones first, by when they are due."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.list_disputes(
        by=request.actor, at=clock.now(), account_number=account_number, state=state, limit=limit
    )


class WrongFactBody(Schema):
    """Which fact is wrong, and what would be right."""

    account_number: str = Field(..., max_length=400)
    field: str = Field(..., max_length=20)
    text: str = Field("", max_length=2000)
    suggested: str = Field("", max_length=400)


@router.post("/disputes", response={201: DisputeCard})
def report_wrong(request: Request, wrong: WrongFactBody):
    """Say that a fact of an account is wrong; its steward answers."""
    now = clock.now()
    dispute_id = report_wrong_fact(**wrong.model_dump(), by=request.actor, at=now)
    return Status(201, reads.get_dispute(dispute_id, by=request.actor, at=now))


@router.get("/disputes/{dispute_id}", response=DisputeCard)
def get_dispute(request: Request, dispute_id: UUID):
    """One dispute."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.get_dispute(dispute_id, by=request.actor, at=clock.now())


@router.get("/disputes/{dispute_id}/decisions", response=list[TouchedDecision])
def list_touched(request: Request, dispute_id: UUID):
    """Decisions about the account while the disputed value counted."""
    request.actor.require(Permission.READ_RECORDS)
    return reads.list_touched_decisions(dispute_id, by=request.actor)


class DisputeAnswerBody(Schema):
    """The right value (none: it stands), and how we know."""

    corrected: str | None = Field(None, max_length=400)
    answer: str = Field("", max_length=2000)


@router.post("/disputes/{dispute_id}/answer", response=DisputeCard)
def answer(request: Request, dispute_id: UUID, said: DisputeAnswerBody):
    """Correct what is wrong, or say that it stands."""
    now = clock.now()
    answer_dispute(dispute_id, **said.model_dump(), by=request.actor, at=now)
    return reads.get_dispute(dispute_id, by=request.actor, at=now)
