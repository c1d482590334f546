"""Change passwords. Every session of the person but the one that changed it ends at its next request."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid, NotFound
from closeknit.kernel.sessions import end_sessions
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import Person
from closeknit.rooms.org.reads.actors import person_number

LONGEST = 128


def change_password(*, current: str, new: str, here: str | None = None, by: Actor) -> None:
    """Change the acting person's own password; `here` is the key of the session that goes on."""
    user = _user(by.key)
    if not user.check_password(current):
        raise Invalid("The present password is another.", where="current")
    _store(user, new)
    end_sessions([user.pk], but=here)


def set_password(*, person_key: str, new: str, by: Actor) -> None:
    """Give another person a new password, where the old one is lost. It is told by another way, and changed then."""
    by.require(Permission.MANAGE_PEOPLE)
    if person_key == by.key:
        raise Denied("Your own password needs the present one.", todo="See: Your access.")
    user = _user(person_key)
    _store(user, new)
    end_sessions([user.pk])


def _user(person_key: str) -> User:
    people = Person.objects.filter(pk=person_number(person_key) or 0)
    user = get_user_model().objects.filter(pk__in=people.values("user_id"), is_active=True).first()
    if user is None:
        raise NotFound("There is no such person.", where=person_key)
    return user


def _store(user: User, new: str) -> None:
    if len(new) > LONGEST or "\x00" in new:
        raise Invalid(f"A password has at most {LONGEST} characters.", where="new")
    if user.check_password(new):
        raise Invalid("The new password is the present one.", where="new", todo="Choose another.")
    try:
        validate_password(new, user)
    except ValidationError as refused:
        raise Invalid(" ".join(refused.messages), where="new", todo="Choose another.") from None
    with transaction.atomic():
        user.set_password(new)
        user.save(update_fields=["password"])
