"""Turn a forecast into need, allocation and prices: a draft plan, put before policy."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import Term, TermSource
from closeknit.rooms.agreements.reads.guarantees import held_ready
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.compute import PlanInputs, PlanResult, PlanSummary, PoolInput, RosterInput, Shortage
from closeknit.rooms.capacity.compute.adjust import cuts, short_shares
from closeknit.rooms.capacity.compute.comparison import PlanSide, account_changes, describe
from closeknit.rooms.capacity.compute.holding import NotHeld
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours
from closeknit.rooms.capacity.compute.kept import pack_result
from closeknit.rooms.capacity.compute.moves import MovedStaff, with_moves
from closeknit.rooms.capacity.contracts import (
    MEASURED_FROM_UNITS,
    PLANNING_QUANTILE,
    SHORTFALL_MULTIPLES,
    PlanProposed,
    Staffing,
)
from closeknit.rooms.capacity.contracts.adjust import ROUTINE_CUT_SHARE, Adjustment
from closeknit.rooms.capacity.models import (
    ClaimWeekRow,
    Closure,
    KeptResult,
    Plan,
    Pool,
    PoolWeekRow,
    RosterLine,
    StaffMove,
)
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import TOP_TIERS
from closeknit.rooms.decisions.actions.propose_plan_change import propose_plan_change
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.actions.withdraw_proposal import withdraw_proposal
from closeknit.rooms.decisions.contracts import Effect, Entry, PlanFacts
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.demand.contracts import ForecastCard
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace
from closeknit.rooms.org.contracts.settings import SettingLevel
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FreshFor

LIVE = (Plan.State.DRAFT, Plan.State.COMMITTED)
ROWS_PER_INSERT = 2000
_OWN = (SettingLevel.TIER, SettingLevel.ACCOUNT)


def propose_plan(run_id: UUID, *, thread_id: UUID, by: Actor, at: datetime) -> UUID:
    """Plan the weeks of a forecast run and propose the plan; return its id.

    The same forecast, terms and rosters give the draft or committed plan that is there already; one that was
    rejected or superseded is drafted anew. No transaction is open while it computes.

    Raises:
        Invalid: when the operation has no pool: there is nothing to plan with.
    """
    by.require(Permission.RUN_PLAN)
    numbers = demand.get_numbers(run_id, by=by)
    inputs, terms = _inputs(numbers.card, by, at)
    snapshot = compute.snapshot_of(inputs)
    digest = compute.digest_of(snapshot)
    existing = _live(inputs.operation, digest)
    if existing:
        return _say_unchanged(existing, thread_id, by)
    result = compute.make_plan(inputs, numbers)
    currency = _currency(inputs.operation)
    summary = compute.summarise(result, currency)
    plan = _plan(inputs, numbers.card, result, summary, terms, snapshot, thread_id, by, at)
    plan.members = _members(inputs, numbers.card, by)
    try:
        return _store(plan, inputs, summary, result, numbers.card, by, at)
    except IntegrityError:
        # Another job may have stored the same plan while this one computed: then that one stands.
        made = _live(inputs.operation, digest)
        if made is None:
            raise
        return _say_unchanged(made, thread_id, by)


def _members(inputs: PlanInputs, card: ForecastCard, by: Actor) -> bytes:
    units = demand.account_weekly_units(card.operation, card.run_id, by=by)
    return compute.pack_members(compute.members_of(inputs.pools, units))


def _live(operation: str, digest: str) -> Plan | None:
    return Plan.objects.filter(
        operation=operation, snapshot_digest=digest, code_version=compute.CODE_VERSION, state__in=LIVE
    ).first()


def _inputs(card: ForecastCard, by: Actor, at: datetime) -> tuple[PlanInputs, tuple[Term, ...]]:
    monday = card.first_on + timedelta(days=-card.first_on.weekday() % 7)
    weeks = card.weeks
    terms = agreements.terms_in_force(card.operation, on=monday, until=monday + timedelta(days=7 * weeks), by=by)
    pools = _pools(card, by, at)
    if not pools:
        raise Invalid(
            f"No pool is known for {card.operation}.", where=card.operation, todo="Load its pools and rosters first."
        )
    inputs = PlanInputs(
        operation=card.operation,
        first_on=monday,
        weeks=weeks,
        planning_quantile=float(org.get_setting(PLANNING_QUANTILE, at=at, by=by).value),
        forecast_run_id=str(card.run_id),
        forecast_digest=card.result_digest,
        tier_floor_multiples=_shortfall_multiples(by, at),
        pools=pools,
        terms=_priced(terms, _currency(card.operation)),
        terms_by_week=True,
        guarantees=_guarantees(card, monday, by),
        fewest_hours=True,
    )
    return inputs, terms


def _priced(terms: Sequence[Term], currency: str) -> tuple[Term, ...]:
    """Leave out credits in another currency than the pools' costs: an hour short is weighed in one only."""
    return tuple(replace(t, credit_per_miss=Decimal(0)) if _is_foreign(t, currency) else t for t in terms)


