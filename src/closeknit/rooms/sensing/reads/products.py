"""Observed work by product: how many pieces were asked for, by whom, week by week."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts.products import ProductAsker, ProductWeek
from closeknit.rooms.sensing.reads.access import require_every_account, require_feeds

# A row is one piece of work; how many pieces it holds is its detail `units`, where its recipe states that.
_PIECES = (
    """case when jsonb_typeof(details -> 'units') = 'number' then (details ->> 'units')::float8 else quantity end"""
)
_OF = """
  from sensing_work
 where operation = %(operation)s and occurred_at >= %(since)s and occurred_at < %(until)s
   and product <> '' and not is_return and quantity > 0
"""
_WEEKS = f"""
select product, region, floor(extract(epoch from (%(until)s - occurred_at)) / 604800)::int, sum({_PIECES})
{_OF} group by 1, 2, 3 order by 1, 2, 3
"""
_ASKERS = f"""
select product, region, service, work_class, account_number, sum({_PIECES}),
       coalesce(sum({_PIECES}) filter (where amount is not null), 0), coalesce(sum(amount), 0)::float8, currency
{_OF} group by 1, 2, 3, 4, 5, currency order by 1, 2, 3, 4, 5, currency
"""


def list_product_weeks(operation: str, *, until_on: date, weeks: int, zone: str, by: Actor) -> list[ProductWeek]:
    """Return the pieces asked for by product, region and week, in whole weeks before a day; weeks without any are left
    out. Only for who sees every account and feed.
    """
    return [ProductWeek(*row) for row in _rows(_WEEKS, operation, until_on, weeks, zone, by)]


def list_product_askers(operation: str, *, until_on: date, weeks: int, zone: str, by: Actor) -> list[ProductAsker]:
    """Return who asked for the pieces of each product in these weeks. Only for who sees every account and feed."""
    return [ProductAsker(*row) for row in _rows(_ASKERS, operation, until_on, weeks, zone, by)]


def _rows(sql: str, operation: str, until_on: date, weeks: int, zone: str, by: Actor) -> list[tuple[Any, ...]]:
    require_feeds(by)
    require_every_account(by)
    until = datetime.combine(until_on, time.min, ZoneInfo(zone))
    told: dict[str, Any] = {"operation": operation, "until": until, "since": until - timedelta(days=7 * weeks)}
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        return list(cursor.fetchall())
