"""What the worker does for duties: due dates, evidence, reminders of what is overdue. Times are the database's."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor, Scope
from closeknit.kernel.canonical import canonical_bytes
from closeknit.kernel.declared import declared
from closeknit.kernel.errors import CloseknitError, NotFound
from closeknit.kernel.scope import acting_as
from closeknit.rooms.decisions.actions.notify import notify_people
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.compute.duties import (
    cause_of,
    due_dates,
    falls_due_at,
    local_day,
    previous_due_on,
    read_rule,
    sign_by_at,
)
from closeknit.rooms.decisions.contracts import Entry, EvidenceAsk
from closeknit.rooms.decisions.models import Duty, DutyOccurrence
from closeknit.rooms.decisions.reads.duties import EVIDENCE, ROLE
from closeknit.rooms.decisions.reads.timing import database_now
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import PERMISSIONS_OF, Permission, Role

log = logging.getLogger(__name__)
MOST_ROWS = 500
MOST_AT_ONCE = 50


def open_due_dates(*, by: Actor) -> int:
    """Make an occurrence of every due date that has come, once; return how many came.

    A deployment that stood still makes up for all it missed.
    """
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        now = database_now()
        # Where a day begins first it is 14 hours ahead.
        latest_day = (now + timedelta(hours=14)).date()
        rows = Duty.objects.select_for_update(skip_locked=True).filter(ended_at=None, generated_through__lt=latest_day)
        made = [occurrence for duty in rows for occurrence in _open(duty, now)]
        DutyOccurrence.objects.bulk_create(made)
        for occurrence in made:
            _record_due(occurrence, by)
    return len(made)


def gather_evidence(*, by: Actor) -> int:
    """Attach the evidence of due dates that have none yet, and tell the owners; return how many were ready.

    Queries run with the owner's rights and outside the transaction that keeps their answers.
    """
    by.require(Permission.READ_LEDGER)
    waiting = DutyOccurrence.objects.filter(gathered_at=None).select_related("duty").order_by("due_at", "id")
    ready = 0
    for row in list(waiting[:MOST_AT_ONCE]):
        try:
            kept = _evidence(row)
            with transaction.atomic():
                _attach(row, kept, by)
            ready += 1
        except Exception:
            # One that breaks holds up no other; it is tried again at the next round.
            log.exception("the evidence of due date %s could not be attached", row.pk)
    return ready


def escalate_overdue_duties(*, by: Actor) -> int:
    """Escalate what was not signed in time, once for each due date; return how many were."""
    by.require(Permission.READ_LEDGER)
    with transaction.atomic():
        now = database_now()
        late = DutyOccurrence.objects.select_for_update(skip_locked=True, of=("self",)).select_related("duty")
        rows = list(late.filter(signed_at=None, escalated_at=None, sign_by_at__lte=now)[:MOST_AT_ONCE])
        for row in rows:
            raise_escalation(
                path="duty-overdue",
                cause=cause_of(row.duty_id, row.due_on),
                title=f"Overdue: {row.duty.name} of {row.due_on.isoformat()}",
                summary="It was to be signed and is not. It closes when it is signed.",
                thread_id=row.thread_id,
                by=by,
                at=now,
            )
            DutyOccurrence.objects.filter(pk=row.pk).update(escalated_at=now)
    return len(rows)


def _open(duty: Duty, now: datetime) -> list[DutyOccurrence]:
    rule = read_rule(duty.rule)
    today = local_day(rule, now)
    if today <= duty.generated_through:
        return []
    Duty.objects.filter(pk=duty.pk).update(generated_through=today)
    return [
        DutyOccurrence(
            id=ids.new_id(),
            duty=duty,
            owner_key=duty.owner_key,
            due_on=due_on,
            due_at=falls_due_at(rule, due_on),
            since_at=falls_due_at(rule, previous_due_on(rule, due_on)),
            sign_by_at=sign_by_at(rule, due_on),
            thread_id=ids.new_id(),
        )
        for due_on in due_dates(rule, duty.generated_through, today)
    ]


def _evidence(row: DutyOccurrence) -> bytes:
    return canonical_bytes(
        {
            "version": 1,
            "duty": row.duty.name,
            "due_on": row.due_on,
            "since_at": row.since_at,
            "until_at": row.due_at,
            "parts": _answers(row),
        }
    )


def _answers(row: DutyOccurrence) -> list[dict[str, Any]]:
    try:
        reader = _reader(row.owner_key)
    except NotFound:
        reader = None
    return [_answer(name, row, reader) for name in row.duty.evidence]


def _answer(name: str, row: DutyOccurrence, reader: Actor | None) -> dict[str, Any]:
    query = declared(EVIDENCE).get(name)
    answer: dict[str, Any] = {"name": name, "title": query.title if query else name}
    answer |= {"columns": [], "rows": [], "failure": ""}
    if query is None or reader is None:
        answer["failure"] = "There is no such query any more." if query is None else "The owner has left."
        return answer
    try:
        with acting_as(reader), transaction.atomic():
            found = query.gather(EvidenceAsk(reader, row.since_at, row.due_at))
            answer["rows"] = _plain(found)
            # The canonical form sorts names: the order in which the query gave them is kept apart.
            answer["columns"] = list(dict.fromkeys(name for row in answer["rows"] for name in row))
    except CloseknitError as failure:
        answer["failure"] = failure.what
    except Exception as failure:
        # A query of a room above that breaks must not keep everyone from signing: its place says that it broke.
        log.exception("evidence %s failed", name)
        answer["failure"] = f"The query broke: {type(failure).__name__}."
    return answer


def _plain(found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in found[:MOST_ROWS]]
    canonical_bytes(rows)
    return rows


def _reader(owner_key: str) -> Actor:
    """Return with whose rights evidence is gathered: the owner's, or for a role the role's over every account."""
    if not owner_key.startswith(ROLE):
        return org.get_actor(owner_key)
    role = Role(owner_key.removeprefix(ROLE))
    permissions = frozenset(str(permission) for permission in PERMISSIONS_OF[role])
    return Actor(owner_key, f"Role {role}", permissions, Scope(every_account=True), (str(role),))


def _attach(row: DutyOccurrence, kept: bytes, by: Actor) -> None:
    digest, now = hashlib.sha256(kept).hexdigest(), database_now()
    changed = DutyOccurrence.objects.filter(pk=row.pk, gathered_at=None).update(
        evidence=kept, evidence_sha256=digest, gathered_at=now
    )
    if not changed:
        return
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="duty.evidence",
            subject=f"duty-occurrence:{row.pk}",
            sentence=f"Evidence was attached to “{row.duty.name}” of {row.due_on.isoformat()}.",
            evidence={"evidence_sha256": digest, "queries": row.duty.evidence, "owner": row.owner_key},
        ),
        by=by,
    )
    notify_people(
        to=_told(row.owner_key, now),
        cause=cause_of(row.duty_id, row.due_on),
        title=f"{row.duty.name} is due",
        body=f"{row.duty.about}\nSign by {row.sign_by_at:%Y-%m-%d %H:%M} UTC.".strip(),
        link=f"/duties/{row.pk}/",
        urgent=False,
        thread_id=row.thread_id,
        by=by,
        at=now,
    )


def _told(owner_key: str, now: datetime) -> list[str]:
    if not owner_key.startswith(ROLE):
        return [owner_key]
    asking = org.system_actor()
    people = org.list_people_who(Permission.READ_ACCOUNTS, account_number=None, at=now, by=asking)
    return [card.key for card in people if owner_key.removeprefix(ROLE) in card.roles]


def _record_due(row: DutyOccurrence, by: Actor) -> None:
    record_entry(
        Entry(
            thread_id=row.thread_id,
            kind="duty.due",
            subject=f"duty-occurrence:{row.pk}",
            sentence=f"“{row.duty.name}” fell due on {row.due_on.isoformat()}.",
            evidence={"duty": row.duty_id, "owner": row.owner_key, "sign_by_at": row.sign_by_at},
        ),
        by=by,
    )
