"""Secret keys that live in files beside the data, never in the database; and what is encrypted with them.

Texts are encrypted with AES-256-GCM. A data key is kept in the database only wrapped: encrypted itself with a
key-encryption key that stands in such a file. Whoever destroys the wrapped form destroys what the data key opened.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from closeknit.kernel.errors import Conflict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class NotOpened(Exception):
    """The bytes are not what was encrypted with this key about this."""


def load_or_make_secret(path: Path, name: str) -> bytes:
    """Return the 32 secret bytes kept at a path, made at the first use; only the owner may read the file.

    Raises:
        Conflict: when the file is not a key, or others may read it.
    """
    if not path.exists():
        write_once(path, os.urandom(KEY_BYTES))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Conflict(f"The {name} can be read by others.", where=str(path), todo=f"chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) != KEY_BYTES:
        raise Conflict(f"The {name} is damaged.", where=str(path), todo="Bring it back from its copy.")
    return secret


def write_once(path: Path, secret: bytes) -> None:
    """Write a secret whole or not at all; of several processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, about: bytes) -> bytes:
    """Return the ciphertext with its tag (AES-256-GCM). `about` is not in it, but needed to open it.

    Never use a nonce twice with one key: take NONCE_BYTES random ones.
    """
    return _cipher()(key).encrypt(nonce, plaintext, about)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, about: bytes) -> bytes:
    """Return the plaintext.

    Raises:
        NotOpened: for another key, a changed ciphertext, or another `about`.
    """
    from cryptography.exceptions import InvalidTag

    try:
        return _cipher()(key).decrypt(nonce, ciphertext, about)
    except (InvalidTag, ValueError) as failure:
        raise NotOpened from failure


@cache
def _cipher() -> type[AESGCM]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM


def wrap(key_encryption_key: bytes, data_key: bytes, about: bytes) -> bytes:
    """Return a data key in the form in which it may be stored: nonce, then ciphertext."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + encrypt(key_encryption_key, nonce, data_key, about)


def unwrap(key_encryption_key: bytes, wrapped: bytes, about: bytes) -> bytes:
    """Return the data key.

    Raises:
        NotOpened: when it was wrapped with another key, or about something else.
    """
    return decrypt(key_encryption_key, wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about)
