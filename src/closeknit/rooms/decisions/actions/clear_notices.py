"""Clear away messages that were settled long ago, and notices that were read long ago."""

from datetime import timedelta

from django.db import connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.deletions import Deletion, ask_gate
from closeknit.rooms.decisions.reads.notices import MANAGE
from closeknit.rooms.decisions.reads.timing import database_now

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
    """Delete what nobody needs any more, and return how many rows went. What waits or is unread, or on hold, stays."""
    by.require(MANAGE)
    gone = 0
    with transaction.atomic(), connection.cursor() as cursor:
        steps: tuple[tuple[str, list[list[str] | int]], ...] = (
            (MESSAGES, [["sent", "dropped"], KEEP_SENT_DAYS]),
            (MESSAGES, [["dead"], KEEP_DEAD_DAYS]),
            (NOTICES, [KEEP_READ_DAYS]),
        )
        made_before = database_now() - timedelta(days=KEEP_SENT_DAYS)
        deletion = Deletion("messages", "notices and messages that are settled", made_before)
        if not ask_gate(deletion, by=by).is_allowed:
            return 0
        for statement, values in steps:
            cursor.execute(statement, values)
            gone += cursor.rowcount
    return gone
