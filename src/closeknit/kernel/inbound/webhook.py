"""Check webhooks signed by the Standard Webhooks rules (1.0.0); the other half of `kernel.outbound.webhook`."""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from closeknit.kernel.errors import CloseknitError
from closeknit.kernel.outbound.webhook import sign

TOLERANCE_SECONDS = 300
MOST_ID_CHARACTERS = 255
MOST_SIGNATURES = 16


class NotSigned(CloseknitError):
    """The request does not prove that its sender knows the secret, or proves it too late."""

    code, status, title = "not_signed", 401, "Not signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """What a good signature vouches for: the message's id, the same at each try, and when it was sent."""

    message_id: str
    sent_at_seconds: int


def check_signature(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], *, at: datetime) -> Signed:
    """Return the message's id when one of the secrets signed exactly these bytes within five minutes of `at`.

    Several secrets, and several signatures in one header, let a secret be changed without losing a message.

    Args:
        headers: the request's, by any case of their names.
        secrets: those in force, each "whsec_" and base64.

    Raises:
        NotSigned: saying which header is missing or malformed, that the clock differs, or that no signature holds.
    """
    given = {name.lower(): value for name, value in headers.items()}
    message_id = _header(given, "webhook-id")
    if len(message_id) > MOST_ID_CHARACTERS or not message_id.isprintable():
        raise NotSigned(f"The id is longer than {MOST_ID_CHARACTERS} plain characters.", where="webhook-id")
    sent = _sent(_header(given, "webhook-timestamp"), at)
    offered = [part[3:] for part in _header(given, "webhook-signature").split()[:MOST_SIGNATURES] if part[:3] == "v1,"]
    # Every pair is compared, each in constant time: how long it takes says nothing about which came close.
    holds = [
        hmac.compare_digest(sign(secret, message_id, sent, body).encode(), b"v1," + signature.encode())
        for secret in secrets
        for signature in offered
    ]
    if not any(holds):
        raise NotSigned(
            "The signature does not hold for this body.",
            where="webhook-signature",
            todo="Sign 'id.timestamp.body' over the exact bytes sent, with the secret shown when the hook was opened.",
        )
    return Signed(message_id, sent)


def _header(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "").strip()
    if not value:
        raise NotSigned("The request is not signed.", where=name, todo="Send the three headers of Standard Webhooks.")
    return value


def _sent(text: str, at: datetime) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise NotSigned("The time is not a whole number of seconds since 1970.", where="webhook-timestamp")
    sent = int(text)
    if abs(at.timestamp() - sent) > TOLERANCE_SECONDS:
        raise NotSigned(
            f"The message was sent more than {TOLERANCE_SECONDS // 60} minutes from now.",
            where="webhook-timestamp",
            todo="Set the sender's clock, and stamp each try anew.",
        )
    return sent
