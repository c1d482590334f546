"""The whole ledger, as a file for others to verify and as the product's own check. For who may read all of it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Denied, Invalid
from closeknit.rooms.decisions.compute.audit import Audit, StoredLine
from closeknit.rooms.decisions.compute.checkpoints import read_checkpoint
from closeknit.rooms.decisions.compute.envelope import read_envelope
from closeknit.rooms.decisions.contracts import Checkpoint, LedgerCheck
from closeknit.rooms.decisions.models import LedgerCheckpoint
from closeknit.rooms.decisions.reads.breaks import accepted_breaks
from closeknit.rooms.decisions.reads.opening import Keyring, texts_of
from closeknit.rooms.decisions.reads.tree import checkpoint_of, key_history, known_keys, outside_log, read_cursor
from closeknit.rooms.org.contracts import Permission

EXPORT_SCHEMA = "closeknit.ledger-export/2"
COLUMNS = ("thread_id", "kind", "actor", "recorded_at", "text_key", "name_key")
SHOWN = "e.thread_id, e.kind, e.actor_key, e.recorded_at, e.text_key_id, e.name_key_id"
SEALED = f"""
    select l.number, l.entry_id, l.leaf,
           array(select n.hash from generate_series(1, 40) g(level) join decisions_ledger_node n
                     on n.level = g.level and n.index = (l.number + 1) / (1::bigint << g.level) - 1
                  where (l.number + 1) %% (1::bigint << g.level) = 0 order by g.level),
           e.content, {SHOWN}
      from decisions_ledger_leaf l left join decisions_ledger_entry e on e.id = l.entry_id
     where l.number >= %s and l.number < %s order by l.number
"""
UNSEALED = f"""
    select e.id, e.content, {SHOWN},
           not coalesce((e.written_in, e.id) > (%s::xid8, %s)
                        and e.written_in < pg_snapshot_xmax(pg_current_snapshot()), true)
      from decisions_ledger_entry e
     where not exists (select from decisions_ledger_leaf l where l.entry_id = e.id and l.number < %s)
     order by e.id
"""
PAGE_LINES = 2000


def list_export_lines(*, by: Actor, with_texts: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the records of a whole export, in the form that `tools/verify_ledger.py` checks.

    Without texts it proves the same, but says nothing of what the lines say: for an auditor who must not know.
    """
    _require_all(by)
    size, last = _bounds()
    inside = _inside(last)
    yield {"schema": EXPORT_SCHEMA, "size": size, "public_keys": list(key_history()), "with_texts": with_texts}
    yield from ({"type": "checkpoint", **c.as_record()} for c in inside)
    for line in _sealed(size):
        yield {
            "type": "entry",
            "leaf_number": line.number,
            "entry_id": line.entry_id,
            "leaf": line.leaf.hex(),
            "nodes": [node.hex() for node in line.nodes],
            "content": None if line.content is None else base64.b64encode(line.content).decode(),
            "row": dict(line.shown),
            "texts": dict(line.texts) if with_texts else {},
        }
    for line, overdue in _unsealed(size):
        yield {
            "type": "waiting",
            "entry_id": line.entry_id,
            "content": base64.b64encode(line.content or b"").decode(),
            "row": dict(line.shown),
            "texts": dict(line.texts) if with_texts else {},
            "overdue": overdue,
        }
    yield {"type": "end", "size": size}


def get_ledger_check(*, by: Actor) -> LedgerCheck:
    """Recompute the whole ledger and compare it with every checkpoint, inside and outside the database.

    Every text that its key should open is opened.
    """
    _require_all(by)
    size, last = _bounds()
    inside, outside = _inside(last), list_outside()
    audit = Audit(inside, outside, known_keys())
    for line in _sealed(size):
        audit.take(line)
    waiting = 0
    for line, overdue in _unsealed(size):
        waiting += 1
        audit.take_erasures(line.shown["kind"], line.texts)
        if overdue:
            audit.take_overdue(line.entry_id)
    findings, known = audit.finish(), accepted_breaks()
    refuting = tuple(finding for finding in findings if finding.broken_epoch not in known)
    accepted = tuple(finding for finding in findings if finding.broken_epoch in known)
    return LedgerCheck(size, len(inside), len(outside), waiting, refuting, accepted)


def list_outside() -> list[Checkpoint]:
    """Return the checkpoints of every file outside the database, each once."""
    log = outside_log()
    found = {c.body: c for path in log.paths for c in map(read_checkpoint, log.read_all(path))}
    return list(found.values())


def _require_all(by: Actor) -> None:
    by.require(Permission.READ_LEDGER)
    if not by.scope_of(Permission.READ_LEDGER).every_account:
        raise Denied(
            "Only who sees every account may read the whole ledger.",
            where="account scope",
            todo="Ask an auditor or an administrator.",
        )


def _bounds() -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select (select coalesce(max(number) + 1, 0) from decisions_ledger_leaf),"
            " (select coalesce(max(id), 0) from decisions_ledger_checkpoint)"
        )
        size, last = cursor.fetchone()
    return size, last


def _inside(last: int) -> list[Checkpoint]:
    return [checkpoint_of(row) for row in LedgerCheckpoint.objects.filter(pk__lte=last).order_by("id").iterator()]


def _sealed(size: int) -> Iterator[StoredLine]:
    for start in range(0, size, PAGE_LINES):
        with connection.cursor() as cursor:
            cursor.execute(SEALED, [start, min(size, start + PAGE_LINES)])
            yield from _lines(cursor.fetchall())


def _unsealed(size: int) -> Iterator[tuple[StoredLine, bool]]:
    written_in, entry_id = read_cursor() or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, [written_in, entry_id, size])
        rows = cursor.fetchall()
    lines = _lines([(size, number, b"", [], *columns) for number, *columns, _ in rows])
    yield from zip(lines, (row[-1] for row in rows), strict=True)


def _lines(rows: list[Any]) -> Iterator[StoredLine]:
    keyring = Keyring(key_id for row in rows for key_id in row[-2:])
    for number, entry_id, leaf, nodes, content, *columns in rows:
        yield StoredLine(
            number=number,
            entry_id=entry_id,
            leaf=bytes(leaf),
            nodes=tuple(bytes(node) for node in nodes),
            content=None if content is None else bytes(content),
            shown={} if content is None else _shown(columns),
            recorded_at=columns[3],
            texts=_texts(content, keyring),
        )


def _texts(content: bytes | None, keyring: Keyring) -> dict[str, list[str] | None]:
    try:
        return {} if content is None else texts_of(read_envelope(bytes(content)), keyring)
    except Invalid:
        return {}


def _shown(columns: list[Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(canonical_bytes(dict(zip(COLUMNS, columns, strict=True))))
    return shown
