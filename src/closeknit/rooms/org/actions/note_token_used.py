"""Note that a token was used."""

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from closeknit.kernel.actor import Actor
from closeknit.rooms.org.models import ApiToken
from closeknit.rooms.org.reads import hash_token
from closeknit.rooms.org.reads.actors import person_number

EVERY = timedelta(minutes=1)


def note_token_used(*, token: str, by: Actor) -> None:
    """Note when a token of the acting person was last used, once a minute at most."""
    ApiToken.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=Now() - EVERY),
        token_sha256=hash_token(token),
        person_id=person_number(by.key) or 0,
    ).update(last_used_at=Now())
