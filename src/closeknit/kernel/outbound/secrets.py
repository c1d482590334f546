"""Secrets that must be used again, such as a webhook's: encrypted in the database, under a key that is not in it."""

import os

from closeknit.kernel.errors import Conflict

NONCE_BYTES = 12


def encrypt(text: str, *, about: str, key_text: str) -> bytes:
    """Return a secret encrypted for one use; `about` (its owner's id) must be the same when it is read."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_key(key_text)).encrypt(nonce, text.encode(), about.encode())


def decrypt(kept: bytes, *, about: str, key_text: str) -> str:
    """Return a secret as it was given.

    Raises:
        Conflict: when it was kept under another key or for another owner.
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(_key(key_text)).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], about.encode()).decode()
    except InvalidTag as failure:
        raise Conflict(
            "A kept secret cannot be read: the deployment's secret key has changed.",
            where=about,
            todo="Bring the old key back, or create the endpoint anew.",
        ) from failure


def _key(key_text: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), 32, salt=None, info=b"closeknit outbound secrets 1").derive(key_text.encode())
