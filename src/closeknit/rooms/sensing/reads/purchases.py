"""What accounts ordered day by day, and how long work for them took."""

from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.purchases import HandlingTotal, PurchaseDays
from closeknit.rooms.sensing.reads.access import require_every_account

_DAYS = """
select w.account_number, w.currency, (w.occurred_at at time zone f.time_zone)::date - date '1970-01-01',
       sum(w.amount)::float8, bool_or(not w.is_return and w.amount > 0)
  from sensing_work w join sensing_feed f on f.id = w.feed_id
 where w.account_number <> '' and w.amount is not null and w.occurred_at < %(until)s
 group by 1, 2, 3 order by 1, 2, 3
"""
_HANDLING = """
select account_number, sum(handle_minutes)::float8, count(handle_minutes)
  from sensing_work
 where account_number <> '' and occurred_at >= %(since)s and occurred_at < %(until)s
 group by 1 having count(handle_minutes) > 0 order by 1
"""


def purchase_days(*, until: datetime, by: Actor) -> PurchaseDays:
    """Return what each account ordered on each local day of its feed before an instant, less returns."""
    require_every_account(by)
    rows = _all(_DAYS, {"until": until})
    return PurchaseDays(
        account_number=tuple(row[0] for row in rows),
        currency=tuple(row[1] for row in rows),
        day=np.array([row[2] for row in rows], dtype=np.int64),
        net=np.array([row[3] for row in rows], dtype=np.float64),
        has_order=np.array([row[4] for row in rows], dtype=np.bool_),
    )


def handling_totals(*, since: datetime, until: datetime, by: Actor) -> list[HandlingTotal]:
    """Return the measured handling time of each account's work between two instants; none, left out."""
    require_every_account(by)
    return [HandlingTotal(*row) for row in _all(_HANDLING, {"since": since, "until": until})]


def _all(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
