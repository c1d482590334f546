"""Whom an API token acts for, and which tokens there are."""

import hashlib
from datetime import datetime

from django.db.models import Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.contracts import Permission, TokenCard
from closeknit.rooms.org.models import ApiToken
from closeknit.rooms.org.reads.actors import Who, find_actors, person_number


def find_actor_of_token(token: str, *, at: datetime | None = None) -> Actor | None:
    """Return the actor of an API token in force (None: now, by the database's clock), or None.

    It may do what its person may do at present and its scopes name, over the accounts that the person sees at present.
    """
    moment: Combinable = Value(at) if at else Now()
    row = ApiToken.objects.filter(token_sha256=hash_token(token), revoked_at=None, expires_at__gt=moment).first()
    if row is None:
        return None
    actor = next(iter(find_actors(Who.NUMBER, row.person_id, at=at)), None)
    return actor.within(row.scopes) if actor else None


def hash_token(token: str) -> str:
    """Return what we keep of an API token. The token has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def list_tokens(*, person_key: str = "", at: datetime, by: Actor) -> list[TokenCard]:
    """Return tokens, latest first: the actor's own, or for who manages people anyone's ("*": everyone's)."""
    key = person_key or by.key
    if key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    rows = ApiToken.objects.select_related("person").order_by("-created_at", "-pk")
    if key != "*":
        rows = rows.filter(person_id=person_number(key) or 0)
    return [_card(row, at) for row in rows]


def _card(row: ApiToken, at: datetime) -> TokenCard:
    return TokenCard(
        token_id=row.pk,
        label=row.label,
        person_key=f"person:{row.person_id}",
        person_name=row.person.name,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        is_in_force=row.revoked_at is None and row.expires_at > at,
    )
