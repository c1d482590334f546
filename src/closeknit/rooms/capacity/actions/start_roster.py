"""Ask for a roster: what cannot be rostered is refused at once, the rest is a job."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.capacity.contracts.rosters import RosterAsked, RosterRequested
from closeknit.rooms.capacity.reads.rosters_made_of import get_roster_inputs
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission


def start_roster(asked: RosterAsked, *, by: Actor, at: datetime) -> UUID:
    """Ask for a draft roster of a pool; return the thread to watch.

    Raises:
        NotFound: for a pool that is not known, or whose operation has no plan in force.
        Invalid: for weeks outside the plan, shifts that cannot be, or a pool without people.
    """
    by.require(Permission.RUN_PLAN)
    _, pool, inputs = get_roster_inputs(asked, by=by, at=at)
    thread_id = ids.new_id()
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="roster.asked",
                subject=f"pool:{pool.pool}",
                sentence=f"{{actor}} asked for a roster of {pool.name}: {inputs.weeks} weeks from {inputs.first_on}.",
                evidence={"pool": pool.pool, "first_on": inputs.first_on, "weeks": inputs.weeks},
            ),
            by=by,
        )
        monday = inputs.first_on.isoformat()
        publish(RosterRequested(thread_id, pool.pool, inputs.weeks, monday, ";".join(asked.shifts)), by=by)
    return thread_id
