"""Buffers of a plan: of each account in sight, and for who sees every account each pool's against its target."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from uuid import UUID

import msgspec

from closeknit.kernel.actor import Actor
from closeknit.kernel.scope import acting_as
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import ExpectationVerdict
from closeknit.rooms.agreements.contracts.tolerances import BEND_SHARE
from closeknit.rooms.capacity.compute.buffers import Cushion, cushion_of, parts_of, serves, share_of_part
from closeknit.rooms.capacity.compute.loosening import Looseness, WantedTime, pool_buffer
from closeknit.rooms.capacity.compute.stock import buffer_costs, stock_inputs_of
from closeknit.rooms.capacity.contracts import PlanState
from closeknit.rooms.capacity.contracts.buffers import (
    BUFFER_MOST_SHARE,
    AccountBuffers,
    BufferBook,
    BufferKind,
    BufferPart,
    BufferPromise,
    BufferWay,
    PoolBuffer,
)
from closeknit.rooms.capacity.contracts.stock import AccountStock
from closeknit.rooms.capacity.models import StockPartRow, StockPlan
from closeknit.rooms.capacity.reads.plans import get_plan, list_plans
from closeknit.rooms.capacity.reads.prices import pool_places
from closeknit.rooms.capacity.reads.what_if import (
    PLANS_KEPT,
    AskedAccount,
    PlanToChange,
    find_asked_account,
    get_plan_to_change,
)
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand.contracts import ForecastKey
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission, SettingPlace

PERMISSION = Permission.READ_CAPACITY
CENT = Decimal("0.01")
ASSUMPTIONS = (
    (
        "Buffer is what the plan asks for beyond the mean of its forecast: for demand that may come, for the time that "
        "was promised, and what contracts hold. Hours of the roster that nobody needs are no buffer: see the prices."
    ),
    "What varying demand asks for is the need at the plan's quantile less that at the median, shared by expected work.",
    "A promise keeps ready what those have for whom it is the strictest in the pool.",
    "Looser promises are planned again in their pool alone, all weeks; guarantees and the roster stay as they are.",
    "Hours cost regular pay, absences included. Stock beyond what an order brings costs its holding.",
)


def get_buffers(
    plan_id: UUID | None = None,
    *,
    operation: str = "",
    with_expectations: bool = False,
    by: Actor,
    at: datetime,
    limit: int = 200,
) -> BufferBook:
    """Return the buffers of a plan: the named one, or the operation's plan in force, or else its newest draft.

    Accounts are those in the actor's scope. Pools are totals over all accounts: only for who sees every one.
    `with_expectations`: looser promises too that answers to surveys say customers would be as satisfied with; a year of
    answers is read for it.

    Raises:
        NotFound: where there is no such plan.
    """
    by.require(PERMISSION)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    card = get_plan(plan.plan_id, by=by)
    every = by.scope_of(PERMISSION).every_account
    cushions = _cushions(plan)
    hours = [part for cushion in cushions for part in parts_of(cushion, plan.currency)]
    stock = _stock_of(plan.operation)
    seen = org.list_visible({part.account_number for part in (*hours, *stock)} - {""}, permission=PERMISSION, by=by)
    mine = [part for part in (*hours, *stock) if part.account_number in seen or (every and not part.account_number)]
    mine.sort(key=lambda part: (-(part.cost_per_week or 0), part.account_number, part.tier, part.place, part.kind))
    bends = _bends(mine[:limit], at=at, by=by)
    told = [replace(part, bends_by_share=bends.get((part.account_number, part.tier))) for part in mine[:limit]]
    book = BufferBook(
        plan_id=plan.plan_id,
        thread_id=card.thread_id,
        operation=plan.operation,
        state=card.state.value,
        first_on=card.first_on,
        weeks=card.weeks,
        currency=plan.currency,
        parts=tuple(_shown_parts(told, by)),
        parts_left_out=max(len(mine) - limit, 0),
        pools=tuple(_pools(plan, cushions, with_expectations, at=at, by=by)) if every else (),
        is_every_account=every,
        hours_cost_per_week=_cost(mine, plan.currency, is_stock=False),
        stock_cost_per_week=_cost(mine, plan.currency, is_stock=True),
        assumptions=ASSUMPTIONS,
    )
    return org.redact([book], by=by, account_of=None, seen_by=PERMISSION)[0]


def account_buffers(account_number: str, *, by: Actor, at: datetime) -> AccountBuffers:
    """Return all buffers of one account in the plans in force, by kind and place, and its part of the stock.

    Raises:
        NotFound: for an account that the actor may not see.
    """
    by.require(PERMISSION)
    account = customers.get_account(account_number, by=by, permission=PERMISSION)
    names = set(customers.names_of(account.account_number, by=by))
    own: list[BufferPart] = []
    of_tier: list[BufferPart] = []
    for card in list_plans(by=by, states=[PlanState.COMMITTED]):
        plan = get_plan_to_change(card.plan_id, by=by)
        asked = find_asked_account(plan, account.account_number, by=by)
        by_place = {(share.tier, share.service, share.region): share.share for share in asked.shares}
        cushions = [
            cushion
            for pool in plan.inputs.pools
            if serves(plan.inputs, plan.numbers, pool, names, by_place)
            and (cushion := _cushion(plan.plan_id, pool.pool))
        ]
        rows = [part for cushion in cushions for part in parts_of(cushion, plan.currency)]
        own += [part for part in rows if part.account_number in names]
        of_tier += _of_tier(cushions, by_place, asked, plan.currency)
        own += _stock_of(plan.operation, names)
    parts = [replace(part, account_number=account.account_number) for part in (*own, *of_tier)]
    bends = _bends(parts, at=at, by=by)
    parts = [replace(part, bends_by_share=bends.get((part.account_number, part.tier))) for part in parts]
    parts.sort(key=lambda part: (list(BufferKind).index(part.kind), part.place))
    currency = parts[0].currency if parts else ""
    cost = sum((part.cost_per_week for part in parts if part.currency == currency and part.cost_per_week), Decimal(0))
    told = AccountBuffers(
        account_number=account.account_number,
        parts=tuple(_shown_parts(parts, by)),
        with_tier=bool(of_tier),
        cost_per_week=cost.quantize(CENT),
        currency=currency,
        sentence=_said(parts, bool(of_tier)),
    )
    return org.redact([told], by=by, seen_by=PERMISSION)[0]


def _said(parts: list[BufferPart], with_tier: bool) -> str:
    if not parts:
        return "Nothing is kept ready for it: no plan in force counts its work, and no stock was sized for it."
    hours = sum(part.buffer_units for part in parts if part.kind is not BufferKind.STOCK)
    pieces = sum(part.buffer_units for part in parts if part.kind is BufferKind.STOCK)
    told = [f"{hours:,.1f} hours a week"] if any(part.kind is not BufferKind.STOCK for part in parts) else []
    told += [f"{pieces:,.0f} pieces"] if any(part.kind is BufferKind.STOCK for part in parts) else []
    how = " Its hours are its part of those of its tier, by its share of the tier's work." if with_tier else ""
    return f"Kept ready for it beyond the work that is expected: {' and '.join(told)}.{how}"


@lru_cache(maxsize=64 * PLANS_KEPT)
def _cushion(plan_id: UUID, pool: str) -> Cushion | None:
    """Return a pool of a plan taken apart. Plans never change, so this may be kept. It tells of every account."""
    plan = get_plan_to_change(plan_id, by=org.system_actor())
    return cushion_of(plan.inputs, plan.numbers, next(each for each in plan.inputs.pools if each.pool == pool))


def _cushions(plan: PlanToChange) -> list[Cushion]:
    found = (_cushion(plan.plan_id, pool.pool) for pool in plan.inputs.pools)
    return [cushion for cushion in found if cushion is not None]


@lru_cache(maxsize=64 * PLANS_KEPT)
def _pool(plan_id: UUID, pool: str, target_share: float, looseness: Looseness) -> PoolBuffer:
    plan = get_plan_to_change(plan_id, by=org.system_actor())
    cushion = _cushion(plan_id, pool)
    assert cushion is not None, "only pools that were taken apart are asked for"
    return pool_buffer(plan.inputs, plan.numbers, cushion, target_share=target_share, looseness=looseness)


def _pools(
    plan: PlanToChange, cushions: Iterable[Cushion], with_expectations: bool, *, at: datetime, by: Actor
) -> list[PoolBuffer]:
    """Return each pool against its target, those furthest above it first."""
    targets = org.get_settings(BUFFER_MOST_SHARE, pool_places(plan), at=at, by=by)
    target = {p.pool: float(t.value) for p, t in zip(plan.inputs.pools, targets, strict=True)}
    looseness = _looseness(plan, with_expectations, at=at, by=by)
    rows = [_pool(plan.plan_id, each.pool.pool, target[each.pool.pool], looseness) for each in cushions]
    rows.sort(key=lambda row: (row.target_share - row.buffer_share, row.pool))
    return [_shown_pool(row, by) for row in rows]


def _shown_pool(row: PoolBuffer, by: Actor) -> PoolBuffer:
    promises: list[BufferPromise] = org.redact(row.promises, by=by, account_of=None, seen_by=PERMISSION)
    ways: list[BufferWay] = org.redact(row.ways, by=by, account_of=None, seen_by=PERMISSION)
    whole = replace(row, promises=tuple(promises), ways=tuple(ways))
    return org.redact([whole], by=by, account_of=None, seen_by=PERMISSION)[0]


def _shown_parts(parts: Iterable[BufferPart], by: Actor) -> list[BufferPart]:
    return org.redact(parts, by=by, seen_by=PERMISSION)


def _cost(parts: Iterable[BufferPart], currency: str, *, is_stock: bool) -> Decimal:
    """Add up what buffers of hours, or of stock, cost a week in the plan's currency: nothing is converted."""
    costs = (
        part.cost_per_week
        for part in parts
        if (part.kind is BufferKind.STOCK) is is_stock and part.currency == currency and part.cost_per_week
    )
    return sum(costs, Decimal(0)).quantize(CENT)


