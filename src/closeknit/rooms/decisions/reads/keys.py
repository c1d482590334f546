"""The keys of the ledger's texts, as the room's own reads and actions need them.

An opened data key is kept in this process's memory, but asked for only where the database still holds its wrapped
form: so an erasure counts at once, in every process.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection

from closeknit.kernel.keys import NotOpened, load_or_make_secret, unwrap

MOST_KEPT = 50_000
_encryption_keys: dict[Path, bytes] = {}
_opened: dict[UUID, bytes] = {}
_used: dict[tuple[str | None, str | None], UUID] = {}


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key as the database has it: opened, or closed for good because its subject was erased, or in disorder."""

    data_key: bytes | None
    erased: bool


def key_encryption_key() -> bytes:
    """Return what data keys are wrapped with, made at the first use in the data folder."""
    path = Path(settings.LEDGER_FOLDER) / "text-key"
    if path not in _encryption_keys:
        _encryption_keys[path] = load_or_make_secret(path, "ledger's text key")
    return _encryption_keys[path]


def key_name(key_id: UUID, account_number: str | None, person_key: str | None) -> bytes:
    """Return what a wrapped key is bound to, so that it opens under its own id and subject only."""
    return f"{key_id}|{'account' if person_key is None else 'person'}|{account_number or ''}{person_key or ''}".encode()


def find_keys(key_ids: Iterable[UUID]) -> dict[UUID, FoundKey]:
    """Return these keys; one that the database does not know is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, account_number, person_key, wrapped, erased_at is not null from decisions_subject_key"
            " where id = any(%s)",
            [list(set(key_ids))],
        )
        rows = cursor.fetchall()
    return {row[0]: FoundKey(_opened_key(*row[:4]), row[4]) for row in rows}


def _opened_key(key_id: UUID, account: str | None, person: str | None, wrapped: bytes | None) -> bytes | None:
    if wrapped is None:
        _opened.pop(key_id, None)
        return None
    try:
        return open_key(key_id, account, person, bytes(wrapped))
    except NotOpened:
        return None


def open_key(key_id: UUID, account: str | None, person: str | None, wrapped: bytes) -> bytes:
    """Return a data key from its wrapped form.

    Raises:
        NotOpened: when it was wrapped with another key-encryption key, or for another id or subject.
    """
    return keep_opened(key_id, unwrap(key_encryption_key(), wrapped, key_name(key_id, account, person)))


def find_opened(key_id: UUID) -> bytes | None:
    """Return a data key that this process has opened before. Ask only for what the database still holds."""
    return _opened.get(key_id)


def keep_opened(key_id: UUID, data_key: bytes) -> bytes:
    """Keep a data key in this process's memory and return it."""
    if len(_opened) >= MOST_KEPT:
        _opened.clear()
    _opened[key_id] = data_key
    return data_key


def find_used(account_number: str | None, person_key: str | None) -> tuple[UUID, bytes] | None:
    """Return the key with which this process last closed a line of this subject.

    It may have been erased since: `decisions_write_line` writes only with keys that still stand.
    """
    key_id = _used.get((account_number, person_key))
    data_key = _opened.get(key_id) if key_id else None
    return (key_id, data_key) if key_id and data_key else None


def keep_used(account_number: str | None, person_key: str | None, key_id: UUID) -> None:
    """Remember which key a subject's lines are closed with."""
    if len(_used) >= MOST_KEPT:
        _used.clear()
    _used[account_number, person_key] = key_id


def list_unopened() -> list[UUID]:
    """Return the keys that are neither erased nor to be opened with the text key of today."""
    with connection.cursor() as cursor:
        cursor.execute("select id from decisions_subject_key where wrapped is not null order by id for update")
        found = find_keys(key_id for (key_id,) in cursor.fetchall())
    return sorted(key_id for key_id, key in found.items() if key.data_key is None)
