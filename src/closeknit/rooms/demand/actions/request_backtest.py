"""Ask how good forecasts of an operation would have been, had they been made on past days."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.contracts import MOST_BACKTEST_WEEKS, MOST_ORIGINS, BacktestRequested
from closeknit.rooms.demand.models import Backtest, BacktestRun
from closeknit.rooms.demand.reads.inputs import LEAST_DAYS
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import OperationSpan


def request_backtest(
    operation: str, *, origins: int = 6, every_weeks: int = 2, weeks: int = 4, by: Actor, at: datetime
) -> UUID:
    """Ask in a new thread and return its id. Forecasts begin on Mondays, the last one `weeks` before the data end.

    Refuses an operation that nothing is known of, and more origins than its history holds.
    """
    by.require(Permission.RUN_PLAN)
    _check("origins", origins, MOST_ORIGINS)
    _check("every_weeks", every_weeks, MOST_BACKTEST_WEEKS)
    _check("weeks", weeks, MOST_BACKTEST_WEEKS)
    span = sensing.get_operation(operation, by=by)
    days = _origins(span, origins, every_weeks, weeks)
    thread_id = ids.new_id()
    with transaction.atomic():
        backtest = Backtest.objects.create(
            id=thread_id, operation=operation, weeks=weeks, every_weeks=every_weeks, asked_at=at, asked_by=by.key
        )
        BacktestRun.objects.bulk_create([BacktestRun(backtest=backtest, first_on=day) for day in days])
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="backtest.requested",
                subject=f"operation:{operation}",
                sentence=(
                    f"{{actor}}{by.behalf(Permission.RUN_PLAN)} asked how good forecasts of {operation} would have been"
                    f" from {origins} past days, {days[-1]} to {days[0]}, {weeks} weeks ahead."
                ),
                evidence={"operation": operation, "weeks": weeks, "every_weeks": every_weeks, "first_days": days},
            ),
            by=by,
        )
        publish(BacktestRequested(thread_id, operation, origins), by=by)
    return thread_id


def _check(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(f"{value} is out of bounds.", where=name, todo=f"Give 1 to {most}.")


def _origins(span: OperationSpan, count: int, every_weeks: int, weeks: int) -> list[date]:
    """Return the first days forecast, latest first: Mondays after which whole weeks were observed."""
    zone = ZoneInfo(span.time_zone)
    end = span.last_at.astimezone(zone).date() + timedelta(days=1)
    latest = end - timedelta(days=end.weekday()) - timedelta(weeks=weeks)
    least = span.first_at.astimezone(zone).date() + timedelta(days=LEAST_DAYS)
    days = [latest - timedelta(weeks=every_weeks * number) for number in range(count)]
    possible = sum(1 for day in days if day >= least)
    if possible < count:
        raise Invalid(
            f"The history of {span.operation} holds {possible} of {count} such days.",
            where="origins",
            todo=f"Ask for {possible}." if possible else "Load a longer history, or ask for fewer weeks ahead.",
        )
    return days
