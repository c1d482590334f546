"""What sales project for each pool and week, beside what the plan in force has: pure."""

from collections.abc import Mapping, Sequence
from datetime import date

from closeknit.rooms.capacity.contracts import NearerTo, PoolCard, PoolProjection, PoolWeek

UnitsByPlace = Mapping[tuple[str, str, date], float]
"""Units by service, region and week."""
LEAST_SHARE = 0.01
"""Where the pipeline moves less than this of a pool's hours, a difference is not of sales."""


def project(
    pools: Sequence[PoolCard], weeks: Sequence[PoolWeek], pipeline: UnitsByPlace, counted: UnitsByPlace
) -> list[PoolProjection]:
    """Return every pool's week with the plan's hours and those that the pipeline now asks for.

    Units become hours by the pool's handle time. What several pools serve is split by their hours that week.
    """
    by_pool = {pool.pool: pool for pool in pools}
    now, then = _hours(by_pool, weeks, pipeline), _hours(by_pool, weeks, counted)
    return [
        PoolProjection(
            pool=week.pool,
            pool_name=week.pool_name,
            week_on=week.week_on,
            committed_hours=week.capacity_hours,
            need_hours=week.need_hours,
            counted_hours=then.get((week.pool, week.week_on), 0.0),
            pipeline_hours=now.get((week.pool, week.week_on), 0.0),
        )
        for week in weeks
    ]


def differs(found: PoolProjection, share: float) -> bool:
    """Tell whether sales and plan disagree by more than a share of the hours there are, because of the pipeline."""
    base = max(found.committed_hours, 1e-9)
    moved = max(found.pipeline_hours, found.counted_hours)
    return moved > LEAST_SHARE * base and abs(found.difference_hours) > share * base


def nearer_to(projected_hours: float, need_hours: float, actual_hours: float) -> NearerTo:
    """Return whose figure came nearer to what came; the plan's where both are as near."""
    is_sales = abs(actual_hours - projected_hours) < abs(actual_hours - need_hours)
    return NearerTo.SALES if is_sales else NearerTo.PLAN


def pool_hours(pool: PoolCard, units: Mapping[tuple[str, str], float]) -> float:
    """Return the hours of units by service and region that a pool serves."""
    served = sum(count for (service, region), count in units.items() if _serves(pool, service, region))
    return served * pool.handle_minutes / 60.0


def _hours(
    pools: Mapping[str, PoolCard], weeks: Sequence[PoolWeek], units: UnitsByPlace
) -> dict[tuple[str, date], float]:
    found: dict[tuple[str, date], float] = {}
    for (service, region, week_on), count in units.items():
        able = [
            week
            for week in weeks
            if week.week_on == week_on and week.pool in pools and _serves(pools[week.pool], service, region)
        ]
        total = sum(week.capacity_hours for week in able)
        for week in able:
            part = week.capacity_hours / total if total > 0.0 else 1.0 / len(able)
            key = (week.pool, week_on)
            found[key] = found.get(key, 0.0) + part * count * pools[week.pool].handle_minutes / 60.0
    return found


def _serves(pool: PoolCard, service: str, region: str) -> bool:
    return _covers(pool.services, service) and _covers(pool.regions, region)


def _covers(names: Sequence[str], name: str) -> bool:
    return "*" in names or name in names or not name
