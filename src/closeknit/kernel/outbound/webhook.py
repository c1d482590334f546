"""Signed webhooks by the Standard Webhooks rules (1.0.0): id, timestamp, HMAC-SHA256 over "id.timestamp.body"."""

import base64
import hashlib
import hmac
import os
import random
from dataclasses import dataclass
from datetime import datetime

from closeknit.kernel.errors import Invalid
from closeknit.kernel.outbound.addresses import Gate, Unreachable

SECRET_PREFIX = "whsec_"
SECRET_BYTES = 32
WAIT_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Waits between tries: 75 h 35 min in all before jitter, which only lengthens them; then the message is dead."""
MOST_TRIES = len(WAIT_SECONDS) + 1
JITTER_SHARE = 0.2
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one try went. `is_final`: trying again cannot help. `is_gone`: the receiver wants nothing any more."""

    is_sent: bool
    sentence: str
    is_final: bool = False
    is_gone: bool = False


def make_secret() -> str:
    """Return a new signing secret of 256 random bits, in the form that receivers' libraries read."""
    return SECRET_PREFIX + base64.b64encode(os.urandom(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature` of a message.

    Raises:
        Invalid: when the secret is not "whsec_" and base64.
    """
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError as failure:
        raise Invalid("The signing secret is damaged.", todo="Create the endpoint anew.") from failure
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post_signed(url: str, body: bytes, *, message_id: str, secret: str, gate: Gate, at: datetime) -> Outcome:
    """Send a message once, and say how it went. The same `message_id` goes with every try."""
    timestamp = int(at.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Closeknit",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(secret, message_id, timestamp, body),
    }
    try:
        answer = gate.post(url, body, headers)
    except Invalid as refused:
        return Outcome(False, refused.what, is_final=True)
    except Unreachable as failure:
        return Outcome(False, failure.what)
    return _judge(answer.status)


def wait_seconds(tries: int, rng: random.Random) -> float | None:
    """Return how long to wait after so many failed tries (1 is the first), or None when they were enough."""
    if not 1 <= tries <= len(WAIT_SECONDS):
        return None
    return WAIT_SECONDS[tries - 1] * (1 + JITTER_SHARE * rng.random())


def _judge(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(True, f"Answered {status}.")
    if status == GONE:
        return Outcome(False, "Answered 410: the receiver is gone.", is_final=True, is_gone=True)
    if 300 <= status < 400:
        return Outcome(False, f"Answered {status}: redirects are not followed.")
    return Outcome(False, f"Answered {status}.")