def _is_foreign(term: Term, currency: str) -> bool:
    return bool(term.credit_per_miss) and term.currency not in ("", currency)


def _guarantees(card: ForecastCard, monday: date, by: Actor) -> tuple[GuaranteedHours, ...]:
    found = held_ready(card.operation, monday, until=monday + timedelta(days=7 * card.weeks), by=by)
    tiers = {each.account_number: customers.get_account(each.account_number, by=by).tier.value for each in found}
    return tuple(
        GuaranteedHours(
            contract_number=each.contract_number,
            version=each.version,
            account_number=each.account_number,
            tier=tiers[each.account_number],
            service=each.service,
            hours_per_week=each.hours_per_week,
            starts_on=each.starts_on,
            ends_on=each.ends_on,
        )
        for each in found
    )


def _shortfall_multiples(by: Actor, at: datetime) -> dict[str, float]:
    """Return how many hours of overtime an hour short costs at least, by tier: lower tiers give way first."""
    return {tier: org.get_setting(s, at=at, by=by).value for tier, s in SHORTFALL_MULTIPLES.items()}


def _pools(card: ForecastCard, by: Actor, at: datetime) -> tuple[PoolInput, ...]:
    operation = card.operation
    measured = sensing.handle_minutes(operation, until_at=card.data_until_at, by=by)
    closures = _closures(card.first_on, card.first_on + timedelta(days=card.horizon_days))
    lines: dict[int, list[RosterInput]] = {}
    for row in RosterLine.objects.filter(pool__operation=operation).order_by("weekday", "starts_minute", "from_on"):
        lines.setdefault(row.pool_id, []).append(
            RosterInput(row.weekday, row.starts_minute, row.ends_minute, row.headcount, row.from_on, row.to_on)
        )
    pools = list(Pool.objects.filter(operation=operation).order_by("pool"))
    moves = _moves(operation, card.first_on)
    least = org.get_settings(MEASURED_FROM_UNITS, [pool.setting_place for pool in pools], at=at, by=by)
    return tuple(
        _pool_input(
            pool,
            with_moves(pool.pool, lines.get(pool.pk, ()), moves),
            _closed_on(pool, closures),
            measured,
            from_units.value,
        )
        for pool, from_units in zip(pools, least, strict=True)
    )


def _moves(operation: str, first_on: date) -> tuple[MovedStaff, ...]:
    """Return the staff that are reassigned on the plan's days or later."""
    rows = StaffMove.objects.filter(shortage__operation=operation, in_force_at__isnull=False, until_on__gt=first_on)
    return tuple(MovedStaff(m.from_pool, m.to_pool, m.units, m.from_on, m.until_on) for m in rows.order_by("pk"))


def _closures(first_on: date, until_on: date) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for closure in Closure.objects.filter(closed_on__gte=first_on, closed_on__lt=until_on):
        found.setdefault(closure.region, set()).add(closure.closed_on)
    return found


