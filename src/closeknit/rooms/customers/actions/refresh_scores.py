"""Score every account of a run by the weights in force where it belongs."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.output import plain
from closeknit.rooms.customers import reads
from closeknit.rooms.customers.compute.scores import ScoreInputs, rule_version, score_all
from closeknit.rooms.customers.contracts import SCORE_WEIGHTS, STRATEGIC, ScoreTermName
from closeknit.rooms.customers.models import ScoreRow, ValueRow, WorthRun
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.org.contracts.settings import Level, SettingPlace
from closeknit.rooms.sensing import reads as sensing

AT_ONCE = 2000
EPOCH = date(1970, 1, 1)


def refresh_scores(run_id: UUID, *, by: Actor, at: datetime) -> int:
    """Score the accounts of a run; return how many have a score. Done already: nothing happens.

    Raises:
        Denied: without the right to run plans.
        NotFound: for a run that is not there.
    """
    by.require(Permission.RUN_PLAN)
    run = WorthRun.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.", where=str(run_id))
    rows = list(ValueRow.objects.filter(run=run).order_by("account_number"))
    kept = _kept_inputs(run, rows, by, at)
    made = scored_rows(run, rows, kept)
    scored = sum(row.thousandths is not None for row in made)
    with transaction.atomic():
        locked = WorthRun.objects.select_for_update().get(pk=run_id)
        if locked.scored_at is not None:
            return ScoreRow.objects.filter(run=run, thousandths__isnull=False).count()
        ScoreRow.objects.bulk_create(made, batch_size=AT_ONCE)
        locked.scored_at = at
        locked.save(update_fields=["scored_at"])
        record_entry(_entry(run, scored, made), by=by)
    return scored


def scored_rows(run: WorthRun, rows: list[ValueRow], kept: dict[str, dict[str, Any]]) -> list[ScoreRow]:
    """Return the scores of valued accounts from what is kept beside their values; nothing is written."""
    parts = {
        number: {name: int(inputs["weights"][name.value]) for name in ScoreTermName} for number, inputs in kept.items()
    }
    found = score_all([_score_inputs(row, kept[row.account_number]) for row in rows], parts)
    return [
        ScoreRow(
            run=run,
            account_number=row.account_number,
            thousandths=found[row.account_number][1],
            terms=plain(list(found[row.account_number][0])),
            inputs=kept[row.account_number],
            rule_version=rule_version(parts[row.account_number]),
            data_until_on=_last_day(row),
        )
        for row in rows
    ]


def _kept_inputs(run: WorthRun, rows: list[ValueRow], by: Actor, at: datetime) -> dict[str, dict[str, Any]]:
    """What scores take beside values: weights and strategic shares in force, and measured handling time."""
    tiers = {key.account_number: key.tier.value for key in reads.list_account_keys(by=by)}
    places = [SettingPlace(tier=tiers.get(row.account_number, ""), account_number=row.account_number) for row in rows]
    weights = {name: org.get_settings(each, places, at=at, by=by) for name, each in SCORE_WEIGHTS.items()}
    strategic = org.get_settings(STRATEGIC, places, at=at, by=by)
    until = datetime.combine(run.as_of_on, time(), UTC)
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


def _score_inputs(row: ValueRow, kept: dict[str, Any]) -> ScoreInputs:
    return ScoreInputs(
        account_number=row.account_number,
        currency=row.currency,
        value=row.value,
        chance_to_stay=row.chance_to_stay,
        strategic_share=kept["strategic_share"],
        age_weeks=row.inputs["age"] or None,
        last_half=row.inputs["last_half"],
        half_before=row.inputs["half_before"],
        handled_minutes=kept["handled_minutes"],
        last_year=row.inputs["last_year"],
    )


def _last_day(row: ValueRow) -> date | None:
    last = row.inputs["last_day"]
    return EPOCH + timedelta(days=last) if last is not None else None


def _entry(run: WorthRun, scored: int, made: list[ScoreRow]) -> Entry:
    versions = sorted({row.rule_version for row in made})
    return Entry(
        thread_id=run.thread_id,
        kind="scores.refreshed",
        subject=f"values:{run.as_of_on}",
        sentence=f"Scored {scored:,} accounts as of {run.as_of_on}.",
        evidence={"run_id": run.pk, "scored": scored, "rule_versions": versions[:20]},
    )
