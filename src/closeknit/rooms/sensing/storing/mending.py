"""What became of refused rows, written down."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.sensing.contracts import RowOutcome
from closeknit.rooms.sensing.models import Batch, QuarantinedRow

LONGEST_WHY = 500


def settle(
    rows: Sequence[QuarantinedRow], outcome: RowOutcome, why: str, version: str, by: Actor, at: datetime
) -> None:
    """Write what became of rows, who saw to it and why."""
    for row in rows:
        row.outcome, row.settled_why, row.mended_by_version = outcome.value, why, version
        row.settled_by_key, row.settled_by_name, row.released_at = by.key, by.name, at
    fields = ["mended", "outcome", "settled_why", "mended_by_version", "settled_by_key", "settled_by_name"]
    QuarantinedRow.objects.bulk_update(rows, [*fields, "released_at"], batch_size=1000)


def by_batch(rows: Iterable[QuarantinedRow]) -> list[tuple[Batch, list[QuarantinedRow]]]:
    """Return rows by the load they came with, the earliest first."""
    held: dict[int, list[QuarantinedRow]] = defaultdict(list)
    for row in rows:
        held[row.batch_id].append(row)
    return [(part[0].batch, part) for _, part in sorted(held.items())]


def check_why(why: str) -> None:
    """Refuse a missing or endless reason."""
    if not why.strip() or len(why) > LONGEST_WHY or "\x00" in why:
        raise Invalid("This needs a reason.", where="why", todo=f"Say why, in at most {LONGEST_WHY} characters.")
