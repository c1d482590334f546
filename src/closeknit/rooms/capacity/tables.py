"""A plan's rows arranged for the eye: heat map, charts, bottlenecks. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from closeknit.rooms.capacity.contracts import PoolWeek, QuotePoolWeek

CHARTS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One pool's weeks in the order of the plan; None where the plan says nothing of a week."""

    pool: str
    name: str
    unit: str
    weeks: tuple[PoolWeek | None, ...]
    known: tuple[PoolWeek, ...]
    short_hours: float


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Pools by weeks, the shortest pool first."""

    weeks: tuple[date, ...]
    rows: tuple[PoolRow, ...]

    @property
    def charted(self) -> tuple[PoolRow, ...]:
        return self.rows[:CHARTS_SHOWN]


def heat_map(pool_weeks: Sequence[PoolWeek]) -> HeatMap:
    """Arrange a plan's pool-weeks as a grid."""
    weeks = tuple(sorted({row.week_on for row in pool_weeks}))
    by_pool: dict[str, dict[date, PoolWeek]] = {}
    for row in pool_weeks:
        by_pool.setdefault(row.pool, {})[row.week_on] = row
    rows = [_row(pool, found, weeks) for pool, found in by_pool.items()]
    return HeatMap(weeks, tuple(sorted(rows, key=lambda row: (-row.short_hours, row.name))))


def dearest(pool_weeks: Iterable[PoolWeek]) -> PoolWeek | None:
    """Return the pool and week where one more unit would save most, or None where it would save nothing."""
    priced = [(row.one_more_unit_worth or Decimal(0), row.short_hours, row) for row in pool_weeks]
    worth, _, row = max(priced, key=lambda item: item[:2], default=(Decimal(0), 0.0, None))
    return row if worth > 0 else None


def _row(pool: str, found: dict[date, PoolWeek], weeks: tuple[date, ...]) -> PoolRow:
    known = tuple(found[week] for week in weeks if week in found)
    return PoolRow(
        pool=pool,
        name=known[0].pool_name or pool,
        unit=known[0].unit,
        weeks=tuple(found.get(week) for week in weeks),
        known=known,
        short_hours=sum(row.short_hours for row in known),
    )


def touched_weeks(weeks: Sequence[QuotePoolWeek]) -> tuple[QuotePoolWeek, ...]:
    """Return the pools' weeks in which a quoted term changes anything, as far as the reader may see."""
    return tuple(
        week
        for week in weeks
        if any(
            abs(value or 0.0) > 0.005
            for value in (
                week.own_hours_more,
                week.own_short_hours,
                week.pool_hours_more,
                week.overtime_hours_more,
                float(week.cost_more or 0),
            )
        )
    )
