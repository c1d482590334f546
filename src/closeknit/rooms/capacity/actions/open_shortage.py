"""Write down who is short in a plan, by which rule and at what price, and find what would end it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.compute.shortage import SHORTAGE_VERSION, RemedyNumbers, find_remedy
from closeknit.rooms.capacity.contracts.shortage import ShortageOpened, ShortageState, ShortClaim
from closeknit.rooms.capacity.models import Plan, ShortageRow, StaffMove
from closeknit.rooms.capacity.reads.shortage import RULE, list_short_claims, list_short_prices
from closeknit.rooms.capacity.reads.what_if import PlanToChange, get_plan_to_change
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import system_actor

HIGHEST_COST_PER_HOUR = Decimal(10_000)


def open_shortage(
    plan_id: UUID | None = None,
    *,
    operation: str = "",
    outside_cost_per_hour: Decimal | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Open the shortage of a plan (an operation's plan in force, or its newest draft); return its id.

    Who gives way, the rule and the prices go to the ledger, with the fewest staff to lend that would end it and the
    first week in which everyone is kept again. Nothing is changed by it. Asked again it is the same shortage; asked
    with another cost of people from outside, a new one takes the place of one that nobody proposed yet.

    Raises:
        Denied: for who may not run plans over every account.
        NotFound: for a plan that is not there.
        Invalid: where nobody is short, or for a cost that cannot be right.
    """
    by.require(Permission.RUN_PLAN)
    if not by.scope_of(Permission.RUN_PLAN).every_account:
        raise Denied("A shortage concerns every account of its operation.", todo="Ask who plans all of them.")
    _check_cost(outside_cost_per_hour)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    told = find_remedy(
        plan.inputs, plan.numbers, not_before=_first_free_week(plan, at), outside_cost_per_hour=outside_cost_per_hour
    )
    if told is None:
        raise Invalid("Nobody is short in this plan.", where=str(plan.plan_id), todo="There is nothing to mend.")
    with transaction.atomic():
        # One lock per plan orders two who open its shortage together.
        thread_id = Plan.objects.select_for_update().values_list("thread_id", flat=True).get(pk=plan.plan_id)
        standing = ShortageRow.objects.filter(plan_id=plan.plan_id).exclude(state=ShortageState.TURNED_DOWN.value)
        earlier = standing.first()
        if earlier is not None and (earlier.state != ShortageState.OPEN or earlier.inputs_digest == told.inputs_digest):
            return earlier.pk
        standing.update(state=ShortageState.TURNED_DOWN.value)
        row = _store(plan, thread_id, told, by, at)
        claims = list_short_claims(row, by=system_actor())
        record_entry(_entry(row, plan, told, claims), by=by)
        for account_number in sorted({claim.account_number for claim in claims} - {""}):
            mine = [claim for claim in claims if claim.account_number == account_number]
            record_entry(_account_entry(row, account_number, mine), by=by)
        publish(ShortageOpened(row.thread_id, row.pk, row.operation), by=by)
    return row.pk


def _check_cost(cost: Decimal | None) -> None:
    if cost is not None and not (cost.is_finite() and Decimal(0) <= cost <= HIGHEST_COST_PER_HOUR):
        raise Invalid(
            "This is no cost per hour.",
            where="outside_cost_per_hour",
            todo=f"Give 0 to {HIGHEST_COST_PER_HOUR:,} a paid hour, or none.",
        )


def _first_free_week(plan: PlanToChange, at: datetime) -> date:
    """Return the first Monday that has not begun; the plan's own first where all of it lies behind."""
    first, today = plan.inputs.first_on, at.date()
    monday = today + timedelta(days=-today.weekday() % 7)
    return max(first, monday) if monday < first + timedelta(days=7 * plan.inputs.weeks) else first


