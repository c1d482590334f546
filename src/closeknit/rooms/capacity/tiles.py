"""Tiles of capacity: on Today, an account's page, a thread's page, and the progress of a plan."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from closeknit.kernel import clock, work
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.http import Request
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.answer_staffing import verify_numbers
from closeknit.rooms.capacity.contracts import ClaimWeek, PlanState, PoolWeek
from closeknit.rooms.capacity.contracts.stock import AccountStock
from closeknit.rooms.capacity.forms import ThreadChoice
from closeknit.rooms.capacity.reads.stock import account_stock
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.org.contracts import Permission

STEPS = (
    ("Asked for", ("plan.requested",)),
    ("Demand forecast", ("forecast.refreshed", "forecast.unchanged")),
    ("Need counted and capacity shared out", ("plan.drafted", "plan.unchanged")),
    ("Put before policy", ("plan.proposed", "plan.unchanged")),
)
STOP_POLLING = 286
"""htmx takes this status for: swap, and ask no more."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan being made: `tone` is done, now or "" (still to come)."""

    title: str
    tone: str
    sentence: str


@require_GET
def show_today(request: Request) -> HttpResponse:
    """The plans in force: those that leave top tiers short first, then by what shortfall costs."""
    by: Actor = request.actor
    plans = reads.list_plans(by=by, states=[PlanState.COMMITTED], limit=20)
    plans.sort(key=lambda p: (-(p.top_tier_accounts_short or 0), -(p.shortfall_cost or 0), p.coverage_share or 0.0))
    planned = {plan.operation for plan in plans}
    unplanned = [name for name in reads.list_operations_planned(by=by) if name not in planned]
    drafts = {plan.operation: plan for plan in reversed(reads.list_plans(by=by, states=[PlanState.DRAFT]))}
    return render(
        request,
        "capacity/today_tile.html",
        {
            "plans": plans,
            "unplanned": [(name, drafts.get(name)) for name in unplanned],
            "may_plan": by.may(Permission.RUN_PLAN),
        },
    )


@require_GET
def show_account(request: Request) -> HttpResponse:
    """What an account needs and gets in the plans in force, week by week."""
    by: Actor = request.actor
    account = request.GET.get("account", "")
    claims = reads.account_claims(account, by=by) if account else []
    names = {pool.pool: pool.name for pool in reads.list_pools(by=by)} if claims else {}
    tier = _tier_shortages(account, by) if account and not claims else []
    more = _worth_of_one_more([claim for claim in claims if claim.short_hours > 0.05] + [c for c, _ in tier], by)
    return render(
        request,
        "capacity/account_tile.html",
        {
            "claims": [(claim, names.get(claim.pool) or claim.pool, more.get(_place(claim))) for claim in claims],
            "account": account,
            "need_hours": sum(c.need_hours for c in claims),
            "served_hours": sum(c.served_hours for c in claims),
            "short_hours": sum(c.short_hours for c in claims),
            "short": [c for c in claims if c.short_hours > 0.05],
            "stock": _stock_for(account, by) if account else [],
            "tier": [(claim, name, more.get(_place(claim))) for claim, name in tier],
        },
    )


@require_GET
def show_account_buffers(request: Request) -> HttpResponse:
    """All that is kept ready for an account beyond its expected work, with what it costs."""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    account = request.GET.get("account", "")
    try:
        told = reads.account_buffers(account, by=by, at=clock.now()) if account else None
    except NotFound:
        told = None
    return render(request, "capacity/account_buffers_tile.html", {"told": told, "account": account})


def _stock_for(account_number: str, by: Actor) -> list[AccountStock]:
    """Return the account's part of the stock; nothing for an account that the actor may not see, as of its hours."""
    try:
        return account_stock(account_number, by=by)
    except NotFound:
        return []


def _place(claim: ClaimWeek) -> tuple[UUID, str, date]:
    return claim.plan_id, claim.pool, claim.week_on


def _worth_of_one_more(short: list[ClaimWeek], by: Actor) -> dict[tuple[UUID, str, date], PoolWeek]:
    """Return the pools' weeks in which somebody is short and one more person would save something."""
    if not by.may(Permission.READ_PRICES):
        return {}
    return {
        (plan_id, week.pool, week.week_on): week
        for plan_id in {claim.plan_id for claim in short}
        for week in reads.list_pool_weeks(plan_id, by=by)
        if week.one_more_unit_worth
    }


def _tier_shortages(account_number: str, by: Actor) -> list[tuple[ClaimWeek, str]]:
    """Return where the account's tier is short at pools of its region, each with the pool's name, by week."""
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        return []
    try:
        account = customers.get_account(account_number, by=by)
    except NotFound:
        return []
    names = {p.pool: p.name or p.pool for p in reads.list_pools(by=by) if {"*", account.region} & set(p.regions)}
    claims = [
        claim
        for plan in reads.list_plans(by=by, states=[PlanState.COMMITTED])
        for claim in reads.tier_claims(plan.operation, by=by)
        if claim.tier == account.tier.value and claim.pool in names and claim.short_hours > 0.05
    ]
    return [(claim, names[claim.pool]) for claim in sorted(claims, key=lambda c: (c.week_on, c.pool))]


@require_GET
def show_need_today(request: Request) -> HttpResponse:
    """Whether the people of today are enough for the rest of it."""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    operation = request.GET.get("operation", "")
    need = reads.find_need_today(operation, by=by, at=clock.now())
    return render(request, "capacity/need_today_tile.html", {"operation": operation, "need": need})


@require_GET
def show_verified(request: Request) -> HttpResponse:
    """Published results computed again, in front of whoever asks."""
    by: Actor = request.actor
    numbers = verify_numbers(by=by)
    return render(
        request,
        "capacity/verified_tile.html",
        {"numbers": numbers, "agreeing": sum(number.agrees for number in numbers)},
    )


@require_GET
def show_thread(request: Request) -> HttpResponse:
    """The plan that a thread made, if any."""
    by: Actor = request.actor
    form = ThreadChoice(request.GET)
    plan = reads.find_plan_of_thread(form.cleaned_data["thread"], by=by) if form.is_valid() else None
    return render(request, "capacity/thread_tile.html", {"plan": plan})


@require_GET
def show_progress(request: Request, thread_id: UUID) -> HttpResponse:
    """How far a plan is: read from its thread in the ledger, asked again each second until it rests."""
    by: Actor = request.actor
    by.require(Permission.READ_CAPACITY)
    said = {line.kind: line.sentence for line in decisions.list_entries(by=by, thread_id=thread_id, limit=1000)}
    plan = reads.find_plan_of_thread(thread_id, by=by)
    failure = work.find_failure_of_thread(thread_id, by=by)
    settled = bool({"plan.proposed", "plan.unchanged"} & said.keys())
    return render(
        request,
        "capacity/progress_tile.html",
        {
            "thread_id": thread_id,
            "steps": _steps(said, bool(failure)),
            "plan": plan,
            "settled": settled,
            "failure": failure,
            "unchanged": said.get("plan.unchanged") or said.get("forecast.unchanged"),
        },
        status=STOP_POLLING if settled or failure else 200,
    )


def _steps(said: dict[str, str], failed: bool) -> list[Step]:
    steps: list[Step] = []
    running = not failed
    for title, kinds in STEPS:
        sentence = next((said[kind] for kind in kinds if kind in said), "")
        tone = "done" if sentence else ("now" if running else "")
        running = running and bool(sentence)
        steps.append(Step(title, tone, sentence))
    return steps
