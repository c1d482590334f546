"""Create a person who can sign in."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.rooms.org import reads
from closeknit.rooms.org.contracts import Permission, Role
from closeknit.rooms.org.models import Person, Team


def create_person(
    *, username: str, name: str, password: str, roles: Iterable[Role] = (), teams: Iterable[str] = (), by: Actor
) -> Actor:
    """Make a user with roles and account scope. Refuses a user name that is taken."""
    by.require(Permission.MANAGE_PEOPLE)
    with transaction.atomic():
        users = get_user_model()
        if users.objects.filter(username=username).exists():
            raise Conflict("This user name is taken.", where=username, todo="Choose another.")
        user = users.objects.create_user(username=username, password=password)
        person = Person.objects.create(user=user, name=name, roles=[str(Role(role)) for role in roles])
        person.teams.set([Team.objects.get_or_create(name=team)[0] for team in teams])
    return reads.get_actor(f"person:{person.pk}")
