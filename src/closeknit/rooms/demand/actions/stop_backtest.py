"""Stop a backtest: what it made stays, what it has not made is not made."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.models import Backtest, BacktestRun
from closeknit.rooms.org.contracts import Permission


def stop_backtest(backtest_id: UUID, *, by: Actor, at: datetime) -> None:
    """Stop it. Refuses one that is stopped, or done already."""
    by.require(Permission.RUN_PLAN)
    with transaction.atomic():
        backtest = Backtest.objects.select_for_update().filter(pk=backtest_id).first()
        if backtest is None:
            raise NotFound("There is no such backtest.", where=str(backtest_id))
        left = BacktestRun.objects.filter(backtest=backtest, run=None, failure="").count()
        if backtest.stopped_at is not None or not left:
            raise Conflict("This backtest is over already.", where=str(backtest_id), todo="Look at what it made.")
        Backtest.objects.filter(pk=backtest_id).update(stopped_at=at)
        record_entry(
            Entry(
                thread_id=backtest_id,
                kind="backtest.stopped",
                subject=f"operation:{backtest.operation}",
                sentence=f"{{actor}}{by.behalf(Permission.RUN_PLAN)} stopped it with {left} days left to forecast.",
                evidence={"operation": backtest.operation, "left": left},
            ),
            by=by,
        )
