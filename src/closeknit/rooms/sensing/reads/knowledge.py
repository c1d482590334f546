"""What sources have said of accounts, counted."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.knowledge import Known
from closeknit.rooms.sensing.reads.access import require_every_account

_KNOWN = """
select account_number, 'work', operation, count(*), min(occurred_at), max(occurred_at)
  from sensing_work
 where account_number <> '' and occurred_at < %(at)s and (%(all)s or account_number = any(%(accounts)s))
 group by 1, 3
union all
select body->>'account_number', 'fact', kind, count(*), min(stated_at), max(stated_at)
  from sensing_fact
 where coalesce(body->>'account_number', '') <> '' and not is_assumed
   and stated_at <= %(at)s and (superseded_at is null or superseded_at > %(at)s)
   and (%(all)s or body->>'account_number' = any(%(accounts)s))
 group by 1, 3
 order by 1, 2, 3
"""


def list_known(*, at: datetime, by: Actor, account_numbers: Sequence[str] | None = None) -> list[Known]:
    """Return what sources had said of accounts up to an instant: of those named, or of all (None).

    What a recipe assumes counts as nothing known.
    """
    require_every_account(by)
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, {"at": at, "all": account_numbers is None, "accounts": list(account_numbers or ())})
        return [Known(*row) for row in cursor.fetchall()]
