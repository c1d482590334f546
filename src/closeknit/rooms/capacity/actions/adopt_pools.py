"""Take in the pools, rosters and closed days that a batch stated."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.contracts import Staffing
from closeknit.rooms.capacity.models import Closure, Pool, RosterLine
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing
from closeknit.rooms.sensing.contracts import FactCard, FactKind


def adopt_pools(*, batch_id: int, thread_id: UUID, by: Actor) -> int:
    """Store what the batch says of pools, rosters and closed days; return how many pools changed.

    A pool's roster is replaced as a whole by the feed's current roster facts, and so are the closed days, so that what
    was withdrawn does not linger. Refuses a roster without a pool.
    """
    by.require(Permission.LOAD_DATA)
    pools = sensing.list_facts(FactKind.POOL, by=by, batch_id=batch_id)
    rosters = sensing.list_facts(FactKind.ROSTER, by=by, batch_id=batch_id)
    closures = sensing.list_facts(FactKind.CLOSURE, by=by, batch_id=batch_id)
    with transaction.atomic():
        if closures:
            _replace_closures(sensing.list_facts(FactKind.CLOSURE, by=by))
        for fact in pools:
            _store_pool(fact)
        touched = {str(fact.body["pool"]) for fact in rosters}
        if touched:
            _replace_rosters(touched, sensing.list_facts(FactKind.ROSTER, by=by))
        names = sorted({str(fact.body["pool"]) for fact in pools} | touched)
        if names:
            record_entry(_entry(names, pools, thread_id, batch_id), by=by)
    return len(names)


def _store_pool(fact: FactCard) -> None:
    body = fact.body
    where = f"pool {body['pool']}"
    compute.shrinkage_of(body["shrinkage_parts"])
    Pool.objects.update_or_create(
        pool=body["pool"],
        defaults={
            "name": body["name"],
            "operation": body["operation"],
            "services": list(body["services"]),
            "regions": list(body["regions"]),
            "site": body.get("site") or "",
            "unit": body["unit"],
            "staffing": Staffing(body["staffing"]).value,
            "handle_minutes": float(body["handle_minutes"]),
            "shrinkage_parts": [str(part) for part in body["shrinkage_parts"]],
            "cost_per_hour": _money(body["cost_per_hour"], where),
            "overtime_cost_per_hour": _money(body["overtime_cost_per_hour"], where),
            "overtime_share_max": float(body["overtime_share_max"]),
            "currency": body["currency"],
            "time_zone": body["time_zone"],
            "is_assumed": fact.is_assumed,
        },
    )


def _money(value: Any, where: str) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise Invalid(f"{value!r} is not a cost per hour.", where=where, todo="Give a number of zero or more.")
    return amount


def _replace_rosters(names: Iterable[str], facts: Sequence[FactCard]) -> None:
    pools = {pool.pool: pool for pool in Pool.objects.filter(pool__in=list(names))}
    missing = sorted(set(names) - set(pools))
    if missing:
        raise Invalid(
            f"The roster names pools that nobody stated: {', '.join(missing[:5])}.",
            where="roster",
            todo="Load the pools first, or mend the names.",
        )
    RosterLine.objects.filter(pool__in=pools.values()).delete()
    lines = [_line(fact.body, pools[str(fact.body["pool"])]) for fact in facts if str(fact.body["pool"]) in pools]
    RosterLine.objects.bulk_create(lines)


def _replace_closures(facts: Sequence[FactCard]) -> None:
    Closure.objects.all().delete()
    rows = [
        Closure(region=body["region"], closed_on=_day(body["closed_on"]), reason=body["reason"] or "")
        for body in (fact.body for fact in facts)
    ]
    Closure.objects.bulk_create(rows, ignore_conflicts=True)


def _line(body: Any, pool: Pool) -> RosterLine:
    ends = _minute(body["ends_local"])
    return RosterLine(
        pool=pool,
        weekday=int(body["weekday"]),
        starts_minute=_minute(body["starts_local"]),
        ends_minute=ends if ends > 0 else 1440,
        headcount=float(body["headcount"]),
        from_on=_day(body["from_on"]),
        to_on=_day(body["to_on"]) if body.get("to_on") else None,
    )


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _minute(clock: Any) -> int:
    hours, minutes = str(clock).split(":")[:2]
    return int(hours) * 60 + int(minutes)


def _entry(names: Sequence[str], pools: Sequence[FactCard], thread_id: UUID, batch_id: int) -> Entry:
    return Entry(
        thread_id=thread_id,
        kind="pools.adopted",
        subject=f"batch:{batch_id}",
        sentence=f"Took in {len(names)} pools with rosters: {', '.join(names[:5])}{'…' if len(names) > 5 else ''}.",
        evidence={"pools": list(names), "stated": [dict(fact.body) for fact in pools]},
    )
