"""Which entries wait to be sealed, in which order; each question in one statement, for the sealer asks often.

Fence and entries come from the same snapshot: what is below the one has ended and is seen by the other.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from closeknit.rooms.decisions.reads.tree import CURSOR, FENCE, read_fence

UNPLACED = "not exists (select from decisions_ledger_leaf l where l.entry_id = e.id)"
IN_ORDER = f"""
    select e.id, e.leaf from decisions_ledger_entry e, ({CURSOR}) last
     where (e.written_in, e.id) > (coalesce(last.written_in, '0'), last.id)
       and e.written_in < ({FENCE}) and {UNPLACED}
     order by e.written_in, e.id limit %s
"""
# At the start of an epoch the column may hold transaction numbers of another cluster. Whatever is visible is taken,
# except where a transaction of this cluster may still be writing: that comes later, in order.
OF_EPOCH = f"""
    select e.id, e.leaf from decisions_ledger_entry e
     where {UNPLACED}
       and not (e.written_in >= %s::xid8 and e.written_in < pg_snapshot_xmax(pg_current_snapshot()))
     order by e.id
"""
# The clock is read after the entries, so none of them is younger than its checkpoint.
GATHERED = "select array_agg(id), array_agg(leaf), clock_timestamp() from ({}) found"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Entries in the order of sealing, with their leaves, and the database's time after they were read.

    `floor` is set where an epoch begins: whoever was in progress then is above it, and above it nothing is passed over.
    """

    entry_ids: list[int]
    leaves: list[bytes]
    read_at: datetime
    floor: str | None = None


def anything_waits() -> bool:
    """Tell whether an entry can be sealed now, within the epoch."""
    with connection.cursor() as cursor:
        cursor.execute(f"select exists({IN_ORDER})", [1])
        (waits,) = cursor.fetchone()
    return bool(waits)


def waiting_in_order(most: int) -> Waiting:
    """Return the next entries that can be sealed."""
    return _gathered(IN_ORDER, most, None)


def waiting_for_epoch() -> Waiting:
    """Return what the first sealing of an epoch takes. The floor is read first."""
    floor = read_fence()
    return _gathered(OF_EPOCH, floor, floor)


def _gathered(entries: str, value: int | str, floor: str | None) -> Waiting:
    with connection.cursor() as cursor:
        cursor.execute(GATHERED.format(entries), [value])
        entry_ids, leaves, read_at = cursor.fetchone()
    return Waiting(entry_ids or [], [bytes(leaf) for leaf in leaves or []], read_at, floor)
