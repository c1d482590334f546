"""What people know of accounts, as changes to a forecast: with the chance and size that their record makes of it."""

from datetime import UTC, date, datetime, time

from closeknit.kernel.actor import Actor
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.customers.contracts import InsightInForce, InsightMeasure
from closeknit.rooms.demand.contracts import AdjustedPlace, Adjustment, AdjustmentKind, AdjustmentSource
from closeknit.rooms.org.contracts import Permission

USUAL_WEEKS = 26
"""An account's units a week are those of an operation as far as it brought them there in this many past weeks."""


def insight_adjustments(operation: str, from_on: date, to_on: date, *, by: Actor, at: datetime) -> list[Adjustment]:
    """Return the insights that stood at an instant of days from_on until before to_on, oldest first.

    A share counts in every operation; units a week are split by what the account brought to each lately, so that they
    are counted once in all.
    """
    by.require(Permission.READ_CAPACITY)
    if not by.may(Permission.READ_INTERNAL):
        return []
    found = customers.list_insights_in_force(from_on, to_on, by=by, at=at)
    tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    parts = _parts(operation, found, from_on, by)
    return [
        _adjustment(insight, tiers.get(insight.card.account_number, ""), parts.get(insight.card.account_number, 1.0))
        for insight in found
        if parts.get(insight.card.account_number, 1.0) > 0.0
    ]


def _adjustment(insight: InsightInForce, tier: str, part: float) -> Adjustment:
    card = insight.card
    is_share = card.measure is InsightMeasure.SHARE
    return Adjustment(
        adjustment_id=str(card.insight_id),
        source=AdjustmentSource.INSIGHT,
        kind=AdjustmentKind.MULTIPLY if is_share else AdjustmentKind.ADD,
        size=max(0.0, 1.0 + insight.calibrated_size) if is_share else insight.calibrated_size * part,
        probability=insight.calibrated_probability,
        place=AdjustedPlace(service=card.service, region=card.region, tier=tier, account_number=card.account_number),
        from_on=card.from_on,
        to_on=card.to_on,
        author_key=card.author_key,
        made_at=card.recorded_at,
        reason=f"Insight: {card.topic.value}, stated with a chance of {card.probability:.0%}.",
    )


def _parts(operation: str, found: list[InsightInForce], until_on: date, by: Actor) -> dict[str, float]:
    """Return, per account of which units a week are known, which part of its work it brought to this operation."""
    named = {insight.card.account_number for insight in found if insight.card.measure is InsightMeasure.UNITS_PER_WEEK}
    until_at = datetime.combine(until_on, time(), UTC)
    parts = {}
    for account in sorted(named):
        brought = customers.weekly_units(account, weeks=USUAL_WEEKS, until_at=until_at, by=by)
        total = sum(float(units.sum()) for units in brought.values())
        if total > 0.0:
            parts[account] = float(brought[operation].sum()) / total if operation in brought else 0.0
    return parts
