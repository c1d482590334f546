"""Say once that an exception has run out, so that someone looks at it."""

from django.db import transaction
from django.db.models.functions import Now, TruncDate

from closeknit.kernel.actor import Actor
from closeknit.kernel.events import publish
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry, ExceptionExpired
from closeknit.rooms.decisions.models import ExceptionRow
from closeknit.rooms.decisions.reads import timing
from closeknit.rooms.org.contracts import Permission

AT_ONCE = 50


def note_expired_exceptions(*, by: Actor) -> int:
    """Record exceptions whose last day is over in UTC by the database's clock, and tell their owners; return how many.

    Each is noted once, whoever else runs this at the same time.
    """
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        rows = list(
            ExceptionRow.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(ended_at=None, expiry_noted_at=None, proposal__state="approved")
            .filter(until_on__lt=TruncDate(Now()))
            .order_by("until_on", "id")[:AT_ONCE]
        )
        for row in rows:
            _note(row, by)
    return len(rows)


def _note(row: ExceptionRow, by: Actor) -> None:
    now = timing.database_now()
    row.expiry_noted_at = now
    row.save(update_fields=["expiry_noted_at"])
    whom = row.account_number or row.place
    title = f"The exception from {row.deviates_from} for {whom} has expired"
    entry = Entry(
        thread_id=row.thread_id,
        kind="exception.expired",
        subject=f"exception:{row.pk}",
        sentence=f"{title}; {row.owner_name} has to look at it.",
        account_number=row.account_number,
        evidence={"exception_id": row.pk, "until_on": row.until_on, "owner": row.owner_key},
    )
    record_entry(entry, by=by)
    notify_people(
        to=[row.owner_key],
        cause=f"exception:{row.pk}",
        title=title,
        body="Extend it or end it: until then it stands in the list of what expired unreviewed.",
        link=f"/exceptions/{row.pk}/",
        urgent=False,
        account_number=row.account_number,
        thread_id=row.thread_id,
        by=by,
        at=now,
    )
    publish(ExceptionExpired(row.thread_id, row.pk), by=by)
