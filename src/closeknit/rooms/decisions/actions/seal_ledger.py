"""Seal what was written: give entries their places in the tree, sign a checkpoint, keep it outside the database.

One process at a time. Only entries below the fence are taken: no open transaction can still write there, so none is
skipped (a reader that goes on by `id > last` loses some: see the tests). A restored or rewritten database does not
regrow in silence: it begins a new epoch, which commits to the last checkpoint outside and says what was broken off.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.outside import OutsideLog
from closeknit.kernel.signatures import load_or_make_key
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.checkpoints import digest_of, is_signed, read_checkpoint, sign_statement
from closeknit.rooms.decisions.contracts import Break, Checkpoint, Entry, SealOutcome, Statement
from closeknit.rooms.decisions.models import LedgerCheckpoint
from closeknit.rooms.decisions.reads.tree import (
    checkpoint_of,
    key_history,
    key_log,
    known_keys,
    last_checkpoint,
    load_tree,
    outside_log,
    read_cursor,
    read_fence,
    signing_key,
)
from closeknit.rooms.org.contracts import Permission

log = logging.getLogger(__name__)

MOST_ENTRIES = 5000
NEXT_KEY = "signing-key.next"
UNPLACED = "not exists (select from decisions_ledger_leaf l where l.entry_id = e.id)"
NEXT = f"""
    select e.id, e.leaf from decisions_ledger_entry e
     where (e.written_in, e.id) > (%s::xid8, %s) and e.written_in < %s::xid8 and {UNPLACED}
     order by e.written_in, e.id limit %s
"""
# At the start of an epoch the column may hold transaction numbers of another cluster. Whatever is visible is taken,
# except where a transaction of this cluster may still be writing: that comes later, in order.
FIRST = f"""
    select e.id, e.leaf from decisions_ledger_entry e
     where {UNPLACED}
       and not (e.written_in >= %s::xid8 and e.written_in < pg_snapshot_xmax(pg_current_snapshot()))
     order by e.id
"""


@dataclass(frozen=True, slots=True)
class _Epoch:
    """A new epoch: its number, what its first checkpoint follows, and what it breaks off (None for the first)."""

    number: int
    previous: str
    broken_off: Break | None
    loses: bool = False


def seal_ledger(*, by: Actor, only_if_waiting: bool = False, next_key: str = "") -> SealOutcome:
    """Seal the entries that wait, up to a limit. Does nothing while another process is sealing.

    `only_if_waiting` leaves out the comparison with what is outside where nothing waits: cheap enough to ask often.
    `next_key` has the checkpoint name the public key that signs from the next one on (see `rotate_key`).
    """
    by.require(Permission.READ_LEDGER)
    if only_if_waiting and not _anything_waits():
        return SealOutcome(0, 0)
    with _sealing_alone() as alone:
        if not alone:
            return SealOutcome(0, 0)
        files = outside_log()
        last = last_checkpoint()
        _finish_rotation(last, files)
        epoch = _epoch_to_begin(last, files)
        with transaction.atomic():
            entries, floor = _entries_of_epoch() if epoch else _entries_in_order()
            if not entries and (epoch is None or epoch.broken_off is None) and not next_key:
                outcome = SealOutcome(0, last.size if last else 0)
            else:
                outcome = _seal(last, epoch, entries, floor, next_key)
                if epoch and epoch.broken_off:
                    _record_break(epoch, epoch.broken_off, by)
        _write_outside(files)
        _finish_rotation(last_checkpoint(), files)
        return outcome


def seal_all(*, by: Actor) -> int:
    """Seal until nothing waits that can be sealed now; return how many lines that were."""
    total = 0
    while (done := seal_ledger(by=by)).sealed or done.new_epoch:
        total += done.sealed
    return total


@contextmanager
def _sealing_alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(hashtext('closeknit-ledger-sealer'))")
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("select pg_advisory_unlock(hashtext('closeknit-ledger-sealer'))")


def _seal(
    last: LedgerCheckpoint | None, epoch: _Epoch | None, entries: list[Any], floor: str | None, next_key: str
) -> SealOutcome:
    tree = load_tree(last.size if last else 0)
    start = tree.size
    nodes = [node for _, leaf in entries for node in tree.append(bytes(leaf))]
    _store_leaves(start, entries)
    _store_nodes(nodes)
    number = epoch.number if epoch else last.epoch if last else 1
    sealed_at, cluster = _database_clock()
    checkpoint = sign_statement(
        Statement(
            epoch=number,
            size=tree.size,
            root=tree.root().hex(),
            previous=epoch.previous if epoch else last.digest if last else "",
            sealed_at=sealed_at,
            cluster=cluster,
            broken_off=epoch.broken_off if epoch else None,
            next_key=next_key,
        ),
        signing_key(),
    )
    _store_checkpoint(checkpoint, floor, loses=bool(epoch and epoch.loses))
    return SealOutcome(len(entries), tree.size, epoch.number if epoch else None)


def _finish_rotation(last: LedgerCheckpoint | None, files: OutsideLog) -> None:
    """Where a checkpoint has named the waiting key, note that outside, then put the key in the old one's place."""
    waiting = Path(settings.LEDGER_FOLDER) / NEXT_KEY
    if not waiting.exists():
        return
    public = load_or_make_key(waiting).public.hex()
    ends = [checkpoint_of(last)] if last else []
    ends += [read_checkpoint(record) for record in files.read_last(files.paths[0])]
    naming = [c for c in ends if c.statement.next_key == public and is_signed(c, known_keys())]
    if not naming:
        return
    if key_history()[-1] != public:
        log_of_keys = key_log()
        log_of_keys.append(log_of_keys.paths[0], [naming[0].as_record()])
    waiting.replace(waiting.with_name("signing-key"))


