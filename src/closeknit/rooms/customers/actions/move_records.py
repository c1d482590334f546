"""Give records to accounts, or take them away: every move is kept, none is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers.models import Record, RecordLink
from closeknit.rooms.org.contracts import Permission

CHUNK = 2000


@dataclass(frozen=True, slots=True)
class RecordMove:
    """A record and the account that it belongs to from an instant on ("": none), how that came and in which words."""

    record: Record
    account_number: str
    how: str
    sentence: str
    at: datetime


def move_records(moves: Iterable[RecordMove], *, thread_id: UUID, merge_id: UUID | None = None, by: Actor) -> int:
    """Move records in the caller's transaction, which says why in the ledger; return how many changed their account.

    What a record belonged to before stays known, until which instant.
    """
    by.require(Permission.LOAD_DATA)
    wanted = list(moves)
    with transaction.atomic():
        for start in range(0, len(wanted), CHUNK):
            _move(wanted[start : start + CHUNK], thread_id, merge_id)
    return len(wanted)


def _move(moves: list[RecordMove], thread_id: UUID, merge_id: UUID | None) -> None:
    at_of = {move.record.pk: move.at for move in moves}
    standing = list(RecordLink.objects.select_for_update().filter(record_id__in=at_of, until_at=None).order_by("pk"))
    for link in standing:
        link.until_at = max(at_of[link.record_id], link.from_at)
    RecordLink.objects.bulk_update(standing, ["until_at"])
    RecordLink.objects.bulk_create(
        RecordLink(
            record=move.record,
            account_number=move.account_number,
            from_at=move.at,
            how=move.how,
            sentence=move.sentence,
            merge_id=merge_id,
            thread_id=thread_id,
        )
        for move in moves
        if move.account_number
    )
    for move in moves:
        move.record.account_number = move.account_number
    Record.objects.bulk_update([move.record for move in moves], ["account_number", "stated_number"])
