"""Background work of this room: ids in, one action out."""

from uuid import UUID

from closeknit.kernel import clock, jobs
from closeknit.kernel.events import Context
from closeknit.rooms.capacity.contracts import PlanCommitted
from closeknit.rooms.org import reads as org
from closeknit.rooms.outcomes.actions.refresh_board import refresh_board


def refresh_board_on_plan_committed(event: PlanCommitted, _context: Context) -> None:
    """Ask for a fresh board. It is the system's work: whoever approves a plan need not see every account."""
    jobs.defer(
        refresh_board_job,
        once_key=f"board:{event.plan_id}",
        plan_id=str(event.plan_id),
        thread_id=str(event.thread_id),
        by=org.SYSTEM_KEY,
    )


@jobs.job
def refresh_board_job(plan_id: str, thread_id: str, by: str) -> None:
    """Rebuild the board's rows of the accounts that a plan touches."""
    refresh_board(UUID(plan_id), thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())