def _closed_on(pool: Pool, closures: Mapping[str, set[date]]) -> tuple[date, ...]:
    """Return the days on which a pool rests: those on which every region that it serves is closed."""
    regions = sorted(closures) if "*" in pool.regions else pool.regions
    days = [closures.get(region, set()) for region in regions]
    return tuple(sorted(set.intersection(*days))) if days else ()


def _pool_input(
    pool: Pool,
    roster: tuple[RosterInput, ...],
    closed_on: tuple[date, ...],
    measured: Mapping[tuple[str, str, str], tuple[float, int]],
    from_units: int,
) -> PoolInput:
    minutes, source = _handle_minutes(pool, measured, from_units)
    return PoolInput(
        pool=pool.pool,
        name=pool.name,
        unit=pool.unit,
        staffing=pool.staffing,
        services=tuple(pool.services),
        regions=tuple(pool.regions),
        handle_minutes=minutes,
        handle_source=source,
        shrinkage_parts=tuple(pool.shrinkage_parts),
        cost_per_hour=str(pool.cost_per_hour),
        overtime_cost_per_hour=str(pool.overtime_cost_per_hour),
        overtime_share_max=pool.overtime_share_max,
        time_zone=pool.time_zone,
        roster=roster,
        closed_on=closed_on,
    )


def _handle_minutes(
    pool: Pool, measured: Mapping[tuple[str, str, str], tuple[float, int]], from_units: int
) -> tuple[float, str]:
    """Prefer what was measured on enough work over what the pool's source states."""
    mine = [
        (mean, count)
        for (service, region, _), (mean, count) in measured.items()
        if ("*" in pool.services or service in pool.services) and ("*" in pool.regions or region in pool.regions)
    ]
    count = sum(n for _, n in mine)
    if count < from_units:
        stated = "assumed" if pool.is_assumed else "stated"
        return pool.handle_minutes, f"{stated}: {pool.handle_minutes:g} minutes"
    mean = round(sum(m * n for m, n in mine) / count, 6)
    return mean, f"measured: {mean:.2f} minutes over {count:,} units of work"


def _currency(operation: str) -> str:
    found = sorted(set(Pool.objects.filter(operation=operation).values_list("currency", flat=True)))
    if len(found) > 1:
        raise Invalid(
            f"The pools of {operation} are paid in several currencies: {', '.join(found)}.",
            where=operation,
            todo="State their costs in one currency; a plan does not convert money without a dated rate.",
        )
    return found[0]


def _plan(
    inputs: PlanInputs,
    card: ForecastCard,
    result: PlanResult,
    summary: PlanSummary,
    terms: Sequence[Term],
    snapshot: bytes,
    thread_id: UUID,
    by: Actor,
    at: datetime,
) -> Plan:
    return Plan(
        id=ids.new_id(),
        thread_id=thread_id,
        operation=inputs.operation,
        first_on=inputs.first_on,
        weeks=inputs.weeks,
        made_at=at,
        made_by_name=by.name_for(Permission.RUN_PLAN)[:120],
        forecast_run_id=card.run_id,
        planning_quantile=inputs.planning_quantile,
        need_hours=summary.need_hours,
        served_hours=summary.served_hours,
        short_hours=summary.short_hours,
        overtime_hours=summary.overtime_hours,
        overtime_cost=summary.overtime_cost,
        shortfall_cost=summary.shortfall_cost,
        regular_cost=summary.regular_cost,
        currency=summary.currency,
        accounts_short=summary.accounts_short,
        top_tier_accounts_short=summary.top_tier_accounts_short,
        optimality_gap=result.gap,
        assumptions=_assumptions(inputs, terms, result),
        snapshot_digest=compute.digest_of(snapshot),
        result_digest=result.digest,
        code_version=compute.CODE_VERSION,
        snapshot=snapshot,
        cells=compute.pack_cells(result),
    )


