"""Shortages: totals, prices and moves for who sees every account; for others their own accounts' part."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute.inputs import PlanInputs, PoolInput
from closeknit.rooms.capacity.compute.moves import MovedStaff
from closeknit.rooms.capacity.compute.shortage import ShortAfter, short_after
from closeknit.rooms.capacity.contracts import PoolWeek
from closeknit.rooms.capacity.contracts.shortage import (
    OutsideNeed,
    ShortageCard,
    ShortageState,
    ShortClaim,
    StaffMoveCard,
    TierFloor,
)
from closeknit.rooms.capacity.models import ClaimWeekRow, ShortageRow, StaffMove
from closeknit.rooms.capacity.reads.plans import list_pool_weeks, list_withheld_pools, shown_pools
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, system_actor, visible_account_numbers

RULE = (
    "By money: hours go where an hour short costs most. It costs the credits it causes, and at least so many hours of "
    "overtime by tier; overtime comes before any shortfall, and lower tiers give way first."
)
MOST_CLAIMS = 500


def list_shortages(*, by: Actor, operation: str = "", limit: int = 50) -> list[ShortageCard]:
    """Return shortages, newest first: all of them, or those in which the actor's own accounts are short.

    Claims and prices are left to `get_shortage`.
    """
    rows = _visible(by)
    if operation:
        rows = rows.filter(operation=operation)
    return [_card(row, by, whole=False) for row in rows.order_by("-opened_at", "-pk")[:limit]]


def get_shortage(shortage_id: UUID, *, by: Actor) -> ShortageCard:
    """Return one shortage, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=shortage_id).first()
    if row is None:
        raise NotFound("There is no such shortage.", where=str(shortage_id))
    return _card(row, by, whole=True)


def list_short_claims(row: ShortageRow, *, by: Actor) -> list[ShortClaim]:
    """Return who is short by it, the dearest first, before and after the remedy. Only accounts in the actor's scope."""
    pools = {pool.pool: pool for pool in _inputs(row).pools}
    after = {(x.pool, x.week_on, x.tier, x.account_number): x.after_hours for x in _after(row.plan_id, _moved(row))}
    claims = _claims(by).filter(plan_id=row.plan_id, short_hours__gt=0)
    found = [
        ShortClaim(
            pool=claim.pool,
            week_on=claim.week_on,
            tier=claim.tier,
            account_number=claim.account_number,
            need_hours=claim.need_hours,
            short_hours=claim.short_hours,
            short_units=_units(claim.short_hours, pools.get(claim.pool)),
            short_hours_after=after.get((claim.pool, claim.week_on, claim.tier, claim.account_number), 0.0),
            shortfall_cost=claim.shortfall_cost,
            sentence=claim.sentence,
        )
        for claim in claims.order_by("-shortfall_cost", "-short_hours", "week_on", "id")
    ]
    return redact(found, by=by, seen_by=Permission.READ_CAPACITY)


def list_short_prices(row: ShortageRow, *, by: Actor) -> list[PoolWeek]:
    """Return the pools' weeks in which somebody is short, with their prices, as far as the actor may see them."""
    return [week for week in list_pool_weeks(row.plan_id, by=by) if week.short_hours > 0]


def moves_of(row: ShortageRow) -> list[StaffMove]:
    """Return the moves of a shortage in the order in which they were found."""
    return list(StaffMove.objects.filter(shortage=row).order_by("pk"))


def _units(hours: float, pool: PoolInput | None) -> float:
    return round(hours * 60.0 / pool.handle_minutes, 2) if pool else 0.0


def _inputs(row: ShortageRow) -> PlanInputs:
    return get_plan_to_change(row.plan_id, by=system_actor()).inputs


def _moved(row: ShortageRow) -> tuple[MovedStaff, ...]:
    return tuple(MovedStaff(m.from_pool, m.to_pool, m.units, m.from_on, m.until_on) for m in moves_of(row))


@lru_cache(maxsize=32)
def _after(plan_id: UUID, moves: tuple[MovedStaff, ...]) -> tuple[ShortAfter, ...]:
    """Plans never change, so who is short with some moves is always the same."""
    plan = get_plan_to_change(plan_id, by=system_actor())
    return short_after(plan.inputs, plan.numbers, moves)


def _sees_all(by: Actor) -> bool:
    return by.scope_of(Permission.READ_CAPACITY).every_account


