"""What a plan keeps ready beyond the work that is expected: whose it is, why, and what pooling saves. Pure.

All of it is the plan's own need, taken apart: no second model.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from closeknit.rooms.agreements.contracts import Measure, Term
from closeknit.rooms.capacity.compute.dedicated import EXPECTED, only
from closeknit.rooms.capacity.compute.holding import hold_ready
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed, need_of, work_of
from closeknit.rooms.capacity.compute.prices import money
from closeknit.rooms.capacity.compute.promises import spells_of, stricter
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.compute.what_if.quote import regular_cost
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.capacity.contracts.buffers import BufferKind, BufferPart
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers

FloatArray = NDArray[np.float64]
MOST_ALONE = 150
"""Of so many that share a pool at most it is computed what each would need alone."""
LEAST_HOURS = 0.005


@dataclass(frozen=True, slots=True)
class Cushion:
    """One pool's need in a mean week, taken apart by claimant (C). Productive hours.

    `claimed` = `expected` + buffer, `held` included: what guarantees add (`held_in_week`, C x weeks: where they do).
    `varying`: what of it is there because demand is not known, shared by the work that is expected. `of_key`: the
    expected hours of each series, `promise_of_key` its strictest promise in the plan's weeks.
    """

    pool: PoolInput
    need: PoolNeed
    claimants: tuple[Claimant, ...]
    claimed: FloatArray
    expected: FloatArray
    held: FloatArray
    varying: FloatArray
    held_in_week: NDArray[np.bool_]
    of_key: dict[ForecastKey, float]
    promise_of_key: dict[ForecastKey, Term | None]

    @property
    def cost_per_hour(self) -> float:
        """What a productive hour costs at regular pay, absences included."""
        return regular_cost(self.need)

    @property
    def buffers(self) -> FloatArray:
        """All that each claims beyond what is expected of it."""
        return self.claimed - self.expected


def serves(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    pool: PoolInput,
    names: Collection[str],
    places: Collection[tuple[str, str, str]],
) -> bool:
    """Tell whether a pool may keep something ready for an account: by its numbers, or by (tier, service, region) of
    what its tier's work is that it has a part of. Where a contract guarantees it hours, any pool may.
    """
    route = route_of(pool, numbers)
    if route is None:
        return False
    if any(each.account_number in names for each in inputs.guarantees):
        return True
    return any(
        key.account_number in names or (not key.account_number and (key.tier, key.service, key.region) in places)
        for key, total in zip(route.panel.keys, route.panel.total_of_series, strict=True)
        if int(total) in route.totals
    )


def cushion_of(inputs: PlanInputs, numbers: ForecastNumbers, pool: PoolInput) -> Cushion | None:
    """Take one pool's need apart; None for a pool that serves no series."""
    route = route_of(pool, numbers)
    if route is None:
        return None
    work = work_of(inputs, pool, numbers, route)
    plain = need_of(inputs, pool, numbers, route)
    need = hold_ready([plain], inputs, numbers)[0]
    if not need.claimants:
        return None
    middle = need_of(replace(inputs, planning_quantile=EXPECTED), pool, numbers, route, None, True)
    size, weeks = need.need.size, float(inputs.weeks)
    by_series = work.planned.expected[:, :size].sum(axis=1) * (pool.handle_minutes / 60.0) / weeks
    of_key = dict(zip(work.keys, by_series.tolist(), strict=True))
    claimed, known = need.claims.sum(axis=1) / weeks, len(plain.claimants)
    before = np.append(plain.claims.sum(axis=1) / weeks, np.zeros(len(need.claimants) - known))
    expected = np.array(
        [sum(h for k, h in of_key.items() if _is_of(k, c) and i < known) for i, c in enumerate(need.claimants)]
    )
    return Cushion(
        pool=pool,
        need=need,
        claimants=need.claimants,
        claimed=claimed,
        expected=expected,
        held=claimed - before,
        varying=_by_work(float(plain.need.sum() - middle.need.sum()) / weeks, expected),
        held_in_week=_held_in_week(inputs, plain, need),
        of_key=of_key,
        promise_of_key=_promises(inputs, work.keys),
    )


def _is_of(key: ForecastKey, claimant: Claimant) -> bool:
    return key.tier == claimant.tier and key.account_number == claimant.account_number


def _by_work(hours: float, expected: FloatArray) -> FloatArray:
    """Share the hours that unknown demand asks for by the work that is expected of each."""
    whole = float(expected.sum())
    return expected * (hours / whole) if whole > 0 else np.zeros_like(expected)


