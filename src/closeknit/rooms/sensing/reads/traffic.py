"""Work by operation, service and channel, and how fast it was done."""

from datetime import datetime

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
   and (%(account)s = '' or account_number = %(account)s)
 group by 1, 2, 3 order by 1, 2, 3
"""


def list_traffic(*, since: datetime, until: datetime, by: Actor, account_number: str = "") -> list[Traffic]:
    """Return what came within a time, of one account or of all (""), by operation, service and channel."""
    require_every_account(by)
    with connection.cursor() as cursor:
        cursor.execute(_TRAFFIC, {"since": since, "until": until, "account": account_number})
        return [Traffic(*row) for row in cursor.fetchall()]
