"""How people sign in, and where they are signed in."""

from closeknit.kernel import sessions
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.sessions import SessionCard
from closeknit.rooms.org.contracts import Permission, SignInCard
from closeknit.rooms.org.models import Person
from closeknit.rooms.org.reads.actors import person_number


def get_sign_in(*, person_key: str = "", by: Actor) -> SignInCard:
    """Return how a person signs in: the acting person, or anyone for who manages people."""
    from allauth.mfa.models import Authenticator
    from allauth.socialaccount.models import SocialAccount

    user = _person(person_key, by).user
    kept = {row.type: row for row in Authenticator.objects.filter(user_id=user.pk)}
    codes = kept.get(Authenticator.Type.RECOVERY_CODES)
    return SignInCard(
        username=user.get_username(),
        email=user.email,
        has_password=user.has_usable_password(),
        has_second_factor=Authenticator.Type.TOTP in kept,
        recovery_codes_left=len(codes.wrap().get_unused_codes()) if codes else 0,
        has_single_sign_on=SocialAccount.objects.filter(user_id=user.pk).exists(),
    )


def list_sessions(*, person_key: str = "", here: str | None = None, by: Actor) -> list[SessionCard]:
    """Return sessions in force, the latest seen first: the acting person's, or anyone's for who manages people."""
    return sessions.list_sessions(_person(person_key, by).user_id, here=here)


def _person(person_key: str, by: Actor) -> Person:
    key = person_key or by.key
    if key != by.key:
        by.require(Permission.MANAGE_PEOPLE)
    person = Person.objects.select_related("user").filter(pk=person_number(key) or 0).first()
    if person is None:
        raise NotFound("There is no such person.", where=key)
    return person
