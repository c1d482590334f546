"""Change what a person may do, and over which accounts; shut a person out and let it in again."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org import models
from closeknit.rooms.org.contracts import STANDS_ALONE, GrantCard, Permission, Rights, Role, RolesChanged
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


def check_rights(rights: Rights) -> Rights:
    """Return rights in their one form (sorted, each once), or refuse what does not go together."""
    roles = tuple(sorted(set(rights.roles), key=list(Role).index))
    grants = tuple(sorted(set(rights.grants), key=lambda g: (g.team, g.region, g.account_number)))
    alone = STANDS_ALONE & set(roles)
    if alone and len(roles) > 1:
        raise Invalid(
            f"The role {min(alone)} is for outsiders and goes with no other role.",
            where="roles",
            todo="Make two people of it, or leave one role out.",
        )
    for grant in grants:
        _check_grant(grant, account_only=bool(alone))
    return Rights(roles, grants, rights.is_active)


def _check_grant(grant: GrantCard, *, account_only: bool) -> None:
    parts = (grant.team, grant.region, grant.account_number)
    if not any(parts) or any("\x00" in part or part != part.strip() for part in parts):
        raise Invalid(
            "A grant names a team, a region, both, or one account.", where="grants", todo="Leave out empty grants."
        )
    if grant.account_number and (grant.team or grant.region):
        raise Invalid(
            "A grant of one account names nothing else.", where=grant.account_number, todo="Make two grants of it."
        )
    if account_only and not grant.account_number:
        raise Invalid(
            "A customer's own reader is granted single accounts only.",
            where=grant.sentence,
            todo="Grant the customer's accounts by their numbers.",
        )


def store_rights(person: Person, before: Rights | None, after: Rights, *, reason: str, by: Actor) -> UUID:
    """Write a person's rights and the change of them, in the caller's transaction; return the change's id."""
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
