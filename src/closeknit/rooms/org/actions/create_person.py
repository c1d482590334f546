"""Create a person who can sign in."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.org import reads
from closeknit.rooms.org.actions.change_roles import store_rights
from closeknit.rooms.org.contracts import GrantCard, Permission, PersonCreated, Rights, Role
from closeknit.rooms.org.contracts.people import check_rights
from closeknit.rooms.org.models import Person, Team


def create_person(
    *,
    username: str,
    name: str,
    password: str,
    roles: Iterable[Role] = (),
    teams: Iterable[str] = (),
    grants: Iterable[GrantCard] = (),
    reason: str = "",
    by: Actor,
) -> Actor:
    """Make a user with roles and the accounts they reach; teams that are not there yet are made.

    Refuses a user name that is taken, a password easy to guess, and roles that do not go together.
    """
    by.require(Permission.MANAGE_PEOPLE)
    _check(username, name, password)
    held = [*(GrantCard(team=team) for team in sorted(set(teams))), *grants]
    rights = check_rights(Rights(tuple(Role(role) for role in roles), tuple(held)))
    with transaction.atomic():
        Team.objects.bulk_create([Team(name=g.team) for g in rights.grants if g.team], ignore_conflicts=True)
        person = Person.objects.create(user=_new_user(username, password), name=name)
        change_id = store_rights(person, None, rights, reason=reason, by=by)
        key = f"person:{person.pk}"
        publish(PersonCreated(ids.new_id(), key, change_id), by=by)
    return reads.get_actor(key)


def _new_user(username: str, password: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user(username=username, password=password)
    except IntegrityError:
        raise Conflict("This user name is taken.", where=username, todo="Choose another.") from None


def _check(username: str, name: str, password: str) -> None:
    user = get_user_model()(username=username)
    try:
        user._meta.get_field("username").clean(username, user)
    except ValidationError as refused:
        raise _refusal(refused, "username") from None
    if not name.strip() or len(name) > 120 or "\x00" in name:
        raise Invalid("A person needs a name of at most 120 characters.", where="name")
    try:
        validate_password(password, user)
    except ValidationError as refused:
        raise _refusal(refused, "password") from None


def _refusal(refused: ValidationError, where: str) -> Invalid:
    return Invalid(" ".join(refused.messages), where=where, todo="Choose another.")
