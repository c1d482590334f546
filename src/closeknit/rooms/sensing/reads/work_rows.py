"""Observed work row by row, for what needs the events themselves."""

from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.reads.access import require_every_account, require_feeds

_ROWS = """
select account_number, floor(extract(epoch from occurred_at at time zone %(zone)s) / 60)::bigint, service, region,
       quantity, coalesce(amount, 0)::float8, currency
  from sensing_work
 where operation = %(operation)s and account_number <> '' and not is_return and quantity > 0
 order by account_number, occurred_at, id
"""


def list_work_rows(operation: str, *, zone: str, by: Actor) -> list[tuple[Any, ...]]:
    """Return each event of an operation's known accounts: account, minute on the zone's wall clock since 1970, service,
    region, quantity, amount, currency. Only for who sees every account and feed.
    """
    require_feeds(by)
    require_every_account(by)
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, {"operation": operation, "zone": zone})
        return list(cursor.fetchall())
