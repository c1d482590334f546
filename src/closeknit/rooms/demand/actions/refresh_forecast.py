"""Forecast an operation's demand from what was observed up to an instant."""

from dataclasses import dataclass
from datetime import datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.chunks import map_chunks
from closeknit.kernel.errors import Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute import ForecastInputs, MadeForecast
from closeknit.rooms.demand.contracts import ForecastRefreshed, ForecastTried, RunPurpose
from closeknit.rooms.demand.models import ForecastPiece, ForecastRun
from closeknit.rooms.demand.reads.horizons import get_run_horizon
from closeknit.rooms.demand.reads.inputs import get_forecast_inputs
from closeknit.rooms.org.contracts import Permission

KINDS = {
    RunPurpose.PLAN: "forecast.refreshed",
    RunPurpose.BACKTEST: "forecast.backtested",
    RunPurpose.SCENARIO: "forecast.tried",
}


def refresh_forecast(
    operation: str,
    *,
    as_of: datetime | None,
    weeks: int,
    thread_id: UUID,
    by: Actor,
    at: datetime,
    purpose: RunPurpose = RunPurpose.PLAN,
    scenario: str = "",
) -> UUID:
    """Make a forecast run and publish it; return its id. The same inputs and code give the run that is there already.

    Only runs to plan by are planned from. A backtest is made as somebody would have made it at `as_of`, with what
    people had changed by then; a scenario with the assumptions of its name.

    Raises:
        NotFound: when nothing of this operation was observed.
        Invalid: when there are fewer than 15 days of it, too few to see a week's pattern.
    """
    by.require(Permission.RUN_PLAN)
    if (purpose is RunPurpose.SCENARIO) != bool(scenario):
        raise Invalid(
            "A scenario has a name, and nothing else has.", where="scenario", todo="Give it, or leave it out."
        )
    known_at = as_of if purpose is RunPurpose.BACKTEST and as_of is not None else at
    inputs = get_forecast_inputs(operation, as_of=as_of, weeks=weeks, scenario=scenario, by=by, at=known_at)
    snapshot = compute.inputs_digest(inputs)
    existing = _same(operation, snapshot, purpose, scenario)
    if existing:
        return _publish_again(existing, thread_id, by, at)
    made = _forecast(inputs)
    run = _run(inputs, snapshot, made, thread_id, at)
    run.purpose, run.scenario = purpose.value, scenario
    if purpose is RunPurpose.PLAN:
        _bind(run, made, by, at)
    kept = _Kept(
        list(compute.pack_pieces(compute.QUANTILE_LEVELS, made.panels)), list(compute.pack_inputs_pieces(inputs))
    )
    try:
        return _store(run, kept, by)
    except IntegrityError:
        # Another job may have stored the same run while this one computed: then that one stands.
        stored = _same(operation, snapshot, purpose, scenario)
        if stored is None:
            raise
        return _publish_again(stored, thread_id, by, at)


def _same(operation: str, snapshot: str, purpose: RunPurpose, scenario: str) -> ForecastRun | None:
    return (
        ForecastRun.objects.defer("numbers", "snapshot")
        .filter(operation=operation, snapshot_digest=snapshot, code_version=compute.CODE_VERSION)
        .filter(purpose=purpose.value, scenario=scenario)
        .first()
    )


def _forecast(inputs: ForecastInputs) -> MadeForecast:
    return compute.make_forecast(inputs, map_chunks)


