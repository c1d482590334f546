"""Overrides as people read them, and what one would do before it is made."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Abs

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import NotFound
from closeknit.kernel.names import account_names
from closeknit.kernel.scope import acting_as
from closeknit.rooms.customers import reads as customers
from closeknit.rooms.demand import compute
from closeknit.rooms.demand.compute.previewing import preview
from closeknit.rooms.demand.contracts import (
    AccountShares,
    AdjustedPlace,
    Adjustment,
    AdjustmentKind,
    AdjustmentSource,
    ForecastCard,
    OverrideCard,
    OverridePreview,
    OverrideReason,
    OverrideState,
    OverrideWorth,
    Panel,
    WantedOverride,
    check_size,
)
from closeknit.rooms.demand.models import Override, OverrideWeek
from closeknit.rooms.demand.reads import merged_series
from closeknit.rooms.demand.reads.adjustments import visible_accounts
from closeknit.rooms.demand.reads.archives import stored_numbers
from closeknit.rooms.demand.reads.merged_series import places_now
from closeknit.rooms.demand.reads.override_value import describe_record
from closeknit.rooms.demand.reads.runs import find_current_run, get_run, sees_whole
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.sensing import reads as sensing


def list_overrides(
    *,
    by: Actor,
    operation: str = "",
    state: OverrideState | None = None,
    account_number: str = "",
    author: str = "",
    limit: int = 500,
) -> list[OverrideCard]:
    """Return overrides that the actor may see, newest first. `author` is part of a name or an actor's key."""
    rows = _visible(by)
    if operation:
        rows = rows.filter(operation=operation)
    if state is not None:
        rows = rows.filter(state=state.value)
    if account_number:
        rows = rows.filter(account_number__in=account_names(account_number))
    if author:
        rows = rows.filter(Q(author_name__icontains=author.replace("\x00", "")) | Q(author_key=author))
    found = list(rows.order_by("-made_at", "id")[:limit])
    worth = _worth([row.pk for row in found])
    place = places_now(by)
    return [_card(row, place(row.place), worth.get(row.pk)) for row in found]


def count_overrides(*, by: Actor, operation: str = "") -> dict[str, int]:
    """Return how many overrides that the actor may see are in each state."""
    rows = _visible(by)
    if operation:
        rows = rows.filter(operation=operation)
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("pk")))
    return {state.value: counts.get(state.value, 0) for state in OverrideState}


def get_override(override_id: UUID, *, by: Actor) -> OverrideCard:
    """Return one override, or raise NotFound where there is none that the actor may see."""
    row = _visible(by).filter(pk=override_id).first()
    if row is None:
        raise NotFound("There is no such override.", where=str(override_id))
    return _card(row, places_now(by)(row.place), _worth([row.pk]).get(row.pk))


def get_operation_day(operation: str, *, by: Actor) -> date:
    """Return an operation's day: the first that is not observed. Forecasts begin there, windows before it are over."""
    span = sensing.get_operation(operation, by=by)
    return span.last_at.astimezone(ZoneInfo(span.time_zone)).date() + timedelta(days=1)


def get_first_open_day(operation: str, *, by: Actor) -> date | None:
    """Return the first day that the forecast in force speaks of, or None where there is none."""
    run = find_current_run(operation, by=by)
    return run.first_on if run else None


