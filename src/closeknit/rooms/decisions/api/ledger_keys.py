"""JSON operations of the ledger's upkeep: its check, the signing key, erasures, accepted breaks."""

from ninja import Path, Router, Schema, Status
from pydantic import Field

from closeknit.kernel.http import Request
from closeknit.rooms.decisions import reads
from closeknit.rooms.decisions.actions.accept_break import accept_break
from closeknit.rooms.decisions.actions.erase_subject import erase_subject, give_up_keys
from closeknit.rooms.decisions.actions.rotate_key import rotate_key
from closeknit.rooms.decisions.contracts import Erasure, LedgerCheck

router = Router(tags=["ledger"])


class UpkeepReason(Schema):
    """A sentence for the ledger, without personal data."""

    reason: str = Field(..., max_length=2000)


class SubjectToErase(UpkeepReason):
    """Whom to erase: one account, or one person by key."""

    account_number: str = Field("", max_length=80)
    person_key: str = Field("", max_length=80)


class Keys(Schema):
    """The ledger's public keys, hexadecimal: the first is the one to pin, the last signs today."""

    public_keys: list[str]


class Accepted(Schema):
    """Where an acceptance stands in the ledger."""

    epoch: int
    entry_id: int


@router.get("/ledger/check", response=LedgerCheck)
def check(request: Request):
    """Compute the whole ledger again and compare it with every checkpoint. Takes long for a long ledger."""
    return reads.get_ledger_check(by=request.actor)


@router.get("/ledger/keys", response=Keys)
def list_keys(request: Request):
    """Who signed the ledger, and who signs it."""
    return {"public_keys": list(reads.list_public_keys(by=request.actor))}


@router.post("/ledger/keys", response={201: Keys})
def replace_key(request: Request):
    """Sign with a new key from now on; the old one names it."""
    rotate_key(by=request.actor)
    return Status(201, {"public_keys": list(reads.list_public_keys(by=request.actor))})


@router.post("/ledger/keys/give-up", response=Erasure)
def give_up(request: Request, why: UpkeepReason):
    """After the loss of the text key: go on with new keys."""
    return give_up_keys(reason=why.reason, by=request.actor)


@router.post("/ledger/erasures", response={201: Erasure})
def erase(request: Request, subject: SubjectToErase):
    """Make unreadable what the ledger says of a subject. Every proof still holds."""
    done = erase_subject(
        account_number=subject.account_number, person_key=subject.person_key, reason=subject.reason, by=request.actor
    )
    return Status(201, done)


@router.post("/ledger/breaks/{epoch}/accept", response=Accepted)
def accept(request: Request, why: UpkeepReason, epoch: int = Path(..., ge=1, le=2**31 - 1)):
    """Accept, on record, that an epoch broke off sealed lines."""
    return {"epoch": epoch, "entry_id": accept_break(epoch, reason=why.reason, by=request.actor)}
