"""Issue and revoke API tokens."""

import secrets
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org.contracts import IssuedToken
from closeknit.rooms.org.models import ApiToken, Person
from closeknit.rooms.org.reads import hash_token


def issue_token(*, label: str, by: Actor) -> IssuedToken:
    """Give the acting person a new API token with that person's own rights. Only people hold tokens."""
    token = "ck_" + secrets.token_urlsafe(32)
    ApiToken.objects.create(person=_person(by), label=label, token_sha256=hash_token(token))
    return IssuedToken(token=token, label=label)


def revoke_token(*, label: str, by: Actor, at: datetime) -> None:
    """End the acting person's tokens with this label, at once."""
    ended = ApiToken.objects.filter(person=_person(by), label=label, revoked_at=None).update(revoked_at=at)
    if not ended:
        raise NotFound("You have no token in force with this label.", where=label)


def _person(by: Actor) -> Person:
    prefix, _, number = by.key.partition(":")
    if prefix != "person":
        raise Denied(f"{by.name} is not a person and cannot hold a token.", todo="Act as a person: --as NAME.")
    return Person.objects.get(pk=int(number))
