"""Hold what people knew of accounts against what came, so that their next word counts by it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.actions.settle_insight import settle_insight
from closeknit.rooms.customers.contracts import InsightCard, Tier
from closeknit.rooms.demand import compute, reads
from closeknit.rooms.demand.compute.override_actuals import mondays_between, units_by_week
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    AdjustedWeek,
    AdjustmentSource,
    RunPurpose,
)
from closeknit.rooms.demand.models import ForecastRun
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing

LOOKED_BACK = timedelta(days=800)


def settle_insights(operation: str, *, by: Actor, at: datetime) -> int:
    """Settle the insights whose days were all observed, by what came against the forecast; return how many.

    A week counts with the last forecast made before it. An insight that no forecast of the operation counted waits for
    a person. Running it again changes nothing.
    """
    by.require(Permission.RECORD_INSIGHT)
    today = min(reads.get_operation_day(operation, by=by), at.date())
    due = customers.list_insights_to_settle(today, by=by, at=at)
    expected = _expected(operation, due, today) if due else {}
    counted = [card for card in due if card.insight_id in expected]
    if not counted:
        return 0
    came = _came(operation, counted, by)
    for card in counted:
        outcome = compute.judge_insight(card, sum(expected[card.insight_id].values()), came[card.insight_id])
        settle_insight(
            card.insight_id,
            happened_share=outcome.happened_share,
            actual_size=outcome.actual_size,
            reason=outcome.sentence,
            by=by,
            at=at,
        )
    return len(counted)


def _expected(operation: str, due: Sequence[InsightCard], today: date) -> dict[UUID, dict[date, float]]:
    """Return units without the insight by its weeks, of those whose every week some forecast before it had counted."""
    runs = list(
        ForecastRun.objects.filter(
            operation=operation, purpose=RunPurpose.PLAN.value, first_on__gte=today - LOOKED_BACK
        )
        .defer("numbers", "snapshot")
        .order_by("-first_on", "-stands_since_at", "-made_at", "-pk")
    )
    told = {run.pk: _weeks_by_insight(run) for run in runs}
    found: dict[UUID, dict[date, float]] = {}
    for card in due:
        mondays = mondays_between(card.from_on, card.to_on)
        weeks: dict[date, float] = {}
        for monday in mondays:
            before = max(monday, card.from_on)
            run = next((run for run in runs if run.first_on <= before), None)
            week = told[run.pk].get((str(card.insight_id), monday)) if run else None
            if week:
                weeks[monday] = week.units_before
        if len(weeks) == len(mondays):
            found[card.insight_id] = weeks
    return found


def _weeks_by_insight(run: ForecastRun) -> dict[tuple[str, date], AdjustedWeek]:
    return {
        (one.adjustment.adjustment_id, week.week_on): week
        for one in compute.applied_of(run.adjustments)
        if one.adjustment.source is AdjustmentSource.INSIGHT
        for week in one.weeks
    }


def _came(operation: str, cards: Sequence[InsightCard], by: Actor) -> dict[UUID, float]:
    zone = ZoneInfo(sensing.get_operation(operation, by=by).time_zone)
    since_at = datetime.combine(min(card.from_on for card in cards), time(), zone)
    until_at = datetime.combine(max(card.to_on for card in cards), time(), zone)
    keys, days, quantities = merged_series.daily_quantities(operation, since_at=since_at, until_at=until_at, by=by)
    tiers = {key.account_number: key.tier for key in customers.list_account_keys(by=by)}
    return {
        card.insight_id: sum(
            units_by_week(keys, days, quantities, tiers, _place(card, tiers), card.from_on, card.to_on).values()
        )
        for card in cards
    }


def _place(card: InsightCard, tiers: Mapping[str, Tier]) -> AdjustedPlace:
    tier = tiers.get(card.account_number, Tier.VOLUME).value
    return AdjustedPlace(service=card.service, region=card.region, tier=tier, account_number=card.account_number)
