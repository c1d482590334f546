"""Background work of this room: ids in, one action out."""

import logging
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from closeknit.kernel import clock, jobs
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import Context
from closeknit.rooms.agreements import reads as agreements
from closeknit.rooms.agreements.contracts import TermsChanged
from closeknit.rooms.capacity import reads
from closeknit.rooms.capacity.actions.adopt_pools import adopt_pools
from closeknit.rooms.capacity.actions.adopt_staff_facts import adopt_staff_facts
from closeknit.rooms.capacity.actions.check_recovery import check_recoveries
from closeknit.rooms.capacity.actions.commit_plan import commit_plan, reject_plan
from closeknit.rooms.capacity.actions.escalate_plans import escalate_plans
from closeknit.rooms.capacity.actions.measure_differences import measure_differences
from closeknit.rooms.capacity.actions.propose_plan import propose_plan
from closeknit.rooms.capacity.actions.propose_reassignment import KIND as LOAN
from closeknit.rooms.capacity.actions.propose_roster import propose_roster
from closeknit.rooms.capacity.actions.raise_differences import raise_differences
from closeknit.rooms.capacity.actions.reassign_staff import reassign_staff, turn_down_reassignment
from closeknit.rooms.capacity.actions.size_stock import size_stock
from closeknit.rooms.capacity.actions.start_plan import WEEKS, start_plan
from closeknit.rooms.capacity.contracts import PlanCommitted, PlanProposed, PlanRejected
from closeknit.rooms.capacity.contracts.rosters import RosterAsked, RosterRequested
from closeknit.rooms.capacity.reads import stock
from closeknit.rooms.decisions.contracts import DecisionApproved, DecisionExpired, DecisionRejected, DecisionWithdrawn
from closeknit.rooms.demand.contracts import ForecastRefreshed
from closeknit.rooms.org import reads as org
from closeknit.rooms.sensing.contracts import DemandObserved, FactKind

log = logging.getLogger(__name__)


def adopt_pools_on_demand_observed(event: DemandObserved, context: Context) -> None:
    """Take in pools, rosters and closed days that a batch stated, then who works in the pools."""
    if {FactKind.POOL, FactKind.ROSTER, FactKind.CLOSURE} & set(event.fact_kinds):
        adopt_pools(batch_id=event.batch_id, thread_id=event.thread_id, by=context.by)
    if FactKind.STAFF in event.fact_kinds:
        adopt_staff_facts(batch_id=event.batch_id, thread_id=event.thread_id, by=context.by)


def propose_plan_on_forecast_refreshed(event: ForecastRefreshed, context: Context) -> None:
    """Ask for a plan on the new forecast; the computation itself runs as a job, outside this transaction."""
    jobs.defer(
        propose_plan_job,
        once_key=f"plan:{event.run_id}",
        run_id=str(event.run_id),
        thread_id=str(event.thread_id),
        by=context.by.key,
    )


def commit_plan_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Put an approved plan in force."""
    if event.kind == "plan":
        commit_plan(_plan_id(event.subject), by=context.by, at=clock.now())


def reject_plan_on_decision_rejected(event: DecisionRejected, context: Context) -> None:
    """Set a rejected draft aside."""
    if event.kind == "plan":
        reject_plan(_plan_id(event.subject), by=context.by)


def reject_plan_on_decision_expired(event: DecisionExpired, context: Context) -> None:
    """Set a draft aside that nobody decided in time."""
    if event.kind == "plan":
        reject_plan(_plan_id(event.subject), by=context.by)


def reject_plan_on_decision_withdrawn(event: DecisionWithdrawn, context: Context) -> None:
    """Set a draft aside whose proposal was taken back."""
    if event.kind == "plan":
        reject_plan(_plan_id(event.subject), by=context.by)


def escalate_on_plan_proposed(event: PlanProposed, context: Context) -> None:  # noqa: ARG001 - it is our own step
    """Ask people about what a new draft leaves undone."""
    escalate_plans(event.operation, thread_id=event.thread_id, by=org.system_actor(), at=clock.now())


def escalate_on_plan_committed(event: PlanCommitted, context: Context) -> None:  # noqa: ARG001 - it is our own step
    """Ask people about what the plan in force leaves undone; end what it covers."""
    escalate_plans(event.operation, thread_id=event.thread_id, by=org.system_actor(), at=clock.now())


def escalate_on_plan_rejected(event: PlanRejected, context: Context) -> None:  # noqa: ARG001 - it is our own step
    """End what only the draft endangered that was set aside."""
    escalate_plans(event.operation, thread_id=event.thread_id, by=org.system_actor(), at=clock.now())


def reassign_on_decision_approved(event: DecisionApproved, context: Context) -> None:
    """Reassign the staff of a shortage whose moves were approved."""
    if event.kind == LOAN:
        reassign_staff(event.proposal_id, by=context.by, at=clock.now())


def turn_down_reassignment_on_decision_rejected(event: DecisionRejected, context: Context) -> None:
    """Leave staff where they are: their moves were rejected."""
    if event.kind == LOAN:
        turn_down_reassignment(event.proposal_id, by=context.by)


def turn_down_reassignment_on_decision_expired(event: DecisionExpired, context: Context) -> None:
    """Leave staff where they are: nobody decided their moves in time."""
    if event.kind == LOAN:
        turn_down_reassignment(event.proposal_id, by=context.by)


def turn_down_reassignment_on_decision_withdrawn(event: DecisionWithdrawn, context: Context) -> None:
    """Leave staff where they are: their moves were taken back."""
    if event.kind == LOAN:
        turn_down_reassignment(event.proposal_id, by=context.by)


def keep_recoveries() -> None:
    """Answer shortages whose date has come. The worker calls this again and again."""
    check_recoveries(by=org.system_actor(), at=clock.now())


def answer_recoveries_on_plan_committed(event: PlanCommitted, context: Context) -> None:  # noqa: ARG001 - our own step
    """Answer shortages whose date has come, which the new plan may say. Why wait for the worker's next look?"""
    keep_recoveries()