def _claims(by: Actor) -> "QuerySet[ClaimWeekRow]":
    if _sees_all(by):
        return ClaimWeekRow.objects.all()
    return ClaimWeekRow.objects.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))


def _visible(by: Actor) -> "QuerySet[ShortageRow]":
    by.require(Permission.READ_CAPACITY)
    if _sees_all(by):
        return ShortageRow.objects.all()
    mine = _claims(by).filter(short_hours__gt=0).exclude(account_number="").values("plan_id")
    return ShortageRow.objects.filter(plan_id__in=mine)


def _card(row: ShortageRow, by: Actor, *, whole: bool) -> ShortageCard:
    sees_all = _sees_all(by)
    inputs = _inputs(row)
    shown = shown_pools(row.plan_id, by=by)
    proposed = decisions.get_proposal(row.proposal_id, by=system_actor()) if row.proposal_id else None
    moves = _moves(row, inputs, shown, by)
    card = ShortageCard(
        shortage_id=row.pk,
        thread_id=row.thread_id,
        plan_id=row.plan_id,
        operation=row.operation,
        state=ShortageState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by_name,
        first_short_on=row.first_short_on,
        claimants_short=row.claimants_short if sees_all else None,
        short_hours=row.short_hours if sees_all else None,
        short_hours_after=row.short_hours_after if sees_all else None,
        recovery_on=row.recovery_on,
        recovery_without_on=row.recovery_without_on,
        cost_before=row.cost_before if sees_all else None,
        cost_after=row.cost_after if sees_all else None,
        moves_cost=sum((m.cost for m in moves_of(row)), row.cost_before * 0) if sees_all else None,
        currency=get_plan_to_change(row.plan_id, by=system_actor()).currency,
        rule_sentence=RULE,
        floors=tuple(TierFloor(tier, value) for tier, value in sorted(inputs.tier_floor_multiples.items(), key=_dear)),
        policy_version=proposed.policy_version if proposed else "",
        moves=tuple(moves),
        outside=_outside(row, inputs, shown),
        claims=tuple(list_short_claims(row, by=by)[:MOST_CLAIMS]) if whole else (),
        prices=tuple(list_short_prices(row, by=by)) if whole else (),
        withheld_pools=tuple(list_withheld_pools(row.plan_id, by=by)) if whole else (),
        proposal_id=row.proposal_id,
        decided_by=proposed.decided_by if proposed else None,
        in_force_at=row.in_force_at,
        replan_thread_id=row.replan_thread_id,
        checked_at=row.checked_at,
        outcome_sentence=_outcome(row),
        inputs_digest=row.inputs_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
    )
    return redact([card], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)[0]


def _dear(floor: tuple[str, float]) -> tuple[float, str]:
    return -floor[1], floor[0]


def _moves(row: ShortageRow, inputs: PlanInputs, shown: frozenset[str] | None, by: Actor) -> list[StaffMoveCard]:
    """Return the moves between pools that the actor may see: how many are lent tells how short the others are."""
    pools = {pool.pool: pool for pool in inputs.pools}
    found = [
        StaffMoveCard(
            from_pool=move.from_pool,
            from_pool_name=pools[move.from_pool].name if move.from_pool in pools else "From outside",
            to_pool=move.to_pool,
            to_pool_name=pools[move.to_pool].name,
            unit=pools[move.to_pool].unit,
            units=move.units,
            from_on=move.from_on,
            until_on=move.until_on,
            hours=move.hours,
            cost=move.cost,
        )
        for move in moves_of(row)
        if shown is None or {move.from_pool or move.to_pool, move.to_pool} <= shown
    ]
    return redact(found, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)


def _outside(row: ShortageRow, inputs: PlanInputs, shown: frozenset[str] | None) -> tuple[OutsideNeed, ...]:
    pools = {pool.pool: pool for pool in inputs.pools}
    stored: list[Any] = row.outside
    return tuple(
        OutsideNeed(name, pools[name].name, pools[name].unit, int(units))
        for name, units in stored
        if shown is None or name in shown
    )


def _outcome(row: ShortageRow) -> str:
    if row.state == ShortageState.RECOVERED.value:
        return "When its date came, everyone was kept again."
    if row.state == ShortageState.MISSED.value:
        seen = "somebody was still short" if row.checked_plan_id else "no plan made since had reached it"
        return f"When its date came, {seen}."
    return ""
