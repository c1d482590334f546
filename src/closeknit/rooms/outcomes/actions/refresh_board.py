"""Rebuild the board from the plans in force: one row per account."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.contracts import ClaimWeek, PlanCard, PlanState, PoolCard
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import TIER_ORDER, AccountCard
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.demand.contracts import AccountUnits
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.outcomes.models import BoardLine
from closeknit.rooms.sensing import reads as sensing

ROWS_PER_INSERT = 1000
LOCK = "closeknit-board"
LAST_INSTANT = timedelta(microseconds=1)
"""Past the last row of work, so that it counts too."""


@dataclass(slots=True)
class _Line:
    """What adds up for one account over its operations."""

    operations: set[str] = field(default_factory=set)
    units_last: float = 0.0
    units_next: float = 0.0
    need: float = 0.0
    served: float = 0.0
    short: float = 0.0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    first_short: date | None = None
    own: bool = False
    thread_id: UUID | None = None
    thread_weight: float = -1.0


def refresh_board(plan_id: UUID, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Rewrite every account's row from all plans in force; return how many rows. Two at once take turns."""
    by.require(Permission.RUN_PLAN)
    lines: dict[str, _Line] = {}
    planned_until = {}
    for plan in capacity.list_plans(by=by, states=[PlanState.COMMITTED]):
        planned_until[plan.operation] = _add_plan(lines, plan, by)
    for span in sensing.list_operations(by=by):
        # What was bought is so whether or not a plan is in force.
        _add_observed(lines, span.operation, planned_until.get(span.operation, span.last_at + LAST_INSTANT), by)
    accounts = {card.account_number: card for card in customers.list_accounts(by=by, limit=10_000_000)}
    lines = _folded(lines, customers.golden_numbers(by=by, at=None))
    rows = [_row(accounts[number], line, at) for number, line in sorted(lines.items()) if number in accounts]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(hashtext(%s))", [LOCK])
        BoardLine.objects.all().delete()
        BoardLine.objects.bulk_create(rows, batch_size=ROWS_PER_INSERT)
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="board.refreshed",
                subject=f"plan:{plan_id}",
                sentence=f"The board shows {len(rows)} accounts, {sum(r.short_hours > 0 for r in rows)} of them short.",
                evidence={"plan_id": plan_id, "accounts": len(rows)},
            ),
            by=by,
        )
    return len(rows)


def _folded(lines: dict[str, _Line], golden: Mapping[str, str]) -> dict[str, _Line]:
    """Add up what merged accounts have under the number that they stand for now."""
    found: dict[str, _Line] = {}
    for number in sorted(lines, key=lambda each: (each in golden, each)):
        kept = golden.get(number, number)
        found[kept] = _joined(found[kept], lines[number]) if kept in found else lines[number]
    return found


def _joined(one: _Line, other: _Line) -> _Line:
    heavier = one if one.thread_weight >= other.thread_weight else other
    return _Line(
        operations=one.operations | other.operations,
        units_last=one.units_last + other.units_last,
        units_next=one.units_next + other.units_next,
        need=one.need + other.need,
        served=one.served + other.served,
        short=one.short + other.short,
        amounts=_added(one.amounts, other.amounts),
        first_short=min(filter(None, (one.first_short, other.first_short)), default=None),
        own=one.own or other.own,
        thread_id=heavier.thread_id,
        thread_weight=heavier.thread_weight,
    )


def _add_plan(lines: dict[str, _Line], plan: PlanCard, by: Actor) -> datetime:
    """Add what a plan needs and gives; return until when its forecast knows what came."""
    run = demand.get_run(plan.forecast_run_id, by=by)
    units = demand.account_weekly_units(plan.operation, run.run_id, by=by)
    for row in units:
        if row.account_number:
            line = lines.setdefault(row.account_number, _Line())
            line.operations.add(plan.operation)
            line.units_next += 4.0 * row.units_per_week
    members = _members(units, capacity.list_pools(by=by, operation=plan.operation))
    for claim in capacity.list_claims(plan.plan_id, by=by, limit=1_000_000):
        if claim.account_number:
            line = lines.setdefault(claim.account_number, _Line())
            line.own = True
            _add_claim(line, claim, 1.0, plan)
            continue
        sharing = members.get((claim.pool, claim.tier), {})
        total = sum(sharing.values())
        for account, weekly in sharing.items():
            if account and total > 0:
                _add_claim(lines.setdefault(account, _Line()), claim, weekly / total, plan)
    return run.data_until_at


def _members(units: Iterable[AccountUnits], pools: Iterable[PoolCard]) -> dict[tuple[str, str], dict[str, float]]:
    """Return, by pool and tier, the units a week of each account that claims together with its tier ("": unknown)."""
    members: dict[tuple[str, str], dict[str, float]] = {}
    served = [(pool, set(pool.services), set(pool.regions)) for pool in pools]
    for row in units:
        if row.is_own_series:
            continue
        for pool, services, regions in served:
            if services & {"*", row.service} and regions & {"*", row.region}:
                sharing = members.setdefault((pool.pool, row.tier), {})
                sharing[row.account_number] = sharing.get(row.account_number, 0.0) + row.units_per_week
    return members


def _add_observed(lines: dict[str, _Line], operation: str, until: datetime, by: Actor) -> None:
    for total in sensing.work_totals(by=by, operation=operation, since=until - timedelta(days=28), until=until):
        if total.account_number:
            lines.setdefault(total.account_number, _Line()).units_last += total.quantity
    for total in sensing.work_totals(by=by, operation=operation, since=until - timedelta(days=364), until=until):
        if total.account_number:
            line = lines.setdefault(total.account_number, _Line())
            line.operations.add(operation)
            line.amounts = _added(line.amounts, total.amounts)


def _add_claim(line: _Line, claim: ClaimWeek, share: float, plan: PlanCard) -> None:
    line.need += claim.need_hours * share
    line.served += claim.served_hours * share
    line.short += claim.short_hours * share
    if claim.short_hours > 0 and (line.first_short is None or claim.week_on < line.first_short):
        line.first_short = claim.week_on
    weight = claim.short_hours * share * 1e6 + claim.need_hours * share
    if weight > line.thread_weight:
        line.thread_id, line.thread_weight = plan.thread_id, weight


def _added(one: Mapping[str, Decimal], other: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Add money by currency: nothing is converted without a dated rate. The first currency stays the first."""
    return {name: one.get(name, Decimal(0)) + other.get(name, Decimal(0)) for name in (*one, *other)}


def _row(card: AccountCard, line: _Line, at: datetime) -> BoardLine:
    (currency, amount), *others = line.amounts.items() or [("", Decimal(0))]
    return BoardLine(
        account_number=card.account_number,
        name=card.name,
        tier=card.tier.value,
        tier_rank=TIER_ORDER.index(card.tier),
        team_id=card.team_id,
        team_name=card.team,
        operations=sorted(line.operations),
        units_last_4_weeks=line.units_last,
        units_next_4_weeks=line.units_next,
        need_hours=line.need,
        served_hours=line.served,
        short_hours=line.short,
        amount_last_52_weeks=amount,
        currency=currency,
        other_amounts={name: str(each) for name, each in others},
        first_short_week_on=line.first_short,
        is_own_series=line.own,
        thread_id=line.thread_id,
        refreshed_at=at,
    )