def _held_in_week(inputs: PlanInputs, plain: PoolNeed, need: PoolNeed) -> NDArray[np.bool_]:
    week = (need.starts.astype("datetime64[D]") - np.datetime64(inputs.first_on)).astype(np.int64) // 7
    before = np.zeros_like(need.claims)
    before[: len(plain.claimants)] = plain.claims
    more = [np.bincount(week, weights=line, minlength=inputs.weeks) for line in need.claims - before]
    return np.array(more) > LEAST_HOURS


def _promises(inputs: PlanInputs, keys: Sequence[ForecastKey]) -> dict[ForecastKey, Term | None]:
    picks = [spell.terms for spell in spells_of(inputs, keys)]
    return {key: reduce(stricter, terms) for key, *terms in zip(keys, *picks, strict=True)}


def alone_hours(inputs: PlanInputs, numbers: ForecastNumbers, cushion: Cushion) -> float | None:
    """Return the hours of a mean week if each that shares a pool had people of its own; None: more than MOST_ALONE do.

    The same need functions on each one's series. Its guaranteed hours count as they do in the pool: what its own need
    leaves open of them is held on top.
    """
    need, route = cushion.need, route_of(cushion.pool, numbers)
    if route is None or len(need.claimants) > MOST_ALONE:
        return None
    if len(need.claimants) == 1:
        return float(need.need.sum()) / inputs.weeks
    served = np.isin(route.panel.total_of_series, route.totals)
    week = (need.starts.astype("datetime64[D]") - np.datetime64(inputs.first_on)).astype(np.int64) // 7
    total = 0.0
    for i, claimant in enumerate(need.claimants):
        mine = served & np.array([_is_of(key, claimant) for key in route.panel.keys])
        own: FloatArray = np.zeros(inputs.weeks)
        if mine.any():
            panel = only(route.panel, mine)
            told, way = replace(numbers, panels=(panel,)), replace(route, panel=panel)
            hours = need_of(inputs, need.pool, told, way, None, True).need
            own = np.bincount(week, weights=hours, minlength=inputs.weeks).astype(np.float64)
        least = np.bincount(week, weights=need.claims[i], minlength=inputs.weeks)
        total += float(np.where(cushion.held_in_week[i], np.maximum(own, least), own).sum())
    return total / inputs.weeks


def parts_of(cushion: Cushion, currency: str) -> list[BufferPart]:
    """Return who keeps what ready in a pool, by claimant: for its promise, and what its contracts hold for it."""
    found = []
    for i, claimant in enumerate(cushion.claimants):
        for kind, hours in (
            (_kind(cushion, claimant), float(cushion.buffers[i] - cushion.held[i])),
            (BufferKind.GUARANTEED, float(cushion.held[i])),
        ):
            if abs(hours) > LEAST_HOURS:
                found.append(_part(cushion, i, kind, hours, currency))
    return found


def _part(cushion: Cushion, row: int, kind: BufferKind, hours: float, currency: str) -> BufferPart:
    claimant, need = cushion.claimants[row], cushion.need
    held = kind is BufferKind.GUARANTEED
    return BufferPart(
        account_number=claimant.account_number,
        tier=claimant.tier,
        kind=kind,
        place=need.pool.pool,
        place_name=need.pool.name,
        unit="hours",
        expected_units=0.0 if held else float(cushion.expected[row]),
        buffer_units=hours,
        varying_units=0.0 if held else float(cushion.varying[row]),
        promise=need.terms[row][0],
        bends_by_share=None,
        cost_per_week=money(hours * cushion.cost_per_hour),
        currency=currency,
    )


def _kind(cushion: Cushion, claimant: Claimant) -> BufferKind:
    promises = [term for key, term in cushion.promise_of_key.items() if _is_of(key, claimant)]
    if any(term is not None and term.measure is Measure.VISIT_WITHIN for term in promises):
        return BufferKind.VISITS
    return BufferKind.ANSWERS if cushion.pool.staffing == Staffing.INTERVAL else BufferKind.DUE_DATES


def share_of_part(part: BufferPart, cushion: Cushion, shares: dict[ForecastKey, float], account: str) -> BufferPart:
    """Return an account's part of its tier's buffer in a pool: by its share of the tier's expected hours there.

    `shares`: its share of the work of each series that its tier has.
    """
    tier = [key for key in cushion.of_key if key.tier == part.tier and not key.account_number]
    whole = sum(cushion.of_key[key] for key in tier)
    mine = sum(cushion.of_key[key] * shares.get(key, 0.0) for key in tier)
    share = mine / whole if whole > 0 else 0.0
    hours = part.buffer_units * share
    return replace(
        part,
        account_number=account,
        expected_units=part.expected_units * share,
        buffer_units=hours,
        varying_units=None if part.varying_units is None else part.varying_units * share,
        cost_per_week=money(hours * cushion.cost_per_hour),
    )
