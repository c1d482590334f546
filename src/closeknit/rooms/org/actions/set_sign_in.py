"""Change how a person signs in: the e-mail address that single sign-on goes by, and a lost second factor."""

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.kernel.sessions import end_sessions
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.models import Person
from closeknit.rooms.org.reads.actors import person_number


def set_email(*, person_key: str, email: str, by: Actor) -> None:
    """Set the e-mail address of a person; "" takes it away. Refuses one that somebody else has.

    Who signs in by the company's provider with this address, verified there, is this person.
    """
    by.require(Permission.MANAGE_PEOPLE)
    user_id = _user_id(person_key)
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError:
            raise Invalid("This is no e-mail address.", where="email") from None
    users = get_user_model().objects
    with transaction.atomic():
        if email and users.filter(email__iexact=email).exclude(pk=user_id).exists():
            raise Conflict("Somebody else has this e-mail address.", where="email", todo="Use another.")
        users.filter(pk=user_id).update(email=email)


def remove_second_factor(*, person_key: str, by: Actor) -> int:
    """Take away a person's second factor and recovery codes, where they are lost, and end the person's sessions.

    Returns how many were taken away. The person then signs in by password and sets up a new one.
    """
    by.require(Permission.MANAGE_PEOPLE)
    from allauth.mfa.models import Authenticator

    user_id = _user_id(person_key)
    with transaction.atomic():
        removed = Authenticator.objects.filter(user_id=user_id).delete()[0]
        end_sessions([user_id])
    return int(removed)


def _user_id(person_key: str) -> int:
    user_id = Person.objects.filter(pk=person_number(person_key) or 0).values_list("user_id", flat=True).first()
    if user_id is None:
        raise NotFound("There is no such person.", where=person_key)
    return int(user_id)