def _of_tier(
    cushions: Iterable[Cushion], by_place: Mapping[tuple[str, str, str], float], asked: AskedAccount, currency: str
) -> list[BufferPart]:
    """Return an account's part of its tier's buffers, where the plan counts it with its tier."""
    found = []
    for cushion in cushions:
        shares = _shares_of(cushion, by_place)
        if shares:
            rows = [part for part in parts_of(cushion, currency) if not part.account_number]
            number = asked.account_number
            found += [share_of_part(part, cushion, shares, number) for part in rows if part.tier == asked.tier]
    return found


def _shares_of(cushion: Cushion, by_place: Mapping[tuple[str, str, str], float]) -> dict[ForecastKey, float]:
    return {
        key: by_place[key.tier, key.service, key.region]
        for key in cushion.of_key
        if not key.account_number and (key.tier, key.service, key.region) in by_place
    }


def _bends(parts: Iterable[BufferPart], *, at: datetime, by: Actor) -> dict[tuple[str, str], float]:
    """Return by which share of its time a promise to an account, or else to a tier, may bend."""
    whom = sorted({(part.account_number, part.tier) for part in parts})
    return _bend_of(whom, at=at, by=by)


def _bend_of(whom: Sequence[tuple[str, str]], *, at: datetime, by: Actor) -> dict[tuple[str, str], float]:
    places = [SettingPlace("", "", tier, account) for account, tier in whom]
    found = org.get_settings(BEND_SHARE, places, at=at, by=by)
    return {each: float(setting.value) for each, setting in zip(whom, found, strict=True)}


