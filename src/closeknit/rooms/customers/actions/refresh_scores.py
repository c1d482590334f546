"""Score every account of a run by the weights in force where it belongs."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.score_rows import score_columns
from closeknit.rooms.customers.contracts import SCORE_WEIGHTS, STRATEGIC
from closeknit.rooms.customers.models import ScoreRow, ValueRow, WorthRun
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level, SettingPlace
from closeknit.rooms.privacy import reads as privacy
from closeknit.rooms.privacy.actions.decide_with import deciding_about_many
from closeknit.rooms.privacy.contracts import TIERING
from closeknit.rooms.sensing import reads as sensing

AT_ONCE = 2000


def refresh_scores(run_id: UUID, *, by: Actor, at: datetime) -> int:
    """Score the accounts of a run; return how many have a score. Done already: nothing happens.

    Who opted out of tiering since it was valued is not scored.

    Raises:
        Denied: without the right to run plans.
        NotFound: for a run that is not there.
    """
    by.require(Permission.RUN_PLAN)
    run = WorthRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.", where=str(run_id))
    while True:
        scored = _score(run, by, at)
        if scored is not None:
            return scored


def _score(run: WorthRun, by: Actor, at: datetime) -> int | None:
    """Compute and keep; None where somebody opted out meanwhile."""
    numbers = list(ValueRow.objects.filter(run=run).values_list("account_number", flat=True))
    left_out = privacy.list_refused(TIERING, numbers, by=by, at=at)
    rows = list(ValueRow.objects.filter(run=run).exclude(account_number__in=left_out).order_by("account_number"))
    kept = _kept_inputs(run, rows, by, at)
    made = [ScoreRow(run=run, **columns) for columns in score_columns(rows, kept)]
    scored = sum(row.thousandths is not None for row in made)
    with deciding_about_many(TIERING, kept, by=by, at=at) as refused:
        if refused:
            return None
        locked = WorthRun.objects.select_for_update().get(pk=run.pk)
        if locked.scored_at is not None:
            return ScoreRow.objects.filter(run=run, thousandths__isnull=False).count()
        ScoreRow.objects.bulk_create(made, batch_size=AT_ONCE)
        locked.scored_at = at
        locked.save(update_fields=["scored_at"])
        record_entry(_entry(run, scored, made), by=by)
    return scored


def _kept_inputs(run: WorthRun, rows: list[ValueRow], by: Actor, at: datetime) -> dict[str, dict[str, Any]]:
    """What scores take beside values: weights and strategic shares in force, and measured handling time."""
    tiers = {key.account_number: key.tier.value for key in reads.list_account_keys(by=by)}
    places = [SettingPlace(tier=tiers.get(row.account_number, ""), account_number=row.account_number) for row in rows]
    weights = {name: org.get_settings(each, places, at=at, by=by) for name, each in SCORE_WEIGHTS.items()}
    strategic = org.get_settings(STRATEGIC, places, at=at, by=by)
    until = datetime.combine(run.observed_until_on + timedelta(days=1), time(), UTC)
    totals = sensing.handling_totals(since=until - timedelta(weeks=52), until=until, by=by)
    golden = reads.golden_numbers(by=by, at=at)
    handled: dict[str, float] = {}
    for total in totals:
        number = golden.get(total.account_number, total.account_number)
        handled[number] = handled.get(number, 0.0) + total.minutes
    return {
        row.account_number: {
            "weights": {name.value: int(found[place].value) for name, found in weights.items()},
            "strategic_share": float(said.value) if said.level is not Level.DEFAULT else None,
            "handled_minutes": handled.get(row.account_number),
        }
        for place, (row, said) in enumerate(zip(rows, strategic, strict=True))
    }


def _entry(run: WorthRun, scored: int, made: list[ScoreRow]) -> Entry:
    versions = sorted({row.rule_version for row in made})
    return Entry(
        thread_id=run.thread_id,
        kind="scores.refreshed",
        subject=f"values:{run.as_of_on}",
        sentence=f"Scored {scored:,} accounts as of {run.as_of_on}.",
        evidence={"run_id": run.pk, "scored": scored, "rule_versions": versions[:20]},
    )
