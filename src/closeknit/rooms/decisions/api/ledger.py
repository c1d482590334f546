"""JSON operations of the ledger and of threads."""

from datetime import UTC, datetime
from uuid import UUID

from ninja import Path, Query, Router, Schema
from pydantic import Field

from closeknit.kernel import clock
from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.contracts import LedgerLine, Seal, ThreadCard

router = Router(tags=["ledger"])


class CheckpointRecord(Schema):
    """A signed checkpoint: `body` is what was signed; signature and key are hexadecimal."""

    body: str
    signature: str
    public_key: str


class Receipt(Schema):
    """What proves one ledger line without the database; `tools/verify_ledger.py receipt` checks it.

    `texts` are the plaintexts, each with the opening that proves it; null where the text was erased. `named_by` are the
    checkpoints that named each signing key after the first.
    """

    schema_: str = Field(alias="schema")
    entry_id: int
    leaf_number: int
    content: str
    texts: dict[str, tuple[str, str] | None]
    inclusion_proof: list[str]
    checkpoint: CheckpointRecord
    public_key: str
    named_by: list[CheckpointRecord]


@router.get("/ledger", response=list[LedgerLine])
def list_entries(
    request: Request,
    account_number: str = "",
    kind: str = "",
    actor: str = "",
    since_at: datetime | None = None,
    until_at: datetime | None = None,
    before_id: int | None = None,
    sort: str = Query("-line", max_length=20),
    after: str = Query("", max_length=20),
    limit: int = Query(100, ge=1, le=1000),
):
    """Ledger lines, newest first, or sorted by line or kind ("-" before it backwards); `after` a line pages on.

    `before_id` keeps lines that are older. Of one kind the newest come first, backwards the oldest.
    `kind` may end in `*`. `actor` is a key, or a part of a name. Times without an offset are UTC.
    """
    return reads.list_entries(
        by=request.actor,
        account_number=account_number,
        kind=kind,
        actor=actor,
        since_at=_kept(since_at, "since_at"),
        until_at=_kept(until_at, "until_at"),
        before_id=before_id,
        sort=sort,
        after=after,
        limit=limit,
    )


def _kept(at: datetime | None, where: str) -> datetime | None:
    """Return an instant that may be asked for; one without an offset is taken as UTC."""
    if at is None:
        return None
    return clock.check(at.replace(tzinfo=UTC) if at.tzinfo is None else at, where=where)


@router.get("/ledger/seal", response=Seal)
def get_seal(request: Request):
    """How far the ledger is sealed."""
    return reads.get_seal(by=request.actor)


@router.get("/ledger/{entry_id}/receipt", response=Receipt, by_alias=True)
def get_receipt(request: Request, entry_id: int = Path(..., ge=1, le=2**63 - 1)):
    """What proves one ledger line to someone who has neither the database nor the network."""
    return reads.get_receipt(entry_id, by=request.actor)


@router.get("/threads", response=list[ThreadCard])
def list_threads(
    request: Request,
    account_number: str = Query("", max_length=400),
    sort: str = Query("-moved", max_length=20),
    after: str = Query("", max_length=36),
    limit: int = Query(50, ge=1, le=500),
):
    """Threads that moved last, or sorted by moved or began ("-" before it backwards); `after` a thread pages on."""
    return reads.list_threads(by=request.actor, account_number=account_number, sort=sort, after=after, limit=limit)


class ReplayedDecision(Schema):
    """One decision computed again: digests of what came out then and now, or why it could not be."""

    entry_id: int
    kind: str
    sentence: str
    how: str
    then_digest: str
    now_digest: str
    failure: str
    same: bool


class ThreadReplayed(Schema):
    """A thread's decisions computed again, oldest first."""

    thread_id: UUID
    same: bool
    replayed: list[ReplayedDecision]


@router.get("/threads/{thread_id}/replay", response=ThreadReplayed)
def replay_thread(request: Request, thread_id: UUID):
    """Each decision of a thread, computed again from what was stored with it."""
    return reads.replay_thread(thread_id, by=request.actor)


@router.get("/threads/{thread_id}", response=list[LedgerLine])
def get_thread(request: Request, thread_id: UUID):
    """One thread's ledger lines, oldest first."""
    return reads.get_thread(thread_id, by=request.actor)
