"""Level loading of a plan. It tells totals over all accounts, so only for who sees every account."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity.compute.levels import level_pool
from closeknit.rooms.capacity.contracts.levels import KEPT_FREE_SHARE, LevelBook, LevelPool
from closeknit.rooms.capacity.reads.plans import get_plan
from closeknit.rooms.capacity.reads.prices import pool_places
from closeknit.rooms.capacity.reads.what_if import PLANS_KEPT, get_plan_to_change
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level

ASSUMPTIONS = (
    (
        "Work of the strictest promise of a pool may not wait and is not levelled: room is kept for what a day of it "
        "may bring, at the quantile that the plan is made for, or the share of the day that is set."
    ),
    "Other work may be done on any open day until it is due, in part. The weeks before the plan were like its first.",
    "Hours are those of the roster, absences taken off, overtime left out. Nothing is changed by it: it is advice.",
)


def get_levels(plan_id: UUID | None = None, *, operation: str = "", by: Actor, at: datetime) -> LevelBook:
    """Return the work of a plan's day pools, levelled: of the named plan, the one in force, or the newest draft.

    Raises:
        NotFound: where there is no such plan, or for who sees only some accounts.
    """
    by.require(Permission.READ_CAPACITY)
    if not by.scope_of(Permission.READ_CAPACITY).every_account:
        raise NotFound("Totals of pools are shown to who sees every account.", todo="Ask somebody who plans.")
    plan = get_plan_to_change(plan_id, operation=operation, by=by)
    card = get_plan(plan.plan_id, by=by)
    shares = org.get_settings(KEPT_FREE_SHARE, pool_places(plan), at=at, by=by)
    found = (
        _level(plan.plan_id, pool.pool, None if share.level is Level.DEFAULT else float(share.value))
        for pool, share in zip(plan.inputs.pools, shares, strict=True)
    )
    return LevelBook(
        plan_id=plan.plan_id,
        thread_id=card.thread_id,
        operation=plan.operation,
        first_on=card.first_on,
        weeks=card.weeks,
        pools=tuple(row for row in found if row is not None),
        assumptions=ASSUMPTIONS,
    )


@lru_cache(maxsize=64 * PLANS_KEPT)
def _level(plan_id: UUID, name: str, kept_share: float | None) -> LevelPool | None:
    """Return a pool of a plan, levelled. Plans never change, so this may be kept. It tells of every account."""
    plan = get_plan_to_change(plan_id, by=org.system_actor())
    pool = next(each for each in plan.inputs.pools if each.pool == name)
    return level_pool(plan.inputs, plan.numbers, pool, kept_share)