def _run(inputs: ForecastInputs, snapshot: str, made: MadeForecast, thread_id: UUID, at: datetime) -> ForecastRun:
    return ForecastRun(
        id=ids.new_id(),
        thread_id=thread_id,
        operation=inputs.operation,
        grains=[panel.grain.value for panel in made.panels],
        time_zone=inputs.zone,
        first_on=inputs.first_on,
        weeks=inputs.weeks,
        horizon_days=inputs.horizon_days,
        made_at=at,
        stands_since_at=at,
        data_until_at=datetime.combine(inputs.first_on, time(), ZoneInfo(inputs.zone)),
        snapshot_digest=snapshot,
        result_digest=made.digest,
        code_version=compute.CODE_VERSION,
        series_count=sum(len(panel.keys) for panel in made.panels),
        wape_share=made.accuracy.wape_share,
        interval_coverage_share=made.accuracy.interval_coverage_share,
        bias_share=made.accuracy.bias_share,
        adjustments=compute.applied_forms(made.applied),
    )


def _bind(run: ForecastRun, made: MadeForecast, by: Actor, at: datetime) -> None:
    """Say what of the forecast is settled, by the lead times in force."""
    regions = {region for panel in made.panels for _, region in panel.total_keys}
    horizon = get_run_horizon(run.operation, regions=regions, first_on=run.first_on, at=at, by=by)
    run.frozen_until_on = horizon.frozen_until_on if horizon.frozen_until_on > run.first_on else None
    run.horizon_reason = horizon.reason


@dataclass(frozen=True, slots=True)
class _Kept:
    """The archives that a run keeps."""

    numbers: list[bytes]
    snapshot: list[bytes]


def _store(run: ForecastRun, kept: _Kept, by: Actor) -> UUID:
    run.numbers, run.snapshot = kept.numbers[0], kept.snapshot[0]
    run.kept_digests = {"numbers": [compute.archive_digest(archive) for archive in kept.numbers]}
    with transaction.atomic():
        run.save(force_insert=True)
        for of, archives in (("numbers", kept.numbers), ("snapshot", kept.snapshot)):
            for position, archive in enumerate(archives[1:], start=1):
                ForecastPiece.objects.create(run=run, of=of, position=position, archive=archive)
        record_entry(_entry(run), by=by)
        publish(_news(run, run.thread_id), by=by)
    return run.pk


def _news(run: ForecastRun, thread_id: UUID) -> ForecastRefreshed | ForecastTried:
    if run.purpose == RunPurpose.PLAN:
        return ForecastRefreshed(thread_id, run.pk, run.operation)
    return ForecastTried(thread_id, run.pk, run.operation, run.purpose)


def _publish_again(run: ForecastRun, thread_id: UUID, by: Actor, at: datetime) -> UUID:
    with transaction.atomic():
        ForecastRun.objects.filter(pk=run.pk, stands_since_at__lt=at).update(stands_since_at=at)
        record_entry(
            Entry(
                thread_id=thread_id,
                kind="forecast.unchanged",
                subject=f"forecast:{run.pk}",
                sentence=f"Nothing new was observed in {run.operation}: its forecast of {run.first_on} stands.",
                evidence={"snapshot_digest": run.snapshot_digest, "first_thread_id": run.thread_id},
            ),
            by=by,
        )
        publish(_news(run, thread_id), by=by)
    return run.pk


def _entry(run: ForecastRun) -> Entry:
    error = "" if run.wape_share is None else f"; on the last four weeks it was off by {run.wape_share:.0%}"
    changed = f", {len(run.adjustments)} changes by people" if run.adjustments else ""
    tried = f" as a {run.purpose}" if run.purpose != RunPurpose.PLAN else ""
    return Entry(
        thread_id=run.thread_id,
        kind=KINDS[RunPurpose(run.purpose)],
        subject=f"forecast:{run.pk}",
        sentence=(
            f"Forecast {run.operation}{tried} from {run.first_on} for {run.weeks} weeks, {run.series_count} series"
            f"{changed}{error}."
        ),
        evidence={
            "run_id": run.pk,
            "data_until_at": run.data_until_at,
            "snapshot_digest": run.snapshot_digest,
            "result_digest": run.result_digest,
            "code_version": run.code_version,
            "grains": run.grains,
            "wape_share": run.wape_share,
            "interval_coverage_share": run.interval_coverage_share,
            "bias_share": run.bias_share,
        },
    )
