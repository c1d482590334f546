"""Seal what was written: give entries their places in the tree, sign a checkpoint, keep it outside the database.

One process at a time. Only entries below the fence are taken: no open transaction can still write there, so none is
skipped (a reader that goes on by `id > last` loses some: see the tests). A restored or rewritten database does not
regrow in silence: it begins a new epoch, which commits to the last checkpoint outside and says what was broken off.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import Subquery

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.outside import OutsideLog
from closeknit.kernel.signatures import load_or_make_key
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.checkpoints import digest_of, is_signed, read_checkpoint, sign_statement
from closeknit.rooms.decisions.compute.merkle import Tree
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
    signing_key,
)
from closeknit.rooms.decisions.reads.waiting import Waiting, anything_waits, waiting_for_epoch, waiting_in_order
from closeknit.rooms.org.contracts import Permission

log = logging.getLogger(__name__)

MOST_ENTRIES = 5000
NEXT_KEY = "signing-key.next"
LOCK = "hashtext('closeknit-ledger-sealer')"
STORE = """
    with leaves as (insert into decisions_ledger_leaf (number, entry_id, leaf)
            select %s + ordinality - 1, id, leaf from unnest(%s::bigint[], %s::bytea[])
            with ordinality as t(id, leaf, ordinality)),
        nodes as (insert into decisions_ledger_node (level, index, hash)
            select * from unnest(%s::smallint[], %s::bigint[], %s::bytea[]))
    insert into decisions_ledger_checkpoint (epoch, size, digest, cluster, opens_epoch, loses, sealed_at, body,
        signature, public_key, floor_written_in)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::xid8)
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
    if only_if_waiting and not anything_waits():
        return SealOutcome(0, 0)
    with _sealing_alone() as cluster:
        if cluster is None:
            return SealOutcome(0, 0)
        files = outside_log()
        _finish_rotation(files)
        last = last_checkpoint()
        epoch, tree = _where_to_go_on(last, files, cluster)
        waiting = waiting_for_epoch() if epoch else waiting_in_order(MOST_ENTRIES)
        if waiting.entry_ids or (epoch and epoch.broken_off) or next_key:
            outcome = _seal(last, epoch, tree, waiting, cluster, next_key, by)
        else:
            outcome = SealOutcome(0, last.size if last else 0)
        _write_outside(files)
        _finish_rotation(files)
        return outcome


def seal_all(*, by: Actor) -> int:
    """Seal until nothing waits that can be sealed now; return how many lines that were."""
    total = 0
    while (done := seal_ledger(by=by)).sealed or done.new_epoch:
        total += done.sealed
    return total


@contextmanager
def _sealing_alone() -> Iterator[str | None]:
    """Give the name of the database's cluster; None where another process is sealing."""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock({LOCK}), system_identifier::text from pg_control_system()")
        alone, cluster = cursor.fetchone()
    try:
        yield cluster if alone else None
    finally:
        if alone:
            # A connection that broke holds no lock any more.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock({LOCK})")


def _seal(
    last: LedgerCheckpoint | None,
    epoch: _Epoch | None,
    tree: Tree,
    waiting: Waiting,
    cluster: str,
    next_key: str,
    by: Actor,
) -> SealOutcome:
    start = tree.size
    nodes = [node for leaf in waiting.leaves for node in tree.append(leaf)]
    checkpoint = sign_statement(
        Statement(
            epoch=epoch.number if epoch else last.epoch if last else 1,
            size=tree.size,
            root=tree.root().hex(),
            previous=epoch.previous if epoch else last.digest if last else "",
            sealed_at=waiting.read_at,
            cluster=cluster,
            broken_off=epoch.broken_off if epoch else None,
            next_key=next_key,
        ),
        signing_key(),
    )
    if epoch and epoch.broken_off:
        with transaction.atomic():
            _store(start, nodes, checkpoint, waiting, loses=epoch.loses)
            _record_break(epoch, epoch.broken_off, by)
    else:
        _store(start, nodes, checkpoint, waiting, loses=False)
    return SealOutcome(len(waiting.entry_ids), tree.size, epoch.number if epoch else None)


