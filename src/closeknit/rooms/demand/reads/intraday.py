"""Questions about the day under way."""

from datetime import datetime
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.demand.compute.intraday import expected_now
from closeknit.rooms.demand.contracts.intraday import SLOT_MINUTES, IntradayCard, IntradaySlot, IntradayView
from closeknit.rooms.demand.models import Intraday
from closeknit.rooms.demand.reads.runs import sees_whole


def find_intraday(operation: str, *, by: Actor, at: datetime) -> IntradayView | None:
    """Return how the day of `at` is going in an operation; None where nothing of it was seen, or nothing forecast.

    Needs sight of every account: the day is that of all of them together.
    """
    if not sees_whole(by=by):
        return None
    newest = Intraday.objects.filter(operation=operation).order_by("-day_on", "-refreshed_at").first()
    if newest is None or newest.day_on != at.astimezone(ZoneInfo(newest.time_zone)).date():
        return None
    rows = Intraday.objects.filter(operation=operation, day_on=newest.day_on, run_id=newest.run_id)
    return IntradayView(
        operation=operation,
        day_on=newest.day_on,
        time_zone=newest.time_zone,
        run_id=newest.run_id,
        thread_id=newest.thread_id,
        seen_until_at=newest.seen_until_at,
        refreshed_at=newest.refreshed_at,
        cards=tuple(sorted(map(_card, rows), key=lambda card: -card.expected_day_units)),
    )


def get_intraday(operation: str, *, by: Actor, at: datetime) -> IntradayView:
    """Return how the day of `at` is going in an operation, or raise NotFound."""
    view = find_intraday(operation, by=by, at=at)
    if view is None:
        raise NotFound(
            "Nothing of today was seen yet, or today is not forecast.",
            where=operation,
            todo="Look again when today's work has come in; a forecast that covers today comes with a plan.",
        )
    return view


def _card(row: Intraday) -> IntradayCard:
    local = row.seen_until_at.astimezone(ZoneInfo(row.time_zone))
    minutes = local.hour * 60 + local.minute
    came, day = sum(row.came), sum(row.expected)
    now = expected_now(row.expected, row.came, row.level, minutes)
    slots = tuple(
        IntradaySlot(
            local_start=f"{slot * SLOT_MINUTES // 60:02d}:{slot * SLOT_MINUTES % 60:02d}",
            expected_units=row.expected[slot],
            came_units=row.came[slot] if slot * SLOT_MINUTES < minutes or row.came[slot] else None,
            now_units=now[slot],
        )
        for slot in range(len(row.expected))
    )
    return IntradayCard(
        service=row.service,
        region=row.region,
        came_units=came,
        expected_so_far_units=row.expected_so_far_units,
        expected_day_units=day,
        level=row.level,
        own_weight_share=row.own_weight_share,
        rest_units=row.rest_units,
        rest_low_units=row.rest_low_units,
        rest_high_units=row.rest_high_units,
        day_units=came + row.rest_units,
        day_low_units=came + row.rest_low_units,
        day_high_units=came + row.rest_high_units,
        slots=slots,
    )
