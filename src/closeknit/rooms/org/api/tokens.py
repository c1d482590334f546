"""JSON operations of one's own access: tokens and sessions."""

from dataclasses import dataclass
from datetime import datetime

from ninja import Field, Router, Schema, Status

from closeknit.kernel import clock
from closeknit.kernel.errors import Denied
from closeknit.kernel.http import Request
from closeknit.kernel.sessions import SessionCard
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.end_sessions import end_sessions
from closeknit.rooms.org.actions.issue_token import issue_token
from closeknit.rooms.org.actions.revoke_token import revoke_token
from closeknit.rooms.org.contracts import DEFAULT_DAYS, LONGEST_DAYS, IssuedToken, TokenCard

router = Router(tags=["your access"])


class TokenWish(Schema):
    """A token to issue: what it is for, what it may do (without scopes: what you may read), and for how long."""

    label: str = Field(min_length=1, max_length=120)
    scopes: list[str] | None = Field(None, max_length=100)
    days: int = Field(DEFAULT_DAYS, ge=1, le=LONGEST_DAYS)


class Ending(Schema):
    """Which session to end; without a handle all but the one that asks."""

    handle: str = Field("", max_length=64)


@dataclass(frozen=True, slots=True)
class Ended:
    """How many were ended, and when."""

    ended: int
    at: datetime


@router.get("/tokens", response=list[TokenCard])
def list_tokens(request: Request):
    """Your tokens, latest first: everything but the tokens themselves."""
    return reads.list_tokens(at=clock.now(), by=request.actor)


@router.post("/tokens", response={201: IssuedToken})
def issue(request: Request, wish: TokenWish):
    """Issue a token; it is shown this once. Only a signed-in person does this: a token issues no tokens."""
    if getattr(request, "by_token", False):
        raise Denied("A token issues no tokens.", todo="Sign in: see Your access, or closeknit org token issue.")
    return Status(201, issue_token(label=wish.label, scopes=wish.scopes, days=wish.days, by=request.actor))


@router.post("/tokens/{token_id}/revoke", response=Ended)
def revoke(request: Request, token_id: int):
    """End a token at once."""
    now = clock.now()
    return Ended(revoke_token(token_id=token_id, by=request.actor, at=now), now)


@router.get("/sessions", response=list[SessionCard])
def list_sessions(request: Request):
    """Where you are signed in, the latest seen first."""
    return reads.list_sessions(here=request.session.session_key, by=request.actor)


@router.post("/sessions/end", response=Ended)
def end(request: Request, ending: Ending):
    """End one of your sessions, or all but the one that asks."""
    ended = end_sessions(handle=ending.handle, but=request.session.session_key, by=request.actor)
    return Ended(ended, clock.now())
