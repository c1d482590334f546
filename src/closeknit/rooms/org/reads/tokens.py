"""Whom an API token acts for."""

import hashlib
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.models import ApiToken, Person
from closeknit.rooms.org.reads.actors import actors_of


def find_actor_of_token(token: str, *, at: datetime | None = None) -> Actor | None:
    """Return the actor of an API token in force, or None."""
    row = ApiToken.objects.filter(token_sha256=hash_token(token), revoked_at=None).first()
    return next(iter(actors_of(Person.objects.filter(pk=row.person_id), at=at)), None) if row else None


def hash_token(token: str) -> str:
    """Return what we keep of an API token. The token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
