"""Observed work as series: one SQL aggregate each, in the local time of the operation's feed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.rooms.sensing.contracts import SeriesKey
from closeknit.rooms.sensing.reads.access import require_every_account, require_feeds
from closeknit.rooms.sensing.reads.operations import get_operation

Days = NDArray[np.datetime64]
Quantities = NDArray[np.float64]
SLOTS_PER_DAY = 48
CELLS_AT_ONCE = 20_000

_SERIES = """
select service, region, work_class, account_number,
       {slot} as slot, sum(quantity)
  from sensing_work
 where operation = %(operation)s and occurred_at < %(until)s
   and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
   and not is_return and quantity > 0
 group by 1, 2, 3, 4, 5
"""
_ARRIVALS = """
select service, region, work_class, account_number, {slot} as slot, count(*)
  from (select distinct service, region, work_class, account_number, occurred_at from sensing_work
         where operation = %(operation)s and occurred_at < %(until)s
           and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
           and not is_return and quantity > 0) as arrival
 group by 1, 2, 3, 4, 5
"""
_DAY = "((occurred_at at time zone %(zone)s)::date - date '1970-01-01')"
_HALF_HOUR = "(floor(extract(epoch from occurred_at at time zone %(zone)s) / 1800))::bigint"
_HANDLE = """
select service, region, work_class, sum(handle_minutes * quantity) / sum(quantity), count(*)
  from sensing_work
 where operation = %(operation)s and handle_minutes is not null and quantity > 0 and not is_return
   and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
   and (%(until)s::timestamptz is null or occurred_at < %(until)s)
 group by 1, 2, 3 order by 1, 2, 3
"""
_UNITS = """
select ((occurred_at at time zone %(zone)s)::date - date '1970-01-01') as day, sum(quantity)
  from sensing_work
 where operation = %(operation)s and occurred_at >= %(since)s and occurred_at < %(until)s
   and (%(account)s = '' or account_number = %(account)s)
   and (%(service)s = '' or service = %(service)s) and (%(region)s = '' or region = %(region)s)
   and not is_return and quantity > 0
 group by 1
"""
_WEEKS = """
select operation, floor(extract(epoch from (%(until)s - occurred_at)) / 604800)::int, sum(quantity)
  from sensing_work
 where account_number = %(account)s and occurred_at < %(until)s
   and occurred_at >= %(until)s - make_interval(days => 7 * %(weeks)s) and not is_return and quantity > 0
 group by 1, 2
