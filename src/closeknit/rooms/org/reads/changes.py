"""How people's rights changed: who changed them, when, why, from what to what."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.org import models
from closeknit.rooms.org.contracts import GrantCard, Permission, Rights, RightsChange, Role
from closeknit.rooms.org.models import Person, RightsChangeRow
from closeknit.rooms.org.reads.actors import person_number


def get_rights_change(change_id: UUID, *, by: Actor) -> RightsChange:
    """Return one change, or raise NotFound where the actor neither manages people nor is the one it is about."""
    row = RightsChangeRow.objects.select_related("person").filter(pk=change_id).first()
    if row is None or not (by.may(Permission.MANAGE_PEOPLE) or by.key == f"person:{row.person_id}"):
        raise NotFound("There is no such change of rights.", where=str(change_id))
    return _change(row)


def list_rights_changes(person_key: str, *, by: Actor) -> list[RightsChange]:
    """Return the changes of a person's rights, newest first: one's own, or anyone's for who manages people."""
    if person_key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    rows = RightsChangeRow.objects.select_related("person").filter(person_id=person_number(person_key) or 0)
    return [_change(row) for row in rows.order_by("-changed_at", "-id")]


def rights_of(person: Person) -> Rights:
    """Return what a person holds now."""
    held = models.Grant.objects.select_related("team").filter(person=person).order_by("pk")
    grants = tuple(GrantCard(g.team.name if g.team else "", g.region, g.account_number) for g in held)
    return Rights(tuple(Role(role) for role in person.roles), grants, person.user.is_active)


def rights_form(rights: Rights) -> dict[str, Any]:
    """Return rights as they are stored."""
    return {
        "roles": [str(role) for role in rights.roles],
        "grants": [[g.team, g.region, g.account_number] for g in rights.grants],
        "is_active": rights.is_active,
    }


def _rights(form: Mapping[str, Any]) -> Rights:
    return Rights(
        tuple(Role(role) for role in form["roles"]),
        tuple(GrantCard(*parts) for parts in form["grants"]),
        form["is_active"],
    )


def _change(row: RightsChangeRow) -> RightsChange:
    return RightsChange(
        change_id=row.pk,
        person_key=f"person:{row.person_id}",
        person_name=row.person.name,
        changed_by_key=row.changed_by_key,
        changed_at=row.changed_at,
        reason=row.reason,
        before=None if row.before is None else _rights(row.before),
        after=_rights(row.after),
    )
