"""Ed25519 signatures with a key that lives in a file beside the data, never in the database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from closeknit.kernel.errors import Conflict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SEED_BYTES = 32


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

    if not path.exists():
        _write_once(path, os.urandom(SEED_BYTES))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise Conflict("The signing key can be read by others.", where=str(path), todo=f"chmod 600 {path}")
    seed = path.read_bytes()
    if len(seed) != SEED_BYTES:
        raise Conflict("The signing key is damaged.", where=str(path), todo="Bring it back from its copy.")
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


def _write_once(path: Path, seed: bytes) -> None:
    """Write the seed whole or not at all; of several processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(seed)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