def _assumptions(inputs: PlanInputs, terms: Sequence[Term], result: PlanResult) -> list[str]:
    assumed_pools = Pool.objects.filter(operation=inputs.operation, is_assumed=True).count()
    assumed_terms = sum(term.source is TermSource.ASSUMED for term in terms)
    foreign = sorted({t.currency for t, mine in zip(terms, inputs.terms, strict=True) if t != mine})
    sentences = [
        f"Need is planned at the {inputs.planning_quantile:.0%} quantile of demand, not at its mean.",
        "The plan begins in step: the weeks before it are taken to have brought the work of its first week.",
    ]
    if any(pool.staffing == Staffing.DEADLINE for pool in inputs.pools):
        sentences.append("Deadlines are kept by whole days: a promise of 24 hours is kept by the end of the next day.")
        sentences.append(
            "A week's need is spread over its days as the roster is, or evenly where that takes fewer hours."
        )
    if any(len(pool.services) > 1 or len(pool.regions) > 1 for pool in inputs.pools):
        sentences.append(
            "Services and regions of one pool do not all run high at once: their surprises are taken as correlated by "
            f"{compute.GROUP_CORRELATION:g}."
        )
    sentences += compute.said_changes(inputs)
    sentences += compute.said_with_tier(inputs, (c.account_number for p in result.pools for c in p.need.claimants))
    by_source: dict[str, list[str]] = {}
    for pool in inputs.pools:
        by_source.setdefault(pool.handle_source, []).append(pool.name)
    sentences += [f"Handle time {source} ({'; '.join(names)})." for source, names in by_source.items()]
    if inputs.guarantees:
        sentences.append(
            "Guaranteed hours are held ready each week, the account's own work counted in; where its work is planned "
            "with its tier, they come on top of it."
        )
    if result.conflicts:
        sentences.append("Not all guaranteed hours can be held: its thread names whose, each to who may see it.")
    if foreign:
        sentences.append(
            f"Credits in {', '.join(foreign)} are not weighed: costs are in another currency, and nothing is converted "
            "without a dated rate. Their promises count as those without a credit."
        )
    if assumed_pools:
        what = "The pool and its roster are" if assumed_pools == 1 else f"{assumed_pools} pools and their rosters are"
        sentences.append(f"{what} assumed by the recipe, not on record.")
    if assumed_terms:
        what = "The one term is" if assumed_terms == 1 else f"{assumed_terms} terms are"
        sentences.append(f"{what} assumed by the recipe, not in a contract.")
    return [*sentences, *result.unserved]


def _store(
    plan: Plan,
    inputs: PlanInputs,
    summary: PlanSummary,
    result: PlanResult,
    card: ForecastCard,
    by: Actor,
    at: datetime,
) -> UUID:
    teams = customers.team_of({row["account_number"] for row in summary.claim_weeks}, by=by)
    adjustments = _adjustments(plan, summary, by, at)
    facts = _facts(plan, card, adjustments, by)
    before = _side(Plan.objects.filter(operation=plan.operation, state=Plan.State.COMMITTED).first())
    draft = _side(plan, summary.claim_weeks)
    assert draft is not None
    packed = pack_result(result)
    with transaction.atomic():
        plan.save(force_insert=True)
        KeptResult.objects.create(plan=plan, packed=packed)
        PoolWeekRow.objects.bulk_create([PoolWeekRow(plan=plan, **row) for row in summary.pool_weeks])
        ClaimWeekRow.objects.bulk_create(
            [ClaimWeekRow(plan=plan, team_id=teams.get(row["account_number"]), **row) for row in summary.claim_weeks],
            batch_size=ROWS_PER_INSERT,
        )
        record_entry(_entry(plan, inputs), by=by)
        _overtake_drafts(plan, by, at)
        for short in summary.shortages:
            record_entry(_shortage_entry(plan, short), by=by)
        for adjustment in adjustments or ():
            record_entry(_adjustment_entry(plan, adjustment), by=by)
        for conflict in result.conflicts:
            for account in conflict.accounts:
                record_entry(_conflict_entry(plan, conflict, account), by=by)
        publish(PlanProposed(plan.thread_id, plan.pk, plan.operation), by=by)
        propose_plan_change(
            subject=f"plan:{plan.pk}",
            title=f"Plan of {plan.operation} for {plan.weeks} weeks from {plan.first_on}",
            summary=summary.sentence,
            facts=facts,
            before=describe(before),
            after=describe(draft),
            effects=[Effect(c.account_number, c.amount, c.sentence) for c in account_changes(draft, before)],
            thread_id=plan.thread_id,
            by=by,
            at=at,
        )
    return plan.pk


