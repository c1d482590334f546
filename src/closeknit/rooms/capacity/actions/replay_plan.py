"""Compute a stored plan again from its snapshot, and compare."""

from dataclasses import dataclass
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.capacity import compute
from closeknit.rooms.capacity.models import Plan
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.demand import reads as demand
from closeknit.rooms.org.contracts import Permission


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay found. `same` is true when every number is the same, bit for bit."""

    plan_id: UUID
    same: bool
    stored_digest: str
    replayed_digest: str
    code_version_then: str
    code_version_now: str


def recompute_drafted_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Compute the plan of a `plan.drafted` line again, and set it beside what that line says came out."""
    by.require(Permission.READ_LEDGER)
    replay = replay_plan(UUID(line.evidence["plan_id"]), by=by)
    then, now = replay.code_version_then, replay.code_version_now
    how = f"Planned from the stored snapshot and forecast, by code {now}{'' if then == now else f', then {then}'}."
    return Recomputed(line.evidence["result_digest"], replay.replayed_digest, how)


def replay_plan(plan_id: UUID, *, by: Actor) -> Replay:
    """Recompute a plan from its own snapshot and forecast and say whether the result is the same. Changes nothing."""
    by.require(Permission.READ_LEDGER)
    plan = Plan.objects.filter(pk=plan_id).first()
    if plan is None:
        raise NotFound("There is no such plan.", where=f"plan:{plan_id}")
    numbers = demand.get_numbers(plan.forecast_run_id, by=by)
    result = compute.make_plan(compute.inputs_of(bytes(plan.snapshot)), numbers)
    return Replay(
        plan_id=plan_id,
        same=result.digest == plan.result_digest,
        stored_digest=plan.result_digest,
        replayed_digest=result.digest,
        code_version_then=plan.code_version,
        code_version_now=compute.CODE_VERSION,
    )
