"""Checkpoints: what is said of the tree, as bytes that are signed, and read back."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Invalid
from closeknit.kernel.signatures import SigningKey, is_signed_by
from closeknit.rooms.decisions.contracts import Break, Checkpoint, Statement

SCHEMA = "closeknit.checkpoint/1"


def sign_statement(statement: Statement, key: SigningKey) -> Checkpoint:
    """Return the statement as a signed checkpoint."""
    body = canonical_bytes(
        {
            "schema": SCHEMA,
            "epoch": statement.epoch,
            "size": statement.size,
            "root": statement.root,
            "previous": statement.previous,
            "sealed_at": statement.sealed_at,
            "cluster": statement.cluster,
            "break": statement.broken_off,
        }
        | ({"next_key": statement.next_key} if statement.next_key else {})
    )
    return Checkpoint(statement, body.decode(), key.sign(body).hex(), key.public.hex())


def read_checkpoint(record: dict[str, Any]) -> Checkpoint:
    """Return the checkpoint of a record {"body", "signature", "public_key"}; its signature is not verified.

    Raises:
        Invalid: when it cannot be read.
    """
    try:
        said = json.loads(record["body"])
        if said["schema"] != SCHEMA:
            raise ValueError(said["schema"])
        statement = Statement(
            epoch=int(said["epoch"]),
            size=int(said["size"]),
            root=str(said["root"]),
            previous=str(said["previous"]),
            sealed_at=datetime.fromisoformat(said["sealed_at"]),
            cluster=str(said["cluster"]),
            broken_off=Break(**said["break"]) if said["break"] else None,
            next_key=str(said.get("next_key", "")),
        )
        return Checkpoint(statement, record["body"], record["signature"], record["public_key"])
    except (KeyError, TypeError, ValueError) as failure:
        raise Invalid(f"A checkpoint cannot be read: {failure!r}", todo="Bring it back from a copy.") from failure


def digest_of(checkpoint: Checkpoint) -> str:
    """Return the hash by which the next checkpoint commits to this one."""
    return hashlib.sha256(checkpoint.body.encode()).hexdigest()


def is_signed(checkpoint: Checkpoint, public_keys: frozenset[str]) -> bool:
    """Tell whether one of these keys (hexadecimal) has signed it."""
    if checkpoint.public_key not in public_keys:
        return False
    try:
        key, signature = bytes.fromhex(checkpoint.public_key), bytes.fromhex(checkpoint.signature)
    except ValueError:
        return False
    return is_signed_by(key, checkpoint.body.encode(), signature)


def follow_keys(first: str, named_by: Iterable[Checkpoint]) -> tuple[str, ...]:
    """Return the public keys from the first one on: each is named by a checkpoint that the one before has signed."""
    keys = [first]
    for checkpoint in named_by:
        if checkpoint.statement.next_key and is_signed(checkpoint, frozenset({keys[-1]})):
            keys.append(checkpoint.statement.next_key)
    return tuple(keys)
