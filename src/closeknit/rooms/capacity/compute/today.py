"""Size each pool for the rest of a day under way, by the promises and rosters of a plan."""

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from closeknit.engine.queueing import required_agents
from closeknit.rooms.agreements.contracts import Term
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput, shrinkage_of
from closeknit.rooms.capacity.compute.need import promise_of, rostered
from closeknit.rooms.capacity.compute.promises import in_force
from closeknit.rooms.capacity.contracts.plans import Staffing
from closeknit.rooms.capacity.contracts.today import PoolToday, SlotToday
from closeknit.rooms.demand.contracts import IntradayCard, wall_clock

FloatArray = NDArray[np.float64]


def need_today(
    inputs: PlanInputs, cards: tuple[IntradayCard, ...], day: date, minutes_passed: int, zone: str
) -> tuple[PoolToday, ...]:
    """Return the rest of the day of every pool that serves any of it. `minutes_passed` since midnight in `zone`."""
    found = []
    for pool in inputs.pools:
        mine = [c for c in cards if _covers(pool.services, c.service) and _covers(pool.regions, c.region)]
        if mine:
            found.append(_pool_today(inputs, pool, mine, day, minutes_passed, zone))
    return tuple(found)


def _covers(names: tuple[str, ...], name: str) -> bool:
    return "*" in names or name in names


def _pool_today(
    inputs: PlanInputs, pool: PoolInput, cards: list[IntradayCard], day: date, passed: int, zone: str
) -> PoolToday:
    first = passed // 30
    left = np.clip((np.arange(first + 1, 49) * 30 - passed) / 30.0, 0.0, 1.0)
    starts = np.datetime64(day, "m") + np.arange(first, 48) * np.timedelta64(30, "m")
    clock = wall_clock(starts, zone, pool.time_zone)
    heads, _ = rostered(pool.roster, clock, 30)
    open_share = np.where(np.isin(clock.astype("datetime64[D]"), np.array(pool.closed_on, dtype="datetime64[D]")), 0, 1)
    present = heads * open_share * float(1 - shrinkage_of(pool.shrinkage_parts))
    by_card = np.array([[slot.expected_units for slot in card.slots[first:]] for card in cards], dtype=np.float64)
    forecast = by_card.sum(axis=0)
    now = (np.array([[card.level] for card in cards]) * by_card).sum(axis=0)
    low, mean, high = (
        sum(getattr(card, name) for card in cards) for name in ("rest_low_units", "rest_units", "rest_high_units")
    )
    wide = [units / mean if mean > 0.0 else 1.0 for units in (low, high)]
    terms = in_force(inputs.terms, day) if inputs.terms_by_week else inputs.terms
    sized = [_sized(terms, pool, rate) for rate in (now, now * wide[0], now * wide[1], forecast)]
    people = sized[0] if pool.staffing == Staffing.INTERVAL else np.zeros(0)
    need, need_low, need_high, before = (float((0.5 * agents * left).sum()) for agents in sized)
    return PoolToday(
        pool=pool.pool,
        name=pool.name,
        staffing=Staffing(pool.staffing),
        units=mean,
        need_hours=need,
        need_low_hours=need_low,
        need_high_hours=need_high,
        forecast_hours=before,
        present_hours=float((present * left).sum()),
        slots=tuple(
            SlotToday(str(start.astype("datetime64[m]")).split("T")[1], float(agents), float(there))
            for start, agents, there in zip(starts, people, 2.0 * present, strict=False)
        ),
    )


def _sized(terms: Sequence[Term], pool: PoolInput, units: FloatArray) -> FloatArray:
    """Return people per half-hour: for the strictest promise where people wait, else as much work as comes."""
    if pool.staffing != Staffing.INTERVAL:
        return units * 2.0 * pool.handle_minutes / 60.0
    promises = {promise_of(t)[:2] for t in terms if t.service == "" or _covers(pool.services, t.service)}
    needs = [
        required_agents(2.0 * units, pool.handle_minutes, threshold, share).agents
        for threshold, share in sorted(promises or {promise_of(None)[:2]})
    ]
    agents: FloatArray = np.max(np.array(needs, dtype=np.float64), axis=0)
    return agents
