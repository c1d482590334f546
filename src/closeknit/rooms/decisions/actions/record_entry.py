"""Write a line into the ledger, in the transaction of the change that it proves."""

import os
from uuid import UUID

from django.db import connection

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Conflict
from closeknit.kernel.keys import KEY_BYTES, NONCE_BYTES, NotOpened, wrap
from closeknit.rooms.decisions.compute.envelope import box_form, close_box, envelope_bytes
from closeknit.rooms.decisions.compute.merkle import hash_leaf
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.reads.keys import find_opened, keep_opened, key_encryption_key, key_name, open_key

# Two statements, written out: the line is in every transaction of the business. Nothing is read back from the row,
# which the writer may not be allowed to read.
LOOK_UP = "select * from decisions_begin_line(%s, %s)"
INSERT = """
    insert into decisions_ledger_entry
        (id, thread_id, kind, actor_key, recorded_at, text_key_id, name_key_id, content, leaf)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
MOST_NAMES = 10_000
_names: dict[tuple[UUID, str], str] = {}


def record_entry(entry: Entry, *, by: Actor) -> int:
    """Append one ledger line and return its number. Needs no permission of its own: the change it proves had one.

    Raises:
        RuntimeError: outside a transaction, where a line could outlive a change that failed.
        Invalid: when the evidence has no canonical form (NaN, naive time).
        Conflict: when the key of its subject cannot be opened.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record_entry needs the transaction of the change it proves")
    said = canonical_bytes(
        {
            "subject": entry.subject,
            "sentence": entry.sentence,
            "account_number": entry.account_number,
            "evidence": entry.evidence,
        }
    )
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [entry.account_number, by.key])
        recorded_at, number, text_key_id, name_key_id = cursor.fetchone()
        text_key_id, text_key = _key(text_key_id, entry.account_number, None)
        name_key_id, name_key = _key(name_key_id, None, by.key)
        text = box_form(close_box(said, text_key_id, text_key, os.urandom(NONCE_BYTES)))
        name = _name_form(by.name, name_key_id, name_key)
        content = envelope_bytes(entry.thread_id, entry.kind, by.key, recorded_at, text, name)
        row = [number, entry.thread_id, entry.kind, by.key, recorded_at, text_key_id, name_key_id, content]
        cursor.execute(INSERT, [*row, hash_leaf(content)])
    return int(number)


def _name_form(name: str, key_id: UUID, data_key: bytes) -> str:
    """Return the encrypted name. The same name gets the same bytes again: its key already tells that much."""
    known = _names.get((key_id, name))
    if known is None:
        if len(_names) >= MOST_NAMES:
            _names.clear()
        known = box_form(close_box(canonical_bytes(name), key_id, data_key, os.urandom(NONCE_BYTES)))
        _names[key_id, name] = known
    return known


def _key(key_id: UUID | None, account_number: str | None, person_key: str | None) -> tuple[UUID, bytes]:
    if key_id is None:
        return _make_key(account_number, person_key)
    known = find_opened(key_id)
    return (key_id, known) if known else _fetch_key(key_id, account_number, person_key)


def _make_key(account_number: str | None, person_key: str | None) -> tuple[UUID, bytes]:
    key_id, data_key = ids.new_id(), os.urandom(KEY_BYTES)
    wrapped = wrap(key_encryption_key(), data_key, key_name(key_id, account_number, person_key))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_subject_key (id, account_number, person_key, wrapped) values (%s, %s, %s, %s)",
            [key_id, account_number, person_key, wrapped],
        )
    return key_id, keep_opened(key_id, data_key)


def _fetch_key(key_id: UUID, account_number: str | None, person_key: str | None) -> tuple[UUID, bytes]:
    with connection.cursor() as cursor:
        cursor.execute("select wrapped from decisions_subject_key where id = %s", [key_id])
        (wrapped,) = cursor.fetchone()
    if wrapped is None:  # erased a moment ago
        return _make_key(account_number, person_key)
    try:
        return key_id, open_key(key_id, account_number, person_key, bytes(wrapped))
    except NotOpened:
        raise Conflict(
            "The key of this line's subject cannot be opened: the ledger's text key is not the one it was made with.",
            where="text-key in the ledger's folder",
            todo="Bring the file back from its copy; if it is lost: closeknit decisions give-up-keys.",
        ) from None
