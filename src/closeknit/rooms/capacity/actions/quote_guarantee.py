"""Quote capacity held ready before it is signed: what it takes, costs, and does to others, against the plan."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.rooms.capacity.actions.quote_term import QuoteMade, find_account_to_quote, store_quote
from closeknit.rooms.capacity.compute.what_if import (
    held_now,
    held_then,
    others_in_the_way,
    quote,
    sized_guarantee,
    what_if,
)
from closeknit.rooms.capacity.contracts.quotes import GuaranteeAsked
from closeknit.rooms.capacity.contracts.what_if import PlanChanges
from closeknit.rooms.capacity.reads.what_if import get_plan_to_change
from closeknit.rooms.org.contracts import Permission


def quote_guarantee(
    wanted: GuaranteeAsked, *, operation: str = "", plan_id: UUID | None = None, by: Actor, at: datetime
) -> UUID:
    """Compute and keep a quote for units or hours held ready for an account; return its id.

    Against the named plan, or the operation's plan in force, or else its newest draft. No transaction is open while it
    is computed. Nothing is promised by it.

    Raises:
        NotFound: for an account or a plan that the actor may not see.
        Invalid: for no size or two, a day that the plan does not reach, or a service that no pool of the plan does.
    """
    by.require(Permission.PROPOSE)
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    asked = find_account_to_quote(plan, wanted.account_number, by=by)
    wanted = replace(wanted, account_number=asked.account_number)
    change = sized_guarantee(plan.inputs, plan.numbers, wanted, tier=asked.tier, shares=asked.shares)
    found = what_if(plan.inputs, plan.numbers, PlanChanges(guarantees=(change,)), shares=asked.shares)
    told = quote(found, asked.account_number)
    in_the_way = others_in_the_way(plan.inputs, plan.numbers, found, change, asked.shares)
    return store_quote(
        QuoteMade(
            plan=plan,
            asked=asked,
            proposed=change,
            now_sentence=held_now(plan.inputs, change),
            proposed_sentence=held_then(change),
            found=found,
            told=replace(told, guarantees_in_the_way=in_the_way),
        ),
        by=by,
        at=at,
    )