def _side(plan: Plan | None, claims: Iterable[Mapping[str, Any]] = ()) -> PlanSide | None:
    if plan is None:
        return None
    rows = claims or ClaimWeekRow.objects.filter(plan=plan).exclude(account_number="").values()
    return PlanSide(
        first_on=plan.first_on,
        weeks=plan.weeks,
        coverage_share=plan.served_hours / plan.need_hours if plan.need_hours else 1.0,
        short_hours=plan.short_hours,
        overtime_hours=plan.overtime_hours,
        cost=plan.regular_cost + plan.overtime_cost,
        shortfall_cost=plan.shortfall_cost,
        accounts_short=plan.accounts_short,
        top_tier_accounts_short=plan.top_tier_accounts_short,
        currency=plan.currency,
        claims=tuple((row["account_number"], row["short_hours"], row["shortfall_cost"]) for row in rows),
    )


def _overtake_drafts(plan: Plan, by: Actor, at: datetime) -> None:
    """Set older drafts that still wait aside: nobody should approve a plan made on less than is known now."""
    for older in Plan.objects.filter(operation=plan.operation, state=Plan.State.DRAFT).exclude(pk=plan.pk).only("pk"):
        if withdraw_proposal(f"plan:{older.pk}", reason="A newer plan took its place.", by=by, at=at):
            Plan.objects.filter(pk=older.pk).update(state=Plan.State.SUPERSEDED)


def _adjustments(plan: Plan, summary: PlanSummary, by: Actor, at: datetime) -> list[Adjustment] | None:
    """Return whom the draft serves less than the plan in force, and the limit of routine; None where none is in force.

    A top tier has no routine unless somebody set one for it or for the account itself.
    """
    in_force = Plan.objects.filter(operation=plan.operation, state=Plan.State.COMMITTED).only("pk").first()
    if in_force is None:
        return None
    before = ClaimWeekRow.objects.filter(plan=in_force).values("tier", "account_number", "need_hours", "short_hours")
    found = cuts(short_shares(summary.claim_weeks), short_shares(before))
    places = [SettingPlace(tier=tier, account_number=account) for tier, account in found]
    limits = org.get_settings(ROUTINE_CUT_SHARE, places, at=at, by=by)
    return [
        Adjustment(tier, account, more, 0.0 if tier in TOP_TIERS and limit.level not in _OWN else float(limit.value))
        for ((tier, account), more), limit in zip(found.items(), limits, strict=True)
    ]


def _facts(plan: Plan, card: ForecastCard, adjustments: list[Adjustment] | None, by: Actor) -> PlanFacts:
    fresh = sensing.get_freshness(FreshFor.PLAN, plan.operation, at=plan.made_at, by=by)
    in_force = Plan.objects.filter(operation=plan.operation, state=Plan.State.COMMITTED).first()
    cost = plan.regular_cost + plan.overtime_cost
    change = None
    if in_force is not None:
        before = (in_force.regular_cost + in_force.overtime_cost) / in_force.weeks
        change = float(cost / plan.weeks / before) - 1.0 if before else None
    return PlanFacts(
        operation=plan.operation,
        cost=cost,
        currency=plan.currency,
        cost_change_share=change,
        coverage_share=plan.served_hours / plan.need_hours if plan.need_hours else 1.0,
        top_tier_accounts_short=plan.top_tier_accounts_short,
        data_age_days=max((plan.made_at - card.data_until_at).days, 0),
        stale_feeds=fresh.stale_feeds,
        beyond_routine=None if adjustments is None else sum(not each.is_routine for each in adjustments),
    )


