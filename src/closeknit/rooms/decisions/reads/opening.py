"""What stored lines say, opened with the keys that the database still holds."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from closeknit.kernel.errors import Invalid
from closeknit.kernel.keys import NotOpened
from closeknit.rooms.decisions.compute.envelope import Box, Envelope, open_box, opening_of, read_envelope
from closeknit.rooms.decisions.contracts import LedgerLine, Legible
from closeknit.rooms.decisions.models import LedgerEntry
from closeknit.rooms.decisions.reads.keys import FoundKey, find_keys

ERASED = "erased"
SAYS_INSTEAD = {
    Legible.ERASED: "Erased: the key of this line's subject was destroyed.",
    Legible.CLOSED: "This line's text cannot be opened. Run: closeknit decisions verify.",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A box's plaintext and the opening that proves it, or why there is none."""

    legible: Legible
    plaintext: bytes = b""
    opening: bytes = b""


class Keyring:
    """The keys of some lines, asked for once."""

    def __init__(self, key_ids: Iterable[UUID | None]) -> None:
        self._found = find_keys(key_id for key_id in key_ids if key_id is not None)

    def open(self, box: Box) -> Opened:
        """Return what a box holds."""
        key = self._found.get(box.key_id, FoundKey(None, erased=False))
        if key.data_key is None:
            return Opened(Legible.ERASED if key.erased else Legible.CLOSED)
        try:
            return Opened(Legible.OPEN, open_box(box, key.data_key), opening_of(key.data_key, box.nonce))
        except NotOpened:
            return Opened(Legible.CLOSED)


def open_lines(found: Iterable[LedgerEntry]) -> list[LedgerLine]:
    """Return rows as lines that can be read, as far as their keys are there."""
    rows = list(found)
    keyring = Keyring(key_id for row in rows for key_id in (row.text_key_id, row.name_key_id))
    return [_line(row, keyring) for row in rows]


def _line(row: LedgerEntry, keyring: Keyring) -> LedgerLine:
    try:
        envelope = read_envelope(bytes(row.content))
    except Invalid:
        legible, said, name = Legible.CLOSED, _nothing(Legible.CLOSED), ""
    else:
        legible, said = text_of(envelope, keyring)
        name = name_of(envelope, keyring)
    return LedgerLine(
        entry_id=row.pk,
        thread_id=row.thread_id,
        kind=row.kind,
        subject=said["subject"],
        sentence=said["sentence"].replace("{actor}", name),
        evidence=said["evidence"],
        account_number=said["account_number"],
        actor_key=row.actor_key,
        actor_name=name,
        recorded_at=row.recorded_at,
        leaf_sha256=bytes(row.leaf).hex(),
        legible=legible,
    )


def text_of(envelope: Envelope, keyring: Keyring) -> tuple[Legible, Mapping[str, Any]]:
    """Return what a line says: subject, sentence, account_number, evidence."""
    if not isinstance(envelope.text, Box):
        return Legible.OPEN, envelope.text
    opened = keyring.open(envelope.text)
    if opened.legible is not Legible.OPEN:
        return opened.legible, _nothing(opened.legible)
    return opened.legible, json.loads(opened.plaintext)


def name_of(envelope: Envelope, keyring: Keyring) -> str:
    """Return the name of who acted."""
    if not isinstance(envelope.name, Box):
        return envelope.name
    opened = keyring.open(envelope.name)
    return str(json.loads(opened.plaintext)) if opened.legible is Legible.OPEN else ERASED


def _nothing(legible: Legible) -> Mapping[str, Any]:
    return {"subject": "", "sentence": SAYS_INSTEAD[legible], "account_number": "", "evidence": {}}


def texts_of(envelope: Envelope, keyring: Keyring) -> dict[str, list[str] | None]:
    """Return each box's plaintext with the opening that proves it (hexadecimal); None where it cannot be opened."""
    texts: dict[str, list[str] | None] = {}
    for part, box in (("text", envelope.text), ("name", envelope.name)):
        if isinstance(box, Box):
            opened = keyring.open(box)
            is_open = opened.legible is Legible.OPEN
            texts[part] = [opened.plaintext.decode(), opened.opening.hex()] if is_open else None
    return texts
