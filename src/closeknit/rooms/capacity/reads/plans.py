"""Every question about pools and plans."""

import io
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import account_names
from closeknit.kernel.scope import acting_as
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.contracts import (
    PLANNING_WEEKS,
    ClaimWeek,
    IntervalCell,
    PlanCard,
    PlanState,
    PoolCard,
    PoolWeek,
    Staffing,
)
from closeknit.rooms.capacity.models import ClaimWeekRow, Plan, Pool, PoolWeekRow
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level
from closeknit.rooms.org.reads import get_setting, list_visible, redact, system_actor, visible_account_numbers

Card = TypeVar("Card")


def list_pools(*, by: Actor, operation: str = "") -> list[PoolCard]:
    """Return pools by operation and name."""
    by.require(Permission.READ_CAPACITY)
    rows = Pool.objects.order_by("operation", "pool")
    if operation:
        rows = rows.filter(operation=operation)
    return _shown((_pool(row) for row in rows), by)


def get_planning_weeks(operation: str = "", *, at: datetime, by: Actor) -> int:
    """Return how many weeks a plan covers where nobody asks for another number.

    What the setting says, where somebody set it; else as far as the lead times of the operation ask for, and without
    an operation the setting's default.
    """
    by.require(Permission.READ_CAPACITY)
    stated = get_setting(PLANNING_WEEKS, at=at, by=by)
    if operation and stated.level is Level.DEFAULT:
        return max(horizon.weeks for horizon in demand.list_horizons(operation, at=at, by=by))
    return int(stated.value)


def list_operations_planned(*, by: Actor) -> list[str]:
    """Return the operations that have pools, and so can be planned."""
    by.require(Permission.READ_CAPACITY)
    return sorted(set(Pool.objects.values_list("operation", flat=True)))


def list_plans(*, by: Actor, operation: str = "", states: Iterable[PlanState] = (), limit: int = 50) -> list[PlanCard]:
    """Return plans, newest first. Totals are left to `get_plan` for who sees only some accounts."""
    rows = _plans(by)
    if operation:
        rows = rows.filter(operation=operation)
    wanted = [state.value for state in states]
    if wanted:
        rows = rows.filter(state__in=wanted)
    whole = _sees_all(by)
    return _shown((_plan(row, totals=whole) for row in rows.order_by("-made_at")[:limit]), by)


def get_plan(plan_id: UUID, *, by: Actor) -> PlanCard:
    """Return one plan, or raise NotFound."""
    row = _row(plan_id, by)
    return _shown([_plan(row, totals=_sees_all(by) or _disclosure(plan_id, by).whole)], by)[0]


def find_plan_of_thread(thread_id: UUID, *, by: Actor) -> PlanCard | None:
    """Return the plan that a thread made, or found to stand unchanged; None while there is none."""
    row = _plans(by).filter(thread_id=thread_id).order_by("-made_at").first()
    if row is not None:
        return get_plan(row.pk, by=by)
    lines = decisions.list_entries(by=by, thread_id=thread_id, limit=1000)
    stands = next((line for line in reversed(lines) if line.kind == "plan.unchanged"), None)
    return get_plan(UUID(stands.subject.partition(":")[2]), by=by) if stands else None


def list_pool_weeks(plan_id: UUID, *, by: Actor) -> list[PoolWeek]:
    """Return a plan's pools by week. Prices are None for who may not read prices.

    Pools whose numbers would tell a reader of some accounts too much of one of the others are left out: see
    `list_withheld_pools`.
    """
    plan = _row(plan_id, by)
    rows = PoolWeekRow.objects.filter(plan_id=plan_id).order_by("pool", "week_on")
    if not _sees_all(by):
        rows = rows.filter(pool__in=_disclosure(plan_id, by).pools)
    return _shown((_pool_week(row, plan.currency, by) for row in rows), by)


def list_withheld_pools(plan_id: UUID, *, by: Actor) -> list[str]:
    """Return the names of a plan's pools whose numbers the actor may not see, for what they would tell of others."""
    _row(plan_id, by)
    if _sees_all(by):
        return []
    hidden = PoolWeekRow.objects.filter(plan_id=plan_id).exclude(pool__in=_disclosure(plan_id, by).pools)
    return sorted({name or pool for pool, name in hidden.values_list("pool", "pool_name")})


def shown_pools(plan_id: UUID, *, by: Actor) -> frozenset[str] | None:
    """Return the pools of a plan whose numbers the actor may see; None where that is every one."""
    _row(plan_id, by)
    return None if _sees_all(by) else _disclosure(plan_id, by).pools