def _entry(plan: Plan, inputs: PlanInputs) -> Entry:
    return Entry(
        thread_id=plan.thread_id,
        kind="plan.drafted",
        subject=f"plan:{plan.pk}",
        sentence=(
            f"Drafted a plan of {plan.operation} for {plan.weeks} weeks from {plan.first_on}: "
            f"{plan.served_hours:,.0f} of {plan.need_hours:,.0f} hours covered."
        ),
        evidence={
            "plan_id": plan.pk,
            "forecast_run_id": plan.forecast_run_id,
            "forecast_digest": inputs.forecast_digest,
            "snapshot_digest": plan.snapshot_digest,
            "result_digest": plan.result_digest,
            "code_version": plan.code_version,
            "optimality_gap": plan.optimality_gap,
            "need_hours": plan.need_hours,
            "short_hours": plan.short_hours,
            "overtime_cost": plan.overtime_cost,
            "shortfall_cost": plan.shortfall_cost,
            "currency": plan.currency,
            "assumptions": plan.assumptions,
        },
    )


def _shortage_entry(plan: Plan, short: Shortage) -> Entry:
    return Entry(
        thread_id=plan.thread_id,
        kind="account.short",
        subject=f"plan:{plan.pk}",
        sentence=short.sentence,
        account_number=short.account_number,
        evidence={
            "tier": short.tier,
            "pools": list(short.pools),
            "need_hours": short.need_hours,
            "short_hours": short.short_hours,
            "rule": "hours go where an hour short costs most; lower tiers give way first",
        },
    )


def _adjustment_entry(plan: Plan, adjustment: Adjustment) -> Entry:
    how = "within routine" if adjustment.is_routine else "more than routine allows, so a planner looks"
    return Entry(
        thread_id=plan.thread_id,
        kind="account.adjusted" if adjustment.account_number else "tier.adjusted",
        subject=f"plan:{plan.pk}",
        sentence=(
            f"The draft leaves {adjustment.more_short_share:.1%} more of the need of {adjustment.whom} short"
            f" than the plan in force: {how} ({adjustment.limit_share:.1%})."
        ),
        account_number=adjustment.account_number,
        evidence={
            "tier": adjustment.tier,
            "more_short_share": adjustment.more_short_share,
            "limit_share": adjustment.limit_share,
            "is_routine": adjustment.is_routine,
        },
    )


def _conflict_entry(plan: Plan, conflict: NotHeld, account_number: str) -> Entry:
    """Tell one account's part: it names no other account, and no total of the pool."""
    others = len(conflict.accounts) - 1
    with_whom = f" together with those of {others} other accounts" if others > 1 else ""
    with_whom = with_whom or (" together with those of another account" if others else "")
    return Entry(
        thread_id=plan.thread_id,
        kind="guarantee.not-held",
        subject=f"plan:{plan.pk}",
        sentence=(
            f"The hours guaranteed to {account_number}{with_whom} are more than {conflict.pool_name} has, all overtime "
            f"included, first in the week of {conflict.week_on}."
        ),
        account_number=account_number,
        evidence={"pool": conflict.pool, "week_on": conflict.week_on, "other_accounts": others},
    )


def _say_unchanged(plan: Plan, thread_id: UUID, by: Actor) -> UUID:
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="plan.unchanged",
                subject=f"plan:{plan.pk}",
                sentence=f"Demand, terms and rosters are as before: the {plan.state} plan from {plan.first_on} stands.",
                evidence={
                    "plan_id": plan.pk,
                    "snapshot_digest": plan.snapshot_digest,
                    "first_thread_id": plan.thread_id,
                },
            ),
            by=by,
        )
    return plan.pk
