"""Promise or price for one request: the week that was asked for, and the next in which nobody gets less for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from closeknit.rooms.capacity.compute.inputs import PlanInputs
from closeknit.rooms.capacity.compute.plan import PlanResult
from closeknit.rooms.capacity.compute.what_if.checked import check_changes, mondays
from closeknit.rooms.capacity.compute.what_if.demand import region_of
from closeknit.rooms.capacity.compute.what_if.inputs import touched_pools
from closeknit.rooms.capacity.compute.what_if.quote import QuoteNumbers, quote, verdict_of
from closeknit.rooms.capacity.compute.what_if.result import WhatIf, plan_with
from closeknit.rooms.capacity.contracts.quotes import QuoteVerdict
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, UnitRequest
from closeknit.rooms.demand.contracts import ForecastNumbers

GOOD = (QuoteVerdict.KEPT, QuoteVerdict.OVERTIME)


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

    `before`: the plan of those pools as it is. A later week is looked for only where the asked one is not good.
    """
    touched = frozenset(pools)
    asked = _in_week(inputs, numbers, request, tiers, before, touched)
    if asked.verdict in GOOD:
        return asked, None
    for week_on in mondays(inputs):
        if week_on > request.week_on:
            later = _in_week(inputs, numbers, replace(request, week_on=week_on), tiers, before, touched)
            if later.verdict in GOOD:
                return asked, later
    return asked, None


def _in_week(
    inputs: PlanInputs,
    numbers: ForecastNumbers,
    request: UnitRequest,
    tiers: Mapping[str, str],
    before: PlanResult,
    pools: frozenset[str],
) -> RequestNumbers:
    after = plan_with(inputs, numbers, PlanChanges(requests=(request,)), pools=pools, tiers=tiers)
    found = quote(WhatIf(before, after, "", ""), request.account_number)
    was = quote(WhatIf(before, before, "", ""), request.account_number)
    short_more = found.own_short_hours - was.own_short_hours
    verdict = verdict_of(short_more, bool(found.sufferers), found.overtime_hours_more)
    hours = sum(row.pool_hours_more or 0.0 for row in found.pools)
    return RequestNumbers(request.week_on, verdict, hours, found)