def list_claims(
    plan_id: UUID, *, by: Actor, only_short: bool = False, account_number: str = "", limit: int = 500
) -> list[ClaimWeek]:
    """Return who needs and gets what in a plan, the worst shortfall first. Only accounts in the actor's scope."""
    plan = _row(plan_id, by)
    rows = _claims(by).filter(plan_id=plan_id)
    if only_short:
        rows = rows.filter(short_hours__gt=0)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    rows = rows.order_by("-shortfall_cost", "-need_hours", "week_on", "id")
    return _shown_claims((_claim(row, plan.currency) for row in rows[:limit]), by)


def account_claims(account_number: str, *, by: Actor) -> list[ClaimWeek]:
    """Return an account's own claims in the plans in force, by week. Empty where its tier is planned together."""
    by.require(Permission.READ_CAPACITY)
    rows = (
        _claims(by)
        .filter(account_number__in=account_names(account_number), plan__state=Plan.State.COMMITTED)
        .select_related("plan")
        .order_by("week_on", "pool")
    )
    return _shown_claims((_claim(row, row.plan.currency) for row in rows), by)


def tier_claims(operation: str, *, by: Actor) -> list[ClaimWeek]:
    """Return the claims of tiers planned together in the plan in force. Needs sight of every account."""
    by.require(Permission.READ_CAPACITY)
    rows = (
        _claims(by)
        .filter(account_number="", plan__state=Plan.State.COMMITTED, plan__operation=operation)
        .select_related("plan")
        .order_by("week_on", "pool")
    )
    return _shown_claims((_claim(row, row.plan.currency) for row in rows), by)


def list_cells(plan_id: UUID, pool: str, week_on: date, *, by: Actor) -> list[IntervalCell]:
    """Return one pool's periods in one week of a plan: the drill-down below its row.

    Empty for a reader of some accounts where others use the pool too: in half an hour one of them may be all there is.
    """
    row = _plans(by).defer(None).filter(pk=plan_id).first()
    if row is None:
        raise NotFound("There is no such plan.", where=str(plan_id))
    if not _sees_all(by) and pool not in _disclosure(plan_id, by).own:
        return []
    zone = Pool.objects.filter(pool=pool).values_list("time_zone", flat=True).first() or "UTC"
    with np.load(io.BytesIO(bytes(row.cells)), allow_pickle=False) as arrays:
        names = [name.partition(".")[0] for name in arrays.files if name.endswith(".pool")]
        number = next((n for n in names if str(arrays[f"{n}.pool"]) == pool), None)
        if number is None:
            raise NotFound("This plan has no such pool.", where=pool)
        local = arrays[f"{number}.local_starts"].astype("datetime64[m]")
        days = (
            arrays[f"{number}.starts"].astype("datetime64[m]").astype("datetime64[D]") - np.datetime64(week_on)
        ).astype(int)
        shown = np.flatnonzero((days >= 0) & (days < 7))
        columns = {
            name: arrays[f"{number}.{name}"] for name in ("need", "capacity", "served", "short", "overtime", "price")
        }
        per_unit = float(arrays[f"{number}.hours_per_period"])
    found = [
        IntervalCell(
            starts_at=local[i].item().replace(tzinfo=ZoneInfo(zone)),
            local_start=local[i].item().strftime("%a %H:%M" if local.size > 7 * 60 else "%a %d %b"),
            need_hours=float(columns["need"][i]),
            need_units=float(columns["need"][i]) / per_unit,
            capacity_hours=float(columns["capacity"][i]),
            served_hours=float(columns["served"][i]),
            short_hours=float(columns["short"][i]),
            overtime_hours=float(columns["overtime"][i]),
            price_per_hour=Decimal(repr(round(float(columns["price"][i]), 4))),
        )
        for i in shown
        if columns["need"][i] > 0 or columns["capacity"][i] > 0
    ]
    return _shown(found, by)


def _row(plan_id: UUID, by: Actor) -> Plan:
    """Return a plan's row for what needs no totals of it: those are weighed over every account."""
    row = _plans(by).filter(pk=plan_id).first()
    if row is None:
        raise NotFound("There is no such plan.", where=str(plan_id))
    return row


def _plans(by: Actor) -> QuerySet[Plan]:
    by.require(Permission.READ_CAPACITY)
    return Plan.objects.defer("snapshot", "cells")


def _claims(by: Actor) -> QuerySet[ClaimWeekRow]:
    if _sees_all(by):
        return ClaimWeekRow.objects.all()
    return ClaimWeekRow.objects.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))


def _sees_all(by: Actor) -> bool:
    return by.scope_of(Permission.READ_CAPACITY).every_account


