"""Revoke API tokens."""

from datetime import datetime

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.events import publish
from closeknit.rooms.org.contracts import Permission, TokenRevoked
from closeknit.rooms.org.models import ApiToken
from closeknit.rooms.org.reads.actors import person_number


def revoke_token(*, label: str = "", token_id: int = 0, by: Actor, at: datetime) -> int:
    """End tokens at once, and return how many: by number, or the acting person's own with a label.

    Who manages people ends anyone's by number; for others a token of somebody else is unknown.
    """
    rows = ApiToken.objects.filter(revoked_at=None)
    if token_id:
        rows = rows.filter(pk=token_id)
        if not by.may(Permission.MANAGE_PEOPLE):
            rows = rows.filter(person_id=person_number(by.key) or 0)
    else:
        rows = rows.filter(person_id=person_number(by.key) or 0, label=label)
    with transaction.atomic():
        found = list(rows.select_for_update().values_list("pk", "person_id", "label"))
        if not found:
            raise NotFound("There is no such token in force.", where=label or f"token {token_id}")
        ApiToken.objects.filter(pk__in=[pk for pk, _, _ in found]).update(revoked_at=at)
        for _, person_id, its_label in found:
            publish(TokenRevoked(ids.new_id(), f"person:{person_id}", its_label), by=by)
    return len(found)