"""


def daily_quantities(
    operation: str,
    *,
    until_at: datetime,
    by: Actor,
    since_at: datetime | None = None,
    days: int | None = None,
) -> tuple[list[SeriesKey], Days, Quantities]:
    """Return units of work per series and local day, without returns, strictly before `until_at`.

    Days (datetime64[D]) run without gaps from the first day with work (not before `since_at`) to the local
    day that ends at or holds `until_at`; `days` keeps only the last so many. Quantities are (series, day), 0
    where nothing came.
    """
    require_feeds(by)
    zone = get_operation(operation, by=by).time_zone
    last = np.datetime64(_last_instant(until_at, zone).date(), "D").astype(np.int64)
    keys, slots, matrix = _series(operation, _DAY, zone, since_at, until_at, int(last), 1)
    kept = slice(None) if days is None else slice(-days, None)
    return keys, slots[kept].astype("datetime64[D]"), matrix[:, kept]


def daily_arrivals(
    operation: str, *, until_at: datetime, by: Actor, since_at: datetime | None = None
) -> tuple[list[SeriesKey], Days, Quantities]:
    """Return how many times work came per series and local day: all that comes of a series at one instant, such as
    the lines of one order, came once. Else as `daily_quantities`."""
    require_feeds(by)
    zone = get_operation(operation, by=by).time_zone
    last = int(np.datetime64(_last_instant(until_at, zone).date(), "D").astype(np.int64))
    keys, slots, matrix = _series(operation, _DAY, zone, since_at, until_at, last, 1, _ARRIVALS)
    return keys, slots.astype("datetime64[D]"), matrix


def daily_units(
    operation: str,
    *,
    since_at: datetime,
    until_at: datetime,
    by: Actor,
    account_number: str = "",
    service: str = "",
    region: str = "",
) -> tuple[Days, Quantities]:
    """Return units of work per local day between two instants, without returns: of one account, service or
    region, or all.

    Sensing knows no teams: whoever sees only some accounts asks a higher room about one of them.
    """
    require_every_account(by)
    span = get_operation(operation, by=by)
    first = max(since_at, span.first_at).astimezone(ZoneInfo(span.time_zone)).date()
    last = _last_instant(until_at, span.time_zone).date()
    days = np.arange(np.datetime64(first, "D"), np.datetime64(last, "D") + 1)
    chosen = {"account": account_number, "service": service, "region": region}
    rows = _all(
        _UNITS,
        {"operation": operation, "zone": span.time_zone, "since": since_at, "until": until_at, **chosen},
    )
    units = np.zeros(days.size)
    for day, quantity in rows:
        at = day - int(days[0].astype(np.int64))
        if 0 <= at < units.size:
            units[at] = quantity
    return days, units


def half_hour_quantities(
    operation: str, *, until_at: datetime, by: Actor, since_at: datetime | None = None, zone: str = ""
) -> tuple[list[SeriesKey], Days, Quantities]:
    """Return units of work per series and half-hour of a zone (the operation's, where none is named),
    without returns.

    Only work strictly before `until_at` counts. Slots (datetime64[m], local wall time) cover whole days, 48
    each. Where clocks go back, the hour that happens twice is added up in its one pair of slots; where they
    go forward, the hour that does not exist is 0.
    """
    require_feeds(by)
    zone = zone or get_operation(operation, by=by).time_zone
    last_day = np.datetime64(_last_instant(until_at, zone).date(), "D").astype(np.int64)
    last = int(last_day + 1) * SLOTS_PER_DAY - 1
    keys, slots, matrix = _series(operation, _HALF_HOUR, zone, since_at, until_at, last, SLOTS_PER_DAY)
    return keys, (slots * 30).astype("datetime64[m]"), matrix


def handle_minutes(
    operation: str, *, by: Actor, since_at: datetime | None = None, until_at: datetime | None = None
) -> dict[tuple[str, str, str], tuple[float, int]]:
    """Return measured minutes per unit of work, as (mean, rows), by (service, region, work class)."""
    require_feeds(by)
    rows = _all(_HANDLE, {"operation": operation, "since": since_at, "until": until_at})
    return {(service, region, work_class): (float(mean), n) for service, region, work_class, mean, n in rows}


def weekly_units(account_number: str, *, weeks: int, until_at: datetime, by: Actor) -> dict[str, Quantities]:
    """Return an account's units per operation in each of the `weeks` weeks before an instant, oldest first.

    Sensing knows no teams: whoever sees only some accounts asks `customers.reads.weekly_units`.
    """
    require_every_account(by)
    found: dict[str, Quantities] = {}
    for operation, ago, units in _all(_WEEKS, {"account": account_number, "until": until_at, "weeks": weeks}):
        series = found.setdefault(operation, np.zeros(weeks))
        series[weeks - 1 - min(ago, weeks - 1)] += units
    return found


def _last_instant(until_at: datetime, zone: str) -> datetime:
    return (until_at - timedelta(microseconds=1)).astimezone(ZoneInfo(zone))


def _series(
    operation: str,
    slot: str,
    zone: str,
    since: datetime | None,
    until: datetime,
    last: int,
    whole: int,
    sql: str = _SERIES,
) -> tuple[list[SeriesKey], NDArray[np.int64], Quantities]:
    parameters = {"operation": operation, "zone": zone, "since": since, "until": until}
    number: dict[tuple[str, str, str, str], int] = {}
    parts = list(_cells(sql.format(slot=slot), parameters, number))
    if not parts:
        return [], np.zeros(0, dtype=np.int64), np.zeros((0, 0))
    names = sorted(number)
    row_of = np.zeros(len(names), dtype=np.int64)
    row_of[[number[name] for name in names]] = np.arange(len(names))
    first = min(int(at.min()) for _, at, _ in parts) // whole * whole
    matrix = np.zeros((len(names), last - first + 1))
    while parts:
        index, at, units = parts.pop()
        matrix[row_of[index], at - first] = units
    keys = [SeriesKey(operation, service, region, work, account) for service, region, work, account in names]
    return keys, np.arange(first, last + 1, dtype=np.int64), matrix


def _cells(
    sql: str, parameters: dict[str, Any], number: dict[tuple[str, str, str, str], int]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], Quantities]]:
    """Read a query's rows in batches, as (number of the series, slot, units); number series as they are met.

    Of a great many rows memory holds three numbers each, and never all of them as the database sends them.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(sql, parameters)
        while rows := cursor.fetchmany(CELLS_AT_ONCE):
            index = np.fromiter((number.setdefault(row[:4], len(number)) for row in rows), np.int32, len(rows))
            at = np.fromiter((row[4] for row in rows), np.int32, len(rows))
            yield index, at, np.fromiter((row[5] for row in rows), np.float64, len(rows))


def _all(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
