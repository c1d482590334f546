"""Two plans beside each other: as it is, and with changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from closeknit.kernel.canonical import digest
from closeknit.rooms.capacity.compute.holding import hold_ready
from closeknit.rooms.capacity.compute.inputs import PlanInputs, digest_of, snapshot_of
from closeknit.rooms.capacity.compute.need import PoolNeed, need_of
from closeknit.rooms.capacity.compute.plan import PlanResult, plan_of_needs
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.compute.what_if.checked import check_changes, weeks_of
from closeknit.rooms.capacity.compute.what_if.demand import region_of, with_factor, with_own_series, with_request
from closeknit.rooms.capacity.compute.what_if.failover import take_over
from closeknit.rooms.capacity.compute.what_if.inputs import change_inputs, touched_pools
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, PoolChange, SeriesShare, UnitRequest
from closeknit.rooms.demand.contracts import ForecastNumbers

WHAT_IF_VERSION = "what-if/1"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A plan's touched pools as they are and with changes, and the digests of what went in and came out."""

    before: PlanResult
    after: PlanResult
    inputs_digest: str
    digest: str


def what_if(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    shares: Sequence[SeriesShare] = (),
    tiers: Mapping[str, str] | None = None,
) -> WhatIf:
    """Plan the pools that the changes touch, without and with them. Pure: equal inputs give equal digests.

    `shares`: of accounts that the plan counts with their tier, to be planned alone on both sides. `tiers`: of accounts
    with a request.

    Raises:
        Invalid: for changes that no plan can be made of.
    """
    check_changes(inputs, changes)
    told = with_own_series(numbers, shares)
    pools = touched_pools(inputs, told, _placed(told, changes))
    before = plan_with(inputs, told, PlanChanges(), pools=pools)
    after = plan_with(inputs, told, changes, pools=pools, tiers=tiers)
    came_in = asked_digest(inputs, changes, shares, tiers)
    return WhatIf(before, after, came_in, digest([came_in, before.digest, after.digest]))


def asked_digest(
    inputs: PlanInputs, changes: PlanChanges, shares: Sequence[SeriesShare], tiers: Mapping[str, str] | None
) -> str:
    """Return the digest of a question. What could not be said before is left out where nobody said it: it stays so."""
    told = {f.name: list(getattr(changes, f.name)) for f in fields(changes)}
    if not changes.guarantees:
        del told["guarantees"]
    told["terms"] = [
        {f.name: getattr(t, f.name) for f in fields(t) if f.name != "starts_on" or t.starts_on is not None}
        for t in changes.terms
    ]
    plan = digest_of(snapshot_of(inputs))
    return digest([WHAT_IF_VERSION, inputs.forecast_digest, plan, told, list(shares), tiers or {}])


def plan_with_changes(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    shares: Sequence[SeriesShare] = (),
    tiers: Mapping[str, str] | None = None,
    measured: bool = True,
) -> PlanResult:
    """Plan every pool with changes, prices and (with `measured`) the worth of one unit more and less included."""
    check_changes(inputs, changes)
    told = with_own_series(numbers, shares)
    every = frozenset(pool.pool for pool in inputs.pools)
    return plan_with(inputs, told, changes, pools=every, tiers=tiers, measured=measured)


def plan_with(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    pools: Collection[str],
    tiers: Mapping[str, str] | None = None,
    measured: bool = False,
) -> PlanResult:
    """Plan some pools with changes that were checked; without `measured`, one unit more or less is not solved for."""
    changed, needs = needs_with(inputs, numbers, changes, pools=pools, tiers=tiers)
    return plan_of_needs(needs, changed, measured=measured)


def needs_with(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    pools: Collection[str],
    tiers: Mapping[str, str] | None = None,
    only_need: bool = False,
    usual: ForecastNumbers | None = None,
) -> tuple[PlanInputs, list[PoolNeed]]:
    """Return a plan's inputs with changes that were checked, and what some pools need and have then.

    `only_need`: not who asks for it (see `need_of`); guarantees need to know and cannot be left out so. `usual`: what
    `without_requests` gives, where it is known already.
    """
    changed = change_inputs(inputs, changes)
    usual = usual or without_requests(numbers, changes.requests, tiers)
    for demand in changes.demand:
        numbers = with_factor(inputs, numbers, demand)
    for request in changes.requests:
        numbers = with_request(numbers, request, _tier_of(request, tiers))
    needs = []
    for pool in changed.pools:
        route, before = (route_of(pool, known) if pool.pool in pools else None for known in (numbers, usual))
        if route is not None and before is not None:
            told = (usual, before) if changes.requests or changes.demand else None
            needs.append(need_of(changed, pool, numbers, route, told, only_need))
    needs = hold_ready(needs, changed, numbers)
    needs = take_over(inputs, needs, changes.pools)
    return changed, [_with_hours(inputs, need, changes.pools) for need in needs]


def without_requests(
    numbers: ForecastNumbers, requests: Sequence[UnitRequest], tiers: Mapping[str, str] | None = None
) -> ForecastNumbers:
    """Return a forecast with the same series as with some requests, but nothing of theirs in any week."""
    for request in requests:
        numbers = with_request(numbers, replace(request, units=0.0), _tier_of(request, tiers))
    return numbers


def _tier_of(request: UnitRequest, tiers: Mapping[str, str] | None) -> str:
    return (tiers or {}).get(request.account_number, "volume")


def changed_numbers(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    changes: PlanChanges,
    *,
    shares: Sequence[SeriesShare] = (),
    tiers: Mapping[str, str] | None = None,
) -> ForecastNumbers:
    """Return the forecast that a plan with changes is made on."""
    numbers = with_own_series(numbers, shares)
    for demand in changes.demand:
        numbers = with_factor(inputs, numbers, demand)
    for request in changes.requests:
        numbers = with_request(numbers, request, _tier_of(request, tiers))
    return numbers


def _with_hours(inputs: PlanInputs, need: PoolNeed, changes: Sequence[PoolChange]) -> PoolNeed:
    """Return a pool with other hours. Its roster stays what it is: how work is spread over days does not change."""
    for change in changes:
        if change.pool != need.pool.pool:
            continue
        first, end = weeks_of(inputs, change)
        days = need.starts.astype("datetime64[D]")
        inside = (days >= np.datetime64(first)) & (days < np.datetime64(end))
        hours = need.capacity * change.hours_factor + change.extra_units * need.unit_hours
        need = replace(
            need,
            capacity=np.where(inside, np.maximum(hours, 0.0), need.capacity),
            unit_hours=np.where(inside & (change.hours_factor == 0.0), 0.0, need.unit_hours),
        )
    return need


def _placed(numbers: ForecastNumbers, changes: PlanChanges) -> PlanChanges:
    """Give each request the region that it can only mean."""
    return replace(changes, requests=tuple(replace(r, region=region_of(numbers, r)) for r in changes.requests))