def _finish_rotation(files: OutsideLog) -> None:
    """Where a checkpoint has named the waiting key, note that outside, then put the key in the old one's place."""
    waiting = Path(settings.LEDGER_FOLDER) / NEXT_KEY
    if not waiting.exists():
        return
    public = load_or_make_key(waiting).public.hex()
    last = last_checkpoint()
    ends = [checkpoint_of(last)] if last else []
    ends += [read_checkpoint(record) for record in files.read_last(files.paths[0])]
    naming = [c for c in ends if c.statement.next_key == public and is_signed(c, known_keys())]
    if not naming:
        return
    if key_history()[-1] != public:
        log_of_keys = key_log()
        log_of_keys.append(log_of_keys.paths[0], [naming[0].as_record()])
    waiting.replace(waiting.with_name("signing-key"))


def _where_to_go_on(last: LedgerCheckpoint | None, files: OutsideLog, cluster: str) -> tuple[_Epoch | None, Tree]:
    """Compare the database with what is outside; return the epoch to begin, if any, and the tree that grows on."""
    outside = _newest_outside(files)
    if outside and last and last.digest == digest_of(outside) and last.cluster == cluster:
        tree = _agreeing_tree(outside)
        if tree:
            return None, tree
    return _epoch_to_begin(last, outside, files, cluster), load_tree(last.size if last else 0)


def _epoch_to_begin(
    last: LedgerCheckpoint | None, outside: Checkpoint | None, files: OutsideLog, cluster: str
) -> _Epoch | None:
    if outside is None:
        return None if last else _Epoch(1, "", None)
    agrees = LedgerCheckpoint.objects.filter(digest=digest_of(outside)).exists() and _agreeing_tree(outside)
    if agrees and last and last.cluster == cluster:
        return None
    epoch = max(outside.statement.epoch, last.epoch if last else 0) + 1
    if agrees and last:
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


def _agreeing_tree(checkpoint: Checkpoint) -> Tree | None:
    """Return the stored tree as it was at the checkpoint's size, if it has its root."""
    try:
        tree = load_tree(checkpoint.statement.size)
    except KeyError:
        return None
    return tree if tree.root().hex() == checkpoint.statement.root else None


def _kept_size(files: OutsideLog) -> int:
    found = [read_checkpoint(record) for path in files.paths for record in files.read_all(path)]
    for checkpoint in sorted(found, key=lambda c: -c.statement.size):
        if _agreeing_tree(checkpoint):
            return checkpoint.statement.size
    return 0


def _store(start: int, nodes: list[Any], checkpoint: Checkpoint, waiting: Waiting, *, loses: bool) -> None:
    said = checkpoint.statement
    values = [
        *(start, waiting.entry_ids, waiting.leaves),
        *([node[part] for node in nodes] for part in range(3)),
        *(said.epoch, said.size, digest_of(checkpoint), said.cluster, waiting.floor is not None, loses, said.sealed_at),
        *(checkpoint.body, bytes.fromhex(checkpoint.signature), bytes.fromhex(checkpoint.public_key), waiting.floor),
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)


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
        here = LedgerCheckpoint.objects.filter(digest=digest_of(read_checkpoint(record)))
        next_two = list(rows.filter(pk__gt=Subquery(here.values("pk")))[:2])
        if len(next_two) == 1:
            return iter(next_two)
        known = here.first()
        if known is not None:
            return rows.filter(pk__gt=known.pk).iterator()
        epochs = LedgerCheckpoint.objects.filter(opens_epoch=True).order_by("-id")
        return rows.filter(pk__gte=epochs[0].pk).iterator() if epochs else iter(())
    return rows.iterator()
