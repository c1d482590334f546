"""One pool's work taken over by another while it is out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import PoolNeed
from closeknit.rooms.capacity.compute.what_if.checked import weeks_of
from closeknit.rooms.capacity.contracts.what_if import PoolChange


def take_over(inputs: PlanInputs, needs: Sequence[PoolNeed], changes: Sequence[PoolChange]) -> list[PoolNeed]:
    """Move the hours that a pool needs in the weeks of its outage to the pool that stands in.

    Hours are moved as they stand: what one larger queue would save is left out, so this never asks for too little.

    Raises:
        Invalid: where the two do not work by the same periods.
    """
    found = {need.pool.pool: need for need in needs}
    for change in changes:
        if not change.failover_pool or change.pool not in found:
            continue
        failed, helper = found[change.pool], found.get(change.failover_pool)
        if helper is None or not np.array_equal(failed.starts, helper.starts):
            raise Invalid(
                f"{change.failover_pool} cannot stand in for {change.pool}: they do not work by the same periods.",
                where="failover_pool",
                todo="Name a pool that is staffed the same way and has work in this plan.",
            )
        first, end = weeks_of(inputs, change)
        days = failed.starts.astype("datetime64[D]")
        moved = np.where((days >= np.datetime64(first)) & (days < np.datetime64(end)), 1.0, 0.0)
        found[change.pool] = replace(failed, need=failed.need * (1.0 - moved), claims=failed.claims * (1.0 - moved))
        found[change.failover_pool] = _joined(helper, failed, moved)
    return list(found.values())


def _joined(helper: PoolNeed, failed: PoolNeed, moved: NDArray[np.float64]) -> PoolNeed:
    handle = helper.pool.handle_minutes / failed.pool.handle_minutes
    claimants = tuple(sorted({*helper.claimants, *failed.claimants}, key=lambda c: (c.tier, c.account_number)))
    claims = np.zeros((len(claimants), helper.need.size))
    costs, terms = np.zeros_like(claims), [("",) * len(helper.binding)] * len(claimants)
    for need, hours in ((failed, failed.claims * moved * handle), (helper, helper.claims)):
        for row, claimant in enumerate(need.claimants):
            place = claimants.index(claimant)
            claims[place] += hours[row]
            costs[place] = np.maximum(costs[place], need.shortfall_cost_per_hour[row])
            terms[place] = need.terms[row]
    return replace(
        helper,
        need=helper.need + failed.need * moved * handle,
        claimants=claimants,
        claims=claims,
        shortfall_cost_per_hour=costs,
        terms=tuple(terms),
    )
