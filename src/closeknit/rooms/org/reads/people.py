"""People, what they hold, lend and borrow, and who is away."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, Value

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.org import models
from closeknit.rooms.org.contracts import (
    AbsenceCard,
    DelegationCard,
    GrantCard,
    Permission,
    PersonCard,
    Role,
    TeamCard,
)
from closeknit.rooms.org.models import Absence, Delegation, Person, Team
from closeknit.rooms.org.reads.actors import find_actors, in_force, person_number
from closeknit.rooms.org.reads.scope import place_of


def list_people(*, by: Actor) -> list[PersonCard]:
    """Return everyone who may sign in, or could."""
    by.require(Permission.MANAGE_PEOPLE)
    return _cards(list(Person.objects.select_related("user").order_by("name", "pk")))


def get_person(key: str, *, by: Actor) -> PersonCard:
    """Return one person: the actor itself, or anyone for who manages people. NotFound otherwise."""
    if key != by.key and not by.may(Permission.MANAGE_PEOPLE):
        raise NotFound("There is no such person.", where=key)
    row = Person.objects.select_related("user").filter(pk=person_number(key) or 0).first()
    if row is None:
        raise NotFound("There is no such person.", where=key)
    return _cards([row])[0]


def list_people_who(permission: str, *, account_number: str | None = "", at: datetime, by: Actor) -> list[PersonCard]:
    """Return the active people who hold a permission, own or lent and in force at an instant, by name.

    With an account number: over that account. With "": over what belongs to no account, so over every account.
    With None: over whatever accounts. For routing work to people: whoever is at work here may ask.
    """
    _require_insider(by)
    place = place_of(account_number) if account_number is not None else None
    able = [
        actor
        for actor in find_actors(at=at)
        if (actor.may(permission) if place is None else actor.may_at(permission, place))
    ]
    rows = Person.objects.select_related("user").filter(pk__in=[person_number(actor.key) for actor in able])
    return _cards(list(rows.order_by("name", "pk")))


def list_absent(*, at: datetime, by: Actor) -> set[str]:
    """Return the keys of the people who are away at an instant."""
    _require_insider(by)
    return {f"person:{pk}" for pk in Absence.objects.filter(in_force(Value(at))).values_list("person_id", flat=True)}


def list_absences(*, person_key: str = "", since_at: datetime | None = None, by: Actor) -> list[AbsenceCard]:
    """Return absences, latest start first: the actor's own, or anyone's for who manages people."""
    rows = Absence.objects.select_related("person").order_by("-starts_at", "pk")
    rows = rows.filter(_of_persons(("person",), person_key, by))
    if since_at is not None:
        rows = rows.filter(ends_at__gt=since_at)
    return [_absence(row) for row in rows]


def get_absence(absence_id: UUID, *, by: Actor) -> AbsenceCard:
    """Return one absence that the actor may see, or raise NotFound."""
    row = Absence.objects.select_related("person").filter(_of_persons(("person",), "", by), pk=absence_id).first()
    if row is None:
        raise NotFound("There is no such absence.", where=str(absence_id))
    return _absence(row)


def list_delegations(
    *, person_key: str = "", at: datetime | None = None, since_at: datetime | None = None, by: Actor
) -> list[DelegationCard]:
    """Return delegations from or to a person, latest start first: the actor's own, anyone's for who manages people.

    `at` keeps those in force at an instant; `since_at` those that end after one.
    """
    rows = Delegation.objects.select_related("lender", "borrower").order_by("-starts_at", "pk")
    rows = rows.filter(_of_persons(("lender", "borrower"), person_key, by))
    if at is not None:
        rows = rows.filter(in_force(Value(at)))
    if since_at is not None:
        rows = rows.filter(ends_at__gt=since_at)
    return [_delegation(row) for row in rows]


def get_delegation(delegation_id: UUID, *, by: Actor) -> DelegationCard:
    """Return one delegation that the actor may see, or raise NotFound."""
    rows = Delegation.objects.select_related("lender", "borrower").filter(_of_persons(("lender", "borrower"), "", by))
    row = rows.filter(pk=delegation_id).first()
    if row is None:
        raise NotFound("There is no such delegation.", where=str(delegation_id))
    return _delegation(row)


def list_teams(*, by: Actor) -> list[TeamCard]:
    """Return the teams that the actor may see accounts of."""
    by.require(Permission.READ_ACCOUNTS)
    teams = Team.objects.order_by("name")
    scope = by.scope_of(Permission.READ_ACCOUNTS)
    if not scope.every_account:
        teams = teams.filter(pk__in=[grant.team_id for grant in scope.grants])
    return [TeamCard(team_id=t.pk, name=t.name) for t in teams]


def _require_insider(by: Actor) -> None:
    if not by.may(Permission.READ_INTERNAL) and not by.may(Permission.MANAGE_PEOPLE) and by.key != "system":
        raise Denied(
            f"{by.name} may not ask who may do what.",
            where=f"permission {Permission.READ_INTERNAL}",
            todo="Ask an administrator for a role that includes it.",
        )


def _of_persons(columns: Iterable[str], person_key: str, by: Actor) -> Q:
    if person_key and person_key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    key = person_key or ("" if by.may(Permission.MANAGE_PEOPLE) else by.key)
    condition = Q()
    if key:
        condition = Q(pk__in=[])
        for column in columns:
            condition |= Q(**{f"{column}_id": person_number(key) or 0})
    return condition


def _cards(rows: list[Person]) -> list[PersonCard]:
    grants: dict[int, list[GrantCard]] = {}
    for g in models.Grant.objects.select_related("team").filter(person__in=rows).order_by("pk"):
        card = GrantCard(g.team.name if g.team else "", g.region, g.account_number)
        grants.setdefault(g.person_id, []).append(card)
    return [
        PersonCard(
            key=f"person:{row.pk}",
            username=row.user.get_username(),
            name=row.name,
            roles=tuple(Role(r) for r in row.roles),
            teams=tuple(
                sorted(g.team for g in grants.get(row.pk, ()) if g.team and not g.region and not g.account_number)
            ),
            grants=tuple(grants.get(row.pk, ())),
            is_active=row.user.is_active,
        )
        for row in rows
    ]


def _absence(row: Absence) -> AbsenceCard:
    return AbsenceCard(
        absence_id=row.pk,
        person_key=f"person:{row.person_id}",
        person_name=row.person.name,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        ended_at=row.ended_at,
    )


def _delegation(row: Delegation) -> DelegationCard:
    return DelegationCard(
        delegation_id=row.pk,
        lender_key=f"person:{row.lender_id}",
        lender_name=row.lender.name,
        borrower_key=f"person:{row.borrower_id}",
        borrower_name=row.borrower.name,
        permissions=None if row.permissions is None else tuple(Permission(p) for p in row.permissions),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=row.reason,
        ended_at=row.ended_at,
    )
