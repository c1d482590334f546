"""Decide who of a pool works which shift on which day: a draft roster, kept with all that it was computed from."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.compute.rosters import (
    ROSTER_VERSION,
    RosterInputs,
    RosterTold,
    make_roster,
    roster_bytes,
    roster_digest,
    told_digest,
)
from closeknit.rooms.capacity.contracts.rosters import RosterAsked, RosterProposed
from closeknit.rooms.capacity.models import Plan, Pool, Roster
from closeknit.rooms.capacity.reads.rosters_made_of import get_roster_inputs
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission

LIVE = (Roster.State.DRAFT, Roster.State.PUBLISHED)


@dataclass(frozen=True, slots=True)
class _Made:
    plan: Plan
    pool: Pool
    inputs: RosterInputs
    told: RosterTold
    data: bytes


def propose_roster(asked: RosterAsked, *, thread_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Roster a pool's people for the need of the plan in force, and keep it as a draft; return its id.

    The same plan, people and rules give the roster that is there already. No transaction is open while it computes.

    Raises:
        NotFound: for a pool that is not known, or whose operation has no plan in force.
        Invalid: for weeks outside the plan, shifts that cannot be, or a pool without people.
    """
    by.require(Permission.RUN_PLAN)
    thread = thread_id or ids.new_id()
    plan, pool, inputs = get_roster_inputs(asked, by=by, at=at)
    data = roster_bytes(inputs)
    existing = _live(pool.pool, roster_digest(data))
    if existing is not None:
        return _say_unchanged(existing, thread, by)
    try:
        told = make_roster(inputs)
    except ValueError as reason:
        raise Invalid(
            f"No roster can be made: {reason}.", where=pool.pool, todo="Loosen a rule or a contract."
        ) from reason
    try:
        return _store(_Made(plan, pool, inputs, told, data), thread, by, at)
    except IntegrityError:
        # Another job may have kept the same roster while this one computed: then that one stands.
        made = _live(pool.pool, roster_digest(data))
        if made is None:
            raise
        return _say_unchanged(made, thread, by)


def _live(pool: str, inputs_digest: str) -> Roster | None:
    return Roster.objects.filter(
        pool=pool, inputs_digest=inputs_digest, code_version=ROSTER_VERSION, state__in=LIVE
    ).first()


def _store(made: _Made, thread_id: UUID, by: Actor, at: datetime) -> UUID:
    row = Roster(
        id=ids.new_id(),
        thread_id=thread_id,
        plan=made.plan,
        pool=made.pool.pool,
        pool_name=made.pool.name,
        operation=made.pool.operation,
        first_on=made.inputs.first_on,
        weeks=made.inputs.weeks,
        inputs=made.data,
        told=plain(made.told),
        made_at=at,
        made_by_key=by.key,
        made_by_name=by.name_for(Permission.RUN_PLAN)[:120],
        inputs_digest=roster_digest(made.data),
        result_digest=told_digest(made.told),
        code_version=ROSTER_VERSION,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        record_entry(_entry(row, made.told), by=by)
        publish(RosterProposed(thread_id, row.pk, row.pool), by=by)
    return row.pk


def _entry(row: Roster, told: RosterTold) -> Entry:
    short = sum(day.short_hours for day in told.days)
    points, bound = (sum(getattr(week, name) for week in told.weeks) for name in ("points", "bound_points"))
    return Entry(
        thread_id=row.thread_id,
        kind="roster.drafted",
        subject=f"roster:{row.pk}",
        sentence=(
            f"{{actor}} had {row.pool_name} rostered for {row.weeks} weeks from {row.first_on}: {len(told.people)} "
            f"people, {short:g} h short, {len(told.gaps)} shifts open, {points - bound:g} points above the bound."
        ),
        evidence={
            "roster_id": row.pk,
            "plan_id": row.plan_id,
            "pool": row.pool,
            "first_on": row.first_on,
            "weeks": row.weeks,
            "short_hours": short,
            "points": points,
            "bound_points": bound,
            "inputs_digest": row.inputs_digest,
            "result_digest": row.result_digest,
            "code_version": row.code_version,
        },
    )


def _say_unchanged(row: Roster, thread_id: UUID, by: Actor) -> UUID:
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="roster.unchanged",
                subject=f"roster:{row.pk}",
                sentence=f"The roster of {row.pool_name} from {row.first_on} stands: nothing it is made of changed.",
                evidence={"roster_id": row.pk, "inputs_digest": row.inputs_digest},
            ),
            by=by,
        )
    return row.pk
