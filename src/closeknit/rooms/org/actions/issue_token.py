"""Issue API tokens."""

import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.org.contracts import (
    DEFAULT_DAYS,
    LONGEST_DAYS,
    NEVER_BY_TOKEN,
    READING,
    IssuedToken,
    Permission,
    TokenIssued,
)
from closeknit.rooms.org.models import ApiToken, Person
from closeknit.rooms.org.reads import hash_token
from closeknit.rooms.org.reads.actors import person_number


def issue_token(*, label: str, scopes: Iterable[str] | None = None, days: int = DEFAULT_DAYS, by: Actor) -> IssuedToken:
    """Give the acting person a new API token for some of its rights (None: what it may read) and some days.

    Refuses who is not a person, scopes that the person does not hold, and more than a year. The token can do what
    its scopes name and its person may do at that time, so rights lost later are lost to it, too.
    """
    person = _person(by)
    label = label.strip()
    if not label or len(label) > 120 or not label.isprintable():
        raise Invalid("A token needs a label of at most 120 characters.", where="label", todo="Say what it is for.")
    if not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A token lives between 1 and {LONGEST_DAYS} days.", where="days")
    named = _check_scopes(scopes, by)
    token = "ck_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            person=person,
            label=label,
            token_sha256=hash_token(token),
            scopes=named,
            expires_at=Now() + timedelta(days=days),
        )
        row.refresh_from_db(fields=["expires_at"])
        publish(TokenIssued(ids.new_id(), by.key, label), by=by)
    return IssuedToken(token=token, label=label, token_id=row.pk, scopes=tuple(named), expires_at=row.expires_at)


def _check_scopes(scopes: Iterable[str] | None, by: Actor) -> list[str]:
    if scopes is None:
        return sorted(p for p in READING if by.may(p))
    named = set(scopes)
    unknown = sorted(named - set(Permission))
    if unknown:
        raise Invalid(f"There is no permission {unknown[0]!r}.", where="scopes", todo=f"Use {', '.join(Permission)}.")
    if not named:
        raise Invalid("A token without scopes could do nothing.", where="scopes", todo="Name at least one.")
    never = sorted(named & NEVER_BY_TOKEN)
    if never:
        raise Invalid(f"No program may hold {never[0]}.", where="scopes", todo="Leave it out: people do this.")
    for name in sorted(named):
        by.require(name)
    return sorted(str(Permission(name)) for name in named)


def _person(by: Actor) -> Person:
    number = person_number(by.key)
    if number is None:
        raise Denied(f"{by.name} is not a person and cannot hold a token.", todo="Act as a person: --as NAME.")
    return Person.objects.get(pk=number)