def size_stock_on_plan_committed(event: PlanCommitted, context: Context) -> None:  # noqa: ARG001 - our own step
    """Size the operation's stock beside its new plan, as a job, where anybody counts stock."""
    _size_stock([event.operation])


def size_stock_on_demand_observed(event: DemandObserved, context: Context) -> None:  # noqa: ARG001 - our own step
    """Size stock again when a batch counted some."""
    if FactKind.STOCK in event.fact_kinds:
        _size_stock(reads.list_operations_planned(by=org.system_actor()))


def _size_stock(operations: Iterable[str]) -> None:
    by = org.system_actor()
    if stock.is_stock_counted(by=by):
        for operation in operations:
            jobs.defer(size_stock_job, once_key=f"stock:{operation}", operation=operation, by=by.key)


def look_at_pipeline_on_plan_committed(event: PlanCommitted, context: Context) -> None:  # noqa: ARG001 - our own step
    """Ask about weeks in which sales and the new plan disagree, as a job."""
    _look_at_pipeline(event.operation)


def look_at_pipeline_on_demand_observed(event: DemandObserved, context: Context) -> None:  # noqa: ARG001 - our own step
    """Ask again about weeks in which sales and plans disagree, and hold those that are over against what came."""
    for operation in reads.list_operations_planned(by=org.system_actor()):
        if operation in event.operations or FactKind.OPPORTUNITY in event.fact_kinds:
            _look_at_pipeline(operation)


def _look_at_pipeline(operation: str) -> None:
    by = org.system_actor().key
    jobs.defer(look_at_pipeline_job, once_key=f"pipeline:{operation}", operation=operation, by=by)


def replan_on_terms_changed(event: TermsChanged, context: Context) -> None:  # noqa: ARG001 - our own step
    """Plan the operations of a contract again that was signed: as the system, whoever signed it.

    For as many weeks as the plan in force, so that the two differ by what changed.
    """
    system = org.system_actor()
    planned = set(reads.list_operations_planned(by=system))
    contract = agreements.get_contract(event.version_id, by=system)
    promised = {clause.operation for clause in contract.clauses} | {each.operation for each in contract.guarantees}
    for operation in sorted(planned & promised):
        now = reads.find_plan_in_force(operation, by=system)
        start_plan(operation, weeks=now.weeks if now else WEEKS, by=system)


def make_roster_on_requested(event: RosterRequested, context: Context) -> None:
    """Ask for a roster; the computation itself runs as a job, outside this transaction."""
    jobs.defer(
        make_roster_job,
        once_key=f"roster:{event.thread_id}",
        pool=event.pool,
        weeks=event.weeks,
        first_on=event.first_on,
        shifts=event.shifts,
        thread_id=str(event.thread_id),
        by=context.by.key,
    )


@jobs.job
def make_roster_job(pool: str, weeks: int, first_on: str, shifts: str, thread_id: str, by: str) -> None:
    """Roster a pool's people, and keep the draft."""
    asked = RosterAsked(pool, weeks, date.fromisoformat(first_on), tuple(shifts.split(";")) if shifts else ())
    propose_roster(asked, thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())


@jobs.job
def look_at_pipeline_job(operation: str, by: str) -> None:
    """Measure the differences between sales and plan that are over, and raise those to come."""
    actor, now = org.get_requester(by), clock.now()
    measure_differences(operation, by=actor, at=now)
    raise_differences(operation, by=actor, at=now)


@jobs.job
def size_stock_job(operation: str, by: str) -> None:
    """Size an operation's stock; one that ships no products has none."""
    try:
        size_stock(operation, by=org.get_requester(by), at=clock.now())
    except Invalid as reason:
        log.info("The stock of %s was not sized: %s", operation, reason.what)


@jobs.job
def propose_plan_job(run_id: str, thread_id: str, by: str) -> None:
    """Turn a forecast into need, allocation, a draft plan and a proposal."""
    propose_plan(UUID(run_id), thread_id=UUID(thread_id), by=org.get_requester(by), at=clock.now())


def _plan_id(subject: str) -> UUID:
    return UUID(subject.partition(":")[2])
