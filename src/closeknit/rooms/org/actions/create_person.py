"""Create a person who can sign in."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.org import reads
from closeknit.rooms.org.contracts import Permission, Role
from closeknit.rooms.org.models import Grant, Person, Team


def create_person(
    *, username: str, name: str, password: str, roles: Iterable[Role] = (), teams: Iterable[str] = (), by: Actor
) -> Actor:
    """Make a user with roles and account scope. Refuses a user name that is taken, and a password easy to guess."""
    by.require(Permission.MANAGE_PEOPLE)
    _check(username, name, password)
    with transaction.atomic():
        users = get_user_model()
        try:
            with transaction.atomic():
                user = users.objects.create_user(username=username, password=password)
        except IntegrityError:
            raise Conflict("This user name is taken.", where=username, todo="Choose another.") from None
        person = Person.objects.create(user=user, name=name, roles=[str(Role(role)) for role in roles])
        wanted = [Team.objects.get_or_create(name=team)[0] for team in sorted(set(teams))]
        Grant.objects.bulk_create([Grant(person=person, team=team) for team in wanted])
    return reads.get_actor(f"person:{person.pk}")


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
