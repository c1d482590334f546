"""Quotes: what they say, without what their reader may not see of others."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute import PlanInputs
from closeknit.rooms.capacity.compute.what_if import QuoteNumbers, proposed_of
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.capacity.contracts.quotes import QuoteCard, QuotePoolWeek, QuoteStock, QuoteSufferer, QuoteVerdict
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, SeriesShare, TermChange
from closeknit.rooms.capacity.models import Quote, QuoteEffect
from closeknit.rooms.capacity.reads.plans import shown_pools
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact, visible_account_numbers

CENT = Decimal("0.01")


def list_quotes(
    *, by: Actor, at: datetime, account_number: str = "", operation: str = "", limit: int = 100
) -> list[QuoteCard]:
    """Return quotes for the accounts that the actor may see, newest first."""
    rows = _visible(by).select_related("plan")
    if account_number:
        rows = rows.filter(account_number=account_number)
    if operation:
        rows = rows.filter(operation=operation)
    found = list(rows.order_by("-made_at", "-pk")[:limit])
    # Many quotes stand on few plans, and what of a plan may be shown takes weighing all who share it.
    shown = {plan_id: shown_pools(plan_id, by=by) for plan_id in {row.plan_id for row in found}}
    return [_card(row, shown[row.plan_id], at, by) for row in found]


def get_quote(quote_id: UUID, *, by: Actor, at: datetime) -> QuoteCard:
    """Return one quote, or raise NotFound where there is none that the actor may see.

    Of pools whose numbers would tell too much of one of the others, only the account's own hours are shown, and then
    no cost either: it would tell how full they are.
    """
    row = _visible(by).select_related("plan").filter(pk=quote_id).first()
    if row is None:
        raise NotFound("There is no such quote.", where=str(quote_id))
    return _card(row, shown_pools(row.plan_id, by=by), at, by)


def _visible(by: Actor) -> "QuerySet[Quote]":
    by.require(Permission.READ_CAPACITY)
    rows = Quote.objects.all()
    if by.scope_of(Permission.READ_CAPACITY).every_account:
        return rows
    return rows.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))


def _card(row: Quote, shown: frozenset[str] | None, at: datetime, by: Actor) -> QuoteCard:
    told = msgspec.convert(row.told, QuoteNumbers, strict=False)
    hidden = [] if shown is None else sorted({week.pool_name for week in told.pools if week.pool not in shown})
    pools = [week if shown is None or week.pool in shown else _own_part(week) for week in told.pools]
    margin = row.margin_before
    weeks, held = Decimal(row.plan.weeks), Decimal(_weeks_held(row))
    serving_before = (told.serving_cost - told.serving_cost_more) / weeks
    kept = told.stock.cost_per_week_more or Decimal(0) if told.stock else Decimal(0)
    serving = serving_before + told.serving_cost_more / held + kept
    every = by.scope_of(Permission.READ_CAPACITY).every_account
    is_withheld = bool(hidden) or (told.stock is not None and not every)
    plan = get_plan_to_change(row.plan_id, by=by)
    proposed = proposed_of(row.asked)
    card = QuoteCard(
        quote_id=row.pk,
        thread_id=row.thread_id,
        plan_id=row.plan_id,
        operation=row.operation,
        account_number=row.account_number,
        term=_term(proposed, by) if isinstance(proposed, TermChange) else None,
        share_of_tier=tuple(msgspec.convert(row.share_of_tier, list[SeriesShare])) if shown is None else (),
        now_sentence=row.now_sentence,
        proposed_sentence=row.proposed_sentence,
        verdict=QuoteVerdict(row.verdict),
        reason=told.reason,
        weeks=row.plan.weeks,
        weeks_held=int(held),
        own_hours=told.own_hours,
        own_hours_more=told.own_hours_more,
        own_short_hours=told.own_short_hours,
        overtime_hours_more=None if hidden else told.overtime_hours_more,
        cost_more=None if hidden else told.cost_more,
        serving_cost_more=None if hidden else told.serving_cost_more,
        price=None if is_withheld else (told.price / held + kept).quantize(CENT),
        margin_before=None if is_withheld or margin is None else (margin - serving_before).quantize(CENT),
        margin_after=None if is_withheld or margin is None else (margin - serving).quantize(CENT),
        margin_reason=row.margin_reason,
        currency=row.plan.currency,
        others=row.others,
        sufferers=tuple(_sufferers(row, by)),
        pools=tuple(redact(pools, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)),
        withheld_pools=tuple(hidden),
        made_at=row.made_at,
        made_by=row.made_by_name,
        expires_at=row.expires_at,
        is_expired=row.expires_at <= at,
        inputs_digest=row.inputs_digest,
        result_digest=row.result_digest,
        code_version=row.code_version,
        assumptions=_assumptions(row, plan.inputs, proposed, told.stock),
        guarantee=proposed if isinstance(proposed, GuaranteeChange) else None,
        guarantees_in_the_way=told.guarantees_in_the_way,
        stock=None if told.stock is None else _shown_stock(told.stock, every, by),
    )
    return redact([card], by=by, seen_by=Permission.READ_CAPACITY)[0]


def _weeks_held(row: Quote) -> int:
    """Return the weeks of the plan in which what was quoted would hold: all, where nobody said from when."""
    begins = proposed_of(row.asked).starts_on
    if begins is None or begins <= row.plan.first_on:
        return row.plan.weeks
    return row.plan.weeks - (begins - row.plan.first_on).days // 7


def _own_part(week: QuotePoolWeek) -> QuotePoolWeek:
    return replace(
        week,
        pool_hours_more=None,
        units_more=None,
        overtime_hours_more=None,
        free_hours=None,
        cost_more=None,
        price_per_hour=None,
    )


def _term(proposed: TermChange, by: Actor) -> TermChange:
    return redact([proposed], by=by, seen_by=Permission.READ_CAPACITY)[0]


def _shown_stock(stock: QuoteStock, every: bool, by: Actor) -> QuoteStock:
    """Without what is of all accounts together, for who does not see every one; without money for who may not."""
    if not every:
        stock = replace(
            stock,
            pieces_more=None,
            short_pieces_more=None,
            value_more=None,
            cost_per_week_more=None,
            worst=(),
            items_more=0,
        )
    stock = replace(stock, worst=tuple(redact(stock.worst, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)))
    return redact([stock], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)[0]


def _sufferers(row: Quote, by: Actor) -> list[QuoteSufferer]:
    effects = QuoteEffect.objects.filter(quote=row).order_by("-short_hours_more", "tier", "account_number")
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        effects = effects.filter(account_number__in=visible_account_numbers(by, Permission.READ_CAPACITY))
    found = [
        QuoteSufferer(
            effect.account_number,
            effect.tier,
            effect.short_hours_more,
            effect.cost_more,
            f"{effect.account_number or f'The rest of tier {effect.tier}'} would get {effect.short_hours_more:,.1f} "
            "hours less: an hour short costs less there.",
        )
        for effect in effects
    ]
    return redact(found, by=by, seen_by=Permission.READ_CAPACITY)


def _assumptions(
    row: Quote, inputs: PlanInputs, proposed: TermChange | GuaranteeChange, stock: QuoteStock | None
) -> tuple[str, ...]:
    weeks, quantile = f"its {row.plan.weeks} weeks from {row.plan.first_on}", f"{inputs.planning_quantile:.0%} quantile"
    if stock is None:
        shelves = "People and machines of the plan's pools; stock is not part of it."
    else:
        shelves = (
            f"People and machines of the plan's pools, and stock of the account's items as sized on {stock.as_of_on}: "
            "the share of the term is that of pieces served at once. The price counts what lies there, not its buying."
        )
    sentences = [
        f"Against the plan of {row.operation}, over {weeks}, for demand up to its {quantile}.",
        shelves,
        "Other promises, demand and rosters stay as they are; as far as they do, the next plan differs by this alone.",
    ]
    if row.share_of_tier:
        sentences.append("Its tier is planned together: its share is what it brought in the half-year before.")
    if isinstance(proposed, GuaranteeChange):
        sentences.append(
            "The account's own work counts towards what is held ready; hours held stay free if none comes."
        )
        if proposed.units is not None:
            sentences.append("A unit held ready works all the hours of its pool's fullest week in the plan.")
    elif any(pool.staffing == Staffing.DEADLINE for pool in inputs.pools):
        sentences.append("Deadlines are kept by whole days: a shorter promise of the same days asks for nothing more.")
    return tuple(sentences)
