"""Work by operation, service and channel, and how fast it was done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.traffic import Traffic
from closeknit.rooms.sensing.reads.access import require_every_account

_TRAFFIC = """
select operation, service, channel, count(*), max(occurred_at), count(finished_at),
       percentile_cont(0.5) within group (order by extract(epoch from finished_at - occurred_at) / 60),
       percentile_cont(0.9) within group (order by extract(epoch from finished_at - occurred_at) / 60),
       count(met_promise), count(*) filter (where met_promise)
  from sensing_work
 where occurred_at >= %(since)s and occurred_at < %(until)s and not is_return
   and (%(everyone)s or account_number = any(%(accounts)s))
 group by 1, 2, 3 order by 1, 2, 3
"""


def list_traffic(*, since: datetime, until: datetime, by: Actor, account_numbers: Sequence[str] = ()) -> list[Traffic]:
    """Return what came within a time by operation, service and channel: under some account numbers, or any (none)."""
    require_every_account(by)
    names = list(account_numbers)
    parameters: dict[str, Any] = {"since": since, "until": until, "everyone": not names, "accounts": names}
    with connection.cursor() as cursor:
        cursor.execute(_TRAFFIC, parameters)
        return [Traffic(*row) for row in cursor.fetchall()]
