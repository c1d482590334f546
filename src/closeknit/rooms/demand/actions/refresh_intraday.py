"""Take what came in today into the forecast of today: the level of the day, and the rest of it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.compute.intraday import DayBase, DaySoFar, Place, bases_of, take_in
from closeknit.rooms.demand.contracts import ForecastCard
from closeknit.rooms.demand.contracts.intraday import SLOT_MINUTES, SLOTS_PER_DAY, IntradayRefreshed
from closeknit.rooms.demand.models import Intraday
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

DAYS_OF_HISTORY = 8 * 7
FloatArray = NDArray[np.float64]


def refresh_intraday(operation: str, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Bring the view of an operation's day up to what was observed of it; return how many places it covers.

    Returns 0, and leaves the view as it is, where nothing is forecast for today, nothing of today was observed, or
    nothing new. Today is the day of `at` on the operation's clock; work is taken to be complete up to the last that
    was seen, for feeds lag.

    Raises:
        NotFound: when nothing of this operation was observed.
    """
    by.require(Permission.RUN_PLAN)
    run = reads.find_current_run(operation, by=by)
    if run is None:
        return 0
    zone = ZoneInfo(run.time_zone)
    today = at.astimezone(zone).date()
    seen_until = min(at, sensing.get_operation(operation, by=by).last_at)
    if not _covers(run, today) or seen_until.astimezone(zone).date() != today:
        return 0
    bases = _known_bases(run, today) or _new_bases(run, today, by)
    if not bases:
        return 0
    came = _came(run, today, seen_until, [base.place for base in bases], by)
    minutes = _minutes_of_day(seen_until.astimezone(zone))
    taken = take_in(
        np.array([base.expected for base in bases]),
        came,
        np.array([base.level_deviation for base in bases]),
        np.array([base.noise for base in bases]),
        minutes,
    )
    return _write(run, today, bases, came, taken, seen_until, thread_id, by, at)


def _covers(run: ForecastCard, day: date) -> bool:
    return run.first_on <= day < run.first_on + timedelta(days=run.horizon_days)


def _minutes_of_day(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _known_bases(run: ForecastCard, day: date) -> list[DayBase]:
    """Return what an earlier refresh of the same day and forecast laid out, so that the forecast stays closed."""
    rows = Intraday.objects.filter(operation=run.operation, run_id=run.run_id, day_on=day).order_by("pk")
    return [DayBase((row.service, row.region), tuple(row.expected), row.level_deviation, row.noise) for row in rows]


def _new_bases(run: ForecastCard, day: date, by: Actor) -> list[DayBase]:
    midnight = _midnight(day, run.time_zone)
    since = midnight - timedelta(days=DAYS_OF_HISTORY + 1)
    keys, _, units = merged_series.half_hour_quantities(
        run.operation, since_at=since, until_at=midnight, zone=run.time_zone, by=by
    )
    numbers = reads.get_numbers(run.run_id, by=by)
    whole = units[:, -DAYS_OF_HISTORY * SLOTS_PER_DAY :]
    history: dict[Place, FloatArray] = {}
    for key, row in zip(keys, whole, strict=True):
        place = (key.service, key.region)
        history[place] = history.get(place, np.zeros(whole.shape[1])) + row
    return bases_of(numbers.panels, day, history)


def _came(run: ForecastCard, day: date, until: datetime, places: Sequence[Place], by: Actor) -> FloatArray:
    """Return units of today per place and half-hour, up to and with the last that was seen."""
    midnight = _midnight(day, run.time_zone)
    keys, slots, units = merged_series.half_hour_quantities(
        run.operation, since_at=midnight, until_at=until + timedelta(microseconds=1), zone=run.time_zone, by=by
    )
    came = np.zeros((len(places), SLOTS_PER_DAY))
    first = np.datetime64(day, "D").astype("datetime64[m]")
    at = ((slots - first).astype("timedelta64[m]").astype(np.int64)) // SLOT_MINUTES
    inside = (at >= 0) & (at < SLOTS_PER_DAY)
    for key, row in zip(keys, units, strict=True):
        if (key.service, key.region) in places:
            came[places.index((key.service, key.region)), at[inside]] += row[inside]
    return came


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _write(
    run: ForecastCard,
    day: date,
    bases: Sequence[DayBase],
    came: FloatArray,
    taken: Sequence[DaySoFar],
    seen_until: datetime,
    thread_id: UUID,
    by: Actor,
    at: datetime,
) -> int:
    rows = [
        Intraday(
            operation=run.operation,
            service=base.place[0],
            region=base.place[1],
            run_id=run.run_id,
            thread_id=thread_id,
            day_on=day,
            time_zone=run.time_zone,
            seen_until_at=seen_until,
            refreshed_at=at,
            expected=list(base.expected),
            came=units.tolist(),
            level_deviation=base.level_deviation,
            noise=base.noise,
            level=so_far.level,
            own_weight_share=so_far.own_weight_share,
            expected_so_far_units=so_far.expected_so_far_units,
            rest_units=so_far.rest_units,
            rest_low_units=so_far.rest_low_units,
            rest_high_units=so_far.rest_high_units,
        )
        for base, units, so_far in zip(bases, came, taken, strict=True)
    ]
    with transaction.atomic():
        if not _is_new(rows):
            return 0
        changing = [f.name for f in Intraday._meta.concrete_fields if f.name not in ("id", *_PLACE)]
        Intraday.objects.bulk_create(rows, update_conflicts=True, unique_fields=_PLACE, update_fields=changing)
        record_entry(_entry(run, rows), by=by)
        publish(IntradayRefreshed(thread_id, run.operation, day.isoformat()), by=by)
    return len(rows)


_PLACE = ["operation", "service", "region"]


def _is_new(rows: Sequence[Intraday]) -> bool:
    """Tell whether the rows say more than those that stand. Locks them: a slower job must not undo a later one."""
    standing = {
        (row.service, row.region): row
        for row in Intraday.objects.select_for_update().filter(operation=rows[0].operation).order_by("pk")
    }
    for row in rows:
        old = standing.get((row.service, row.region))
        if old is None or old.run_id != row.run_id or old.day_on != row.day_on:
            return old is None or (old.day_on, old.refreshed_at) <= (row.day_on, row.refreshed_at)
        if old.seen_until_at > row.seen_until_at:
            return False
    return any(
        standing[row.service, row.region].came != row.came
        or standing[row.service, row.region].seen_until_at != row.seen_until_at
        for row in rows
    )


def _entry(run: ForecastCard, rows: Sequence[Intraday]) -> Entry:
    came = sum(sum(row.came) for row in rows)
    so_far, rest = (sum(getattr(row, name) for row in rows) for name in ("expected_so_far_units", "rest_units"))
    return Entry(
        thread_id=rows[0].thread_id,
        kind="intraday.refreshed",
        subject=f"operation:{run.operation}",
        sentence=(
            f"Took today's work of {run.operation} in: {came:.0f} units came where {so_far:.0f} were forecast by then; "
            f"{rest:.0f} are expected for the rest of {rows[0].day_on}."
        ),
        evidence={
            "run_id": run.run_id,
            "day_on": rows[0].day_on,
            "seen_until_at": rows[0].seen_until_at,
            "levels": {f"{row.service}|{row.region}": round(row.level, 4) for row in rows},
        },
    )