def _looseness(plan: PlanToChange, with_expectations: bool, *, at: datetime, by: Actor) -> Looseness:
    """Return how far promises of a plan may give, as far as the reader may read what is internal."""
    if not by.may(Permission.READ_INTERNAL):
        return Looseness()
    terms = {(term.account_number, term.tier) for term in plan.inputs.terms}
    known = org.list_visible({account for account, _ in terms if account}, permission=PERMISSION, by=by)
    whom = sorted((account, tier) for account, tier in terms if not account or account in known)
    bends = _bend_of(whom, at=at, by=by)
    return Looseness(
        bend_of_account=tuple((account, share) for (account, _), share in bends.items() if account),
        bend_of_tier=tuple((tier, share) for (account, tier), share in bends.items() if not account),
        wanted=_wanted(plan.operation, at=at, by=by) if with_expectations else (),
    )


def _wanted(operation: str, *, at: datetime, by: Actor) -> tuple[WantedTime, ...]:
    """Return where answers say that work was promised sooner than customers need it."""
    if not by.may(Permission.READ_ACCOUNTS):
        return ()
    found = agreements.get_expectations(by=by, at=at)
    return tuple(
        WantedTime(row.service, row.work_class, row.measure, row.limit_minutes)
        for row in found.promises
        if row.operation == operation and row.verdict is ExpectationVerdict.TOO_TIGHT and row.limit_minutes
    )


def _stock_of(operation: str, names: Collection[str] | None = None) -> list[BufferPart]:
    """Return the stock beyond what an order brings, as last sized: of some accounts, or (None) of every one.

    What it costs is computed from inputs that tell of every account: doors show of it what the actor may see.
    """
    with acting_as(org.system_actor()):
        rows = StockPartRow.objects.filter(superseded_at=None, stock_plan__operation=operation)
        if names is not None:
            rows = rows.filter(account_number__in=names)
        return [_of_stock(row) for row in rows.order_by("account_number", "site", "currency")]


def _of_stock(row: StockPartRow) -> BufferPart:
    told = msgspec.convert(row.told, AccountStock, strict=False)
    costs = _stock_costs(row.stock_plan_id)
    return BufferPart(
        account_number=told.account_number,
        tier="",
        kind=BufferKind.STOCK,
        place=told.site,
        place_name=told.site,
        unit="pieces",
        expected_units=told.needed_pieces - told.buffer_pieces,
        buffer_units=told.buffer_pieces,
        varying_units=None,
        promise=told.promise or f"nothing promised: as usual, {told.target_share:.0%}",
        bends_by_share=None,
        cost_per_week=costs.get((told.account_number, told.site, told.currency), Decimal(0)),
        currency=told.currency,
    )


@lru_cache(maxsize=PLANS_KEPT)
def _stock_costs(stock_plan_id: UUID) -> dict[tuple[str, str, str], Decimal]:
    inputs = StockPlan.objects.values_list("inputs", flat=True).get(pk=stock_plan_id)
    return buffer_costs(stock_inputs_of(bytes(inputs)))
