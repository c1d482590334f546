"""Rebuild the board from the plans in force: one row per account."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity import reads as capacity
from closeknit.rooms.capacity.contracts import ClaimWeek, PlanCard, PlanState
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import TIER_ORDER, AccountCard
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.outcomes.models import BoardLine
from closeknit.rooms.sensing import reads as sensing

ROWS_PER_INSERT = 1000
LOCK = "closeknit-board"


@dataclass(slots=True)
class _Line:
    """What adds up for one account over its operations."""

    operations: set[str] = field(default_factory=set)
    units_last: float = 0.0
    units_next: float = 0.0
    need: float = 0.0
    served: float = 0.0
    short: float = 0.0
    amount: Decimal = Decimal(0)
    currency: str = ""
    first_short: date | None = None
    own: bool = False
    thread_id: UUID | None = None
    thread_weight: float = -1.0


def refresh_board(plan_id: UUID, *, thread_id: UUID, by: Actor, at: datetime) -> int:
    """Rewrite every account's row from all plans in force; return how many rows. Two at once take turns."""
    by.require(Permission.RUN_PLAN)
    lines: dict[str, _Line] = {}
    for plan in capacity.list_plans(by=by, states=[PlanState.COMMITTED]):
        _add_plan(lines, plan, by)
    accounts = {card.account_number: card for card in customers.list_accounts(by=by, limit=10_000_000)}
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


def _add_plan(lines: dict[str, _Line], plan: PlanCard, by: Actor) -> None:
    run = demand.get_run(plan.forecast_run_id, by=by)
    per_week = demand.account_weekly_share(plan.operation, run.run_id, by=by)
    _add_observed(lines, plan, run.data_until_at, by)
    for account, units in per_week.items():
        line = lines.setdefault(account, _Line())
        line.operations.add(plan.operation)
        line.units_next += 4.0 * units
    own = capacity.list_claims(plan.plan_id, by=by, limit=1_000_000)
    named = {claim.account_number for claim in own if claim.account_number}
    for claim in own:
        if claim.account_number:
            _add_claim(lines.setdefault(claim.account_number, _Line()), claim, 1.0, plan)
    _add_shared(lines, plan, [claim for claim in own if not claim.account_number], per_week, named, by)


def _add_observed(lines: dict[str, _Line], plan: PlanCard, until: datetime, by: Actor) -> None:
    for total in sensing.work_totals(by=by, operation=plan.operation, since=until - timedelta(days=28), until=until):
        if total.account_number:
            lines.setdefault(total.account_number, _Line()).units_last += total.quantity
    for total in sensing.work_totals(by=by, operation=plan.operation, since=until - timedelta(days=364), until=until):
        if total.account_number:
            line = lines.setdefault(total.account_number, _Line())
            line.operations.add(plan.operation)
            line.amount += total.amount
            line.currency = line.currency or plan.currency


def _add_claim(line: _Line, claim: ClaimWeek, share: float, plan: PlanCard) -> None:
    line.need += claim.need_hours * share
    line.served += claim.served_hours * share
    line.short += claim.short_hours * share
    line.own = line.own or share == 1.0
    if claim.short_hours > 0 and (line.first_short is None or claim.week_on < line.first_short):
        line.first_short = claim.week_on
    weight = claim.short_hours * share * 1e6 + claim.need_hours * share
    if weight > line.thread_weight:
        line.thread_id, line.thread_weight = plan.thread_id, weight


def _add_shared(
    lines: dict[str, _Line],
    plan: PlanCard,
    claims: Iterable[ClaimWeek],
    per_week: dict[str, float],
    named: set[str],
    by: Actor,
) -> None:
    """Give accounts planned with their tier their part of the tier's hours, by forecast units."""
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    in_tier: dict[str, float] = {}
    for account, units in per_week.items():
        if account not in named and account in tiers:
            in_tier[tiers[account]] = in_tier.get(tiers[account], 0.0) + units
    by_tier: dict[str, list[ClaimWeek]] = {}
    for claim in claims:
        by_tier.setdefault(claim.tier, []).append(claim)
    for account, units in per_week.items():
        tier = tiers.get(account, "")
        if account in named or units <= 0 or in_tier.get(tier, 0.0) <= 0:
            continue
        for claim in by_tier.get(tier, []):
            _add_claim(lines[account], claim, min(units / in_tier[tier], 0.999999), plan)


def _row(card: AccountCard, line: _Line, at: datetime) -> BoardLine:
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
        amount_last_52_weeks=line.amount,
        currency=line.currency,
        first_short_week_on=line.first_short,
        is_own_series=line.own,
        thread_id=line.thread_id,
        refreshed_at=at,
    )
