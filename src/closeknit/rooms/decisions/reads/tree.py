"""The stored tree and its checkpoints, as the room's own reads and actions need them."""

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection

from closeknit.kernel.outside import OutsideLog
from closeknit.kernel.signatures import SigningKey, load_or_make_key
from closeknit.rooms.decisions.compute import merkle
from closeknit.rooms.decisions.compute.checkpoints import follow_keys, read_checkpoint
from closeknit.rooms.decisions.contracts import Checkpoint
from closeknit.rooms.decisions.models import LedgerCheckpoint

# One row: what was sealed last in this epoch, or where the epoch starts; nothing (null, -1) before the first.
CURSOR = """
    select case when l.number >= c.size then e.written_in else c.floor_written_in end as written_in,
           case when l.number >= c.size then e.id else -1 end as id
      from (select 1) one
      left join (select size, floor_written_in from decisions_ledger_checkpoint
                  where opens_epoch order by id desc limit 1) c on true
      left join (select number, entry_id from decisions_ledger_leaf order by number desc limit 1) l on true
      left join decisions_ledger_entry e on e.id = l.entry_id
"""
FENCE = """
    select coalesce((select x from pg_snapshot_xip(s.now) as x where not exists
           (select from pg_stat_activity a where a.backend_xid = x::xid and a.datname <> current_database())
           order by x limit 1), pg_snapshot_xmax(s.now))
      from (select pg_current_snapshot() as now) s
"""


def signing_key() -> SigningKey:
    """Return the ledger's key, made at the first use in the data folder."""
    return load_or_make_key(Path(settings.LEDGER_FOLDER) / "signing-key")


def outside_log() -> OutsideLog:
    """Return the checkpoints kept outside the database: in the data folder first, then in the copies."""
    folders = [Path(settings.LEDGER_FOLDER), *map(Path, settings.LEDGER_COPIES)]
    return OutsideLog(folders, "checkpoints.jsonl")


def key_log() -> OutsideLog:
    """Return the public keys' file, beside the checkpoints: the first key, then each checkpoint that named a next."""
    return OutsideLog(outside_log().folders, "public-keys.jsonl")


def key_history() -> tuple[str, ...]:
    """Return the ledger's public keys (hexadecimal), from the first one, which is pinned at its first use."""
    log = key_log()
    records = log.read_all(log.paths[0])
    if not records:
        records = [{"first_key": signing_key().public.hex()}]
        log.append(log.paths[0], records)
    return follow_keys(records[0]["first_key"], map(read_checkpoint, records[1:]))


def naming_checkpoints() -> list[dict[str, str]]:
    """Return the records of the checkpoints that named each key after the first, oldest first."""
    log = key_log()
    return log.read_all(log.paths[0])[1:]


def known_keys() -> frozenset[str]:
    """Return every public key that checkpoints of this ledger may be signed with."""
    return frozenset(key_history())


def hashes_of(nodes: Iterable[merkle.Node]) -> dict[merkle.Node, bytes]:
    """Return the stored hashes of these nodes; level 0 are the leaves. A missing one is left out."""
    wanted = list(set(nodes))
    with connection.cursor() as cursor:
        cursor.execute(
            "select 0, number, leaf from decisions_ledger_leaf where number = any(%s)"
            " union all select n.level, n.index, n.hash from decisions_ledger_node n"
            " join unnest(%s::int[], %s::bigint[]) as w(level, index) on (n.level, n.index) = (w.level, w.index)",
            [
                [index for level, index in wanted if level == 0],
                [level for level, _ in wanted if level],
                [index for level, index in wanted if level],
            ],
        )
        return {(level, index): bytes(found) for level, index, found in cursor.fetchall()}


def load_tree(size: int) -> merkle.Tree:
    """Return the stored tree as it was with that many leaves.

    Raises:
        KeyError: when it never had that many, or a node is missing.
    """
    edge = merkle.nodes_of(0, size)
    found = hashes_of(edge)
    return merkle.Tree(size, [found[node] for node in edge])


def proof(parts: list[merkle.Part]) -> list[bytes]:
    """Return a proof's hashes from the stored nodes."""
    found = hashes_of(node for part in parts for node in part)
    return merkle.assemble(parts, found.__getitem__)


def checkpoint_of(row: LedgerCheckpoint) -> Checkpoint:
    """Return a stored checkpoint as a contract."""
    return read_checkpoint(
        {
            "body": row.body,
            "signature": bytes(row.signature).hex(),
            "public_key": bytes(row.public_key).hex(),
        }
    )


def last_checkpoint() -> LedgerCheckpoint | None:
    """Return the newest checkpoint in the database."""
    return LedgerCheckpoint.objects.order_by("-id").first()


def read_cursor() -> tuple[str, int] | None:
    """Return (written_in, id) of the last entry sealed in order in this epoch; None before the first epoch."""
    with connection.cursor() as cursor:
        cursor.execute(f"select written_in::text, id from ({CURSOR}) last")
        written_in, entry_id = cursor.fetchone()
    return None if written_in is None else (written_in, entry_id)


def read_fence() -> str:
    """Return the first transaction number under which a line of this database may still be written.

    That is the snapshot's horizon, but for transactions that are known to belong to other databases of the cluster:
    their numbers are in the snapshot too, and a long one there would hold our sealing back. One that is not found
    among the sessions (just ended, prepared, or hidden from this role) counts as ours.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"select ({FENCE})::text")
        (fence,) = cursor.fetchone()
    return str(fence)
