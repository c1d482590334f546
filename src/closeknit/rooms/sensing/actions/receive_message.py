"""Keep what another system sent, before anything else is done with it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.conf import settings

from closeknit.kernel.errors import Denied
from closeknit.kernel.inbound.webhook import NotSigned, check_signature
from closeknit.kernel.outbound import secrets
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing.arriving.inbox import keep_message
from closeknit.rooms.sensing.contracts import ConnectorKind, MessageReceipt
from closeknit.rooms.sensing.models import Connector


def receive_hook(connector_id: UUID, headers: Mapping[str, str], body: bytes, *, at: datetime) -> MessageReceipt:
    """Keep a signed message of a hook. The same id again changes nothing, and says so.

    Refuses a message that is not signed with the hook's secret (an unknown or closed hook looks the same), an empty
    one, and another body under an id that is known. Who opened the hook must still be allowed to load data.
    """
    row = Connector.objects.filter(pk=connector_id, kind=ConnectorKind.HOOK.value, closed_at=None).first()
    if row is None:
        raise NotSigned("The signature does not hold for this hook.", where="webhook-signature")
    signed = check_signature(headers, body, _secrets(row, at), at=at)
    if not org.get_requester(row.opened_by).may(Permission.LOAD_DATA):
        raise Denied(
            "Who opened this hook may no longer load data.", where=str(connector_id), todo="Have somebody open another."
        )
    return keep_message(connector_id, signed.message_id, body)


def _secrets(row: Connector, at: datetime) -> list[str]:
    kept = [row.secret]
    if row.previous_secret and row.previous_secret_until and at < row.previous_secret_until:
        kept.append(row.previous_secret)
    key = settings.SECRET_KEY
    return [secrets.decrypt(bytes(found), about=str(row.pk), key_text=key) for found in kept if found]
