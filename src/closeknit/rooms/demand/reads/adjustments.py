"""What stands to be changed in the next forecast of an operation, from whatever source; and what a run applied."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, NotFound
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.contracts import (
    AdjustedPlace,
    Adjustment,
    AdjustmentKind,
    AdjustmentSource,
    AppliedAdjustment,
)
from closeknit.rooms.demand.models import Assumption, ForecastRun, Override
from closeknit.rooms.demand.reads.insights import insight_adjustments
from closeknit.rooms.demand.reads.merged_series import places_now
from closeknit.rooms.demand.reads.pipeline import pipeline_adjustments
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission


def list_standing_adjustments(
    operation: str, from_on: date, to_on: date, *, by: Actor, at: datetime, scenario: str = ""
) -> list[Adjustment]:
    """Return what stood at an instant to be changed in a forecast of days from_on until before to_on, oldest first.

    A scenario adds the assumptions of its name. Adjustments of accounts out of the actor's sight are left out.
    """
    by.require(Permission.READ_CAPACITY)
    found = [
        *_overrides(operation, from_on, to_on, by, at),
        *insight_adjustments(operation, from_on, to_on, by=by, at=at),
        *pipeline_adjustments(operation, from_on, to_on, by=by, at=at),
    ]
    if scenario:
        found += _assumptions(operation, from_on, to_on, scenario, by, at)
    return sorted(found, key=lambda adjustment: (adjustment.made_at, adjustment.adjustment_id))


def list_applied_adjustments(run_id: UUID, *, by: Actor) -> list[AppliedAdjustment]:
    """Return what people changed in a run, as it was applied. Those of accounts out of sight are left out."""
    by.require(Permission.READ_CAPACITY)
    row = ForecastRun.objects.filter(pk=run_id).only("adjustments").first()
    if row is None:
        raise NotFound("There is no such forecast.", where=str(run_id))
    applied = compute.applied_of(row.adjustments)
    if by.scope_of(Permission.READ_CAPACITY).every_account:
        return list(applied)
    named = {one.adjustment.place.account_number for one in applied} - {""}
    seen = org.list_visible(named, permission=Permission.READ_CAPACITY, by=by)
    return [one for one in applied if one.adjustment.place.account_number in seen]


def get_adjustable_place(place: AdjustedPlace, *, by: Actor) -> AdjustedPlace:
    """Return a place whose forecasts the actor may adjust, with the tier of its account.

    Raises:
        NotFound: for an account that is not there or out of reach.
        Denied: for a place that holds accounts out of reach.
    """
    by.require(Permission.ADJUST_FORECAST)
    if place.account_number:
        account = customers.get_account(place.account_number, by=by, permission=Permission.ADJUST_FORECAST)
        return replace(place, tier=account.tier.value)
    if not by.scope_of(Permission.ADJUST_FORECAST).every_account:
        raise Denied(
            "You may change the forecasts of your own accounts, and this place holds others.",
            where="account_number",
            todo="Name the account; for a whole service or region ask a planner.",
        )
    return place


def visible_accounts(*, by: Actor) -> Q:
    """Return the condition on rows with an account number that the actor may see; rows of none are for who sees all."""
    by.require(Permission.READ_CAPACITY)
    if by.scope_of(Permission.READ_CAPACITY).every_account:
        return Q()
    return Q(account_number__in=org.visible_account_numbers(by, Permission.READ_CAPACITY))


def _overrides(operation: str, from_on: date, to_on: date, by: Actor, at: datetime) -> list[Adjustment]:
    rows = (
        Override.objects.filter(visible_accounts(by=by), operation=operation, from_on__lt=to_on, to_on__gt=from_on)
        .filter(Q(ended_at=None) | Q(ended_at__gt=at), made_at__lte=at, expires_on__gte=from_on)
        .order_by("made_at", "id")
    )
    place = places_now(by)
    return [_adjustment(row, place(row.place), AdjustmentSource.OVERRIDE, row.reason) for row in rows]


def _assumptions(
    operation: str, from_on: date, to_on: date, scenario: str, by: Actor, at: datetime
) -> list[Adjustment]:
    rows = (
        Assumption.objects.filter(visible_accounts(by=by), operation=operation, scenario=scenario, made_at__lte=at)
        .filter(Q(ended_at=None) | Q(ended_at__gt=at), from_on__lt=to_on, to_on__gt=from_on)
        .order_by("made_at", "id")
    )
    place = places_now(by)
    return [_adjustment(row, place(row.place), AdjustmentSource.ASSUMPTION, row.statement) for row in rows]


def _adjustment(row: Override | Assumption, place: AdjustedPlace, source: AdjustmentSource, reason: str) -> Adjustment:
    return Adjustment(
        adjustment_id=str(row.pk),
        source=source,
        kind=AdjustmentKind(row.kind),
        size=row.size,
        probability=1.0,
        place=place,
        from_on=row.from_on,
        to_on=row.to_on,
        author_key=row.author_key,
        made_at=row.made_at,
        reason=reason,
    )
