"""Mark one's own notices as read."""

from datetime import datetime
from uuid import UUID

from closeknit.kernel import clock
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.decisions.reads.notices import readable_notices


def read_notice(notice_id: UUID, *, by: Actor, at: datetime) -> None:
    """Mark one of the actor's own notices as read; one that was read already stays as it is."""
    rows = readable_notices(by).filter(pk=notice_id)
    if not rows.filter(read_at=None).update(read_at=at) and not rows.exists():
        raise NotFound("There is no such notice.", where=str(notice_id))


def read_all_notices(*, until_at: datetime, by: Actor, at: datetime) -> int:
    """Mark as read what the actor was told until an instant, and return how many those were.

    What came after the list was drawn stays unread.
    """
    seen_at = clock.check(until_at, where="until_at")
    return readable_notices(by).filter(read_at=None, last_at__lte=seen_at).update(read_at=at)
