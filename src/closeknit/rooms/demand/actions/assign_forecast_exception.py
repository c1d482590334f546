"""Say who answers for a forecast exception, or add a word to it."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.demand.reads.exceptions import find_exception_row, may_close, require_may_close
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST = 2000


def assign_forecast_exception(exception_id: UUID, *, to: str, reason: str = "", by: Actor, at: datetime) -> None:
    """Make one person, by user name, its owner, and tell that person. Only who could close it can own it.

    Raises:
        NotFound: where there is none that the actor may see.
        Invalid: for a person who is not there, or may not adjust the forecast there.
        Conflict: when it is closed.
    """
    row = find_exception_row(exception_id, by)
    require_may_close(row, by)
    owner = org.find_actor_by_username(to.strip(), at=at)
    if owner is None or not owner.may(Permission.ADJUST_FORECAST) or not may_close(row, by=owner):
        raise Invalid(
            "This person cannot answer for it.", where="to", todo="Name one who may adjust the forecast there."
        )
    with transaction.atomic():
        changed = ForecastException.objects.filter(pk=row.pk, state="open").update(owner_key=owner.key)
        if not changed:
            raise Conflict("This exception is closed.", where=str(exception_id), todo="Reopen it first.")
        _record(row, "assigned", f"to {owner.name}. {reason.strip()}".strip(), {"owner": owner.key}, by, at)
        notify_people(
            to=[owner.key],
            cause=f"forecast-exception:{row.pk}",
            title=f"You answer for the week of {row.week_on} in {row.operation}",
            body=reason.strip(),
            link=f"/demand/exceptions/{row.pk}/",
            urgent=False,
            thread_id=row.thread_id,
            account_number=row.account_number,
            permission=Permission.ADJUST_FORECAST,
            by=by,
            at=at,
        )


def comment_forecast_exception(exception_id: UUID, *, text: str, by: Actor, at: datetime) -> None:
    """Add a word to an exception, open or closed.

    Raises:
        NotFound: where there is none that the actor may see.
        Invalid: without words, or with too many.
    """
    row = find_exception_row(exception_id, by)
    require_may_close(row, by)
    words = text.strip()
    if not words or len(words) > LONGEST:
        raise Invalid("A comment needs words.", where="text", todo=f"Write at most {LONGEST:,} letters.")
    with transaction.atomic():
        _record(row, "commented", words, {"text": words}, by, at)


def _record(row: ForecastException, kind: str, words: str, evidence: dict[str, str], by: Actor, at: datetime) -> None:
    ForecastExceptionStep.objects.create(exception=row, kind=kind, at=at, by_key=by.key, by_name=by.name, text=words)
    place = org.place_of(row.account_number) if row.account_number else None
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind=f"forecast-exception.{kind}",
            subject=f"forecast-exception:{row.pk}",
            sentence=(
                f"{{actor}}{by.behalf(Permission.ADJUST_FORECAST, place)} {kind} the exception of week {row.week_on}"
                f" in {row.operation}: {words}"
            ),
            account_number=row.account_number,
            evidence={"exception_id": row.pk, **evidence},
        ),
        by=by,
    )
