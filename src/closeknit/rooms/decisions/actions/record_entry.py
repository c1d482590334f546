"""Write a line into the ledger, in the transaction of the change that it proves."""

import os
from typing import Any
from uuid import UUID

from django.db import connection

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Conflict
from closeknit.kernel.keys import KEY_BYTES, NONCE_BYTES, NotOpened, wrap
from closeknit.rooms.decisions.compute.envelope import box_form, close_box, envelope_parts
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.decisions.reads.keys import (
    find_opened,
    find_used,
    keep_opened,
    keep_used,
    key_encryption_key,
    key_name,
    open_key,
)

# One statement, written out: the line is in every transaction of the business. It gives null where a key no longer
# stands; only then are keys looked up or made. Nothing is read back from the row, which the writer may not be allowed
# to read.
WRITE = "select decisions_write_line(%s, %s, %s, %s, %s, %s, %s, %s)"
LOOK_UP = "select * from decisions_find_keys(%s, %s)"
MOST_TRIES = 10
MOST_NAMES = 10_000
Key = tuple[UUID, bytes]
_names: dict[tuple[UUID, str], str] = {}


def record_entry(entry: Entry, *, by: Actor) -> int:
    """Append one ledger line and return its number. Needs no permission of its own: the change it proves had one.

    Raises:
        RuntimeError: outside a transaction, where a line could outlive a change that failed.
        Invalid: when the evidence has no canonical form (NaN, naive time).
        Conflict: when the key of its subject cannot be opened, or is erased again and again.
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
    text_key, name_key = find_used(entry.account_number, None), find_used(None, by.key)
    with connection.cursor() as cursor:
        for _ in range(MOST_TRIES):
            if text_key is None or name_key is None:
                text_key, name_key = _standing_keys(entry.account_number, by.key)
            number = _write(cursor, entry, said, text_key, name_key, by)
            if number is not None:
                return number
            text_key = name_key = None
    raise Conflict("The keys of this line's subject were erased while it was written.", todo="Try again.")


def _write(cursor: Any, entry: Entry, said: bytes, text_key: Key, name_key: Key, by: Actor) -> int | None:
    """Return the line's number; None, and nothing is written, where one of the keys no longer stands."""
    text = box_form(close_box(said, *text_key, os.urandom(NONCE_BYTES)))
    before, after = envelope_parts(entry.thread_id, entry.kind, by.key, text, _name_form(by.name, *name_key))
    row = [entry.thread_id, entry.kind, by.key, entry.account_number, text_key[0], name_key[0], before, after]
    cursor.execute(WRITE, row)
    number: int | None = cursor.fetchone()[0]
    return number


def _standing_keys(account_number: str, person_key: str) -> tuple[Key, Key]:
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [account_number, person_key])
        text_key_id, name_key_id = cursor.fetchone()
    return _key(text_key_id, account_number, None), _key(name_key_id, None, person_key)


def _name_form(name: str, key_id: UUID, data_key: bytes) -> str:
    """Return the encrypted name. The same name gets the same bytes again: its key already tells that much."""
    known = _names.get((key_id, name))
    if known is None:
        if len(_names) >= MOST_NAMES:
            _names.clear()
        known = box_form(close_box(canonical_bytes(name), key_id, data_key, os.urandom(NONCE_BYTES)))
        _names[key_id, name] = known
    return known


def _key(key_id: UUID | None, account_number: str | None, person_key: str | None) -> Key:
    known = find_opened(key_id) if key_id else None
    if key_id is None:
        key = _make_key(account_number, person_key)
    elif known:
        key = key_id, known
    else:
        key = _fetch_key(key_id, account_number, person_key)
    keep_used(account_number, person_key, key[0])
    return key


def _make_key(account_number: str | None, person_key: str | None) -> Key:
    key_id, data_key = ids.new_id(), os.urandom(KEY_BYTES)
    wrapped = wrap(key_encryption_key(), data_key, key_name(key_id, account_number, person_key))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_subject_key (id, account_number, person_key, wrapped) values (%s, %s, %s, %s)",
            [key_id, account_number, person_key, wrapped],
        )
    return key_id, keep_opened(key_id, data_key)


def _fetch_key(key_id: UUID, account_number: str | None, person_key: str | None) -> Key:
    with connection.cursor() as cursor:
        cursor.execute("select wrapped from decisions_subject_key where id = %s", [key_id])
        found = cursor.fetchone()
    wrapped = found[0] if found else None
    if wrapped is None:  # erased a moment ago, or hidden from this writer
        return _make_key(account_number, person_key)
    try:
        return key_id, open_key(key_id, account_number, person_key, bytes(wrapped))
    except NotOpened:
        raise Conflict(
            "The key of this line's subject cannot be opened: the ledger's text key is not the one it was made with.",
            where="text-key in the ledger's folder",
            todo="Bring the file back from its copy; if it is lost: closeknit decisions give-up-keys.",
        ) from None
