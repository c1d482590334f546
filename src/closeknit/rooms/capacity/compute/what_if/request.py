"""Promise or price for one request: the week that was asked for, and the next in which nobody gets less for it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from closeknit.rooms.capacity.compute.allocation import least_short
from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.need import PoolNeed
from closeknit.rooms.capacity.compute.plan import PlanResult, plan_of_needs
from closeknit.rooms.capacity.compute.summary import SHORT_FROM_HOURS
from closeknit.rooms.capacity.compute.what_if.checked import check_changes, mondays
from closeknit.rooms.capacity.compute.what_if.demand import region_of
from closeknit.rooms.capacity.compute.what_if.inputs import touched_pools
from closeknit.rooms.capacity.compute.what_if.quote import QuoteNumbers, quote, verdict_of
from closeknit.rooms.capacity.compute.what_if.result import WhatIf, needs_with, without_requests
from closeknit.rooms.capacity.contracts.quotes import QuoteVerdict
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, UnitRequest
from closeknit.rooms.demand.contracts import ForecastNumbers

GOOD = (QuoteVerdict.KEPT, QuoteVerdict.OVERTIME)
SOLVER_SHARE = 1e-6
"""Hours that a solved plan may be off, as a share of all that are asked for."""


@dataclass(frozen=True, slots=True)
class RequestNumbers:
    """One request in one week. `hours_more` is what the pools need more for it."""

    week_on: date
    verdict: QuoteVerdict
    hours_more: float
    numbers: QuoteNumbers


def pools_of_request(inputs: PlanInputs, numbers: ForecastNumbers, request: UnitRequest) -> frozenset[str]:
    """Return the pools that would do a request; refuses one that cannot be.

    Raises:
        Invalid: for a number, week or account that cannot be.
    """
    changes = PlanChanges(requests=(request,))
    check_changes(inputs, changes)
    placed = replace(request, region=region_of(numbers, request))
    return touched_pools(inputs, numbers, PlanChanges(requests=(placed,)))


def answer_request(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    request: UnitRequest,
    *,
    tiers: Mapping[str, str],
    before: PlanResult,
    pools: Iterable[str],
) -> tuple[RequestNumbers, RequestNumbers | None]:
    """Return the asked week, and the first later week in which it is kept without others getting less (None: none).

    `before`: the plan of those pools as it is. A later week is looked for only where the asked one is not good, and
    planned only where the hours that are there leave it open whether it is.
    """
    standing = _Standing(before, quote(WhatIf(before, before, "", ""), request.account_number))
    plan = _Plan(inputs, numbers, without_requests(numbers, (request,), tiers), tiers, frozenset(pools))
    changed, needs = plan.needs(request)
    asked = _in_week(changed, needs, request, standing)
    if asked.verdict in GOOD:
        return asked, None
    # Who asks for a pool's hours takes longest to work out: guarantees need it, others only where there is room.
    can_tell = not inputs.guarantees
    for week_on in mondays(inputs):
        if week_on > request.week_on:
            moved = replace(request, week_on=week_on)
            if can_tell and _has_no_room(*plan.needs(moved, only_need=True), before):
                continue
            changed, needs = plan.needs(moved)
            if inputs.guarantees and _has_no_room(changed, needs, before):
                continue
            later = _in_week(changed, needs, moved, standing)
            if later.verdict in GOOD:
                return asked, later
            # Hours were there and did not do: what the hours tell will hardly tell more of the weeks after.
            can_tell = False
    return asked, None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a request is asked of: the same in whichever week it comes."""

    inputs: PlanInputs
    numbers: ForecastNumbers
    usual: ForecastNumbers
    tiers: Mapping[str, str]
    pools: frozenset[str]

    def needs(self, request: UnitRequest, *, only_need: bool = False) -> tuple[PlanInputs, list[PoolNeed]]:
        """Return what the pools need with the request in its week."""
        changes = PlanChanges(requests=(request,))
        return needs_with(
            self.inputs,
            self.numbers,
            changes,
            pools=self.pools,
            tiers=self.tiers,
            only_need=only_need,
            usual=self.usual,
        )


@dataclass(frozen=True, slots=True)
class _Standing:
    """The plan as it is, and how the asking account stands in it."""

    plan: PlanResult
    own: QuoteNumbers


def _in_week(
    inputs: PlanInputs, needs: Sequence[PoolNeed], request: UnitRequest, standing: _Standing
) -> RequestNumbers:
    after = plan_of_needs(needs, inputs, measured=False)
    found = quote(WhatIf(standing.plan, after, "", ""), request.account_number)
    short_more = found.own_short_hours - standing.own.own_short_hours
    verdict = verdict_of(short_more, bool(found.sufferers), found.overtime_hours_more)
    hours = sum(row.pool_hours_more or 0.0 for row in found.pools)
    return RequestNumbers(request.week_on, verdict, hours, found)


def _has_no_room(inputs: PlanInputs, needs: Sequence[PoolNeed], before: PlanResult) -> bool:
    """Tell, without planning, whether somebody must get less: more is short in any plan than rounding could hide.

    Where all claimants stay within what counts as rounding, the hours short can have grown by that for each of them,
    and for the asking account, whose rounding is by week, by that for each pool and week.
    """
    short = sum(float(plan.short.sum()) for plan in before.pools)
    claimants = {claimant for need in needs for claimant in need.claimants}
    hidden = SHORT_FROM_HOURS * (len(claimants) + 1 + len(needs) * inputs.weeks)
    asked = sum(float(need.claims.sum()) for need in needs)
    return least_short(needs, inputs) - short > hidden + SOLVER_SHARE * asked
