"""Who is acting, with which rights: looked up in one query at each request, job and delivery, and never cached."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import Combinable

from closeknit.kernel.actor import Actor, Grant, Hat, Lent, Scope
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org.contracts import (
    DEPARTMENT_OF,
    NEVER_LENT,
    PERMISSIONS_OF,
    SEES_EVERY_ACCOUNT,
    STANDS_ALONE,
    Permission,
    Role,
)
from closeknit.rooms.org.models import Person

GRANTS = """(select coalesce(json_agg(json_build_object(
        'team_id', g.team_id, 'region', g.region, 'account_number', g.account_number) order by g.id), '[]')
    from org_grant g where g.person_id = {person})"""
RUNS = "d.starts_at <= m.at and d.ends_at > m.at and (d.ended_at is null or d.ended_at > m.at)"
WITHHELD = """(select coalesce(json_agg(json_build_array(s.department, s.domain || '.' || s.field)), '[]')
      from (select coalesce(%(at)s, statement_timestamp()) as at) n
      join org_department_sharing s on s.starts_at <= n.at and (s.ends_at is null or s.ends_at > n.at))"""
# Written out, as every request runs it: people with their grants, and with the loans that run at an instant.
PEOPLE = f"""
select p.id, p.name, p.roles::text, {GRANTS.format(person="p.id")}::text, (
    select coalesce(json_agg(json_build_object(
            'lender', l.id, 'name', l.name, 'roles', l.roles, 'permissions', d.permissions, 'ends_at', d.ends_at,
            'grants', {GRANTS.format(person="l.id")}) order by d.starts_at, d.id), '[]')
      from (select coalesce(%(at)s, statement_timestamp()) as at) m
      join org_delegation d on d.borrower_id = p.id and {RUNS}
      join org_person l on l.id = d.lender_id
      join auth_user lu on lu.id = l.user_id and lu.is_active)::text, {WITHHELD}::text
  from org_person p join auth_user u on u.id = p.user_id
"""
SYSTEM_KEY = "system"
CONSOLE_KEY = "console"


class Who(Enum):
    """Whose actors to find, as a condition on people."""

    ANYONE = "true"
    NUMBER = "p.id = %(value)s"
    USER = "p.user_id = %(value)s"
    USERNAME = "u.username = %(value)s"


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
    actor = next(iter(find_actors(Who.NUMBER, number, at=at)), None) if number else None
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
    return next(iter(find_actors(Who.USER, user_id, at=at)), None)


def find_actor_by_username(username: str, *, at: datetime | None = None) -> Actor | None:
    """Return the actor who signs in under a name, or None."""
    return next(iter(find_actors(Who.USERNAME, username, at=at)), None)


def person_number(key: str) -> int | None:
    """Return the row number in a person's key ("person:12"), or None where it is no person's."""
    prefix, _, number = key.partition(":")
    return int(number) if prefix == "person" and number.isdecimal() and number.isascii() else None


def find_actors(who: Who = Who.ANYONE, value: int | str = "", *, at: datetime | None = None) -> list[Actor]:
    """Return the actors of these people, of those who may sign in, by name: people, grants and loans in one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"{PEOPLE} where u.is_active and {who.value} order by p.name, p.id", {"value": value, "at": at})
        return [_actor(*row) for row in cursor.fetchall()]


def in_force(moment: Combinable) -> Q:
    """Return the condition on delegations and absences that run at an instant."""
    return Q(starts_at__lte=moment, ends_at__gt=moment) & (Q(ended_at=None) | Q(ended_at__gt=moment))


def _actor(number: int, name: str, held_roles: str, held_grants: str, held_loans: str, sharing: str) -> Actor:
    roles = [Role(role) for role in json.loads(held_roles)]
    own = _hats(roles, json.loads(held_grants))
    alone = STANDS_ALONE & set(roles)
    return Actor(
        key=f"person:{number}",
        name=name,
        permissions=frozenset[str]().union(*(hat.permissions for hat in own)),
        scope=_joined(hat.scope for hat in own),
        roles=tuple(map(str, roles)),
        lent=() if alone else tuple(loan for parts in json.loads(held_loans) for loan in _loans(parts)),
        own=own,
        withheld=_withheld(roles, json.loads(sharing)),
    )


def _withheld(roles: Iterable[Role], rules: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return what none of the roles' departments gets. A role that works for all of them gets everything."""
    departments = {DEPARTMENT_OF.get(role) for role in roles}
    if not departments or None in departments:
        return frozenset()
    kept = {department: {what for of, what in rules if of == department} for department in departments}
    return frozenset(set.intersection(*kept.values()))


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
