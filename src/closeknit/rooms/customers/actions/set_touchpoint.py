"""Say where customers meet us and to whom that goes; change it; take it off the map."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.customers.contracts.journey import TouchpointPlan
from closeknit.rooms.customers.models import Touchpoint
from closeknit.rooms.customers.reads.journey import plan_of
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST_MINUTES = 366 * 24 * 60


def set_touchpoint(plan: TouchpointPlan, *, touchpoint_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Put a touchpoint on the map, or (with its id) state it anew; what it was before stays readable. Return its id.

    Raises:
        Denied: unless the actor may record what is known of every account.
        Invalid: for a touchpoint without name or operation, an impossible time, or an owner who is nobody here.
        Conflict: when another touchpoint stands for the same operation, service and channel.
        NotFound: for an id that is not on the map.
    """
    _require_map(by)
    _check(plan, at)
    try:
        with transaction.atomic():
            before = _in_force(touchpoint_id) if touchpoint_id else None
            if before is not None and plan_of(before) == plan:
                return before.touchpoint_id
            row = _write(plan, before, by, at)
            _record(row, plan_of(before) if before else None, "changed" if before else "put on the map", by)
    except IntegrityError:
        raise Conflict(
            "Another touchpoint stands for this operation, service and channel.",
            where="channel",
            todo="Change that one, or name a service or channel of its own.",
        ) from None
    return row.touchpoint_id


def end_touchpoint(touchpoint_id: UUID, *, by: Actor, at: datetime) -> None:
    """Take a touchpoint off the map from now on; past maps still show it."""
    _require_map(by)
    with transaction.atomic():
        row = _in_force(touchpoint_id)
        Touchpoint.objects.filter(pk=row.pk).update(until_at=max(at, row.from_at))
        _record(row, plan_of(row), "taken off the map", by)


def _require_map(by: Actor) -> None:
    by.require(Permission.RECORD_INSIGHT)
    if not by.scope_of(Permission.RECORD_INSIGHT).every_account:
        raise Denied(
            f"{by.name} knows some accounts only; the map is of all.",
            where="account scope",
            todo="Ask a planner or service lead to change it.",
        )


def _check(plan: TouchpointPlan, at: datetime) -> None:
    texts = {"name": plan.name, "operation": plan.operation}
    for where, text in texts.items():
        if not text.strip():
            raise Invalid(f"A touchpoint needs {'a' if where == 'name' else 'an'} {where}.", where=where)
    for where, text in {**texts, "service": plan.service, "channel": plan.channel, "queue": plan.queue}.items():
        if len(text) > 80 or not text.isprintable():
            raise Invalid("At most 80 plain characters.", where=where)
    if not 1 <= plan.answer_within_minutes <= LONGEST_MINUTES:
        raise Invalid("An answer comes within one minute to a year.", where="answer_within_minutes")
    if plan.owner_key:
        people = org.list_people_who(Permission.READ_INTERNAL, account_number=None, at=at, by=org.system_actor())
        if plan.owner_key not in {card.key for card in people}:
            raise Invalid("The owner is nobody who can sign in here.", where="owner_key")


def _in_force(touchpoint_id: UUID) -> Touchpoint:
    row = Touchpoint.objects.select_for_update().filter(touchpoint_id=touchpoint_id, until_at=None).first()
    if row is None:
        raise NotFound("There is no such touchpoint.", where=str(touchpoint_id))
    return row


def _write(plan: TouchpointPlan, before: Touchpoint | None, by: Actor, at: datetime) -> Touchpoint:
    if before is not None:
        Touchpoint.objects.filter(pk=before.pk).update(until_at=max(at, before.from_at))
    return Touchpoint.objects.create(
        touchpoint_id=before.touchpoint_id if before else ids.new_id(),
        **{name: str(value) if name in ("stage", "triage") else value for name, value in asdict(plan).items()},
        from_at=at,
        set_by=by.name,
        thread_id=before.thread_id if before else ids.new_id(),
    )


def _record(row: Touchpoint, before: TouchpointPlan | None, verb: str, by: Actor) -> None:
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind=f"touchpoint.{'ended' if verb.startswith('taken') else 'set'}",
            subject=f"touchpoint:{row.touchpoint_id}",
            sentence=f"The touchpoint {row.name} was {verb} by {by.name}.",
            evidence={"now": asdict(plan_of(row)), "before": asdict(before) if before else None},
        ),
        by=by,
    )