def _epoch_to_begin(last: LedgerCheckpoint | None, files: OutsideLog) -> _Epoch | None:
    """Compare the database with what is outside; return the epoch to begin, if any."""
    outside = _newest_outside(files)
    if outside is None:
        return None if last else _Epoch(1, "", None)
    known = LedgerCheckpoint.objects.filter(digest=digest_of(outside)).exists()
    if known and last and last.cluster == _database_clock()[1] and _agrees(outside):
        return None
    epoch = max(outside.statement.epoch, last.epoch if last else 0) + 1
    if known and last and _agrees(outside):
        moved = Break(last.digest, last.size, last.size, "the database moved to another cluster; nothing was lost")
        return _Epoch(epoch, last.digest, moved)
    kept = _kept_size(files)
    lost = Break(
        kept=last.digest if last else "",
        kept_size=kept,
        lost_size=outside.statement.size,
        reason="the database no longer held what was sealed: restored from an older copy, or rewritten",
    )
    return _Epoch(epoch, digest_of(outside), lost, loses=True)


def _newest_outside(files: OutsideLog) -> Checkpoint | None:
    """The newest checkpoint of all files that our own key has signed."""
    keys = known_keys()
    ends = [read_checkpoint(record) for path in files.paths for record in files.read_last(path)]
    signed = [c for c in ends if is_signed(c, keys)]
    if ends and not signed:
        raise Conflict(
            "The checkpoints outside the database are signed by another key than ours.",
            where=str(files.paths[0]),
            kept="Nothing was sealed.",
            todo="Bring the signing key back, or move the checkpoint files away and keep them for verification.",
        )
    return max(signed, key=lambda c: (c.statement.epoch, c.statement.size, c.statement.sealed_at), default=None)


def _agrees(checkpoint: Checkpoint) -> bool:
    """Tell whether the stored tree has this checkpoint's root at its size."""
    try:
        return load_tree(checkpoint.statement.size).root().hex() == checkpoint.statement.root
    except KeyError:
        return False


