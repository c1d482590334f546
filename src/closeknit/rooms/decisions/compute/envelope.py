"""What a ledger line's leaf commits to: a canonical envelope around texts that only their keys open.

A box holds one text: `ciphertext` (AES-256-GCM under a data key) and `commitment` = SHA-256(opening || plaintext),
where opening = HMAC-SHA256(data key, nonce || "commit"). Whoever is given plaintext and opening can check the text
with nothing but SHA-256; once the key is destroyed, nobody can open the box or test a guess against it.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Invalid
from closeknit.kernel.keys import NotOpened, decrypt, encrypt

VERSION = 3
NEEDS_NO_ESCAPE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_")


@dataclass(frozen=True, slots=True)
class Box:
    """One encrypted text, the key that opens it, and the commitment to the plaintext."""

    key_id: UUID
    nonce: bytes
    ciphertext: bytes
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A line's content as read back: its boxes, or the text itself where an older version wrote it in the clear."""

    thread_id: str
    kind: str
    actor_key: str
    recorded_at: str
    text: Box | Mapping[str, Any]
    name: Box | str


def close_box(plaintext: bytes, key_id: UUID, data_key: bytes, nonce: bytes) -> Box:
    """Return the text encrypted. The nonce must be new for this key."""
    commitment = hashlib.sha256(opening_of(data_key, nonce) + plaintext).digest()
    return Box(key_id, nonce, encrypt(data_key, nonce, plaintext, key_id.bytes), commitment)


def open_box(box: Box, data_key: bytes) -> bytes:
    """Return a box's plaintext.

    Raises:
        NotOpened: when the key is another one, or the box does not hold what it commits to.
    """
    plaintext = decrypt(data_key, box.nonce, box.ciphertext, box.key_id.bytes)
    if hashlib.sha256(opening_of(data_key, box.nonce) + plaintext).digest() != box.commitment:
        raise NotOpened
    return plaintext


def opening_of(data_key: bytes, nonce: bytes) -> bytes:
    """Return what, put before the plaintext, hashes to the commitment."""
    return hmac.digest(data_key, nonce + b"commit", "sha256")


def box_form(box: Box) -> str:
    """Return a box's canonical JSON."""
    return (
        f'{{"ciphertext":"{_b64(box.ciphertext)}","commitment":"{box.commitment.hex()}",'
        f'"key":"{box.key_id}","nonce":"{_b64(box.nonce)}"}}'
    )


def envelope_parts(thread_id: UUID, kind: str, actor_key: str, text: str, name: str) -> tuple[str, str]:
    """Return a line's canonical form before and after the time, which the database puts in as it writes the line.

    `text` and `name` are boxes in canonical form. Put together by hand, because it is in every transaction of the
    business; a test holds it to `canonical_bytes`.
    """
    return (
        f'{{"actor":{_quoted(actor_key)},"kind":{_quoted(kind)},"name":{name},"recorded_at":"',
        f'","text":{text},"thread_id":"{thread_id}","version":{VERSION}}}',
    )


def read_envelope(content: bytes) -> Envelope:
    """Return a line's content in parts.

    Raises:
        Invalid: when the content is no envelope of a version that we know.
    """
    try:
        said = json.loads(content)
        if said["version"] == VERSION:
            text, name = _box(said["text"]), _box(said["name"])
        elif said["version"] == 2:
            text, name = said, said["actor_name"]
        else:
            raise ValueError(f"version {said['version']}")
        return Envelope(said["thread_id"], said["kind"], said["actor"], said["recorded_at"], text, name)
    except (KeyError, TypeError, ValueError) as failure:
        raise Invalid(f"A ledger line's content cannot be read: {failure!r}") from failure


def _box(said: Mapping[str, str]) -> Box:
    return Box(
        UUID(said["key"]),
        base64.b64decode(said["nonce"], validate=True),
        base64.b64decode(said["ciphertext"], validate=True),
        bytes.fromhex(said["commitment"]),
    )


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _quoted(text: str) -> str:
    return f'"{text}"' if NEEDS_NO_ESCAPE.issuperset(text) else canonical_bytes(text).decode()
