"""Change the forecasts of a place, with a reason, a size, a window and an end; and ask for a plan that knows of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Denied, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.actions.replan import request_replan
from closeknit.rooms.demand.compute.adjustment_forms import PLACE_PARTS
from closeknit.rooms.demand.contracts import (
    MOST_TIMES,
    AdjustedPlace,
    AdjustmentKind,
    ForecastCard,
    ForecastOverridden,
    OverridePreview,
    OverrideReason,
    WantedOverride,
    check_size,
    place_words,
    size_words,
)
from closeknit.rooms.demand.models import Override
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST_DAYS = 366
LONGEST_PART = 200
LONGEST_REASON = 2000


def override_forecast(
    wanted: WantedOverride, *, replan: bool = True, thread_id: UUID | None = None, by: Actor, at: datetime
) -> UUID:
    """Enter an override and return its id; unless `replan` is off, a new forecast and plan follow in the same thread.

    Who may adjust the forecasts of some accounts only names one of them.

    Raises:
        Denied: for a place that holds other accounts, or days that are frozen and the actor may not decide.
        Invalid: without a reason, with days that have passed or do not follow one another, a size that leaves less
            than nothing or more than a hundred times as much, or a place of which nothing is forecast.
        NotFound: for an account that is not there or out of sight.
    """
    by.require(Permission.ADJUST_FORECAST)
    wanted = replace(wanted, place=reads.get_adjustable_place(wanted.place, by=by))
    _check_form(wanted)
    run = reads.find_current_run(wanted.operation, by=by)
    _check_days(wanted, run.first_on if run else at.date())
    preview = reads.preview_override(wanted, by=by, at=at) if run else None
    if preview:
        _check_effect(wanted, preview, by)
    row = _row(wanted, preview, thread_id or ids.new_id(), by, at)
    with transaction.atomic():
        row.save(force_insert=True)
        record_entry(_entry(row, wanted, run, by), by=by)
        publish(ForecastOverridden(row.thread_id, row.pk, row.operation), by=by)
        if replan and run:
            request_replan(run, because=f"override:{row.pk}", thread_id=row.thread_id, by=by)
    return row.pk


def _check_form(wanted: WantedOverride) -> None:
    if not wanted.reason.strip():
        raise Invalid("An override needs a reason.", where="reason", todo="Say why in a sentence.")
    if len(wanted.reason) > LONGEST_REASON:
        raise Invalid("This reason is too long.", where="reason", todo=f"Use at most {LONGEST_REASON} characters.")
    if not wanted.operation or any(len(getattr(wanted.place, part)) > LONGEST_PART for part in PLACE_PARTS):
        raise Invalid("This place cannot be.", where="operation", todo="Name an operation and parts of its forecast.")
    check_size(wanted.kind, wanted.size)


def _check_days(wanted: WantedOverride, first_on: date) -> None:
    if wanted.to_on <= wanted.from_on:
        raise Invalid(
            "The window has no days.", where="to_on", todo="Let it end after it begins; the end is not in it."
        )
    if wanted.to_on - wanted.from_on > timedelta(days=LONGEST_DAYS):
        raise Invalid("A window of over a year is no override.", where="to_on", todo="Use a year at most.")
    if wanted.to_on <= first_on:
        raise Invalid(
            f"These days have passed: forecasts begin on {first_on}.", where="to_on", todo="Choose later days."
        )
    if wanted.expires_on < wanted.from_on:
        raise Invalid("It would expire before its window.", where="expires_on", todo="Let it expire in it or later.")
    if wanted.expires_on < first_on:
        raise Invalid(
            f"It would have expired already: forecasts begin on {first_on}.",
            where="expires_on",
            todo="Let it expire later.",
        )


def _check_effect(wanted: WantedOverride, preview: OverridePreview, by: Actor) -> None:
    if not preview.weeks:
        raise Invalid(
            f"Of {place_words(wanted.place)} nothing is forecast on these days.",
            where="place",
            todo="Look at the forecast's series for service, region, tier and account, and at its last day.",
        )
    least = min((week.before for week in preview.weeks if week.is_whole), default=0.0)
    if wanted.kind is AdjustmentKind.ADD and wanted.size < 0 and least + wanted.size < -1e-9:
        raise Invalid(
            f"This takes {-wanted.size:,.6g} units a week from a week that has {least:,.6g}.",
            where="size",
            todo="Take less, or set the weeks to 0.",
        )
    if preview.units_before > 0 and preview.units_after > MOST_TIMES * preview.units_before:
        raise Invalid(
            f"This is more than {MOST_TIMES:g} times what is forecast.", where="size", todo="Check the size's unit."
        )
    if preview.frozen_until_on and wanted.from_on < preview.frozen_until_on and not by.may(Permission.DECIDE):
        raise Denied(
            f"Days before {preview.frozen_until_on} are frozen: nothing can be staffed or bought for them any more.",
            where="from_on",
            todo=f"Begin on {preview.frozen_until_on} or later, or ask someone who decides.",
        )


def _row(wanted: WantedOverride, preview: OverridePreview | None, thread_id: UUID, by: Actor, at: datetime) -> Override:
    return Override(
        id=ids.new_id(),
        thread_id=thread_id,
        operation=wanted.operation,
        **{part: getattr(wanted.place, part) for part in PLACE_PARTS},
        kind=wanted.kind.value,
        size=wanted.size,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        expires_on=wanted.expires_on,
        reason_kind=OverrideReason(wanted.reason_kind).value,
        reason=wanted.reason.strip(),
        source=wanted.source[:120],
        units_change=preview.units_change if preview else None,
        author_key=by.key,
        author_name=by.name,
        made_at=at,
    )


def _entry(row: Override, wanted: WantedOverride, run: ForecastCard | None, by: Actor) -> Entry:
    whose = _behalf(by, wanted.place)
    return Entry(
        thread_id=row.thread_id,
        kind="forecast.overridden",
        subject=f"override:{row.pk}",
        sentence=(
            f"{{actor}}{whose} changed the forecast of {row.operation}, {place_words(wanted.place)}:"
            f" {size_words(wanted.kind, wanted.size)} from {row.from_on} until before {row.to_on}."
            f" Because: {row.reason}"
        ),
        account_number=row.account_number,
        evidence={
            "override_id": row.pk,
            "run_id": run.run_id if run else None,
            "place": wanted.place,
            "kind": row.kind,
            "size": row.size,
            "from_on": row.from_on,
            "to_on": row.to_on,
            "expires_on": row.expires_on,
            "reason_kind": row.reason_kind,
            "units_change": row.units_change,
            "source": row.source,
        },
    )


def _behalf(by: Actor, place: AdjustedPlace) -> str:
    where = org.place_of(place.account_number) if place.account_number else None
    return by.behalf(Permission.ADJUST_FORECAST, where)
