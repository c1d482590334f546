"""Promise or price one request against the plan as it stands. A question: nothing is recorded."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.compute.what_if import RequestNumbers, answer_request, pools_of_request
from closeknit.rooms.capacity.contracts.quotes import QuoteVerdict, RequestAnswer, RequestWeek
from closeknit.rooms.capacity.contracts.what_if import UnitRequest
from closeknit.rooms.capacity.reads.plans import shown_pools
from closeknit.rooms.capacity.reads.what_if import PlanToChange, as_it_is, find_asked_account, get_plan_to_change
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact


def price_request(
    request: UnitRequest, *, operation: str = "", plan_id: UUID | None = None, by: Actor
) -> RequestAnswer:
    """Say whether a request can be done in its week, what that costs, and the next week in which it can.

    Costs and hours are None where they would tell how full a pool is that the actor may not see.

    Raises:
        NotFound: for an account or a plan that the actor may not see.
        Invalid: for a request that cannot be: units, week, service.
    """
    by.require(Permission.READ_CAPACITY)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    asked = find_asked_account(plan, request.account_number, by=by)
    request = replace(request, account_number=asked.account_number, units=float(request.units))
    pools = pools_of_request(plan.inputs, plan.numbers, request)
    tiers = {asked.account_number: asked.tier}
    now, later = answer_request(
        plan.inputs, plan.numbers, request, tiers=tiers, before=as_it_is(plan, pools), pools=pools
    )
    shown = shown_pools(plan.plan_id, by=by)
    whole = shown is None or pools <= shown
    return _answer(plan, request, now, later, whole, by)


def _answer(
    plan: PlanToChange, request: UnitRequest, now: RequestNumbers, later: RequestNumbers | None, whole: bool, by: Actor
) -> RequestAnswer:
    weeks = [None if found is None else _week(found, whole, request.account_number, by) for found in (now, later)]
    asked = weeks[0]
    assert asked is not None
    return RequestAnswer(
        plan_id=plan.plan_id,
        operation=plan.operation,
        request=request,
        account_number=request.account_number,
        verdict=now.verdict,
        asked=asked,
        next_possible=weeks[1],
        currency=plan.currency,
        sentence=_sentence(request, now, later, asked, plan.currency),
    )


def _week(found: RequestNumbers, whole: bool, account_number: str, by: Actor) -> RequestWeek:
    numbers = found.numbers
    week = RequestWeek(
        week_on=found.week_on,
        verdict=found.verdict,
        hours_more=found.hours_more if whole else None,
        overtime_hours_more=numbers.overtime_hours_more if whole else None,
        others=len(numbers.sufferers),
        price=numbers.price if whole else None,
    )
    return redact([week], by=by, account_of=lambda _: account_number, seen_by=Permission.READ_CAPACITY)[0]


def _sentence(
    request: UnitRequest, now: RequestNumbers, later: RequestNumbers | None, asked: RequestWeek, currency: str
) -> str:
    what = f"{request.units:,.0f} units of {request.service} in the week of {request.week_on}"
    price = f" It costs {currency} {asked.price:,.2f}." if asked.price is not None and asked.price > Decimal(0) else ""
    nexts = f" From the week of {later.week_on} on it can be done without that." if later else ""
    if now.verdict is QuoteVerdict.KEPT:
        return f"Yes: {what} can be done with the hours that are there.{price}"
    if now.verdict is QuoteVerdict.OVERTIME:
        return f"Yes, with overtime: {what}.{price}"
    none = "" if later else " No later week of the plan has room either."
    if now.verdict is QuoteVerdict.OTHERS:
        return f"Only by giving {len(now.numbers.sufferers)} others less: {what}.{price}{nexts}{none}"
    return f"No: {what} cannot be done in time, overtime included.{nexts}{none}"
