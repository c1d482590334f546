"""Ask what a forecast would say under the assumptions of a scenario. Nothing is planned by it."""

from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.contracts import AssumptionState, ScenarioRequested
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

MOST_WEEKS = 26


def request_scenario(operation: str, scenario: str, *, weeks: int, by: Actor) -> UUID:
    """Ask in a new thread and return its id; the run is made as a job.

    Refuses a scenario without open assumptions, and an operation that nothing is known of.
    """
    by.require(Permission.RUN_PLAN)
    if not 1 <= weeks <= MOST_WEEKS:
        raise Invalid(f"{weeks} weeks cannot be forecast.", where="weeks", todo=f"Ask for 1 to {MOST_WEEKS}.")
    sensing.get_operation(operation, by=by)
    assumed = reads.list_assumptions(by=by, operation=operation, scenario=scenario, state=AssumptionState.OPEN)
    if not scenario or not assumed:
        raise Invalid(
            "No open assumption is in a scenario of this name.", where="scenario", todo="Record an assumption for it."
        )
    thread_id = ids.new_id()
    with transaction.atomic():
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="scenario.requested",
                subject=f"operation:{operation}",
                sentence=f"{{actor}} asked for {operation} under the scenario {scenario}, {weeks} weeks.",
                evidence={
                    "operation": operation,
                    "scenario": scenario,
                    "weeks": weeks,
                    "assumptions": [card.assumption_id for card in assumed],
                },
            ),
            by=by,
        )
        publish(ScenarioRequested(thread_id, operation, weeks, scenario), by=by)
    return thread_id
