"""Say what is taken for granted of an account or segment at peak times, so that it can be tried and later checked."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Invalid
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand import reads
from closeknit.rooms.demand.compute.adjustment_forms import PLACE_PARTS
from closeknit.rooms.demand.contracts import WantedAssumption, check_size, place_words, size_words
from closeknit.rooms.demand.models import Assumption
from closeknit.rooms.org.contracts import Permission

LONGEST_NAME = 80
LONGEST_STATEMENT = 2000
LONGEST_PART = 200
LONGEST_DAYS = 366


def record_assumption(wanted: WantedAssumption, *, thread_id: UUID | None = None, by: Actor, at: datetime) -> UUID:
    """Record an assumption for the scenario of its name and return its id. It changes no forecast that is planned by.

    Raises:
        Denied, NotFound: for a place that the actor may not adjust.
        Invalid: without a statement or a scenario, with days that have passed, or a size that cannot be.
    """
    by.require(Permission.ADJUST_FORECAST)
    wanted = replace(wanted, place=reads.get_adjustable_place(wanted.place, by=by))
    _check(wanted)
    _check_days(wanted, reads.get_first_open_day(wanted.operation, by=by))
    row = Assumption(
        id=ids.new_id(),
        thread_id=thread_id or ids.new_id(),
        operation=wanted.operation,
        scenario=wanted.scenario.strip(),
        statement=wanted.statement.strip(),
        **{part: getattr(wanted.place, part) for part in PLACE_PARTS},
        kind=wanted.kind.value,
        size=wanted.size,
        from_on=wanted.from_on,
        to_on=wanted.to_on,
        is_peak=wanted.is_peak,
        author_key=by.key,
        author_name=by.name,
        made_at=at,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        record_entry(_entry(row, wanted), by=by)
    return row.pk


def _check(wanted: WantedAssumption) -> None:
    for name, text, longest in (
        ("statement", wanted.statement, LONGEST_STATEMENT),
        ("scenario", wanted.scenario, LONGEST_NAME),
        ("operation", wanted.operation, LONGEST_NAME),
    ):
        if not text.strip() or len(text) > longest:
            raise Invalid(f"An assumption needs a {name}.", where=name, todo=f"Write 1 to {longest} characters.")
    if any(len(getattr(wanted.place, part)) > LONGEST_PART for part in PLACE_PARTS):
        raise Invalid("This place cannot be.", where="service", todo="Name parts of the operation's forecast.")
    check_size(wanted.kind, wanted.size)


def _check_days(wanted: WantedAssumption, first_on: date | None) -> None:
    if not 0 < (wanted.to_on - wanted.from_on).days <= LONGEST_DAYS:
        raise Invalid(
            "The window has no days, or more than a year.", where="to_on", todo="Let it end after it begins, in a year."
        )
    if first_on and wanted.from_on < first_on:
        raise Invalid(
            f"What begins before {first_on} is observed already, not assumed.", where="from_on", todo="Begin later."
        )


def _entry(row: Assumption, wanted: WantedAssumption) -> Entry:
    peak = " in the busiest week" if row.is_peak else ""
    return Entry(
        thread_id=row.thread_id,
        kind="assumption.recorded",
        subject=f"assumption:{row.pk}",
        sentence=(
            f"{{actor}} assumes of {row.operation}, {place_words(wanted.place)}: {size_words(wanted.kind, wanted.size)}"
            f"{peak} from {row.from_on} until before {row.to_on} (scenario {row.scenario}). {row.statement}"
        ),
        account_number=row.account_number,
        evidence={
            "assumption_id": row.pk,
            "scenario": row.scenario,
            "place": wanted.place,
            "kind": row.kind,
            "size": row.size,
            "from_on": row.from_on,
            "to_on": row.to_on,
            "is_peak": row.is_peak,
        },
    )
