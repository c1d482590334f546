"""What a question about changes to a plan needs to know: its inputs, whose work it counts together, what it was."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.kernel.scope import acting_as
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.compute import PlanInputs, PlanResult
from closeknit.rooms.capacity.compute.kept import unpack_result
from closeknit.rooms.capacity.compute.what_if import change_terms, plan_with
from closeknit.rooms.capacity.contracts.what_if import PlanChanges, SeriesShare, TermChange
from closeknit.rooms.capacity.models import KeptResult, Plan
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.demand.contracts import ForecastNumbers
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import system_actor

PLANS_KEPT = 4


@dataclass(frozen=True, slots=True)
class PlanToChange:
    """A stored plan with what it was computed from. Plans never change, so this may be kept."""

    plan_id: UUID
    operation: str
    currency: str
    inputs: PlanInputs
    numbers: ForecastNumbers


@dataclass(frozen=True, slots=True)
class AskedAccount:
    """An account as a plan counts it: its tier, and its share of its tier's work where that is planned together."""

    account_number: str
    tier: str
    shares: tuple[SeriesShare, ...]


@dataclass(frozen=True, slots=True)
class WeeklyMargin:
    """What an account is worth in a week, in the plan's currency; None and why, where that is not known."""

    amount: Decimal | None
    reason: str


def get_plan_to_change(plan_id: UUID | None, *, operation: str = "", by: Actor) -> PlanToChange:
    """Return a plan's inputs: the named one, or the operation's plan in force, or else its newest draft.

    What is computed from them tells of every account: doors show of it what the actor may see.

    Raises:
        NotFound: where there is no such plan.
    """
    by.require(Permission.READ_CAPACITY)
    rows = Plan.objects.values_list("pk", flat=True)
    if plan_id is not None:
        found = rows.filter(pk=plan_id).first()
    else:
        mine = rows.filter(operation=operation)
        found = mine.filter(state=Plan.State.COMMITTED).first()
        found = found or mine.filter(state=Plan.State.DRAFT).order_by("-made_at").first()
    if found is None:
        raise NotFound(
            "There is no such plan." if plan_id else f"There is no plan of {operation or 'no operation'} yet.",
            where=str(plan_id or operation),
            todo="Plan it first.",
        )
    return _stored(found)


def find_asked_account(plan: PlanToChange, account_number: str, *, by: Actor) -> AskedAccount:
    """Return an account as the plan counts it.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    card = customers.get_account(account_number, by=by, permission=Permission.READ_CAPACITY)
    number, tier = card.account_number, card.tier.value
    if any(key.account_number == number for panel in plan.numbers.panels for key in panel.keys):
        return AskedAccount(number, tier, ())
    shares = tuple(s for s in _shares(plan.plan_id) if s.account_number == number)
    return AskedAccount(number, shares[0].tier if shares else tier, shares)


def require_work(plan: PlanToChange, asked: AskedAccount, service: str) -> None:
    """Refuse where the plan counts no work of the account in the service: there is nothing to quote."""
    own = {
        key.service for panel in plan.numbers.panels for key in panel.keys if key.account_number == asked.account_number
    } | {share.service for share in asked.shares}
    if not own or service not in ("", *own):
        raise Invalid(
            f"The plan counts no work of {asked.account_number}{f' in {service}' if service else ''}.",
            where="service" if own else "account_number",
            todo=f"Name one of {', '.join(sorted(own))}." if own else "Quote an account that has brought work.",
        )


def require_one_currency(plan: PlanToChange, changes: Sequence[TermChange]) -> None:
    """Refuse a proposed credit where the contract's money is not the plan's: the two could not be weighed."""
    for change in changes:
        term = change_terms(plan.inputs.terms, (change,), plan.inputs)[-1]
        if change.credit_per_miss and term.currency not in ("", plan.currency):
            raise Invalid(
                f"Credits here are in {term.currency}, the plan's costs in {plan.currency}.",
                where="credit_per_miss",
                todo="Ask without a credit: nothing is converted without a dated rate.",
            )


def as_it_is(plan: PlanToChange, pools: Collection[str]) -> PlanResult:
    """Return some pools of a plan as they are, without what one more unit would do."""
    return _as_it_is(plan.plan_id, frozenset(pools))


def as_it_was_made(plan: PlanToChange, pools: Collection[str]) -> PlanResult:
    """Return some pools of a plan as it found them, read back; planned again where it was not kept with the plan."""
    found = _kept(plan.plan_id)
    if found is None:
        return as_it_is(plan, pools)
    return replace(found, pools=tuple(each for each in found.pools if each.need.pool.pool in pools))


def weekly_margin(account_number: str, currency: str, *, at: datetime, by: Actor) -> WeeklyMargin:
    """Return what an account is worth in a week, as it was last valued."""
    value = customers.get_value(account_number, by=by, at=at)
    if value.value is None:
        return WeeklyMargin(None, value.why_not or "What the account is worth may not be read here.")
    if value.currency != currency:
        return WeeklyMargin(None, f"The account is valued in {value.currency}, the plan in {currency}.")
    amount = (value.value / value.weeks).quantize(Decimal("0.01"))
    stated = "" if value.is_margin_stated else " Nobody said which share of order value is margin: all of it counts."
    return WeeklyMargin(amount, f"As valued over {value.weeks} weeks on {value.as_of_on}.{stated}")


@lru_cache(maxsize=PLANS_KEPT)
def _stored(plan_id: UUID) -> PlanToChange:
    row = Plan.objects.only("operation", "currency", "snapshot", "forecast_run_id").get(pk=plan_id)
    numbers = demand.get_numbers(row.forecast_run_id, by=system_actor())
    return PlanToChange(plan_id, row.operation, row.currency, compute.inputs_of(bytes(row.snapshot)), numbers)


@lru_cache(maxsize=PLANS_KEPT)
def _kept(plan_id: UUID) -> PlanResult | None:
    packed = KeptResult.objects.filter(pk=plan_id).values_list("packed", flat=True).first()
    return None if packed is None else unpack_result(bytes(packed), _stored(plan_id).inputs)


@lru_cache(maxsize=8 * PLANS_KEPT)
def _as_it_is(plan_id: UUID, pools: frozenset[str]) -> PlanResult:
    plan = _stored(plan_id)
    return plan_with(plan.inputs, plan.numbers, PlanChanges(), pools=pools)


@lru_cache(maxsize=PLANS_KEPT)
def _shares(plan_id: UUID) -> tuple[SeriesShare, ...]:
    """Return the shares of all accounts that the plan counts with their tier. Needs sight of every account's work."""
    plan = _stored(plan_id)
    with acting_as(system_actor()):
        rows = demand.account_weekly_units(plan.operation, plan.numbers.card.run_id, by=system_actor())
    totals: dict[tuple[str, str, str], float] = {}
    for row in rows:
        if not row.is_own_series:
            key = (row.tier, row.service, row.region)
            totals[key] = totals.get(key, 0.0) + row.units_per_week
    return tuple(
        SeriesShare(r.account_number, r.tier, r.service, r.region, round(r.units_per_week / total, 9))
        for r in rows
        if not r.is_own_series
        and r.account_number
        and r.units_per_week > 0
        and (total := totals[r.tier, r.service, r.region])
    )
