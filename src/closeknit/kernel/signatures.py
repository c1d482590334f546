"""Ed25519 signatures with a key that lives in a file beside the data, never in the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from closeknit.kernel.keys import load_or_make_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key; `public` is what others verify with (32 bytes)."""

    private: Ed25519PrivateKey
    public: bytes

    def sign(self, message: bytes) -> bytes:
        """Return the signature (64 bytes)."""
        return self.private.sign(message)


def load_or_make_key(path: Path) -> SigningKey:
    """Return the key kept at a path, made at the first use; only the owner may read the file.

    Raises:
        Conflict: when the file is not a key, or others may read it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = load_or_make_secret(path, "signing key")
    private = Ed25519PrivateKey.from_private_bytes(seed)
    return SigningKey(private, private.public_key().public_bytes_raw())


def is_signed_by(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether the signature of the message is that of the key's owner."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