def _kept_size(files: OutsideLog) -> int:
    found = [read_checkpoint(record) for path in files.paths for record in files.read_all(path)]
    for checkpoint in sorted(found, key=lambda c: -c.statement.size):
        if _agrees(checkpoint):
            return checkpoint.statement.size
    return 0


def _anything_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"select exists({NEXT})", [*(read_cursor() or ("0", -1)), read_fence(), 1])
        (waits,) = cursor.fetchone()
    return bool(waits)


def _entries_in_order() -> tuple[list[Any], None]:
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [*(read_cursor() or ("0", -1)), read_fence(), MOST_ENTRIES])
        return cursor.fetchall(), None


def _entries_of_epoch() -> tuple[list[Any], str]:
    # The floor is read first: whoever is in progress now is above it, and above it nothing is passed over.
    floor = read_fence()
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [floor])
        return cursor.fetchall(), floor


def _store_leaves(start: int, entries: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_ledger_leaf (number, entry_id, leaf)"
            " select %s + ordinality - 1, id, leaf from unnest(%s::bigint[], %s::bytea[])"
            " with ordinality as t(id, leaf, ordinality)",
            [start, [entry_id for entry_id, _ in entries], [bytes(leaf) for _, leaf in entries]],
        )


def _store_nodes(nodes: list[tuple[int, int, bytes]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_ledger_node (level, index, hash)"
            " select * from unnest(%s::smallint[], %s::bigint[], %s::bytea[])",
            [list(column) for column in zip(*nodes, strict=True)] if nodes else [[], [], []],
        )


def _store_checkpoint(checkpoint: Checkpoint, floor: str | None, *, loses: bool) -> None:
    said = checkpoint.statement
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into decisions_ledger_checkpoint (epoch, size, digest, cluster, opens_epoch, loses, sealed_at,"
            " body, signature, public_key, floor_written_in)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::xid8)",
            [
                said.epoch,
                said.size,
                digest_of(checkpoint),
                said.cluster,
                floor is not None,
                loses,
                said.sealed_at,
                checkpoint.body,
                bytes.fromhex(checkpoint.signature),
                bytes.fromhex(checkpoint.public_key),
                floor,
            ],
        )


def _record_break(epoch: _Epoch, broken_off: Break, by: Actor) -> None:
    lost = broken_off.lost_size - broken_off.kept_size
    sentence = f"The ledger began epoch {epoch.number}: {broken_off.reason}."
    if epoch.loses:
        sentence += f" {lost} sealed lines after line {broken_off.kept_size} are not in it."
        log.error("%s Run: closeknit decisions verify.", sentence)
    record_entry(
        Entry(
            thread_id=ids.new_id(),
            kind="ledger.broken" if epoch.loses else "ledger.moved",
            subject="ledger",
            sentence=sentence,
            evidence={"epoch": epoch.number, "previous": epoch.previous, "broken_off": broken_off},
        ),
        by=by,
    )


def _write_outside(files: OutsideLog) -> None:
    """Write to every file what it lacks. A copy that cannot be written is tried again at the next sealing."""
    for path in files.paths:
        try:
            files.append(path, (checkpoint_of(row).as_record() for row in _lacking(files, path)))
        except OSError as failure:
            if path == files.paths[0]:
                raise
            log.error("checkpoints could not be copied to %s: %s", path, failure)


def _lacking(files: OutsideLog, path: Path) -> Iterator[LedgerCheckpoint]:
    rows = LedgerCheckpoint.objects.order_by("id")
    for record in files.read_last(path):
        known = LedgerCheckpoint.objects.filter(digest=digest_of(read_checkpoint(record))).first()
        if known is not None:
            return rows.filter(pk__gt=known.pk).iterator()
        epochs = LedgerCheckpoint.objects.filter(opens_epoch=True).order_by("-id")
        return rows.filter(pk__gte=epochs[0].pk).iterator() if epochs else iter(())
    return rows.iterator()


def _database_clock() -> tuple[datetime, str]:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp(), system_identifier::text from pg_control_system()")
        now, cluster = cursor.fetchone()
    return now, cluster
