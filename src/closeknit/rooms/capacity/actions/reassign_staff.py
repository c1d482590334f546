"""Carry out what was decided about a shortage: reassign the staff, or leave them where they are."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict
from closeknit.kernel.events import publish
from closeknit.kernel.output import plain
from closeknit.rooms.capacity.actions.propose_reassignment import KIND
from closeknit.rooms.capacity.actions.start_plan import start_plan
from closeknit.rooms.capacity.contracts.shortage import ShortageState, StaffReassigned
from closeknit.rooms.capacity.models import ShortageRow, StaffMove
from closeknit.rooms.capacity.reads.shortage import moves_of
from closeknit.rooms.decisions import reads as decisions
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ProposalState, Proposed
from closeknit.rooms.org import reads as org


def reassign_staff(proposal_id: UUID, *, by: Actor, at: datetime) -> None:
    """Put approved moves in force for their days, and have the operation planned again. Done already: nothing happens.

    Called by the wiring after an approval, as whoever approved it. The decision is what allows it, so no permission is
    asked again; what nobody approved is refused.
    """
    proposed = _decided(proposal_id)
    if proposed is None:
        return
    if proposed.state is not ProposalState.APPROVED:
        raise Conflict("Nobody approved this reassignment.", where=str(proposal_id), todo="Decide its proposal first.")
    with transaction.atomic():
        row = _proposed_row(proposal_id)
        if row is None:
            return
        StaffMove.objects.filter(shortage=row).update(in_force_at=at)
        row.state, row.in_force_at = ShortageState.IN_FORCE.value, at
        row.replan_thread_id = start_plan(row.operation, weeks=row.plan.weeks, by=org.system_actor())
        row.save(update_fields=["state", "in_force_at", "replan_thread_id"])
        record_entry(_entry(row, proposed), by=by)
        publish(StaffReassigned(row.thread_id, row.pk, row.operation), by=by)


def turn_down_reassignment(proposal_id: UUID, *, by: Actor) -> None:
    """Close a shortage whose moves were rejected, withdrawn or not decided in time. Done already: nothing happens."""
    proposed = _decided(proposal_id)
    if proposed is None or proposed.state in (ProposalState.WAITING, ProposalState.APPROVED):
        return
    with transaction.atomic():
        row = _proposed_row(proposal_id)
        if row is None:
            return
        row.state = ShortageState.TURNED_DOWN.value
        row.save(update_fields=["state"])
        record_entry(
            Entry(
                thread_id=row.thread_id,
                kind="reassignment.turned-down",
                subject=f"shortage:{row.pk}",
                sentence=f"No staff are reassigned in {row.operation}: their proposal was {proposed.state}.",
                evidence={"shortage_id": row.pk, "proposal_id": proposal_id},
            ),
            by=by,
        )


def _decided(proposal_id: UUID) -> Proposed | None:
    # Asked as the system: whoever approved may have borrowed the right, and given it back.
    proposed = decisions.get_proposed(proposal_id, by=org.system_actor())
    return proposed if proposed.kind == KIND and proposed.subject.startswith("shortage:") else None


def _proposed_row(proposal_id: UUID) -> ShortageRow | None:
    rows = ShortageRow.objects.select_for_update(of=("self",)).select_related("plan")
    return rows.filter(proposal_id=proposal_id, state=ShortageState.PROPOSED.value).first()


def _entry(row: ShortageRow, proposed: Proposed) -> Entry:
    moves = moves_of(row)
    units, lenders = sum(move.units for move in moves), sorted({move.from_pool or "outside" for move in moves})
    return Entry(
        thread_id=row.thread_id,
        kind="staff.reassigned",
        subject=f"shortage:{row.pk}",
        sentence=(
            f"{units} from {', '.join(lenders)} are reassigned to {', '.join(sorted({m.to_pool for m in moves}))}, "
            f"from {min(m.from_on for m in moves)} until {max(m.until_on for m in moves)}; "
            f"{row.operation} is planned again."
        ),
        evidence={
            "shortage_id": row.pk,
            "proposal_id": proposed.proposal_id,
            "approved_by": proposed.decided_by_key,
            "moves": [
                plain(
                    {
                        "from_pool": move.from_pool,
                        "to_pool": move.to_pool,
                        "units": move.units,
                        "from_on": move.from_on,
                        "until_on": move.until_on,
                    }
                )
                for move in moves
            ],
            "recovery_on": row.recovery_on,
            "replan_thread_id": row.replan_thread_id,
        },
    )
