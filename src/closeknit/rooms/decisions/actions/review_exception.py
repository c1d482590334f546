"""Look at an exception again: keep it to its end, ask for longer, or end it."""

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from closeknit.kernel.actor import Actor
from closeknit.kernel.errors import Conflict, Denied, Invalid, NotFound
from closeknit.rooms.decisions.actions.record_entry import record_entry
from closeknit.rooms.decisions.actions.request_exception import WantedException, request_exception
from closeknit.rooms.decisions.compute.exceptions import state_on
from closeknit.rooms.decisions.contracts import Entry, ExceptionState, ProposalState, ReviewVerdict
from closeknit.rooms.decisions.models import ExceptionRow
from closeknit.rooms.decisions.reads.exceptions import visible_exceptions
from closeknit.rooms.org import reads as org
from closeknit.rooms.org.contracts import Permission

OPEN = (ExceptionState.ACTIVE, ExceptionState.GRANTED, ExceptionState.EXPIRED)


def review_exception(
    exception_id: UUID,
    *,
    verdict: ReviewVerdict,
    reason: str,
    until_on: date | None = None,
    review_on: date | None = None,
    by: Actor,
    at: datetime,
) -> UUID:
    """Record a review; return the exception's id, or that of the one that extends it.

    Keeping needs a later day of review, unless it is reviewed for the last time. Extending asks for a new exception
    from the day after this one, and ends this one if it has expired. For its owner and for who decides.

    Raises:
        NotFound: where there is none that the actor may see.
        Denied: for anyone else.
        Conflict: when it is not granted, or has ended.
    """
    if not by.may(Permission.DECIDE):
        by.require(Permission.PROPOSE)
    if not reason.strip():
        raise Invalid("A review needs a reason.", where="reason", todo="Say what you found, in a sentence.")
    with transaction.atomic():
        row = _locked(exception_id, by)
        state = _state(row, at)
        _check(row, state, by)
        if verdict is ReviewVerdict.KEEP:
            _keep(row, state, review_on, at)
        _write(row, verdict, state, reason.strip(), by, at)
        if verdict is not ReviewVerdict.EXTEND:
            return row.pk
        return _extend(row, until_on, reason.strip(), by, at)


def _locked(exception_id: UUID, by: Actor) -> ExceptionRow:
    row = ExceptionRow.objects.select_for_update().filter(pk=exception_id).first()
    if row is None or not visible_exceptions(by).filter(pk=exception_id).exists():
        raise NotFound("There is no such exception.", where=str(exception_id))
    return row


def _state(row: ExceptionRow, at: datetime) -> ExceptionState:
    return state_on(
        at.date(),
        proposal=ProposalState(row.proposal.state) if row.proposal else None,
        starts_on=row.starts_on,
        until_on=row.until_on,
        is_ended=row.ended_at is not None,
    )


def _check(row: ExceptionRow, state: ExceptionState, by: Actor) -> None:
    place = org.place_of(row.account_number)
    if by.key != row.owner_key and not by.may_at(Permission.DECIDE, place):
        raise Denied(
            "An exception is reviewed by its owner, or by who decides.",
            where=str(row.pk),
            todo=f"Ask {row.owner_name}.",
        )
    if state not in OPEN:
        raise Conflict(f"This exception is {state}.", where=str(row.pk), todo="Look at its thread.")


def _keep(row: ExceptionRow, state: ExceptionState, review_on: date | None, at: datetime) -> None:
    if state is ExceptionState.EXPIRED:
        raise Conflict("It has expired, so it cannot be kept.", where=str(row.pk), todo="Extend it, or end it.")
    if review_on is None:
        return
    if not at.date() < review_on <= row.until_on:
        raise Invalid("The next review is not before its end.", where="review_on", todo="Choose a day until then.")
    row.review_on = review_on


def _write(
    row: ExceptionRow, verdict: ReviewVerdict, state: ExceptionState, reason: str, by: Actor, at: datetime
) -> None:
    row.reviewed_at, row.reviewed_by_name, row.review_note = at, by.name, reason
    ends = verdict is ReviewVerdict.END or state is ExceptionState.EXPIRED
    if ends:
        row.ended_at, row.ended_by_name = at, by.name
    row.save(update_fields=["reviewed_at", "reviewed_by_name", "review_note", "ended_at", "ended_by_name", "review_on"])
    said = {"keep": "kept", "extend": "asked to extend", "end": "ended"}[verdict.value]
    entry = Entry(
        thread_id=row.thread_id,
        kind=f"exception.{'ended' if ends else 'reviewed'}",
        subject=f"exception:{row.pk}",
        sentence=f"{{actor}} {said} the exception from {row.deviates_from}. Reason: {reason}",
        account_number=row.account_number,
        evidence={"exception_id": row.pk, "verdict": verdict.value, "state": state.value, "reason": reason},
    )
    record_entry(entry, by=by)


def _extend(row: ExceptionRow, until_on: date | None, reason: str, by: Actor, at: datetime) -> UUID:
    starts_on = max(row.until_on + timedelta(days=1), at.date())
    if until_on is None or until_on < starts_on:
        raise Invalid("An extension needs a later end.", where="until_on", todo=f"Choose a day from {starts_on} on.")
    wanted = WantedException(
        deviates_from=row.deviates_from,
        allowed=row.allowed,
        reason=reason,
        starts_on=starts_on,
        until_on=until_on,
        account_number=row.account_number,
        place=row.place,
        owner_key=row.owner_key,
        money_at_stake=row.money_at_stake,
        currency=row.currency,
    )
    return request_exception(wanted, extends=row.pk, thread_id=row.thread_id, by=by, at=at)
