"""How far the ledger is sealed, and what proves an entry to someone who has neither database nor network."""

import base64
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid, NotFound
from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.compute.checkpoints import read_checkpoint
from closeknit.rooms.decisions.compute.envelope import read_envelope
from closeknit.rooms.decisions.contracts import Checkpoint, Seal
from closeknit.rooms.decisions.models import LedgerCheckpoint, LedgerLeaf
from closeknit.rooms.decisions.reads.breaks import accepted_breaks
from closeknit.rooms.decisions.reads.entries import visible_entries
from closeknit.rooms.decisions.reads.opening import Keyring, texts_of
from closeknit.rooms.decisions.reads.tree import (
    checkpoint_of,
    key_history,
    last_checkpoint,
    naming_checkpoints,
    proof,
)
from closeknit.rooms.org.contracts import Permission

RECEIPT_SCHEMA = "closeknit.receipt/2"
CONSISTENCY_SCHEMA = "closeknit.consistency/1"


def get_seal(*, by: Actor) -> Seal:
    """Return how far the ledger is sealed. For whoever may read any of its lines."""
    visible_entries(by)
    row = last_checkpoint()
    with connection.cursor() as cursor:
        # Entries still to be sealed are among the newest; the count stops where it no longer matters.
        cursor.execute(
            "select count(*) from (select from decisions_ledger_entry e where not exists"
            " (select from decisions_ledger_leaf l where l.entry_id = e.id)"
            " and e.id > coalesce((select max(entry_id) - 10000 from decisions_ledger_leaf), 0) limit 10000) waiting"
        )
        (waiting,) = cursor.fetchone()
    if row is None:
        return Seal(0, waiting, None, "", None, ())
    last = LedgerLeaf.objects.order_by("-number").values_list("entry_id", flat=True).first()
    lost = LedgerCheckpoint.objects.filter(opens_epoch=True, loses=True).order_by("id").values_list("epoch", flat=True)
    broken = set(lost) - accepted_breaks() if lost else set()
    return Seal(
        sealed=row.size,
        waiting=waiting,
        sealed_at=row.sealed_at,
        root=checkpoint_of(row).statement.root,
        last_entry_id=last,
        broken_epochs=tuple(sorted(broken)),
    )


def get_public_key(*, by: Actor) -> str:
    """Return the ledger's first public key, hexadecimal: the one to pin. Later ones are named by signed checkpoints."""
    visible_entries(by)
    return key_history()[0]


def list_public_keys(*, by: Actor) -> tuple[str, ...]:
    """Return the ledger's public keys, hexadecimal, from the first one to that of today. For who reads all of it."""
    by.require(Permission.READ_LEDGER)
    return key_history()


def get_receipt(entry_id: int, *, by: Actor) -> dict[str, Any]:
    """Return an entry with what proves it offline: inclusion proof, signed checkpoint, public key.

    `texts` are the plaintexts, each with what shows that the entry commits to it; None where it was erased.

    Raises:
        NotFound: when there is no such entry, or none that the actor may see.
        Conflict: when it is not sealed yet, or the stored tree does not prove it.
    """
    row = visible_entries(by).filter(pk=entry_id).first()
    if row is None:
        raise NotFound("There is no such ledger entry.", where=f"line {entry_id}")
    leaf = LedgerLeaf.objects.filter(entry_id=entry_id).first()
    last = last_checkpoint()
    if leaf is None or last is None:
        raise Conflict("This entry is not sealed yet.", where=f"line {entry_id}", todo="Ask again in a second.")
    checkpoint = checkpoint_of(last)
    content = bytes(row.content)
    return {
        "schema": RECEIPT_SCHEMA,
        "entry_id": entry_id,
        "leaf_number": leaf.number,
        "content": base64.b64encode(content).decode(),
        "texts": texts_of(read_envelope(content), Keyring((row.text_key_id, row.name_key_id))),
        "inclusion_proof": [h.hex() for h in _inclusion(leaf, content, checkpoint)],
        "checkpoint": checkpoint.as_record(),
        "public_key": checkpoint.public_key,
        "named_by": naming_checkpoints(),
    }


def get_consistency(older: dict[str, Any], *, by: Actor) -> dict[str, Any]:
    """Return what proves that the ledger of an older checkpoint is a prefix of the present one.

    Raises:
        Conflict: when the stored tree is shorter than the checkpoint.
        Invalid: when the checkpoint cannot be read or is of an empty ledger.
    """
    by.require(Permission.READ_LEDGER)
    old = read_checkpoint(older).statement
    last = last_checkpoint()
    if old.size == 0:
        raise Invalid("Nothing can be proven from an empty ledger.", where="older checkpoint")
    if last is None or last.size < old.size:
        raise Conflict(
            "The ledger is shorter than this checkpoint.",
            where=f"{last.size if last else 0} entries, not {old.size}",
            todo="Run: closeknit decisions verify.",
        )
    hashes = proof(merkle.consistency_parts(old.size, last.size))
    return {
        "schema": CONSISTENCY_SCHEMA,
        "checkpoint": checkpoint_of(last).as_record(),
        "proof": [h.hex() for h in hashes],
        "named_by": naming_checkpoints(),
    }


def _inclusion(leaf: LedgerLeaf, content: bytes, checkpoint: Checkpoint) -> list[bytes]:
    broken = Conflict(
        "The stored ledger does not prove this entry.",
        where=f"entry {leaf.number}",
        todo="Run: closeknit decisions verify.",
    )
    size = checkpoint.statement.size
    if leaf.number >= size or merkle.hash_leaf(content) != bytes(leaf.leaf):
        raise broken
    try:
        hashes = proof(merkle.inclusion_parts(leaf.number, size))
    except KeyError as failure:
        raise broken from failure
    if merkle.root_by(leaf.number, size, bytes(leaf.leaf), hashes).hex() != checkpoint.statement.root:
        raise broken
    return hashes
