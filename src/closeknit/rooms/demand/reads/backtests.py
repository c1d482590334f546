"""How far backtests are, and which runs they made."""

from collections import defaultdict
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.demand.contracts import BacktestCard, BacktestOrigin
from closeknit.rooms.demand.models import Backtest, BacktestRun
from closeknit.rooms.org.contracts import Permission


def list_backtests(*, by: Actor, operation: str = "", limit: int = 20) -> list[BacktestCard]:
    """Return backtests, newest first."""
    by.require(Permission.READ_CAPACITY)
    rows = Backtest.objects.order_by("-asked_at", "id")
    if operation:
        rows = rows.filter(operation=operation)
    return _cards(list(rows[:limit]))


def get_backtest(backtest_id: UUID, *, by: Actor) -> BacktestCard:
    """Return one backtest with its origins, newest first, or raise NotFound."""
    by.require(Permission.READ_CAPACITY)
    row = Backtest.objects.filter(pk=backtest_id).first()
    if row is None:
        raise NotFound("There is no such backtest.", where=str(backtest_id))
    return _cards([row])[0]


def _cards(rows: list[Backtest]) -> list[BacktestCard]:
    origins: dict[UUID, list[BacktestOrigin]] = defaultdict(list)
    for part in BacktestRun.objects.filter(backtest__in=rows).order_by("-first_on"):
        origins[part.backtest_id].append(BacktestOrigin(part.first_on, part.run_id, part.failure))
    return [
        BacktestCard(
            backtest_id=row.pk,
            operation=row.operation,
            weeks=row.weeks,
            every_weeks=row.every_weeks,
            asked_at=row.asked_at,
            asked_by=row.asked_by,
            stopped_at=row.stopped_at,
            origins=tuple(origins[row.pk]),
        )
        for row in rows
    ]
