"""Close a forecast exception with a finding: why the week came otherwise than forecast."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.notify import settle_notices
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.demand.compute.exceptions import agreement, escalation_cause
from closeknit.rooms.demand.contracts.exceptions import FindingKind, FollowUpKind, ForecastExceptionClosed
from closeknit.rooms.demand.models import ForecastException, ForecastExceptionStep
from closeknit.rooms.demand.reads.exceptions import find_exception_row, require_may_close
from closeknit.rooms.demand.reads.runs import sees_whole
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

LONGEST = 2000


def close_forecast_exception(
    exception_id: UUID,
    *,
    finding: FindingKind,
    text: str,
    follow_up: FollowUpKind = FollowUpKind.NONE,
    follow_up_id: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Close an exception with what was found, in a kind and in words. Who may adjust the forecast there may close it.

    A finding of a lasting change or a one-off event is held against what the classification said.

    Raises:
        NotFound: where there is none that the actor may see.
        Invalid: without words, or with what was done but not its id (or the other way round).
        Conflict: when it is closed already.
    """
    row = find_exception_row(exception_id, by)
    require_may_close(row, by)
    words, done_id = text.strip(), follow_up_id.strip()
    _check(words, follow_up, done_id)
    with transaction.atomic():
        changed = ForecastException.objects.filter(pk=row.pk, state="open").update(
            state="closed",
            finding=finding,
            finding_text=words,
            follow_up=follow_up,
            follow_up_id=done_id,
            closed_at=at,
            closed_by_key=by.key,
            closed_by_name=by.name,
            agrees=agreement(str((row.change or {}).get("kind", "")), finding),
        )
        if not changed:
            raise Conflict("This exception is closed.", where=str(exception_id), todo="Reopen it to say otherwise.")
        _record(row, finding, words, follow_up, done_id, by, at)
        _end_waiting(row, by, at)
        publish(ForecastExceptionClosed(row.thread_id, row.pk, row.operation, finding), by=by)


def _end_waiting(row: ForecastException, by: Actor, at: datetime) -> None:
    """End notices and escalations that nothing open is behind any more."""
    settle_notices(cause=f"forecast-exception:{row.pk}", by=by, at=at)
    waiting = ForecastException.objects.filter(operation=row.operation, state="open")
    if sees_whole(by=by) and not waiting.exists():
        settle_notices(cause=f"forecast-exceptions:{row.operation}", by=by, at=at)
    late = waiting.filter(account_number=row.account_number, escalated_at__isnull=False)
    if row.escalated_at is not None and not late.exists():
        close_escalation(
            cause=escalation_cause(row.operation, row.account_number), reason="All of them are answered.", by=by, at=at
        )


def _check(words: str, follow_up: FollowUpKind, done_id: str) -> None:
    if not words or len(words) > LONGEST:
        raise Invalid(
            "An exception is closed with a finding in words.",
            where="text",
            todo=f"Say what you found, in at most {LONGEST:,} letters.",
        )
    if bool(follow_up) != bool(done_id):
        raise Invalid("What was done and its id go together.", where="follow_up", todo="Give both, or neither of them.")


def _record(
    row: ForecastException,
    finding: FindingKind,
    words: str,
    follow_up: FollowUpKind,
    done_id: str,
    by: Actor,
    at: datetime,
) -> None:
    ForecastExceptionStep.objects.create(
        exception=row, kind="closed", at=at, by_key=by.key, by_name=by.name, text=f"{finding}: {words}"
    )
    place = org.place_of(row.account_number) if row.account_number else None
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="forecast-exception.closed",
            subject=f"forecast-exception:{row.pk}",
            sentence=(
                f"{{actor}}{by.behalf(Permission.ADJUST_FORECAST, place)} closed the exception of week {row.week_on}"
                f" in {row.operation}: {finding}."
            ),
            account_number=row.account_number,
            evidence={
                "exception_id": row.pk,
                "finding": finding,
                "text": words,
                "follow_up": follow_up,
                "follow_up_id": done_id,
                "classified_as": (row.change or {}).get("kind", ""),
            },
        ),
        by=by,
    )
