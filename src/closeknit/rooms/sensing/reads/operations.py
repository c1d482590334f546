"""What operations there are, how much work each account brought, and what the source itself promises."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.sensing.contracts import OperationSpan, RecordedPromise, WorkTotal
from closeknit.rooms.sensing.reads.access import require_every_account, require_feeds

_SPANS = """
select o.operation, min(o.first_at), max(o.last_at), sum(o.rows)::bigint,
       (array_agg(f.time_zone order by o.rows desc, f.name))[1], sum(o.content_sum)
  from sensing_batch_operation o
  join sensing_batch b on b.id = o.batch_id
  join sensing_feed f on f.id = b.feed_id
 where %(operation)s = '' or o.operation = %(operation)s
 group by o.operation order by o.operation
"""
_TOTALS = """
select operation, account_number, sum(case when is_return then 0 else quantity end)::float8,
       currency, sum(amount), min(occurred_at), max(occurred_at)
  from sensing_work
 where (%(operation)s = '' or operation = %(operation)s)
   and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
   and (%(until)s::timestamptz is null or occurred_at < %(until)s)
 group by operation, account_number, currency order by operation, account_number, count(amount) desc, currency
"""
_UNITS_BY_ACCOUNT = """
select service, region, account_number, sum(quantity)::float8
  from sensing_work
 where operation = %(operation)s and occurred_at >= %(since)s and occurred_at < %(until)s
   and not is_return and quantity > 0
 group by 1, 2, 3 order by 1, 2, 3
"""
_PROMISES = """
select operation, service, work_class, promised_minutes, count(*), min(occurred_at)
  from sensing_work
 where promised_minutes is not null and not is_return and (%(operation)s = '' or operation = %(operation)s)
   and (%(feed)s = '' or feed_id = (select id from sensing_feed where name = %(feed)s))
 group by 1, 2, 3, 4 order by 1, 2, 3, 5 desc, 4
"""
_ACCOUNT_TOTALS = """
select '', account_number, sum(case when is_return then 0 else quantity end)::float8,
       currency, sum(amount), min(occurred_at), max(occurred_at)
  from sensing_work
 where account_number <> '' and feed_id = (select id from sensing_feed where name = %(feed)s)
 group by account_number, currency order by account_number, count(amount) desc, currency
"""
_OPERATIONS_OF = """
select distinct account_number, operation from sensing_work where account_number = any(%(numbers)s) order by 1, 2
"""
_SERVICES = """
select distinct service from sensing_work
 where operation = %(operation)s and quantity > 0 and not is_return order by 1
"""


def list_operations(*, by: Actor) -> list[OperationSpan]:
    """Return every operation with observed work: its span, size, zone and content digest."""
    require_feeds(by)
    return _spans("")


def get_operation(operation: str, *, by: Actor) -> OperationSpan:
    """Return one operation's span, or raise NotFound where nothing of it was observed."""
    require_feeds(by)
    spans = _spans(operation) if operation else []
    if not spans:
        raise NotFound(
            "Nothing of this operation was observed.",
            where=operation,
            todo="Load its data: closeknit load RECIPE PATH.",
        )
    return spans[0]


def work_totals(
    *, by: Actor, operation: str = "", since: datetime | None = None, until: datetime | None = None
) -> list[WorkTotal]:
    """Return units (without returns) and money by currency (returns subtracted) per operation and account.

    Work of no known account is in the row with the account number "".
    """
    require_every_account(by)
    return list(_totals(_all(_TOTALS, {"operation": operation, "since": since, "until": until})))


def units_by_account(
    operation: str, *, since: datetime, until: datetime, by: Actor
) -> dict[tuple[str, str, str], float]:
    """Return units of work, without returns, by (service, region, account); the account "" is none known."""
    require_every_account(by)
    rows = _all(_UNITS_BY_ACCOUNT, {"operation": operation, "since": since, "until": until})
    return {(service, region, account): units for service, region, account, units in rows}


def account_totals(feed: str, *, by: Actor) -> dict[str, WorkTotal]:
    """Return what each account that a feed's work names brought through it, over all operations (named
    "").
    """
    require_every_account(by)
    return {total.account_number: total for total in _totals(_all(_ACCOUNT_TOTALS, {"feed": feed}))}


def recorded_promises(operation: str = "", *, by: Actor, feed: str = "") -> list[RecordedPromise]:
    """Return the durations that sources promise per service and class of work, the most frequent first in
    each.
    """
    require_feeds(by)
    return [RecordedPromise(*row) for row in _all(_PROMISES, {"operation": operation, "feed": feed})]


def operations_of_accounts(numbers: Iterable[str], *, by: Actor) -> dict[str, tuple[str, ...]]:
    """Return the operations in which work of each account was observed; who brought none is left out."""
    require_every_account(by)
    found: dict[str, tuple[str, ...]] = {}
    for number, operation in _all(_OPERATIONS_OF, {"numbers": sorted({each for each in numbers if each})}):
        found[number] = (*found.get(number, ()), operation)
    return found


def list_services(operation: str, *, by: Actor) -> list[str]:
    """Return the services of an operation that had any work."""
    require_feeds(by)
    return [row[0] for row in _all(_SERVICES, {"operation": operation})]


def _totals(rows: Sequence[tuple[Any, ...]]) -> Iterator[WorkTotal]:
    """Join the rows of one account's currencies, which stand together."""
    for (operation, account), group in groupby(rows, key=lambda row: (row[0], row[1])):
        own = list(group)
        yield WorkTotal(
            operation=operation,
            account_number=account,
            quantity=sum(row[2] for row in own),
            amounts={row[3]: Decimal(row[4]) for row in own if row[4] is not None},
            first_at=min(row[5] for row in own),
            last_at=max(row[6] for row in own),
        )


def _spans(operation: str) -> list[OperationSpan]:
    return [
        OperationSpan(name, first, last, rows, zone, _digest(name, rows, total))
        for name, first, last, rows, zone, total in _all(_SPANS, {"operation": operation})
    ]


def _digest(operation: str, rows: int, content_sum: Decimal) -> str:
    """Equal rows give an equal digest, whatever the order or the batches they came in."""
    return hashlib.sha256(f"{operation}\x1f{rows}\x1f{int(content_sum) % 2**128}".encode()).hexdigest()


def _all(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
