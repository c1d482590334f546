"""Compute a stored forecast again from its own snapshot, and compare."""

from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.chunks import map_chunks
from closeknit.kernel.errors import Conflict, NotFound
from closeknit.rooms.decisions.contracts import LedgerLine, Recomputed
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import ForecastReplay
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.reads.archives import stored_inputs
from closeknit.rooms.org.contracts import Permission


def recompute_refreshed_line(line: LedgerLine, *, by: Actor) -> Recomputed:
    """Compute the forecast of a ledger line again, and set it beside what that line says came out."""
    by.require(Permission.READ_LEDGER)
    replay = replay_forecast(UUID(line.evidence["run_id"]), by=by)
    then, now = replay.code_version_then, replay.code_version_now
    how = f"Forecast from the stored snapshot, by code {now}{'' if then == now else f', then {then}'}."
    return Recomputed(line.evidence["result_digest"], replay.replayed_digest, how)


def replay_forecast(run_id: UUID, *, by: Actor) -> ForecastReplay:
    """Recompute a run from its own snapshot and say whether every number is the same. Changes nothing.

    Raises:
        NotFound: when there is no such run.
        Conflict: when the run was made before snapshots were kept.
    """
    by.require(Permission.READ_LEDGER)
    run = ForecastRun.objects.defer("numbers", "snapshot").filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such forecast.", where=f"forecast:{run_id}")
    inputs = stored_inputs(run_id)
    if inputs is None:
        raise Conflict(
            "What this forecast was made from was not kept yet when it was made.",
            where=f"forecast:{run_id}",
            todo="Replay a later forecast.",
        )
    found = compute.inputs_digest(inputs)
    made = compute.make_forecast(inputs, map_chunks)
    return ForecastReplay(
        run_id=run_id,
        same=made.digest == run.result_digest and found == run.snapshot_digest,
        stored_digest=run.result_digest,
        replayed_digest=made.digest,
        is_snapshot_intact=found == run.snapshot_digest,
        code_version_then=run.code_version,
        code_version_now=compute.CODE_VERSION,
    )
