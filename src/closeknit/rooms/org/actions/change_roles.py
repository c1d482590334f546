"""Change what a person may do, and over which accounts; shut a person out and let it in again."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org import models
from closeknit.rooms.org.contracts import GrantCard, Permission, Rights, Role, RolesChanged
from closeknit.rooms.org.contracts.people import check_rights
from closeknit.rooms.org.models import Person, RightsChangeRow, Team
from closeknit.rooms.org.reads.actors import person_number
from closeknit.rooms.org.reads.changes import rights_form, rights_of

LONGEST_REASON = 1000


def change_roles(
    person_key: str, *, roles: Iterable[Role], grants: Iterable[GrantCard] = (), reason: str, by: Actor
) -> UUID | None:
    """Give a person these roles and grants instead of those it has; they hold from its next request on.

    Returns the id of the change, or None where nothing changes. Refused: one's own rights, roles that do not go
    together, a team that is not there, and to leave nobody who manages people.
    """
    wanted = check_rights(Rights(tuple(Role(role) for role in roles), tuple(grants)))
    missing = {g.team for g in wanted.grants if g.team} - set(Team.objects.values_list("name", flat=True))
    if missing:
        raise Invalid(f"There is no team {min(missing)!r}.", where="grants", todo="Name a team that has accounts.")
    return _change(person_key, lambda had: Rights(wanted.roles, wanted.grants, had.is_active), reason, by)


def disable_person(person_key: str, *, reason: str, by: Actor) -> UUID | None:
    """Shut a person out, with sessions, tokens and what it lent, from the next request on. Nothing is deleted."""
    return _change(person_key, lambda had: Rights(had.roles, had.grants, is_active=False), reason, by)


def enable_person(person_key: str, *, reason: str, by: Actor) -> UUID | None:
    """Let a person in again, with the roles and grants that it had."""
    return _change(person_key, lambda had: Rights(had.roles, had.grants, is_active=True), reason, by)


def store_rights(person: Person, before: Rights | None, after: Rights, *, reason: str, by: Actor) -> UUID:
    """Write a person's rights and the change of them, in the caller's transaction; return the change's id."""
    by.require(Permission.MANAGE_PEOPLE)
    teams = dict(Team.objects.filter(name__in=[g.team for g in after.grants]).values_list("name", "pk"))
    Person.objects.filter(pk=person.pk).update(roles=[str(role) for role in after.roles])
    models.Grant.objects.filter(person=person).delete()
    models.Grant.objects.bulk_create(
        models.Grant(person=person, team_id=teams.get(g.team), region=g.region, account_number=g.account_number)
        for g in after.grants
    )
    user = person.user
    if user.is_active != after.is_active:
        user.is_active = after.is_active
        user.save(update_fields=["is_active"])
    row = RightsChangeRow.objects.create(
        person=person,
        changed_by_key=by.key,
        reason=reason,
        before=None if before is None else rights_form(before),
        after=rights_form(after),
    )
    return row.pk


def _change(person_key: str, wanted: Callable[[Rights], Rights], reason: str, by: Actor) -> UUID | None:
    by.require(Permission.MANAGE_PEOPLE)
    if person_key == by.key:
        raise Denied(
            "Nobody changes their own rights.", where=person_key, todo="Ask another administrator, or use the console."
        )
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise Invalid("A change of rights needs a reason.", where="reason", todo="Say why in a sentence.")
    with transaction.atomic():
        # Every change of rights waits here for the one before, so that two cannot remove the last two administrators.
        people = Person.objects.select_for_update(of=("self",)).select_related("user").order_by("pk")
        person = {row.pk: row for row in people}.get(person_number(person_key) or 0)
        if person is None:
            raise NotFound("There is no such person.", where=person_key)
        before = rights_of(person)
        after = wanted(before)
        if check_rights(before) == after:
            return None
        change_id = store_rights(person, before, after, reason=reason, by=by)
        if _manages(before) and not _manages(after):
            _require_someone_who_manages()
        publish(RolesChanged(ids.new_id(), person_key, change_id), by=by)
    return change_id


def _manages(rights: Rights) -> bool:
    return rights.is_active and Role.ADMIN in rights.roles


def _require_someone_who_manages() -> None:
    if not Person.objects.filter(user__is_active=True, roles__contains=[Role.ADMIN.value]).exists():
        raise Conflict(
            "Nobody would be left who manages people.",
            where=f"role {Role.ADMIN}",
            todo="Give someone else the role first. Nothing was changed.",
        )
