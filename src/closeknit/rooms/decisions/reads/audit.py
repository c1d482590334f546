"""The whole ledger, as a file for others to verify and as the product's own check. For who may read all of it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.errors import Denied
from closeknit.rooms.decisions.compute.audit import Audit, StoredLine
from closeknit.rooms.decisions.compute.checkpoints import read_checkpoint
from closeknit.rooms.decisions.contracts import Checkpoint, LedgerCheck
from closeknit.rooms.decisions.models import LedgerCheckpoint
from closeknit.rooms.decisions.reads.tree import checkpoint_of, outside_log, read_cursor, signing_key
from closeknit.rooms.org.contracts import Permission

EXPORT_SCHEMA = "closeknit.ledger-export/1"
COLUMNS = (
    "thread_id",
    "kind",
    "subject",
    "sentence",
    "account_number",
    "team_id",
    "actor",
    "actor_name",
    "recorded_at",
)
SHOWN = (
    "e.thread_id, e.kind, e.subject, e.sentence, e.account_number, e.team_id, e.actor_key, e.actor_name, e.recorded_at"
)
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


def list_export_lines(*, by: Actor) -> Iterator[dict[str, Any]]:
    """Yield the records of a whole export, in the form that `tools/verify_ledger.py` checks."""
    _require_all(by)
    size, last = _bounds()
    inside = _inside(last)
    yield {"schema": EXPORT_SCHEMA, "size": size, "public_keys": [signing_key().public.hex()]}
    yield from ({"type": "checkpoint", **c.as_record()} for c in inside)
    for line in _sealed(size):
        content = None if line.content is None else base64.b64encode(line.content).decode()
        yield {
            "type": "entry",
            "leaf_number": line.number,
            "entry_id": line.entry_id,
            "leaf": line.leaf.hex(),
            "nodes": [node.hex() for node in line.nodes],
            "content": content,
            "row": dict(line.shown),
        }
    for entry_id, content_bytes, shown, overdue in _unsealed(size):
        yield {
            "type": "waiting",
            "entry_id": entry_id,
            "content": base64.b64encode(content_bytes).decode(),
            "row": shown,
            "overdue": overdue,
        }
    yield {"type": "end", "size": size}


def get_ledger_check(*, by: Actor) -> LedgerCheck:
    """Recompute the whole ledger and compare it with every checkpoint, inside and outside the database."""
    _require_all(by)
    size, last = _bounds()
    inside, outside = _inside(last), list_outside()
    audit = Audit(inside, outside, frozenset({signing_key().public.hex()}))
    for line in _sealed(size):
        audit.take(line)
    waiting = 0
    for entry_id, *_, overdue in _unsealed(size):
        waiting += 1
        if overdue:
            audit.take_overdue(entry_id)
    return LedgerCheck(size, len(inside), len(outside), waiting, audit.finish())


def list_outside() -> list[Checkpoint]:
    """Return the checkpoints of every file outside the database, each once."""
    log = outside_log()
    found = {c.body: c for path in log.paths for c in map(read_checkpoint, log.read_all(path))}
    return list(found.values())


def _require_all(by: Actor) -> None:
    by.require(Permission.READ_LEDGER)
    if not by.scope.every_account:
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
            rows = cursor.fetchall()
        for number, entry_id, leaf, nodes, content, *columns in rows:
            yield StoredLine(
                number=number,
                entry_id=entry_id,
                leaf=bytes(leaf),
                nodes=tuple(bytes(node) for node in nodes),
                content=None if content is None else bytes(content),
                shown=_shown(columns) if content is not None else {},
                recorded_at=columns[-1],
            )


def _unsealed(size: int) -> Iterator[tuple[int, bytes, dict[str, Any], bool]]:
    written_in, entry_id = read_cursor() or (None, None)
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED, [written_in, entry_id, size])
        rows = cursor.fetchall()
    for number, content, *columns, overdue in rows:
        yield number, bytes(content), _shown(columns), overdue


def _shown(columns: list[Any]) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(canonical_bytes(dict(zip(COLUMNS, columns, strict=True))))
    return shown
