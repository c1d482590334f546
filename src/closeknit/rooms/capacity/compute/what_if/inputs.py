"""A plan's terms and pools with changes; which pools a change can touch."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from closeknit.rooms.agreements.contracts import Measure, Term, TermSource
from closeknit.rooms.capacity.compute.holding import pool_holding
from closeknit.rooms.capacity.compute.inputs import GuaranteedHours, PlanInputs, PoolInput
from closeknit.rooms.capacity.compute.routing import route_of
from closeknit.rooms.capacity.contracts.what_if import GuaranteeChange, PlanChanges, TermChange
from closeknit.rooms.demand.contracts import ForecastKey, ForecastNumbers

PROPOSED = "proposed"


def change_inputs(inputs: PlanInputs, changes: PlanChanges) -> PlanInputs:
    """Return a plan's inputs with other terms, other guarantees and other costs."""
    pools = {pool.pool: pool for pool in inputs.pools}
    for change in changes.pools:
        pool = pools[change.pool]
        pools[change.pool] = replace(
            pool,
            cost_per_hour=_money(change.cost_per_hour, pool.cost_per_hour),
            overtime_cost_per_hour=_money(change.overtime_cost_per_hour, pool.overtime_cost_per_hour),
        )
    return replace(
        inputs,
        terms=change_terms(inputs.terms, changes.terms, inputs),
        guarantees=change_guarantees(inputs.guarantees, changes.guarantees, inputs),
        pools=tuple(pools.values()),
    )


def change_terms(terms: Sequence[Term], changes: Sequence[TermChange], inputs: PlanInputs) -> tuple[Term, ...]:
    """Return terms with proposed ones in the place of the account's own that they cover: all, where they name none.

    One that begins within the plan ends the others on its first day, and they hold until then.
    """
    found = list(terms)
    for number, change in enumerate(changes):
        replaced = [t for t in found if _is_replaced(t, change)]
        kept = [_until(t, change.starts_on) if _is_replaced(t, change) else t for t in found]
        found = [t for t in kept if t is not None]
        found.append(_proposed(change, replaced, terms, inputs, number))
    return tuple(found)


def _until(term: Term, starts_on: date | None) -> Term | None:
    """Return a term as far as it holds before a day; None: not at all."""
    if starts_on is None or term.starts_on >= starts_on:
        return None
    return term if term.ends_on is not None and term.ends_on <= starts_on else replace(term, ends_on=starts_on)


def change_guarantees(
    held: Sequence[GuaranteedHours], changes: Sequence[GuaranteeChange], inputs: PlanInputs
) -> tuple[GuaranteedHours, ...]:
    """Return guaranteed hours with proposed ones in the place of the account's own for the same service.

    One that begins within the plan ends the others on its first day, as the next version of their contract would.
    """
    found = list(held)
    for change in changes:
        replaced = [g for g in found if is_guarantee_replaced(g, change)]
        kept = [_held_until(g, change.starts_on) if g in replaced else g for g in found]
        found = [g for g in kept if g is not None]
        ends = {g.ends_on for g in replaced} if change.starts_on else set()
        found.append(
            GuaranteedHours(
                contract_number=next((g.contract_number for g in replaced), PROPOSED),
                version=1 + max((g.version for g in replaced), default=0),
                account_number=change.account_number,
                tier=change.tier,
                service=change.service,
                hours_per_week=change.hours_per_week,
                starts_on=change.starts_on or inputs.first_on,
                ends_on=next(iter(ends)) if len(ends) == 1 else None,
            )
        )
    return tuple(found)


def is_guarantee_replaced(held: GuaranteedHours, change: GuaranteeChange) -> bool:
    """Tell whether a proposed guarantee takes the place of one that is held."""
    return (held.account_number, held.service) == (change.account_number, change.service)


def _held_until(held: GuaranteedHours, starts_on: date | None) -> GuaranteedHours | None:
    """Return a guarantee as far as it holds before a day; None: not at all."""
    if starts_on is None or held.starts_on >= starts_on:
        return None
    return held if held.ends_on is not None and held.ends_on <= starts_on else replace(held, ends_on=starts_on)


def _is_replaced(term: Term, change: TermChange) -> bool:
    return (
        term.account_number == change.account_number
        and change.service in ("", term.service)
        and change.work_class in ("", term.work_class)
    )


def _proposed(
    change: TermChange, replaced: Sequence[Term], terms: Sequence[Term], inputs: PlanInputs, number: int
) -> Term:
    begins = change.starts_on or inputs.first_on
    held = [t for t in replaced if t.starts_on <= begins and (t.ends_on is None or t.ends_on > begins)]
    # What a contract is to end on is not what is proposed: its next version ends on the same day.
    ends = {t.ends_on for t in held} if change.starts_on else set()
    alike = [*replaced, *(t for t in terms if change.service in ("", t.service)), *terms]
    credit = change.credit_per_miss
    if credit is None:
        credit = next((t.credit_per_miss for t in replaced), Decimal(0))
    return Term(
        term_number=f"{PROPOSED}-{number + 1}",
        contract_number=next((t.contract_number for t in replaced), ""),
        account_number=change.account_number,
        tier="",
        operation=inputs.operation,
        service=change.service,
        work_class=change.work_class,
        measure=change.measure or next((t.measure for t in alike), Measure.RESOLVE_WITHIN),
        threshold_minutes=float(change.threshold_minutes),
        target_share=float(change.target_share),
        credit_per_miss=credit,
        currency=next((t.currency for t in alike), ""),
        starts_on=begins,
        ends_on=next(iter(ends)) if len(ends) == 1 else None,
        source=TermSource.CONTRACT,
        clock=change.clock,
    )


def touched_pools(inputs: PlanInputs, numbers: ForecastNumbers, changes: PlanChanges) -> frozenset[str]:
    """Return the pools whose need, hours or costs can differ. Pools share no hours, so all others stay as they are."""
    named = {change.pool for change in changes.pools} | {c.failover_pool for c in changes.pools if c.failover_pool}
    proposed = change_guarantees((), changes.guarantees, inputs)
    named |= {pool for each in proposed if (pool := pool_holding(each, inputs, numbers))}
    return frozenset(named | {pool.pool for pool in inputs.pools if _serves_changed(pool, numbers, changes)})


def _serves_changed(pool: PoolInput, numbers: ForecastNumbers, changes: PlanChanges) -> bool:
    route = route_of(pool, numbers)
    if route is None:
        return False
    totals = {route.panel.total_keys[total] for total in route.totals}
    if any((r.service, r.region) in totals for r in changes.requests):
        return True
    keys = [k for k, t in zip(route.panel.keys, route.panel.total_of_series, strict=True) if int(t) in route.totals]
    return any(_is_changed(key, changes) for key in keys)


def _is_changed(key: ForecastKey, changes: PlanChanges) -> bool:
    return any(t.account_number == key.account_number and t.service in ("", key.service) for t in changes.terms) or any(
        is_meant(key, d.account_number, d.tier, d.service, d.region) for d in changes.demand
    )


def is_meant(key: ForecastKey, account: str, tier: str, service: str, region: str) -> bool:
    """Tell whether a series is one of those that a change names ("": any)."""
    named = ((account, key.account_number), (tier, key.tier), (service, key.service), (region, key.region))
    return all(asked in ("", stated) for asked, stated in named)


def _money(changed: Decimal | None, stated: str) -> str:
    return stated if changed is None else str(changed)
