"""The whole computation: need, allocation, prices, digest."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from closeknit.rooms.capacity.compute.allocation import PoolPlan, share_hours
from closeknit.rooms.capacity.compute.holding import NotHeld, hold_ready, not_held
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import PoolNeed, need_of
from closeknit.rooms.capacity.compute.routing import route_of, unserved
from closeknit.rooms.demand.contracts import ForecastNumbers


@dataclass(frozen=True, slots=True)
class PlanResult:
    """The whole plan: pools, the allocation's certified gap, what nobody serves, digest, and guarantees not held."""

    pools: tuple[PoolPlan, ...]
    week_on: tuple[date, ...]
    gap: float
    unserved: tuple[str, ...]
    digest: str
    conflicts: tuple[NotHeld, ...] = ()


def make_plan(inputs: PlanInputs, numbers: ForecastNumbers) -> PlanResult:
    """Compute need, allocation and prices. The same inputs and forecast give the same result, bit for bit."""
    routes = [route_of(pool, numbers) for pool in inputs.pools]
    needs = [need_of(inputs, pool, numbers, route) for pool, route in zip(inputs.pools, routes, strict=True) if route]
    needs = hold_ready(needs, inputs, numbers)
    conflicts = not_held(needs, inputs, numbers)
    return plan_of_needs(needs, inputs, unserved=unserved(numbers, routes), conflicts=conflicts)


def plan_of_needs(
    needs: Sequence[PoolNeed],
    inputs: PlanInputs,
    *,
    unserved: tuple[str, ...] = (),
    measured: bool = True,
    conflicts: tuple[NotHeld, ...] = (),
) -> PlanResult:
    """Share the hours of pools whose need is known. Without `measured`, one unit more or less is not solved for."""
    plans, gap = share_hours(needs, inputs, measured=measured)
    weeks = tuple(inputs.first_on + timedelta(days=7 * w) for w in range(inputs.weeks))
    return PlanResult(tuple(plans), weeks, gap, unserved, digest_of_pools(plans), conflicts)


def pack_cells(result: PlanResult) -> bytes:
    """Write a plan's numbers per pool and period as one compressed archive."""
    arrays: dict[str, Any] = {}
    for number, plan in enumerate(result.pools):
        arrays |= {
            f"{number}.pool": np.array(plan.need.pool.pool, dtype=np.str_),
            f"{number}.starts": plan.need.starts.astype("datetime64[m]").astype(np.int64),
            f"{number}.local_starts": plan.need.local_starts.astype("datetime64[m]").astype(np.int64),
            f"{number}.hours_per_period": np.array(plan.need.hours_per_period),
            f"{number}.need": plan.need.need,
            f"{number}.capacity": plan.need.capacity,
            f"{number}.served": plan.served.sum(axis=0),
            f"{number}.short": plan.short.sum(axis=0),
            f"{number}.overtime": plan.overtime,
            f"{number}.price": plan.price_per_hour,
        }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def digest_of_pools(plans: Sequence[PoolPlan]) -> str:
    """Return the digest of what pools need and get, by which a plan's result is known."""
    sha = hashlib.sha256()
    for plan in plans:
        sha.update(plan.need.pool.pool.encode())
        sha.update(repr(plan.need.claimants).encode())
        for array in (
            plan.need.need,
            plan.need.capacity,
            plan.need.claims,
            plan.served,
            plan.overtime,
            plan.price_per_hour,
            plan.week_cost_one_more,
            plan.week_cost_one_less,
        ):
            sha.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    return sha.hexdigest()
