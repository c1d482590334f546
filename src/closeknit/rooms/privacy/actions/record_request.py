"""Requests about one's own data: recorded with the day by which the law wants them answered, extended, closed."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from closeknit.kernel import ids
from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Invalid
from closeknit.rooms.decisions.actions.close_escalation import close_escalation
from closeknit.rooms.decisions.actions.raise_escalation import raise_escalation
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.contracts import Entry
from closeknit.rooms.org.contracts import Permission
from closeknit.rooms.privacy.compute import due_date, latest_extension
from closeknit.rooms.privacy.contracts.keeping import RequestKind, RequestState
from closeknit.rooms.privacy.contracts.subjects import ACCOUNT, Subject
from closeknit.rooms.privacy.models import SubjectRequest
from closeknit.rooms.privacy.reads.access import RECORDED_BY, jurisdictions_of, require_subject
from closeknit.rooms.privacy.reads.keeping import find_request_row

PATH = "privacy-request"


@dataclass(frozen=True, slots=True)
class WantedRequest:
    """What was asked, by whom, when it came in, and how we know that it was them."""

    kind: RequestKind
    subject: Subject
    received_on: date
    jurisdiction: str = ""
    verified_by: str = ""


def record_request(wanted: WantedRequest, *, by: Actor, at: datetime) -> UUID:
    """Keep a request with the day on which it is due by the subject's law; return its id. Late ones are escalated.

    Raises:
        NotFound: for a subject out of sight.
        Invalid: for a day that is to come.
        Conflict: where the same is open already.
    """
    require_subject(wanted.subject, by, *RECORDED_BY)
    if wanted.received_on > at.date():
        raise Invalid("It has not come in yet.", where="received_on", todo="Give the day on which it came in.")
    where = (jurisdictions_of([wanted.subject])[wanted.subject] or wanted.jurisdiction).strip().upper()
    due_on, law = due_date(wanted.kind, wanted.received_on, where)
    with transaction.atomic():
        about = {"subject_kind": wanted.subject.kind, "subject_ref": wanted.subject.reference}
        if SubjectRequest.objects.filter(**about, kind=wanted.kind.value, state=RequestState.OPEN.value).exists():
            raise Conflict("The same request is open already.", where=str(wanted.subject), todo="Answer that one.")
        row = SubjectRequest.objects.create(
            id=ids.new_id(),
            thread_id=ids.new_id(),
            kind=wanted.kind.value,
            **about,
            jurisdiction=where,
            received_on=wanted.received_on,
            due_on=due_on,
            law=law,
            verified_by=wanted.verified_by.strip()[:200],
            recorded_at=at,
            recorded_by_key=by.key,
            recorded_by_name=by.name,
        )
        sentence = f"{{actor}} recorded a request ({row.kind}) of {row.received_on}, due on {row.due_on} ({row.law})."
        record_entry(_entry(row, "recorded", sentence), by=by)
    return row.pk


def extend_request(request_id: UUID, *, until_on: date, reason: str, by: Actor, at: datetime) -> None:
    """Take more time where the law allows it; the subject is to be told within the first term.

    Raises:
        Invalid: without a reason, or beyond what the law allows.
        Conflict: once the first term is over, or the request is closed.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if not reason.strip():
        raise Invalid("More time needs a reason.", where="reason", todo="Say why: the subject is told.")
    with transaction.atomic():
        row = _open_row(request_id, by)
        if at.date() > row.due_on:
            raise Conflict("The first term is over.", where=str(request_id), todo="Answer it now.")
        latest = latest_extension(row.received_on, row.jurisdiction)
        if not row.due_on < until_on <= latest:
            raise Invalid("The law gives no such term.", where="until_on", todo=f"Give a day up to {latest}.")
        row.extended_until, row.extension_reason = until_on, reason.strip()
        row.save(update_fields=["extended_until", "extension_reason"])
        record_entry(_entry(row, "extended", f"{{actor}} extended a request until {until_on}. {reason.strip()}"), by=by)


def close_request(
    request_id: UUID, *, state: RequestState, outcome: str, verified_by: str = "", by: Actor, at: datetime
) -> None:
    """Answer or refuse a request, with what came of it.

    Raises:
        Invalid: without an outcome, or an answer to somebody whose identity nobody checked.
        Conflict: when it is closed.
    """
    by.require(Permission.MANAGE_PRIVACY)
    if not outcome.strip():
        raise Invalid("Closing it needs an outcome.", where="outcome", todo="Say what was done, or why not.")
    if state is RequestState.OPEN:
        raise Invalid("It is open.", where="state", todo="Answer or refuse it.")
    with transaction.atomic():
        row = _open_row(request_id, by)
        row.verified_by = verified_by.strip()[:200] or row.verified_by
        if state is RequestState.ANSWERED and not row.verified_by:
            raise Invalid(
                "Nobody checked who asks.", where="verified_by", todo="Say how you know that it is the subject."
            )
        row.state, row.outcome, row.closed_at = state.value, outcome.strip(), at
        row.closed_by_key, row.closed_by_name = by.key, by.name
        row.save(update_fields=["state", "outcome", "closed_at", "closed_by_key", "closed_by_name", "verified_by"])
        record_entry(
            _entry(row, row.state, f"{{actor}} closed a request ({row.kind}): {row.state}. {row.outcome}"), by=by
        )
        close_escalation(cause=_cause(row), reason="The request is closed.", by=by, at=at)


def escalate_requests(*, soon_days: int = 5, by: Actor, at: datetime) -> int:
    """Escalate open requests that are due within some days; return how many. The worker calls this."""
    by.require(Permission.MANAGE_PRIVACY)
    count = 0
    for row in SubjectRequest.objects.filter(state=RequestState.OPEN.value, escalated_at=None).order_by("due_on"):
        left = ((row.extended_until or row.due_on) - at.date()).days
        if left > soon_days:
            continue
        with transaction.atomic():
            row.escalated_at = at
            row.save(update_fields=["escalated_at"])
            raise_escalation(
                path=PATH,
                cause=_cause(row),
                title=f"Request ({row.kind}) due on {row.extended_until or row.due_on}",
                summary=f"Received on {row.received_on}. {row.law}.",
                account_number=row.subject_ref if row.subject_kind == ACCOUNT else "",
                thread_id=row.thread_id,
                by=by,
                at=at,
            )
        count += 1
    return count


def _cause(row: SubjectRequest) -> str:
    return f"privacy-request:{row.pk}"


def _open_row(request_id: UUID, by: Actor) -> SubjectRequest:
    find_request_row(request_id, by, Permission.MANAGE_PRIVACY)
    row = SubjectRequest.objects.select_for_update().get(pk=request_id)
    if row.state != RequestState.OPEN:
        raise Conflict(f"It is {row.state} already.", where=str(request_id), todo="Record a new one.")
    return row


def _entry(row: SubjectRequest, what: str, sentence: str) -> Entry:
    return Entry(
        thread_id=row.thread_id,
        kind=f"request.{what}",
        subject=f"request:{row.pk}",
        sentence=sentence,
        account_number=row.subject_ref if row.subject_kind == ACCOUNT else "",
        evidence={
            "request_id": row.pk,
            "kind": row.kind,
            "jurisdiction": row.jurisdiction,
            "received_on": row.received_on,
            "due_on": row.due_on,
            "extended_until": row.extended_until,
            "law": row.law,
        },
    )
