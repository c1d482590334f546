"""A plan's numbers kept whole: what was found when it was made is read back, not planned again."""

import io
import json
from dataclasses import fields
from datetime import date
from typing import Any

import numpy as np

from closeknit.rooms.capacity.compute.allocation import PoolPlan
from closeknit.rooms.capacity.compute.holding import NotHeld
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import Claimant, PoolNeed
from closeknit.rooms.capacity.compute.plan import PlanResult, digest_of_pools

LAYOUT = 1
"""Raised when `PoolNeed` or `PoolPlan` change: what was kept otherwise is planned again instead."""
TOLD = "told"
NEED_ARRAYS = ("starts", "local_starts", "need", "capacity", "unit_hours", "claims", "shortfall_cost_per_hour")
PLAN_ARRAYS = tuple(each.name for each in fields(PoolPlan) if each.name != "need")


def pack_result(result: PlanResult) -> bytes:
    """Write all that a plan found, bit for bit, as one compressed archive."""
    arrays: dict[str, Any] = {}
    for number, plan in enumerate(result.pools):
        arrays |= {f"{number}.need.{name}": getattr(plan.need, name) for name in NEED_ARRAYS}
        arrays |= {f"{number}.{name}": getattr(plan, name) for name in PLAN_ARRAYS}
    told = {
        "layout": LAYOUT,
        "week_on": [day.isoformat() for day in result.week_on],
        "gap": result.gap.hex(),
        "unserved": result.unserved,
        "digest": result.digest,
        "conflicts": [_told_conflict(each) for each in result.conflicts],
        "pools": [_told_need(plan.need) for plan in result.pools],
    }
    arrays[TOLD] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack_result(data: bytes, inputs: PlanInputs) -> PlanResult | None:
    """Read back what a plan of these inputs found; None where it was kept in another layout, or is not what it was."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        told = json.loads(archive[TOLD].tobytes())
        if told["layout"] != LAYOUT:
            return None
        pools = {pool.pool: pool for pool in inputs.pools}
        plans = tuple(
            PoolPlan(
                need=PoolNeed(
                    pool=pools[each["pool"]],
                    claimants=tuple(Claimant(*names) for names in each["claimants"]),
                    hours_per_period=float.fromhex(each["hours_per_period"]),
                    overtime_cost_per_hour=float.fromhex(each["overtime_cost_per_hour"]),
                    terms=tuple(map(tuple, each["terms"])),
                    binding=tuple(each["binding"]),
                    **{name: archive[f"{number}.need.{name}"] for name in NEED_ARRAYS},
                ),
                **{name: archive[f"{number}.{name}"] for name in PLAN_ARRAYS},
            )
            for number, each in enumerate(told["pools"])
        )
    if digest_of_pools(plans) != told["digest"]:
        return None
    return PlanResult(
        pools=plans,
        week_on=tuple(map(date.fromisoformat, told["week_on"])),
        gap=float.fromhex(told["gap"]),
        unserved=tuple(told["unserved"]),
        digest=told["digest"],
        conflicts=tuple(_conflict(each) for each in told["conflicts"]),
    )


def _told_need(need: PoolNeed) -> dict[str, Any]:
    return {
        "pool": need.pool.pool,
        "claimants": [[each.tier, each.account_number] for each in need.claimants],
        "hours_per_period": float(need.hours_per_period).hex(),
        "overtime_cost_per_hour": float(need.overtime_cost_per_hour).hex(),
        "terms": need.terms,
        "binding": need.binding,
    }


def _told_conflict(each: NotHeld) -> dict[str, Any]:
    told = {field.name: getattr(each, field.name) for field in fields(each)}
    return told | {"week_on": each.week_on.isoformat()}


def _conflict(told: dict[str, Any]) -> NotHeld:
    accounts, contracts = tuple(told["accounts"]), tuple(told["contracts"])
    return NotHeld(
        **told | {"accounts": accounts, "contracts": contracts, "week_on": date.fromisoformat(told["week_on"])}
    )