def preview_override(wanted: WantedOverride, *, run_id: UUID | None = None, by: Actor, at: datetime) -> OverridePreview:
    """Return what an override would do to a run (the current one), without making it.

    Raises:
        Invalid: for a size that no override may have.
        NotFound: where nothing is forecast yet, or for a place that holds accounts out of the actor's sight.
    """
    by.require(Permission.READ_CAPACITY)
    check_size(wanted.kind, wanted.size)
    place = wanted.place
    if place.account_number:
        customers.get_account(place.account_number, by=by, permission=Permission.READ_CAPACITY)
    elif not sees_whole(by=by):
        raise NotFound("There is no such forecast.", where=wanted.operation, todo="Name one of your accounts.")
    run = get_run(run_id, by=by) if run_id else find_current_run(wanted.operation, by=by)
    if run is None or run.operation != wanted.operation:
        raise NotFound("Nothing of this operation is forecast.", where=wanted.operation, todo="Ask for a plan first.")
    levels, panels = stored_numbers(run.run_id)
    is_own = not place.account_number or _has_own_series(panels, place.account_number)
    shares = {} if is_own else _shares(run, panels, place.account_number)
    weeks, change = preview(panels, levels, _adjustment(wanted, by, at), shares)
    return OverridePreview(
        run_id=run.run_id,
        operation=run.operation,
        weeks=weeks,
        units_before=sum(week.units_before for week in change.weeks),
        units_after=sum(week.units_after for week in change.weeks),
        is_own_series=is_own,
        frozen_until_on=run.frozen_until_on,
        track_record=describe_record(wanted.operation, place, is_more=change.units_change >= 0, by=by),
    )


def _has_own_series(panels: tuple[Panel, ...], account_number: str) -> bool:
    return any(key.account_number == account_number for panel in panels for key in panel.keys)


def _shares(run: ForecastCard, panels: tuple[Panel, ...], account_number: str) -> AccountShares:
    """Return the account's shares of what its tier is forecast together; of the other accounts nothing comes out."""
    by = org.system_actor()
    until = run.data_until_at
    own = {key.account_number for panel in panels for key in panel.keys} - {""}
    with acting_as(org.system_actor()):
        units = merged_series.units_by_account(
            run.operation, since=until - timedelta(days=compute.SHARE_DAYS), until=until, by=by
        )
        tiers = {key.account_number: key.tier.value for key in customers.list_account_keys(by=by)}
    together = {
        (service, region, tiers.get(account, "volume"), account): brought
        for (service, region, account), brought in units.items()
        if account not in own
    }
    shares = compute.shares_of_units(together)
    return {name: share for name, share in shares.items() if name[3] == account_number}


def _adjustment(wanted: WantedOverride, by: Actor, at: datetime) -> Adjustment:
    return Adjustment(
        adjustment_id="preview",
        source=AdjustmentSource.OVERRIDE,
        kind=wanted.kind,
        size=wanted.size,
        probability=1.0,
        place=wanted.place,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        author_key=by.key,
        made_at=at,
    )


def _visible(by: Actor) -> "QuerySet[Override]":
    return Override.objects.filter(visible_accounts(by=by))


def _worth(override_ids: list[UUID]) -> dict[UUID, OverrideWorth]:
    rows = (
        OverrideWeek.objects.filter(override__in=override_ids)
        .order_by()
        .values("override_id")
        .annotate(
            weeks=Count("pk"),
            actual=Sum("units_actual"),
            before=Sum(Abs(F("units_actual") - F("units_before"))),
            after=Sum(Abs(F("units_actual") - F("units_after"))),
        )
    )
    return {r["override_id"]: OverrideWorth(r["weeks"], r["actual"], r["before"], r["after"]) for r in rows}


def _card(row: Override, place: AdjustedPlace, worth: OverrideWorth | None) -> OverrideCard:
    return OverrideCard(
        override_id=row.pk,
        thread_id=row.thread_id,
        operation=row.operation,
        place=place,
        kind=AdjustmentKind(row.kind),
        size=row.size,
        from_on=row.from_on,
        to_on=row.to_on,
        expires_on=row.expires_on,
        reason_kind=OverrideReason(row.reason_kind),
        reason=row.reason,
        source=row.source,
        state=OverrideState(row.state),
        units_change=row.units_change,
        author_key=row.author_key,
        author=row.author_name,
        made_at=row.made_at,
        ended_by=row.ended_by_name,
        ended_at=row.ended_at,
        end_reason=row.end_reason,
        worth=worth,
    )
