"""The case for a dedicated stream. It compares totals of tiers, so only for who sees every account."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid, NotFound
from closeknit.rooms.capacity.compute.dedicated import dedicated_pools, tiers_of, verdict_of
from closeknit.rooms.capacity.contracts.dedicated import DedicatedCase
from closeknit.rooms.capacity.reads.plans import get_plan
from closeknit.rooms.capacity.reads.prices import worth_per_week
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.reads import redact

ASSUMPTIONS = (
    "People and machines keep their costs, shrinkage and handle times in either stream.",
    "What is not known of the tier's work and of the rest's is taken to be independent: variance goes by volume.",
    "Each stream is sized for its own promises; pooled, a queue is sized for the strictest of all who share it.",
    "Coverage and what is lost are for the roster as it is, cut so that the tier's stream has what it needs.",
)


def get_dedicated_case(
    tier: str, *, operation: str = "", plan_id: UUID | None = None, by: Actor, at: datetime
) -> DedicatedCase:
    """Return the case for a stream of a tier's own, from the inputs of a plan: named, in force, or the newest draft.

    Raises:
        NotFound: where there is no such plan, or for who sees only some accounts.
        Invalid: for a tier without work in the plan.
    """
    by.require(Permission.READ_CAPACITY)
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        raise NotFound(
            "Totals of tiers are shown to who sees every account.", where=tier, todo="Ask somebody who plans."
        )
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    known = tiers_of(plan.numbers)
    if tier not in known:
        raise Invalid(
            f"The plan counts no work of tier {tier!r}.",
            where="tier",
            todo=f"Name one of {', '.join(known)}." if known else "Plan work first.",
        )
    card = get_plan(plan.plan_id, by=by)
    pools = dedicated_pools(plan.inputs, plan.numbers, tier)
    more = sum((row.more_cost or Decimal(0) for row in pools), Decimal(0))
    scarcity = sum((row.scarcity_cost_more or Decimal(0) for row in pools), Decimal(0))
    value, reason = worth_per_week(plan.currency, tier=tier, by=by, at=at)
    case = DedicatedCase(
        plan_id=plan.plan_id,
        thread_id=card.thread_id,
        operation=plan.operation,
        tier=tier,
        currency=plan.currency,
        weeks=plan.inputs.weeks,
        pools=tuple(redact(pools, by=by, account_of=None, seen_by=Permission.READ_CAPACITY)),
        more_hours=sum(row.more_hours for row in pools),
        more_cost=more,
        scarcity_cost_more=scarcity,
        tier_value=value,
        value_reason=reason,
        verdict=verdict_of(
            pools, tier, float(more), float(scarcity), None if value is None else float(value), plan.currency
        ),
        assumptions=ASSUMPTIONS,
    )
    return redact([case], by=by, account_of=None, seen_by=Permission.READ_CAPACITY)[0]


def list_tiers_planned(*, operation: str = "", plan_id: UUID | None = None, by: Actor) -> list[str]:
    """Return the tiers that have work in a plan."""
    by.require(Permission.READ_CAPACITY)
    return tiers_of(get_plan_to_change(plan_id, operation=operation, by=by).numbers)
