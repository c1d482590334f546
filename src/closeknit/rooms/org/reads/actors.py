"""Who is acting, with which rights: looked up in one query at each request, job and delivery, and never cached."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject, Now

from closeknit.kernel.actor import Actor, Grant, Hat, Lent, Scope
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org import models
from closeknit.rooms.org.contracts import (
    NEVER_LENT,
    PERMISSIONS_OF,
    SEES_EVERY_ACCOUNT,
    STANDS_ALONE,
    Permission,
    Role,
)
from closeknit.rooms.org.models import Person

SYSTEM_KEY = "system"
CONSOLE_KEY = "console"


def system_actor() -> Actor:
    """Return the actor for work that no person asked for. It may do everything but decide for a person."""
    return _everything(SYSTEM_KEY, "Closeknit")


def console_actor() -> Actor:
    """Return the actor for someone with a shell on the machine: all but deciding, which needs a named person."""
    return _everything(CONSOLE_KEY, "Console")


def get_actor(key: str, *, at: datetime | None = None) -> Actor:
    """Return the actor with a stable key ("system", "console", "person:12"), with its present roles.

    Delegations count that are in force at an instant (None: now, by the database's clock).

    Raises:
        NotFound: for an unknown key, or a person who can no longer sign in.
    """
    if key == SYSTEM_KEY:
        return system_actor()
    if key == CONSOLE_KEY:
        return console_actor()
    number = person_number(key)
    actor = next(iter(actors_of(Person.objects.filter(pk=number), at=at)), None) if number else None
    if actor is None:
        raise NotFound("There is no such person.", where=key)
    return actor


def get_requester(key: str) -> Actor:
    """Return who asked for work, with the rights of now: none at all for a person who can no longer sign in.

    So work goes on that needs no rights (the record of what was done), and the rest is refused.

    Raises:
        NotFound: for a key that never was anybody's.
    """
    try:
        return get_actor(key)
    except NotFound:
        person = Person.objects.filter(pk=person_number(key) or 0).first()
        if person is None:
            raise
        return Actor(key=key, name=person.name)


def find_actor_of_user(user_id: int, *, at: datetime | None = None) -> Actor | None:
    """Return the actor of a signed-in user, or None where the user is nobody to us."""
    return next(iter(actors_of(Person.objects.filter(user_id=user_id), at=at)), None)


def find_actor_by_username(username: str, *, at: datetime | None = None) -> Actor | None:
    """Return the actor who signs in under a name, or None."""
    return next(iter(actors_of(Person.objects.filter(user__username=username), at=at)), None)


def person_number(key: str) -> int | None:
    """Return the row number in a person's key ("person:12"), or None where it is no person's."""
    prefix, _, number = key.partition(":")
    return int(number) if prefix == "person" and number.isdecimal() and number.isascii() else None


def actors_of(people: QuerySet[Person], *, at: datetime | None = None) -> list[Actor]:
    """Return the actors of these people, of those who may sign in: people, grants and loans in one query."""
    moment: Combinable = Value(at) if at else Now()
    rows = (
        people.filter(user__is_active=True)
        .annotate(
            held_grants=ArraySubquery(_grants_of(OuterRef("pk"))),
            held_loans=ArraySubquery(_loans_to(OuterRef("pk"), moment)),
        )
        .order_by("name", "pk")
    )
    return [_actor(row) for row in rows]


def in_force(moment: Combinable) -> Q:
    """Return the condition on delegations and absences that run at an instant."""
    return Q(starts_at__lte=moment, ends_at__gt=moment) & (Q(ended_at=None) | Q(ended_at__gt=moment))


def _grants_of(person: Combinable) -> QuerySet[models.Grant, Any]:
    parts = JSONObject(team_id="team_id", region="region", account_number="account_number")
    return models.Grant.objects.filter(person_id=person).order_by("pk").values(parts=parts)


def _loans_to(person: Combinable, moment: Combinable) -> QuerySet[models.Delegation, Any]:
    parts = JSONObject(
        lender="lender_id",
        name="lender__name",
        roles="lender__roles",
        permissions="permissions",
        ends_at="ends_at",
        grants=ArraySubquery(_grants_of(OuterRef("lender_id"))),
    )
    loans = models.Delegation.objects.filter(in_force(moment), borrower_id=person, lender__user__is_active=True)
    return loans.order_by("starts_at", "pk").values(parts=parts)


def _actor(row: Any) -> Actor:
    roles = [Role(role) for role in row.roles]
    own = _hats(roles, row.held_grants)
    alone = STANDS_ALONE & set(roles)
    return Actor(
        key=f"person:{row.pk}",
        name=row.name,
        permissions=frozenset[str]().union(*(hat.permissions for hat in own)),
        scope=_joined(hat.scope for hat in own),
        roles=tuple(map(str, roles)),
        lent=() if alone else tuple(loan for parts in row.held_loans for loan in _loans(parts)),
        own=own,
    )


def _hats(roles: Iterable[Role], grants: Iterable[Mapping[str, Any]]) -> tuple[Hat, ...]:
    """Return one hat over every account and one over the granted ones, of the roles held over each."""
    granted = Scope(grants=frozenset(Grant(**parts) for parts in grants))
    held = list(roles)
    sides = (
        ([role for role in held if role in SEES_EVERY_ACCOUNT], Scope(every_account=True)),
        ([role for role in held if role not in SEES_EVERY_ACCOUNT], granted),
    )
    return tuple(
        Hat(frozenset(str(p) for role in side for p in PERMISSIONS_OF[role]), scope) for side, scope in sides if side
    )


def _loans(parts: Mapping[str, Any]) -> list[Lent]:
    """Return what a delegation passes on of the lender's present rights, one for each of the lender's hats.

    Whatever is lent, reading the accounts that it is over goes along: nobody acts on what they cannot see.
    """
    roles = [Role(role) for role in parts["roles"]]
    if STANDS_ALONE & set(roles):
        return []
    named = None if parts["permissions"] is None else {*parts["permissions"], str(Permission.READ_ACCOUNTS)}
    loans = [
        Lent(
            lender_key=f"person:{parts['lender']}",
            lender_name=parts["name"],
            permissions=frozenset(p for p in hat.permissions if p not in NEVER_LENT and (named is None or p in named)),
            scope=hat.scope,
            ends_at=datetime.fromisoformat(parts["ends_at"]),
        )
        for hat in _hats(roles, parts["grants"])
    ]
    return [loan for loan in loans if loan.permissions]


def _joined(scopes: Iterable[Scope]) -> Scope:
    joined = Scope()
    for scope in scopes:
        joined |= scope
    return joined


def _everything(key: str, name: str) -> Actor:
    permissions = frozenset(str(p) for p in Permission if p != Permission.DECIDE)
    return Actor(key=key, name=name, permissions=permissions, scope=Scope(every_account=True))