def _store(plan: PlanToChange, thread_id: UUID, told: RemedyNumbers, by: Actor, at: datetime) -> ShortageRow:
    row = ShortageRow.objects.create(
        id=ids.new_id(),
        thread_id=thread_id,
        plan_id=plan.plan_id,
        operation=plan.operation,
        opened_at=at,
        opened_by_key=by.key,
        opened_by_name=by.name_for(Permission.RUN_PLAN)[:120],
        first_short_on=told.first_short_on,
        claimants_short=told.claimants_short,
        short_hours=told.short_hours,
        short_hours_after=told.short_hours_after,
        recovery_on=told.recovery_on,
        recovery_without_on=told.recovery_without_on,
        cost_before=told.cost_before,
        cost_after=told.cost_after,
        lender_claimants_short=told.lender_claimants_short,
        outside=[list(each) for each in told.outside],
        inputs_digest=told.inputs_digest,
        result_digest=told.digest,
        code_version=SHORTAGE_VERSION,
    )
    StaffMove.objects.bulk_create(
        StaffMove(
            shortage=row,
            from_pool=each.move.from_pool,
            to_pool=each.move.to_pool,
            units=each.move.units,
            from_on=each.move.from_on,
            until_on=each.move.until_on,
            hours=each.hours,
            cost=each.cost,
        )
        for each in told.moves
    )
    return row


def _entry(row: ShortageRow, plan: PlanToChange, told: RemedyNumbers, claims: list[ShortClaim]) -> Entry:
    system = system_actor()
    proposal = decisions.find_proposal_about(f"plan:{row.plan_id}", by=system)
    kept = f"everyone is kept again from {told.recovery_on} on" if told.recovery_on else "not all of it can be mended"
    return Entry(
        thread_id=row.thread_id,
        kind="shortage.opened",
        subject=f"shortage:{row.pk}",
        sentence=(
            f"{{actor}} opened the shortage of {row.operation}: {told.claimants_short} fall {told.short_hours:,.1f} "
            f"hours short from {told.first_short_on}; with what is proposed {kept}."
        ),
        evidence={
            "shortage_id": row.pk,
            "plan_id": row.plan_id,
            "rule": RULE,
            "tier_floors_in_overtime_hours": plain(dict(plan.inputs.tier_floor_multiples)),
            "plan_policy_version": proposal.policy_version if proposal else "",
            "prices": [_price(week) for week in list_short_prices(row, by=system)],
            "tiers": _by_tier(claims),
            "short_hours_after": told.short_hours_after,
            "cost_before": told.cost_before,
            "cost_after": told.cost_after,
            "moves": plain([each.move for each in told.moves]),
            "outside": plain(list(told.outside)),
            "recovery_on": told.recovery_on,
            "recovery_without_on": told.recovery_without_on,
            "inputs_digest": told.inputs_digest,
            "result_digest": told.digest,
            "code_version": SHORTAGE_VERSION,
        },
    )


def _price(week: Any) -> dict[str, Any]:
    return {
        "pool": week.pool,
        "week_on": week.week_on,
        "price_per_hour": week.price_per_hour,
        "one_more_unit_worth": week.one_more_unit_worth,
        "one_less_unit_cost": week.one_less_unit_cost,
    }


def _by_tier(claims: list[ShortClaim]) -> dict[str, float]:
    hours: dict[str, float] = {}
    for claim in claims:
        hours[claim.tier] = round(hours.get(claim.tier, 0.0) + claim.short_hours, 6)
    return hours


def _account_entry(row: ShortageRow, account_number: str, claims: list[ShortClaim]) -> Entry:
    hours, after = (sum(getattr(claim, name) for claim in claims) for name in ("short_hours", "short_hours_after"))
    return Entry(
        thread_id=row.thread_id,
        kind="account.deprioritised",
        subject=f"shortage:{row.pk}",
        # For people of the account's own team too, who may not see prices: it names none.
        sentence=(
            f"Account {account_number} ({claims[0].tier}) gives way: {hours:,.1f} hours short, {after:,.1f} with what "
            f"is proposed."
        ),
        account_number=account_number,
        evidence={
            "rule": RULE,
            "tier": claims[0].tier,
            "weeks": [
                {
                    "pool": claim.pool,
                    "week_on": claim.week_on,
                    "need_hours": claim.need_hours,
                    "short_hours": claim.short_hours,
                    "short_units": claim.short_units,
                    "short_hours_after": claim.short_hours_after,
                }
                for claim in claims
            ],
        },
    )