def _disclosure(plan_id: UUID, by: Actor) -> compute.Disclosure:
    """Weigh what each account outside the actor's scope has in a plan's totals. Reads the claims of all of them."""
    members = compute.unpack_members(bytes(Plan.objects.values_list("members", flat=True).get(pk=plan_id)))
    claims = ClaimWeekRow.objects.filter(plan_id=plan_id)
    seen = frozenset(_claims(by).filter(plan_id=plan_id).values_list("account_number", flat=True))
    together = {account for tiers in members.values() for units in tiers.values() for account in units}
    seen |= list_visible(together, permission=Permission.READ_CAPACITY, by=by)
    with acting_as(system_actor()):
        rows = list(claims.values_list("pool", "week_on", "tier", "account_number", "need_hours"))
    hours: dict[tuple[str, date], list[dict[str, float]]] = {}
    for pool, week_on, tier, account, need in rows:
        units = members.get(pool, {}).get(tier, {})
        part = {account: need} if account else compute.spread(need, units)
        hours.setdefault((pool, week_on), []).append({a: h for a, h in part.items() if a not in seen})
    pools = PoolWeekRow.objects.filter(plan_id=plan_id).values_list("pool", flat=True)
    return compute.disclose({place: compute.join(parts) for place, parts in hours.items()}, set(pools))


def _shown(cards: Iterable[Card], by: Actor) -> list[Card]:
    """Return cards about all accounts together, without what the actor may not read of all of them."""
    return redact(cards, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)


def _shown_claims(claims: Iterable[ClaimWeek], by: Actor) -> list[ClaimWeek]:
    return redact(claims, by=by, seen_by=Permission.READ_CAPACITY)


def _sees_prices(by: Actor) -> bool:
    return by.scope_of(Permission.READ_PRICES).every_account


def _pool(row: Pool) -> PoolCard:
    return PoolCard(
        pool=row.pool,
        name=row.name,
        operation=row.operation,
        services=tuple(row.services),
        regions=tuple(row.regions),
        site=row.site,
        unit=row.unit,
        staffing=Staffing(row.staffing),
        handle_minutes=row.handle_minutes,
        shrinkage=compute.shrinkage_of(row.shrinkage_parts),
        cost_per_hour=row.cost_per_hour,
        overtime_cost_per_hour=row.overtime_cost_per_hour,
        overtime_share_max=row.overtime_share_max,
        currency=row.currency,
        time_zone=row.time_zone,
        is_assumed=row.is_assumed,
    )


def _plan(row: Plan, *, totals: bool) -> PlanCard:
    return PlanCard(
        plan_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        state=PlanState(row.state),
        first_on=row.first_on,
        weeks=row.weeks,
        made_at=row.made_at,
        made_by=row.made_by_name,
        forecast_run_id=row.forecast_run_id,
        planning_quantile=row.planning_quantile,
        need_hours=row.need_hours if totals else None,
        served_hours=row.served_hours if totals else None,
        short_hours=row.short_hours if totals else None,
        overtime_hours=row.overtime_hours if totals else None,
        coverage_share=_coverage(row) if totals else None,
        overtime_cost=row.overtime_cost,
        shortfall_cost=row.shortfall_cost,
        regular_cost=row.regular_cost,
        currency=row.currency,
        accounts_short=row.accounts_short if totals else None,
        top_tier_accounts_short=row.top_tier_accounts_short if totals else None,
        snapshot_digest=row.snapshot_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
        optimality_gap=row.optimality_gap,
        assumptions=tuple(row.assumptions),
    )


def _coverage(row: Plan | PoolWeekRow) -> float:
    return row.served_hours / row.need_hours if row.need_hours else 1.0


def _pool_week(row: PoolWeekRow, currency: str, by: Actor) -> PoolWeek:
    whole = _sees_all(by)
    return PoolWeek(
        pool=row.pool,
        pool_name=row.pool_name,
        unit=row.unit,
        week_on=row.week_on,
        need_hours=row.need_hours,
        capacity_hours=row.capacity_hours,
        served_hours=row.served_hours,
        short_hours=row.short_hours,
        overtime_hours=row.overtime_hours,
        peak_need_units=row.peak_need_units,
        coverage_share=_coverage(row),
        price_per_hour=row.price_per_hour,
        one_more_unit_worth=row.one_more_unit_worth,
        one_less_unit_cost=row.one_less_unit_cost,
        currency=currency,
        # Which promise sets the need may be somebody else's.
        binding_term=row.binding_term if whole else "",
        sentence=_said(row.sentence, prices_seen=_sees_prices(by), whole=whole),
    )


def _said(sentence: str, *, prices_seen: bool, whole: bool) -> str:
    because = sentence.partition(" The need is set by")
    said = because[0] if prices_seen else because[0].partition(" One more ")[0]
    return said + because[1] + because[2] if whole else said


def _claim(row: ClaimWeekRow, currency: str) -> ClaimWeek:
    return ClaimWeek(
        plan_id=row.plan_id,
        pool=row.pool,
        week_on=row.week_on,
        tier=row.tier,
        account_number=row.account_number,
        need_hours=row.need_hours,
        served_hours=row.served_hours,
        short_hours=row.short_hours,
        shortfall_cost=row.shortfall_cost,
        currency=currency,
        term=row.term,
        sentence=row.sentence,
    )
