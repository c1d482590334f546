"""Work whose source says when it ends, row by row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.timed_work import TimedWork
from closeknit.rooms.sensing.reads.access import require_every_account

_COLUMNS = "operation, key, service, work_class, region, account_number, occurred_at, finished_at"
# A service of which no end was ever stated says nothing about what is open. Those with ends are few: found by going
# from one to the next in the index of what ended (`work_ended`), not through all that ended.
_TIMED = """
with recursive timed as (
    (select operation, service from sensing_work where finished_at is not null order by operation, service limit 1)
    union all
    select n.* from timed t cross join lateral (
        select operation, service from sensing_work
         where finished_at is not null and (operation, service) > (t.operation, t.service)
         order by operation, service limit 1) n
)"""
_IS_OPEN = "is_open and occurred_at >= %(since)s and occurred_at <= %(until)s"
# Of every account: the oldest of each service by the index of what is open (`work_open`).
_OPEN_OF_ALL = f"""{_TIMED}
select w.* from timed t cross join lateral (
    select {_COLUMNS} from sensing_work
     where operation = t.operation and service = t.service and {_IS_OPEN}
     order by occurred_at, id limit %(limit)s) w
 where %(operation)s = '' or t.operation = %(operation)s
 order by w.occurred_at, w.operation, w.key limit %(limit)s
"""
_OPEN_OF_SOME = f"""{_TIMED}
select {_COLUMNS}
  from sensing_work
 where account_number = any(%(accounts)s) and {_IS_OPEN} and (%(operation)s = '' or operation = %(operation)s)
   and (operation, service) in (select operation, service from timed)
 order by occurred_at, operation, key limit %(limit)s
"""
_KEYED = f"select {_COLUMNS} from sensing_work where operation = %(operation)s and key = %(key)s order by id limit 1"
_ENDED = f"""
select {_COLUMNS}
  from sensing_work
 where finished_at >= %(since)s and finished_at < %(until)s and occurred_at >= %(since)s - interval '400 days'
   and occurred_at < %(came_before)s and not is_return and account_number = any(%(accounts)s)
 order by finished_at, id limit %(limit)s
"""

_WITHIN = """
select i.number, w.operation, w.key, w.service, w.work_class, w.region, w.account_number, w.occurred_at, w.finished_at
  from unnest(%(numbers)s::int[], %(accounts)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[])
       as i(number, account_number, since, until)
  join sensing_work w on w.account_number = i.account_number and w.account_number <> ''
       and w.finished_at >= i.since and w.finished_at < i.until and not w.is_return
 order by i.number, w.finished_at, w.id limit %(limit)s
"""


def list_open_work(
    *,
    since: datetime,
    until: datetime,
    by: Actor,
    operation: str = "",
    account_numbers: list[str] | None = None,
    limit: int = 10_000,
) -> list[TimedWork]:
    """Return open work that came within a time, of some accounts or of all (None), the oldest first."""
    require_every_account(by)
    given: dict[str, Any] = {"since": since, "until": until, "operation": operation, "limit": limit}
    if account_numbers is None:
        return _rows(_OPEN_OF_ALL, **given)
    return _rows(_OPEN_OF_SOME, accounts=account_numbers, **given)


def find_timed_work(operation: str, key: str, *, by: Actor) -> TimedWork | None:
    """Return one piece of work by its key, or None where no source stated it."""
    require_every_account(by)
    found = _rows(_KEYED, operation=operation, key=key)
    return found[0] if found else None


def list_ended_work(
    account_numbers: list[str],
    *,
    since: datetime,
    until: datetime,
    by: Actor,
    came_before: datetime | None = None,
    limit: int = 100_000,
) -> list[TimedWork]:
    """Return some accounts' work that ended within a time (and came before an instant), in the order of its ends."""
    require_every_account(by)
    given = {"since": since, "until": until, "came_before": came_before or until}
    return _rows(_ENDED, accounts=account_numbers, limit=limit, **given)


def list_work_within(
    windows: Sequence[tuple[str, datetime, datetime]], *, by: Actor, limit: int = 50_000
) -> list[tuple[int, TimedWork]]:
    """Return the work that ended within each of these windows of an account, with the window's place in the list."""
    require_every_account(by)
    accounts, since, until = ([window[i] for window in windows] for i in range(3))
    given: dict[str, Any] = {"numbers": list(range(len(windows))), "accounts": accounts, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_WITHIN, given | {"limit": limit})
        return [(row[0], TimedWork(*row[1:])) for row in cursor.fetchall()]


def _rows(statement: str, **given: Any) -> list[TimedWork]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return [TimedWork(*row) for row in cursor.fetchall()]
