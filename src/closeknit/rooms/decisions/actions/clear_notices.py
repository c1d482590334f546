"""Clear away messages that were settled long ago, and notices that were read long ago."""

from django.db import connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.decisions.reads.notices import MANAGE

KEEP_SENT_DAYS = 30
KEEP_DEAD_DAYS = 90
KEEP_READ_DAYS = 400
AGO = "transaction_timestamp() - make_interval(days => %s)"
MESSAGES = f"delete from decisions_dispatch where state = any(%s) and settled_at < {AGO}"
NOTICES = f"""
delete from decisions_notice n
 where read_at < {AGO} and not exists (select 1 from decisions_gathered_notice g where g.notice_id = n.id)
"""


def clear_notices(*, by: Actor) -> int:
    """Delete what nobody needs any more, and return how many rows went. What waits or is unread stays."""
    by.require(MANAGE)
    gone = 0
    with transaction.atomic(), connection.cursor() as cursor:
        steps: tuple[tuple[str, list[list[str] | int]], ...] = (
            (MESSAGES, [["sent", "dropped"], KEEP_SENT_DAYS]),
            (MESSAGES, [["dead"], KEEP_DEAD_DAYS]),
            (NOTICES, [KEEP_READ_DAYS]),
        )
        for statement, values in steps:
            cursor.execute(statement, values)
            gone += cursor.rowcount
    return gone
